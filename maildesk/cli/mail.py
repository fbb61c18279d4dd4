"""`maildesk mail`: finds mails of the journal by their sender or subject."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from maildesk.cli.console.open_desk import desk_store
from maildesk.cli.console.output import print_json, shown
from maildesk.cli.console.since import so_long
from maildesk.cli.console.table import print_table
from maildesk.ingest.mime.mail_parser import parse
from maildesk.model.mail import Mail
from maildesk.model.ticket import spoken
from maildesk.store.queries import listings

mail = typer.Typer(no_args_is_help=True, help="Mails that arrived: list.")
_HEADINGS = ("Mail", "Received", "From", "Subject", "Result", "Ticket")


@mail.callback()
def _group() -> None:
    """Without this, typer would turn the only verb into the command."""


@mail.command("list")
def list_(
    ctx: typer.Context,
    sender: Annotated[
        str, typer.Option("--from", metavar="WORDS", help="Words in the sender's name or address.")
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="How far to look back: 12h, 30d or 4w.")
    ] = "7d",
    subject: Annotated[str, typer.Option(metavar="WORDS", help="Words in the subject.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many mails.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List mails that arrived, newest first, to find the id that `maildesk explain` takes."""
    begin = datetime.now(UTC) - so_long(since)
    found: list[dict[str, object]] = []
    with desk_store(ctx) as (_, store), store.read() as connection:
        for row in listings.mails_since(connection, begin):
            read = parse(row["head"])
            if _has(_sender(read), sender) and _has(read.subject, subject):
                found.append({**row, "from": _sender(read), "subject": read.subject})
            if len(found) == limit:
                break
    if as_json:
        for one in found:
            print_json(shown(one))
        return
    print_table(_HEADINGS, map(_cells, found), f"No mail fits; look back further than {since}.")


def _sender(read: Mail) -> str:
    sender = read.sender
    if sender is None:
        return ""
    return f"{sender.name} <{sender.address}>" if sender.name else sender.address


def _has(text: str, words: str) -> bool:
    return all(word in text.casefold() for word in words.casefold().split())


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    received, ticket = row["received_at"], row["ticket"]
    return (
        str(row["id"]),
        f"{received:%Y-%m-%d %H:%M}",
        str(row["from"]) or "-",
        str(row["subject"]) or "-",
        str(row["disposition"] or "waiting"),
        spoken(ticket) if isinstance(ticket, int) else "-",
    )
