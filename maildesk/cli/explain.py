"""`maildesk explain`: what happened to a mail, or would happen to it, and why."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_runtime
from maildesk.cli.console.output import print_json
from maildesk.processing.mail.explain_mail import would_be
from maildesk.processing.runtime import Runtime
from maildesk.store.queries import listings


def explain(
    ctx: typer.Context,
    mail: Annotated[
        str,
        typer.Argument(
            metavar="FILE|MAIL-ID|MESSAGE-ID", help="An .eml file, a journal id, or a Message-ID."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per mail.")
    ] = False,
) -> None:
    """Show the disposition of a mail, the evidence of each step, and what was rejected.

    Given a file, it shows what would happen to that mail. It stores, changes and sends nothing.
    """
    with desk_runtime(ctx) as runtime:
        kept = [] if Path(mail).exists() and not mail.isdigit() else _kept(runtime, mail)
        for told in kept or [_of_a_file(runtime, Path(mail))]:
            _print(told, as_json)


def _kept(runtime: Runtime, name: str) -> list[dict[str, Any]]:
    """The mails with that id or Message-ID, oldest first; empty if the name is neither."""
    with runtime.store.read() as connection:
        if name.isdigit():
            found = [row for row in [listings.mail(connection, int(name))] if row is not None]
        else:
            found = list(listings.mails_called(connection, name))
    if not found and (name.isdigit() or "@" in name):
        raise CommandFailed(f"there is no mail {name} in the journal")
    return [_of_the_journal(row) for row in found]


def _of_the_journal(row: listings.Row) -> dict[str, Any]:
    return {
        "mail": row["id"],
        "source": row["source"],
        "mailbox": row["mailbox"],
        "folder": row["folder"],
        "uid": row["uid"],
        "received_at": row["received_at"].isoformat(),
        "state": row["state"],
        "disposition": row["disposition"],
        "ticket": row["ticket"],
        "reason": row["reason"],
        "steps": row["trace"],
    }


def _of_a_file(runtime: Any, path: Path) -> dict[str, Any]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror or error}") from error
    worked = would_be(runtime, raw)
    return {
        "file": str(path),
        "disposition": worked.disposition.value,
        "ticket": worked.ticket,
        "steps": [asdict(step) for step in worked.steps],
    }


def _print(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        if name != "steps" and value not in (None, ""):
            typer.echo(f"{name:12} {value}")
    for step in told["steps"]:
        typer.echo(f"\n{step['name']}: {step['verdict']}")
        for line in step["evidence"]:
            typer.echo(f"  + {line}")
        for line in step["rejected"]:
            typer.echo(f"  - {line}")
