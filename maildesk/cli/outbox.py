"""`maildesk outbox`: mails of ours that are not sent, and why."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from maildesk.cli.desk import the_store
from maildesk.cli.edge import CommandFailed
from maildesk.cli.output import print_json, shown
from maildesk.store import outgoing, views

outbox = typer.Typer(no_args_is_help=True, help="Mails to be sent, and those that were not.")
Id = Annotated[int, typer.Argument(metavar="ID")]


@outbox.command("list")
def list_(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that were sent as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List outgoing mails with state, attempts and the reason."""
    with the_store(ctx) as (_, store), store.read() as connection:
        for row in views.outbox(connection, every=every):
            if as_json:
                print_json(shown(row))
            else:
                typer.echo(
                    f"{row['id']}  {row['state']:9} {row['recipient']}  {row['subject']}"
                    + (f"  ({row['attempts']} attempts: {row['reason']})" if row["reason"] else "")
                )


@outbox.command()
def show(ctx: typer.Context, id: Id) -> None:
    """Write the mail's bytes to stdout, as they are sent."""
    with the_store(ctx) as (_, store), store.read() as connection:
        row = views.outgoing(connection, id)
    if row is None:
        raise CommandFailed(f"there is no outgoing mail {id}")
    sys.stdout.buffer.write(row["raw"])


@outbox.command()
def retry(ctx: typer.Context, id: Id) -> None:
    """Send a mail that failed, bounced or is uncertain once more, now."""
    with the_store(ctx) as (_, store), store.write() as connection:
        found = outgoing.retry(connection, id, datetime.now(UTC))
    if not found:
        raise CommandFailed(f"outgoing mail {id} is not one that waits, failed or is uncertain")
    typer.echo(f"outgoing mail {id} is due now")


@outbox.command()
def drop(ctx: typer.Context, id: Id) -> None:
    """Never send this mail."""
    with the_store(ctx) as (_, store), store.write() as connection:
        found = outgoing.drop(connection, id, "dropped by the admin")
    if not found:
        raise CommandFailed(f"outgoing mail {id} is not one that waits, failed or is uncertain")
    typer.echo(f"outgoing mail {id} will not be sent")
