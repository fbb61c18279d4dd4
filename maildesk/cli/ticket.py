"""`maildesk ticket`: tickets on the command line."""

import sys
from textwrap import indent
from typing import Annotated

import typer

from maildesk.cli.desk import the_office
from maildesk.cli.edge import CommandFailed
from maildesk.cli.output import print_json, shown
from maildesk.desk.desk import Desk
from maildesk.desk.held import held_in, settle
from maildesk.desk.office import Office
from maildesk.model.decision import Decision
from maildesk.model.event import Release
from maildesk.model.person import Person
from maildesk.store import people, tickets, views
from maildesk.store.tickets import Message, Recorded

ticket = typer.Typer(no_args_is_help=True, help="Tickets: list, show, answer, resolve.")
Number = Annotated[int, typer.Argument(metavar="NUMBER")]
Agent = Annotated[str, typer.Option("--as", metavar="ADDRESS", help="The agent who acts.")]


@ticket.command("list")
def list_(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Closed ones as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List tickets, newest first."""
    with the_office(ctx) as office, office.store.read() as connection:
        for row in views.tickets(connection, every=every):
            if as_json:
                print_json(shown(row))
            else:
                typer.echo(
                    f"MD-{row['number']}  {row['status']:19} {row['priority'] or '-':3} "
                    f"{row['requester']:28} {row['subject']}"
                )


@ticket.command()
def show(
    ctx: typer.Context, number: Number, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Show a ticket: what it is, what was said, and everything that happened to it."""
    with the_office(ctx) as office, office.store.read() as connection:
        try:
            found, subject = tickets.load_one(connection, number, lock=False)
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
        said = tickets.messages(connection, number)
        history = tickets.history(connection, number)
        ids = {m.author for m in said} | {line.actor.person for line in history}
        names = people.by_ids(connection, [i for i in (*ids, found.requester) if i is not None])
    fields = shown(found) | {"subject": subject, "requester": names[found.requester].address}
    if as_json:
        events = [shown(line) | {"event": type(line.event).__name__} for line in history]
        print_json(fields | {"messages": [shown(m) for m in said], "history": events})
        return
    for name, value in fields.items():
        if value not in (None, "", [], ()):
            typer.echo(f"{name:17} {value}")
    _print_timeline(said, history, names)


def _print_timeline(
    said: tuple[Message, ...], history: tuple[Recorded, ...], names: dict[int, Person]
) -> None:
    typer.echo("")
    for line in history:
        who = names[line.actor.person].name if line.actor.person in names else line.actor.kind
        proof = f", {line.actor.proof}" if line.actor.proof else ""
        values = {k: v for k, v in shown(line.event).items() if v not in (None, "")}
        what = " ".join(f"{k}={v}" for k, v in values.items())
        typer.echo(
            f"{line.at:%Y-%m-%d %H:%M}  {type(line.event).__name__} {what} "
            f"({who}{proof}; {line.cause})"
        )
    for message in said:
        author = names[message.author].name if message.author in names else "-"
        unproven = "" if message.proven else ", unproven"
        typer.echo(f"\n{author}, {message.at:%Y-%m-%d %H:%M} ({message.kind}{unproven})")
        typer.echo(message.text.rstrip())


@ticket.command()
def answer(ctx: typer.Context, number: Number, agent: Agent) -> None:
    """Answer as an agent; the text comes from stdin, `#` lines are commands as in a mail."""
    _act(ctx, number, agent, sys.stdin.read())


@ticket.command()
def resolve(
    ctx: typer.Context,
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    agent: Agent,
) -> None:
    """Resolve the ticket; the requester is asked to accept or reject."""
    _act(ctx, number, agent, f"#resolve {text}")


@ticket.command()
def held(
    ctx: typer.Context,
    number: Number,
    add: Annotated[str, typer.Option(metavar="MESSAGE", help="Let its sender in.")] = "",
    split: Annotated[str, typer.Option(metavar="MESSAGE", help="Into a ticket of its own.")] = "",
    drop: Annotated[str, typer.Option(metavar="MESSAGE", help="It does not belong here.")] = "",
    agent: Annotated[str, typer.Option("--as", metavar="ADDRESS", help="The agent who acts.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List the mails that are held in a ticket; let one in, split it off or drop it."""
    chosen: dict[Release, str] = {"added": add, "split": split, "dropped": drop}
    wanted = [(release, message) for release, message in chosen.items() if message]
    if not wanted:
        _list_held(ctx, number, as_json)
        return
    if len(wanted) > 1 or not agent:
        raise typer.BadParameter("give one of --add, --split, --drop, and --as ADDRESS")
    [(release, message)] = wanted
    with the_office(ctx) as office:
        try:
            decision = settle(office, number, message, release, _agent(office, agent))
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
    _say(decision)


def _list_held(ctx: typer.Context, number: int, as_json: bool) -> None:
    with the_office(ctx) as office, office.store.read() as connection:
        found = held_in(connection, number)
        names = people.by_ids(connection, [m.author for m in found if m.author is not None])
    for message in found:
        author = names[message.author].address if message.author in names else "-"
        if as_json:
            print_json(shown(message) | {"author": author})
        else:
            proof = "" if message.proven else "  unproven"
            typer.echo(f"{message.id}  {message.at:%Y-%m-%d %H:%M}  {author}{proof}")
            typer.echo(indent(message.text.strip(), "  "))


def _act(ctx: typer.Context, number: int, address: str, text: str) -> None:
    with the_office(ctx) as office:
        try:
            decision = Desk(office).answer(number, _agent(office, address), text)
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
    _say(decision)


def _say(decision: Decision) -> None:
    refused = [line for step in decision.why for line in step.evidence if decision.answer != "done"]
    if refused:
        raise CommandFailed(f"nothing was done: {'; '.join(refused)}")
    typer.echo(f"done; {len(decision.letters)} mails queued")


def _agent(office: Office, address: str) -> Person:
    with office.store.read() as connection:
        person = people.find(connection, address)
    if person is None or not person.is_agent:
        raise CommandFailed(f"{address} is no agent; see the teams in people.toml")
    return person
