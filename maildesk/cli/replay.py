"""`maildesk replay`: checks that every ticket matches its history."""

import sys
from dataclasses import replace

import typer
from rich.console import Console
from rich.progress import track

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_runtime
from maildesk.cli.console.output import counted
from maildesk.model.ticket import Ticket, evolve
from maildesk.store import tickets
from maildesk.store.engine import Store
from maildesk.store.queries import listings


def replay(ctx: typer.Context) -> None:
    """Rebuild every ticket from its history and compare the result; exit 1 on a difference."""
    with desk_runtime(ctx) as runtime:
        with runtime.store.read() as connection:
            numbers = listings.numbers(connection)
        quiet = not sys.stderr.isatty()
        looked_at = track(numbers, "replaying", console=Console(stderr=True), disable=quiet)
        differ = [number for number in looked_at if not _agrees(runtime.store, number)]
    if differ:
        raise CommandFailed(
            f"tickets that differ from their history: MD-{', MD-'.join(map(str, differ))}"
        )
    typer.echo(f"{counted(len(numbers), 'ticket')}: all match their history")


def _agrees(store: Store, number: int) -> bool:
    with store.read() as connection:
        row, _ = tickets.load_one(connection, number, lock=False)
        ticket: Ticket | None = None
        for line in tickets.history(connection, number):
            ticket = evolve(ticket, line.event, number=number, at=line.at)
    if ticket is None:
        return False
    order = tuple(sorted(ticket.participants))
    return replace(ticket, participants=order) == row
