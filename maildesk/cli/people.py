"""`maildesk people`: lists the directory and imports people from a CSV file."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from maildesk.cli.console.open_desk import desk_runtime
from maildesk.cli.console.options import call_of
from maildesk.cli.console.output import counted, print_json
from maildesk.config.error_messages import circle_words
from maildesk.config.load import ConfigErrors
from maildesk.config.people_csv import Row, read_people, wrong
from maildesk.model.directory import Differences, Listed, Origin, circles, differences
from maildesk.model.mail import address_key
from maildesk.store import directory_import
from maildesk.store.engine import savepoint

people = typer.Typer(no_args_is_help=True, help="The directory of people: list, import.")


class _OnlyTried(Exception):
    """Rolls back the changes of a dry run."""


@people.command("list")
def list_(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List all known people and the source of each entry."""
    with desk_runtime(ctx) as runtime, runtime.store.read() as connection:
        everybody = sorted(
            directory_import.everybody(connection).values(),
            key=lambda one: address_key(one.address),
        )
    for one in everybody:
        if as_json:
            print_json(asdict(one))
        else:
            typer.echo(_line(one))


def _line(one: Listed) -> str:
    vip = "VIP" if one.vip else ""
    return _plain(
        f"{one.address:28} {one.name:20} {one.organisation:16} {one.manager or '-':28} "
        f"{vip:3} {one.origin}"
    )


@people.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the changes without making them.")
    ] = False,
    remove_missing: Annotated[
        bool,
        typer.Option("--remove-missing", help="Remove imported people who are not in the file."),
    ] = False,
) -> None:
    """Import the people of a CSV file and show the changes."""
    entries = call_of(ctx).config().policy.people.person
    ours = {address_key(a) for one in entries for a in (one.address, *one.addresses)}
    with desk_runtime(ctx) as runtime, runtime.store.write() as connection:
        before = directory_import.everybody(connection)
        stay = () if remove_missing else _addresses(before)
        rows = read_people(file, runtime.settings.desk, {*ours, *stay})
        left = [row for row in rows if not ours.isdisjoint(row.keys)]
        taken = [row for row in rows if ours.isdisjoint(row.keys)]
        after = _brought(connection, taken, remove_missing, dry_run)
        _refuse_circles(file, taken, after)
    for row in left:
        typer.echo(
            f"line {row.line}: {row.person.address} is defined in people.toml, which takes "
            "precedence"
        )
    for line in _told(differences(before, after), len(left)):
        typer.echo(_plain(line))
    for line in _missing(after, taken):
        typer.echo(line)
    if dry_run:
        typer.echo("dry run: nothing was changed")


def _addresses(known: dict[int, Listed]) -> Iterator[str]:
    for one in known.values():
        if one.origin is not Origin.MAIL:
            yield from (one.address, *one.addresses)


def _brought(
    connection: Connection, rows: list[Row], remove_missing: bool, dry_run: bool
) -> dict[int, Listed]:
    """The directory after the import. A dry run makes the same changes and rolls them back."""
    after: dict[int, Listed] = {}
    try:
        with savepoint(connection):
            imported = [row.person for row in rows]
            directory_import.import_people(connection, imported, remove_missing=remove_missing)
            after = directory_import.everybody(connection)
            if dry_run:
                raise _OnlyTried
    except _OnlyTried:
        pass
    return after


def _refuse_circles(file: Path, rows: list[Row], after: dict[int, Listed]) -> None:
    """Raises ConfigErrors if managers form a cycle, so that nothing is written."""
    line = {key: row.line for row in rows for key in row.keys}
    boss = {address_key(one.address): address_key(one.manager) for one in after.values()}
    found = [
        wrong(file, _first(line, circle), "manager", *circle_words(circle))
        for circle in circles(boss)
    ]
    if found:
        raise ConfigErrors(found)


def _first(line: Mapping[str, int], circle: tuple[str, ...]) -> int:
    return min((line[key] for key in circle if key in line), default=1)


def _told(found: Differences, left: int) -> Iterator[str]:
    for one in found.added:
        yield f"+ {one.address}  {one.name}"
    for address, field, before, after in found.changed:
        yield f"~ {address}  {field}: {_said(before)} -> {_said(after)}"
    for one in found.removed:
        yield f"- {one.address}  {one.name}"
    changed = len({address for address, *_ in found.changed})
    yield (
        f"{len(found.added)} added, {changed} changed, {len(found.removed)} removed, "
        f"{found.unchanged} unchanged, {left} in people.toml"
    )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "-"
    return str(value) or "-"


def _missing(after: dict[int, Listed], rows: list[Row]) -> Iterator[str]:
    there = {row.keys[0] for row in rows}
    kept = [one for one in after.values() if one.origin is Origin.IMPORT]
    missing = sum(1 for one in kept if address_key(one.address) not in there)
    if missing:
        yield (
            f"not in the file: {counted(missing, 'person', 'people')} of an earlier import; "
            "--remove-missing removes them"
        )


def _plain(text: str) -> str:
    """The text without control characters, which could move the cursor of a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
