"""`maildesk ledger`: compares the mails on the servers with those in the journal."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer

from maildesk.cli.console.errors import FAILED, complain
from maildesk.cli.console.open_desk import desk_runtime
from maildesk.cli.console.output import print_json
from maildesk.ingest.servers.imap.imap_errors import MailboxTrouble
from maildesk.processing.ledger_check import Sheet, sheets
from maildesk.processing.runtime import Runtime
from maildesk.store.queries import integrity, listings
from maildesk.store.queries.integrity import Damage

_SHOWN = 50


def ledger(
    ctx: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per folder.")
    ] = False,
) -> None:
    """Compare the servers with the journal; exit 1 if the journal misses a mail."""
    with desk_runtime(ctx) as runtime:
        found, troubles = _asked(runtime)
        with runtime.store.read() as connection:
            became = list(listings.dispositions(connection))
            damage = integrity.damage(connection)
    if as_json:
        for sheet in found:
            print_json(asdict(sheet))
        print_json({"journal": asdict(damage)})
    else:
        for line in (*_of_sheets(found), *_of_the_journal(damage), *map(_became, became)):
            typer.echo(line)
    for trouble in troubles:
        complain(f"maildesk: {trouble}")
    damaged = damage.deleted or damage.without_bytes
    if troubles or damaged or any(sheet.missing for sheet in found):
        raise typer.Exit(FAILED)


def _asked(runtime: Runtime) -> tuple[list[Sheet], list[str]]:
    """The folders of every mailbox, and the errors of the servers that do not answer."""
    found: list[Sheet] = []
    troubles: list[str] = []
    for configured in runtime.settings.mailbox:
        try:
            found.extend(sheets(runtime.store, configured))
        except MailboxTrouble as trouble:
            troubles.append(str(trouble))
    return found, troubles


def _of_sheets(found: list[Sheet]) -> Iterator[str]:
    for one in found:
        place = f"{one.mailbox}/{one.folder}"
        yield f"{place}: {one.on_server} on the server, {one.in_journal} in the journal"
        if one.never_fetched:
            yield f"{place}: NOT in the journal: UID {_some(one.never_fetched)}"
            yield "  `maildesk run` fetches them when it starts, and checks again every hour"
        if one.unsettled_and_gone:
            gone = _some(one.unsettled_and_gone)
            yield f"{place}: gone from the server before maildesk moved or marked them: UID {gone}"
        if one.deleted:
            there = f"{one.mailbox}/{one.processed_folder}"
            yield f"{there}: DELETED from the journal: UID {_some(one.deleted)}"
            yield f"  move them back to {one.folder}, and `maildesk run` fetches them again"


def _of_the_journal(damage: Damage) -> Iterator[str]:
    if damage.deleted:
        yield (
            "journal: DELETED, but messages or raw bytes still refer to: mail "
            f"{_some(damage.deleted)}"
        )
        yield "  restore them from a backup of the database"
    if damage.without_bytes:
        yield f"journal: the raw bytes are missing: mail {_some(damage.without_bytes)}"
        yield "  restore them from a backup of the database"


def _some(numbers: tuple[int, ...]) -> str:
    more = f" and {len(numbers) - _SHOWN} more (--json lists all)" if numbers[_SHOWN:] else ""
    return ", ".join(map(str, numbers[:_SHOWN])) + more


def _became(row: dict[str, Any] | listings.Row) -> str:
    place = f"{row['mailbox']}/{row['folder']}".rstrip("/")
    return f"{place}: {row['mails']} {row['disposition'] or 'not processed yet'}"
