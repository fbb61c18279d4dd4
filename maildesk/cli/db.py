"""`maildesk db`: upgrades, backups and restores of the database."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_store
from maildesk.store import migrate
from maildesk.store.engine import Store

db = typer.Typer(no_args_is_help=True, help="Upgrade, back up or restore the database.")


@db.command()
def upgrade(ctx: typer.Context) -> None:
    """Upgrade the database to the schema version that this maildesk needs."""
    with desk_store(ctx) as (_, store):
        before = migrate.level(store)
        migrate.upgrade(store)
        typer.echo(f"upgraded from schema version {before or 'none'} to {migrate.level(store)}")


@db.command()
def backup(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Copy a SQLite database to FILE; maildesk may be running."""
    with desk_store(ctx) as (_, store):
        _sqlite_file(store)
        if file.exists():
            raise CommandFailed(f"{file} already exists; give the name of a new file")
        with closing(store.engine.raw_connection()) as connection:  # VACUUM fails in a transaction
            connection.cursor().execute("VACUUM INTO ?", (str(file),))
    typer.echo(f"{file}: {file.stat().st_size} bytes")


@db.command()
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace the existing database.")] = False,
) -> None:
    """Replace the database with a backup. maildesk must not be running."""
    if not file.is_file():
        raise CommandFailed(f"{file}: file not found")
    with desk_store(ctx) as (_, store):
        place = _sqlite_file(store)
    if place.exists() and not yes:
        raise CommandFailed(
            f"{place} exists; add --yes to rename it to {place.name}.before-restore"
        )
    if place.exists():
        place.replace(place.with_name(place.name + ".before-restore"))
    for suffix in ("-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(file, place)
    typer.echo(f"restored {place} from {file}")


def _sqlite_file(store: Store) -> Path:
    if store.engine.dialect.name != "sqlite" or not store.engine.url.database:
        raise CommandFailed("this command is for SQLite; use pg_dump and pg_restore for PostgreSQL")
    return Path(store.engine.url.database)
