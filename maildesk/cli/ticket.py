"""`maildesk ticket`: lists, shows and changes tickets."""

import sys
from datetime import datetime, timedelta
from textwrap import indent
from typing import Annotated

import typer

from maildesk.cli.console import timeline
from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_runtime
from maildesk.cli.console.output import counted, print_json, shown
from maildesk.cli.console.table import print_table
from maildesk.cli.console.ticket_argument import Number
from maildesk.messages.catalogue import DEFAULT
from maildesk.messages.dates import hours
from maildesk.messages.sizes import spoken_size
from maildesk.messages.trace import in_english
from maildesk.messages.translator import translator
from maildesk.model.command import SOURCES
from maildesk.model.decision import Decision
from maildesk.model.event import Release
from maildesk.model.mail import Attachment
from maildesk.model.person import Person
from maildesk.model.ticket import spoken
from maildesk.processing.clock.sla_timers import Measured, measured
from maildesk.processing.desk import Desk
from maildesk.processing.mail.held_mails import held_in, settle
from maildesk.processing.runtime import Runtime
from maildesk.store import attachments, people, tickets
from maildesk.store.queries import listings
from maildesk.store.tickets import Message, Recorded

ticket = typer.Typer(no_args_is_help=True, help="Tickets: list, show, open, answer, set, resolve.")
_PEOPLE = frozenset(
    {"requester", "person", "approver", "to"}
)  # event fields that hold the id of a person
Agent = Annotated[str, typer.Option("--as", metavar="ADDRESS", help="Address of the acting agent.")]


