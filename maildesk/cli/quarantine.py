"""`maildesk quarantine`: mails that could not be processed. None is removed automatically."""

import sys
from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_store
from maildesk.cli.console.output import print_json, shown
from maildesk.config.schema.settings import Settings
from maildesk.ingest.mime.mail_parser import addresses_of
from maildesk.model.mail import Step
from maildesk.store import journal
from maildesk.store.queries import listings

quarantine = typer.Typer(
    no_args_is_help=True, help="Mails that could not be processed: list, show, replay, drop."
)
MailId = Annotated[int, typer.Argument(metavar="MAIL-ID")]


@quarantine.command("list")
def list_(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List the mails in quarantine and the reason for each."""
    with desk_store(ctx) as (_, store), store.read() as connection:
        for row in listings.quarantined(connection):
            if as_json:
                print_json(shown(row))
            else:
                typer.echo(f"{row['id']}  {row['received_at']:%Y-%m-%d %H:%M}  {row['reason']}")


@quarantine.command()
def show(ctx: typer.Context, mail: MailId) -> None:
    """Write the raw bytes of the mail to stdout."""
    with desk_store(ctx) as (_, store), store.read() as connection:
        try:
            raw = journal.raw(connection, mail)
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
    sys.stdout.buffer.write(raw)


@quarantine.command()
def replay(
    ctx: typer.Context,
    mail: MailId,
    author: Annotated[
        str | None,
        typer.Option("--as", metavar="ADDRESS", help="Who wrote the mail. Proves nothing."),
    ] = None,
) -> None:
    """Process the mail again."""
    with desk_store(ctx) as (config, store), store.write() as connection:
        if author is not None:
            _check_author(author, config.settings)
        found = journal.replay(connection, mail, author)
    if not found:
        raise CommandFailed(f"mail {mail} is not in quarantine")
    typer.echo(f"mail {mail} will be processed again")


def _check_author(address: str, settings: Settings) -> None:
    if [one.address for one in addresses_of(address)] != [address]:
        raise CommandFailed(f"{address!r} is not a mail address; write --as rita@example.org")
    if settings.desk.tag_in(address) is not None:
        raise CommandFailed(f"{address} is an address of the desk; name who wrote the mail")


@quarantine.command()
def drop(
    ctx: typer.Context,
    mail: MailId,
    why: Annotated[
        str, typer.Option("--why", help="The reason, shown by `maildesk explain`.")
    ] = "",
) -> None:
    """Refuse the mail for good. The journal keeps its bytes and who dropped it, when and why."""
    at = datetime.now(UTC)
    reason = (f"why: {why}",) if why else ()
    dropped = Step("quarantine", f"dropped by {getuser()} at {at:%Y-%m-%d %H:%M} UTC", reason)
    with desk_store(ctx) as (_, store), store.write() as connection:
        found = journal.refuse(connection, mail, dropped)
    if not found:
        raise CommandFailed(f"mail {mail} is not in quarantine")
    typer.echo(f"mail {mail} was refused; the journal keeps its bytes")
