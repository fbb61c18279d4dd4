"""Opens the database and the runtime for a command."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import DBAPIError

from maildesk.cli.call import call_of
from maildesk.cli.edge import CommandFailed
from maildesk.config import Config
from maildesk.desk.office import Office, open_office
from maildesk.store import migrate
from maildesk.store.engine import Store, open_store


@contextmanager
def the_store(ctx: typer.Context) -> Iterator[tuple[Config, Store]]:
    """The configuration and the database, with any schema version."""
    config = call_of(ctx).config()
    store = open_store(config.settings.database)
    try:
        yield config, store
    except DBAPIError as error:
        raise CommandFailed(
            f"database: {error.orig}; check database.url in maildesk.toml"
        ) from error
    finally:
        store.close()


@contextmanager
def the_office(ctx: typer.Context) -> Iterator[Office]:
    """The runtime of this installation. The database must have the needed schema version."""
    with the_store(ctx) as (config, store):
        at, needed = migrate.level(store), migrate.newest()
        if at != needed:
            raise CommandFailed(
                f"the database has schema version {at or 'none'}, but this maildesk needs "
                f"{needed}: "
                "run `maildesk db upgrade`"
            )
        yield open_office(config.settings, config.policy, store, part="cli")