@ticket.command("list")
def list_(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Include closed tickets.")] = False,
    unclassified: Annotated[
        bool,
        typer.Option(
            "--unclassified", help="Only tickets without service, category, impact or urgency."
        ),
    ] = False,
    team: Annotated[str, typer.Option(metavar="TEAM", help="Only tickets of this team.")] = "",
    assignee: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Only tickets assigned to this agent.")
    ] = "",
    status: Annotated[str, typer.Option(metavar="STATUS", help="Only in this status.")] = "",
    requester: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Only tickets of this requester.")
    ] = "",
    search: Annotated[
        str, typer.Option(metavar="WORDS", help="Only with these words in the subject.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List tickets, newest first."""
    wanted = listings.TicketFilter(
        every=every,
        unclassified=unclassified,
        team=team,
        assignee=assignee,
        status=status,
        requester=requester,
        search=search,
    )
    with desk_runtime(ctx) as runtime, runtime.store.read() as connection:
        rows = listings.tickets(connection, wanted)
        if as_json:
            for row in rows:
                print_json(shown(row))
            return
        now = runtime.clock()
        print_table(_HEADINGS, (_cells(row, now) for row in rows), _no_tickets(wanted))


_HEADINGS = ("Ticket", "Status", "Prio", "Age", "Due", "Team", "Assignee", "Requester", "Subject")


def _cells(row: listings.Row, now: datetime) -> tuple[str, ...]:
    due = row["next_due"]
    return (
        spoken(row["number"]),
        row["status"],
        row["priority"] or "-",
        _age(now - row["opened_at"]),
        f"{due:%Y-%m-%d %H:%M}" if due else "-",
        row["team"] or "-",
        row["assignee"] or "-",
        row["requester"],
        row["subject"],
    )


def _age(age: timedelta) -> str:
    """The age in its largest unit: 3 d, 5 h, 12 min."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 1_440 else f"{minutes // 1_440} d"


def _no_tickets(wanted: listings.TicketFilter) -> str:
    if wanted == listings.TicketFilter(every=wanted.every):
        return "There are no tickets." if wanted.every else "There are no open tickets."
    return "No ticket fits; --all includes closed tickets."


@ticket.command()
def show(
    ctx: typer.Context, number: Number, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Show a ticket with its fields, history and messages."""
    with desk_runtime(ctx) as runtime, runtime.store.read() as connection:
        try:
            found, subject = tickets.load_one(connection, number, lock=False)
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
        said = tickets.messages(connection, number)
        mails = {message.mail for message in said if message.mail is not None}
        files = attachments.of_mails(connection, mails)
        history = tickets.history(connection, number)
        ids = {m.author for m in said} | _of(history) | {found.requester, *found.participants}
        names = people.by_ids(connection, [one for one in ids if one is not None])
    who = names[found.requester]
    if as_json:
        fields = shown(found) | {"subject": subject, "requester": who.address, "vip": who.vip}
        events = [
            shown(line) | {"event": type(line.event).__name__, "values": shown(line.event)}
            for line in history
        ]
        messages = [
            shown(m) | {"attachments": [shown(one) for one in files.get(m.mail or 0, ())]}
            for m in said
        ]
        print_json(fields | {"messages": messages, "history": events})
        return
    known = (
        timeline.fields(found, names) | {"subject": subject} | ({"vip": "yes"} if who.vip else {})
    )
    for name, value in known.items():
        typer.echo(f"{name:17} {value}")
    _print_timeline(said, history, names, files)


def _print_timeline(
    said: tuple[Message, ...],
    history: tuple[Recorded, ...],
    names: dict[int, Person],
    files: dict[int, tuple[Attachment, ...]],
) -> None:
    typer.echo("")
    for one in history:
        typer.echo(timeline.line(one, names))
    for message in said:
        attached = files.get(message.mail or 0, ())
        if not message.text.strip() and not attached:
            continue  # a mail that contains only commands; the history shows their effect
        author = names[message.author].name if message.author in names else "Service desk"
        unproven = "" if message.proven else ", unproven"
        typer.echo(f"\n{author}, {message.at:%Y-%m-%d %H:%M} ({message.kind}{unproven})")
        typer.echo(message.text.rstrip() or "(no text)")
        for file in attached:
            typer.echo(f"  file: {file.name} ({spoken_size(file.size, translator(DEFAULT, None))})")


def _of(history: tuple[Recorded, ...]) -> set[int]:
    """The ids of all people in the history."""
    found = {line.actor.person for line in history}
    for line in history:
        values = shown(line.event)
        keys = _PEOPLE | ({"old", "new"} if values.get("field") == "assignee" else set())
        found |= {values[key] for key in keys & values.keys() if isinstance(values[key], int)}
        found |= set(values.get("approvers", ()))
    return {person for person in found if person is not None}


@ticket.command()
def sla(
    ctx: typer.Context, number: Number, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Show the SLA timers of a ticket, recalculated from its history."""
    with desk_runtime(ctx) as runtime:
        try:
            timers = measured(runtime, number)
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
    for one in timers:
        if as_json:
            print_json(shown(one))
        else:
            _print_timer(one)


def _print_timer(one: Measured) -> None:
    due = f", due {one.due:%Y-%m-%d %H:%M %Z}" if one.due else ""
    typer.echo(
        f"{one.metric} {one.serial}: {one.outcome} ({one.profile}, {one.calendar}), "
        f"{hours(one.used)} of {hours(one.target)} used{due}"
    )
    for part in one.parts:
        end = f"{part.end:%Y-%m-%d %H:%M}" if part.end else "now"
        counted = (
            f"counted {hours(part.counted)}"
            if not part.pause_reason
            else f"paused: {part.pause_reason}"
        )
        typer.echo(f"  {part.begin:%Y-%m-%d %H:%M} to {end:16}  {counted}")
    if one.differs:
        typer.echo(
            "  the ticket still has the values of an older sla.toml; its next event updates them"
        )


@ticket.command()
def answer(ctx: typer.Context, number: Number, agent: Agent) -> None:
    """Answer as an agent with the text on stdin; lines that begin with `#` are commands."""
    _act(ctx, number, agent, sys.stdin.read())


@ticket.command()
def resolve(
    ctx: typer.Context,
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    agent: Agent,
) -> None:
    """Resolve the ticket and ask the requester to accept or reject the resolution."""
    _act(ctx, number, agent, f"#resolve {text}")


@ticket.command()
def note(
    ctx: typer.Context,
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    agent: Agent,
) -> None:
    """Add a note that only agents can see."""
    _act(ctx, number, agent, f"#note {text}")


@ticket.command()
def close(
    ctx: typer.Context,
    number: Number,
    agent: Agent,
    category: Annotated[str, typer.Option(help="A closure category from workflow.toml.")] = "",
    note: Annotated[str, typer.Option(help="The closure note, which the requester can read.")] = "",
) -> None:
    """Close the ticket without asking the requester, if the workflow lets agents do so."""
    said = f"{category}: {' '.join(note.split())}" if note else category
    _act(ctx, number, agent, f"#close {said}".strip())


@ticket.command("set")
def set_(
    ctx: typer.Context,
    number: Number,
    values: Annotated[list[str], typer.Argument(metavar="COMMAND=VALUE...")],
    agent: Agent,
) -> None:
    """Set ticket fields as agent commands do: team=Network service=Network type=incident."""
    pairs = [value.partition("=") for value in values]
    if not all(equals and name.isalpha() and value.strip() for name, equals, value in pairs):
        raise typer.BadParameter("write each as COMMAND=VALUE, for example team=Network")
    lines = (f"#{name} {' '.join(value.split())}" for name, _, value in pairs)
    _act(ctx, number, agent, "\n".join(lines))


@ticket.command()
def new(
    ctx: typer.Context,
    requester: Annotated[
        str, typer.Option("--for", metavar="ADDRESS", help="Address of the requester.")
    ],
    subject: Annotated[str, typer.Option(help="Subject of the ticket.")],
    agent: Agent,
    source: Annotated[str, typer.Option(help="phone, portal or mail.")] = "phone",
    text: Annotated[str, typer.Option(help="Text of the request; - reads it from stdin.")] = "-",
) -> None:
    """Open a ticket for a person who called or came by."""
    local, at, domain = requester.partition("@")
    if not (local and at and domain) or len(requester.split()) != 1:
        raise typer.BadParameter(f"{requester} is not a mail address")
    if source not in SOURCES:
        raise typer.BadParameter(f"{source} is not a source; choose from: {', '.join(SOURCES)}")
    said = sys.stdin.read() if text == "-" else text
    with desk_runtime(ctx) as runtime:
        if runtime.settings.desk.tag_in(requester) is not None:
            raise CommandFailed(f"{requester} is the address of the helpdesk itself")
        number = Desk(runtime).report(
            _agent(runtime, agent), requester, source, subject, said.strip()
        )
    typer.echo(f"MD-{number}")


@ticket.command()
def held(
    ctx: typer.Context,
    number: Number,
    add: Annotated[str, typer.Option(metavar="MESSAGE", help="Add its sender to the ticket.")] = "",
    split: Annotated[str, typer.Option(metavar="MESSAGE", help="Move it to a new ticket.")] = "",
    drop: Annotated[str, typer.Option(metavar="MESSAGE", help="Discard it.")] = "",
    agent: Annotated[
        str, typer.Option("--as", metavar="ADDRESS", help="Address of the acting agent.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List the held mails of a ticket; add the sender, split a mail off or drop it."""
    chosen: dict[Release, str] = {"added": add, "split": split, "dropped": drop}
    wanted = [(release, message) for release, message in chosen.items() if message]
    if not wanted:
        _list_held(ctx, number, as_json)
        return
    if len(wanted) > 1 or not agent:
        raise typer.BadParameter("give exactly one of --add, --split and --drop, and --as ADDRESS")
    [(release, message)] = wanted
    with desk_runtime(ctx) as runtime:
        try:
            decision = settle(runtime, number, message, release, _agent(runtime, agent))
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
    _say(decision)


def _list_held(ctx: typer.Context, number: int, as_json: bool) -> None:
    with desk_runtime(ctx) as runtime, runtime.store.read() as connection:
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
    with desk_runtime(ctx) as runtime:
        try:
            decision = Desk(runtime).answer(number, _agent(runtime, address), text)
        except LookupError as error:
            raise CommandFailed(f"{error}") from error
    _say(decision)


def _say(decision: Decision) -> None:
    steps = [in_english(step) for step in decision.why if step.name in ("command", "held")]
    if decision.answer != "done":
        refused = [line for step in steps for line in step.rejected]
        refused = refused or [line for step in steps for line in step.evidence]
        raise CommandFailed(f"not carried out: {'; '.join(map(str, refused))}")
    for step in steps:
        for line in step.evidence if step.name == "command" else ():
            typer.echo(line)
    typer.echo(f"done; {counted(len(decision.outgoing_mails), 'mail')} queued")


def _agent(runtime: Runtime, address: str) -> Person:
    with runtime.store.read() as connection:
        person = people.find(connection, address)
    if person is None or not person.is_agent:
        raise CommandFailed(f"{address} is not an agent; add the address to a team in people.toml")
    return person
