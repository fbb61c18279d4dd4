"""`maildesk ledger`: the server's mails against the journal's, both ways."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from maildesk.cli.desk import the_office
from maildesk.cli.edge import FAILED
from maildesk.cli.output import print_json
from maildesk.desk.office import Office
from maildesk.ingest.imap_probe import uids
from maildesk.model.settings import Mailbox
from maildesk.store import journal, views


def ledger(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One folder a line.")] = False,
) -> None:
    """Show what is missing on either side; exit 1 where a mail on the server is not kept."""
    with the_office(ctx) as office:
        lines = [
            line for configured in office.settings.mailbox for line in _folders(office, configured)
        ]
        with office.store.read() as connection:
            became = list(views.dispositions(connection))
    for line in lines:
        print_json(line) if as_json else typer.echo(_said(line))
    if not as_json:
        for row in became:
            place = f"{row['mailbox']}/{row['folder']}".rstrip("/")
            typer.echo(f"{place}: {row['mails']} {row['disposition'] or 'yet to be worked'}")
    if any(line["only_on_server"] for line in lines):
        raise typer.Exit(FAILED)


def _folders(office: Office, configured: Mailbox) -> Iterator[dict[str, Any]]:
    for folder in configured.folders:
        uid_validity, on_server = uids(configured, folder)
        with office.store.read() as connection:
            kept = journal.every_uid(connection, configured.name, folder, uid_validity)
            waiting = journal.unsettled(connection, configured.name, folder, uid_validity)
        yield {
            "mailbox": configured.name,
            "folder": folder,
            "uid_validity": uid_validity,
            "on_server": len(on_server),
            "in_journal": len(kept),
            "only_on_server": sorted(on_server - kept),
            "unsettled": sorted(waiting),
            "unsettled_and_gone": sorted(set(waiting) - on_server),
        }


def _said(line: dict[str, Any]) -> str:
    place = f"{line['mailbox']}/{line['folder']}"
    missing, gone = line["only_on_server"], line["unsettled_and_gone"]
    text = f"{place}: {line['on_server']} on the server, {line['in_journal']} in the journal"
    if missing:
        text += f"; NOT in the journal: UID {', '.join(map(str, missing[:50]))}"
    if gone:
        text += f"; gone from the server before they were settled: UID {', '.join(map(str, gone))}"
    return text
