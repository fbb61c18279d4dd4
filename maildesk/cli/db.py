"""`maildesk db`: the level of the database, and copies of it."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_store
from maildesk.store import migrate
from maildesk.store.engine import Store

db = typer.Typer(no_args_is_help=True, help="The database: upgrade, backup, restore.")


@db.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the database to the level that this maildesk needs."""
    with desk_store(ctx) as (_, store):
        before = migrate.level(store)
        migrate.upgrade(store)
        typer.echo(f"from level {before or 'none'} to {migrate.level(store)}")


@db.command()
def backup(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Copy a SQLite database to FILE while the desk runs; the copy is whole."""
    with desk_store(ctx) as (_, store):
        _sqlite_file(store)
        if file.exists():
            raise CommandFailed(f"{file} exists; name a new file")
        with closing(store.engine.raw_connection()) as connection:  # VACUUM bears no transaction
            connection.cursor().execute("VACUUM INTO ?", (str(file),))
    typer.echo(f"{file}: {file.stat().st_size} bytes")


@db.command()
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    yes: Annotated[bool, typer.Option("--yes", help="Put it in place of the present one.")] = False,
) -> None:
    """Put a copy in place of the database. The desk must not run."""
    if not file.is_file():
        raise CommandFailed(f"{file}: no such file")
    with desk_store(ctx) as (_, store):
        place = _sqlite_file(store)
    if place.exists() and not yes:
        raise CommandFailed(f"{place} exists; --yes puts it aside as {place.name}.before-restore")
    if place.exists():
        place.replace(place.with_name(place.name + ".before-restore"))
    for suffix in ("-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(file, place)
    typer.echo(f"{place} is now the copy of {file}")


def _sqlite_file(store: Store) -> Path:
    if store.engine.dialect.name != "sqlite" or not store.engine.url.database:
        raise CommandFailed("this is for SQLite; PostgreSQL has pg_dump and pg_restore")
    return Path(store.engine.url.database)
