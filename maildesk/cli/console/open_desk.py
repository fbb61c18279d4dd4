"""Opens the database and the runtime for a command."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import DBAPIError

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.options import call_of
from maildesk.config.load import Config
from maildesk.processing.runtime import Runtime, open_runtime
from maildesk.store import migrate
from maildesk.store.engine import Store, open_store


@contextmanager
def desk_store(ctx: typer.Context) -> Iterator[tuple[Config, Store]]:
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
def desk_runtime(ctx: typer.Context) -> Iterator[Runtime]:
    """The runtime of this installation. The database must have the needed schema version."""
    with desk_store(ctx) as (config, store):
        at, needed = migrate.level(store), migrate.newest()
        if at != needed:
            raise CommandFailed(
                f"the database has schema version {at or 'none'}, but this maildesk needs "
                f"{needed}: "
                "run `maildesk db upgrade`"
            )
        yield open_runtime(config.settings, config.policy, store, part="cli")
