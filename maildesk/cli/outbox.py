"""`maildesk outbox`: outgoing mails that are not sent, and why."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_store
from maildesk.cli.console.output import print_json, shown
from maildesk.processing.writing.outgoing_files import with_files
from maildesk.store import outgoing_rows
from maildesk.store.queries import listings

outbox = typer.Typer(no_args_is_help=True, help="Outgoing mails: list, show, retry, drop.")
Id = Annotated[int, typer.Argument(metavar="ID")]


@outbox.command("list")
def list_(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Include mails that were sent.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List unsent outgoing mails with state, attempts and reason."""
    with desk_store(ctx) as (_, store), store.read() as connection:
        for row in listings.outbox(connection, every=every):
            if as_json:
                print_json(shown(row))
            else:
                typer.echo(
                    f"{row['id']}  {row['state']:9} {row['recipient']}  {row['subject']}"
                    + (f"  ({row['attempts']} attempts: {row['reason']})" if row["reason"] else "")
                )


@outbox.command()
def show(ctx: typer.Context, id: Id) -> None:
    """Write the raw bytes of the mail to stdout."""
    with desk_store(ctx) as (_, store), store.read() as connection:
        row = listings.outgoing(connection, id)
        if row is None:
            raise CommandFailed(f"there is no outgoing mail {id}")
        whole = with_files(connection, row["raw"], outgoing_rows.files_of(row["files"]))
    sys.stdout.buffer.write(whole)


@outbox.command()
def retry(ctx: typer.Context, id: Id) -> None:
    """Send a mail again that failed, bounced or is uncertain."""
    with desk_store(ctx) as (_, store), store.write() as connection:
        found = outgoing_rows.retry(connection, id, datetime.now(UTC))
    if not found:
        raise CommandFailed(f"outgoing mail {id} is not waiting, failed, bounced or uncertain")
    typer.echo(f"outgoing mail {id} will be sent now")


@outbox.command()
def drop(ctx: typer.Context, id: Id) -> None:
    """Withdraw the mail, so that it is never sent."""
    with desk_store(ctx) as (_, store), store.write() as connection:
        found = outgoing_rows.drop(connection, id, "dropped by the admin")
    if not found:
        raise CommandFailed(f"outgoing mail {id} is not waiting, failed, bounced or uncertain")
    typer.echo(f"outgoing mail {id} will not be sent")
