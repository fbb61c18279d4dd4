"""What an agent's commands may need to know beside the ticket: other tickets, people, history.

All of it is read before anything is decided; the tickets are locked in the order of their numbers.
"""

import re
from collections.abc import Sequence

from sqlalchemy import Connection

from maildesk.config.schema.settings import Desk
from maildesk.model.cause import Command, CommandContext, LatestMessage, SplitCandidate, UndoTarget
from maildesk.model.command import PEOPLE, TICKETS, on_behalf, ticket_number
from maildesk.model.decision import Template
from maildesk.model.event import MessageAdded, ParentChanged
from maildesk.model.mail import Address
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket, evolve
from maildesk.processing.mail.message_facts import facts_of_message
from maildesk.processing.unit_of_work import UnitOfWork
from maildesk.store import people, ticket_relations, tickets
from maildesk.store.tickets import Message

_NAMES = 20  # people that are looked up for one mail
_TOLD_AS_LATEST = frozenset({"request", "reply", "decision", "comment", "held"})
_ADDRESS = re.compile(r"[^\s<>@,;\"]{1,100}@[^\s<>@,;\"]{1,200}\Z")
_MAILS = 20  # Message-IDs of a mail's References that are looked up


def load_command_context(
    work: UnitOfWork,
    ticket: Ticket | None,
    agent: Person,
    commands: Sequence[Command],
    desk: Desk,
    answered: Sequence[str] = (),
) -> CommandContext:
    """`ticket` is None for a first mail. `answered`: Message-IDs of the mail that the agent
    answers, the nearest first."""
    names = {command.name for command in commands}
    if not (commands or answered):
        return CommandContext()
    connection = work.flushed
    undo_target = _undo_target(connection, ticket, agent, answered) if "undo" in names else None
    return CommandContext(
        tickets=_tickets(connection, ticket, commands, undo_target),
        people=_people(work, commands, desk),
        ours=frozenset(one.casefold() for one in _named(commands) if desk.tag_in(one) is not None),
        latest=_latest(connection, ticket) if ticket is not None and commands else None,
        split_candidate=_split_candidate(connection, ticket, agent, answered)
        if ticket is not None and "split" in names
        else None,
        undo_target=undo_target,
        answered_by=_answered_by(connection, ticket, agent, answered),
    )


def _tickets(
    connection: Connection,
    ticket: Ticket | None,
    commands: Sequence[Command],
    undo_target: UndoTarget | None,
) -> dict[int, Ticket]:
    named = [ticket_number(one.argument) for one in commands if one.name in TICKETS]
    wanted = {number for number in named if number is not None} | _touched(undo_target)
    if not (wanted or any(one.name == "resolve" for one in commands)):
        return {}
    mine = {} if ticket is None else {ticket.number: ticket}
    wanted |= set(ticket_relations.ancestors(connection, {*wanted, *mine}))
    for number in mine:
        wanted |= set(ticket_relations.descendants(connection, number))
    loaded = tickets.load(connection, wanted - mine.keys())
    return {number: one for number, (one, _) in loaded.items()} | mine


def _touched(undo_target: UndoTarget | None) -> set[int]:
    """The other tickets of what is to be taken back, and their parents of before."""
    if undo_target is None:
        return set()
    every = (undo_target.events, *undo_target.elsewhere.values())
    changed = [event for events in every for event in events if isinstance(event, ParentChanged)]
    return {*undo_target.elsewhere, *(event.old for event in changed if event.old is not None)}


def _named(commands: Sequence[Command]) -> list[str]:
    """The names and addresses in these commands."""
    arguments = [
        on_behalf(one.argument)[0] if one.name == "onbehalf" else one.argument
        for one in commands
        if one.name in PEOPLE
    ]
    said = [part.strip() for argument in arguments for part in argument.split(",")]
    return [one for one in dict.fromkeys(said[:_NAMES]) if one]


def _people(
    work: UnitOfWork, commands: Sequence[Command], desk: Desk
) -> dict[str, tuple[Person, ...]]:
    others = [one for one in _named(commands) if desk.tag_in(one) is None]
    return {one.casefold(): _meant(work, one) for one in others}


def _meant(work: UnitOfWork, said: str) -> tuple[Person, ...]:
    if _ADDRESS.match(said):
        return (work.people.of(Address("", said)),)
    return people.search(work.connection, said)


def _latest(connection: Connection, ticket: Ticket) -> LatestMessage | None:
    found = _newest(connection, ticket)
    return None if found is None else _as_latest(*found)


def _as_latest(message: Message, author: Person) -> LatestMessage:
    return LatestMessage(message=message.id, author=author, text=message.text, kind=message.kind)


def _newest(connection: Connection, ticket: Ticket) -> tuple[Message, Person] | None:
    """The newest text that no agent wrote."""
    said = [m for m in tickets.messages(connection, ticket.number) if m.author is not None]
    authors = people.by_ids(connection, {m.author for m in said if m.author is not None})
    for message in reversed(said):
        author = authors.get(message.author or 0)
        if author is not None and not author.is_agent and message.kind in _TOLD_AS_LATEST:
            return message, author
    return None


def _split_candidate(
    connection: Connection, ticket: Ticket, agent: Person, answered: Sequence[str]
) -> SplitCandidate | None:
    """The mail that the agent answers, itself or by what we told of it; else the newest."""
    message = ticket_relations.told_about(connection, answered[:1], agent.id)
    author = people.by_id(connection, message.author) if message and message.author else None
    meant = None
    if message and author and not author.is_agent and message.kind in _TOLD_AS_LATEST:
        meant = (message, author)
    found = meant or _newest(connection, ticket)
    if found is None:
        return None
    message, author = found
    if message.ticket != ticket.number:
        return SplitCandidate(latest=_as_latest(message, author), elsewhere=message.ticket)
    facts = facts_of_message(connection, message, author)
    return SplitCandidate(latest=_as_latest(message, author), facts=facts)


def _undo_target(
    connection: Connection, ticket: Ticket | None, agent: Person, answered: Sequence[str]
) -> UndoTarget | None:
    """Bound to the transcript that is answered: the nearest mail alone, not one it quotes."""
    told = ticket_relations.told_of(connection, answered[:1], agent.id, Template.TRANSCRIPT)
    if ticket is None or told is None or told[0] != ticket.number:
        return None
    _, cause, at = told
    done = ticket_relations.doings(connection, ticket.number, cause, at)
    if not any(isinstance(event, MessageAdded) for event in done.events):
        merged = ticket_relations.written_to(connection, _absorbed(connection, ticket), cause)
        return UndoTarget(at=at, events=(), merged=merged) if merged is not None else None
    before = {n: _before(connection, n, cause) for n in (ticket.number, *done.elsewhere)}
    return UndoTarget(
        at=done.at,
        events=done.events,
        elsewhere=done.elsewhere,
        before={number: one for number, one in before.items() if one is not None},
    )


def _absorbed(connection: Connection, ticket: Ticket) -> set[int]:
    """The tickets that went over into this one, and those that had gone over into them."""
    found: set[int] = set()
    fresh = [ticket]
    while fresh:
        others = {one.other for t in fresh for one in t.relations if one.kind == "merged"} - found
        found |= others
        fresh = [one for one, _ in tickets.load(connection, others, lock=False).values()]
    return found


def _before(connection: Connection, number: int, cause: str) -> Ticket | None:
    """How the ticket stood before that cause came; None where it did not exist."""
    ticket: Ticket | None = None
    for line in tickets.history(connection, number):
        if line.cause == cause:
            break
        ticket = evolve(ticket, line.event, number=number, at=line.at)
    return ticket


def _answered_by(
    connection: Connection, ticket: Ticket | None, agent: Person, answered: Sequence[str]
) -> tuple[Person, ...]:
    if ticket is None or not answered:
        return ()
    since = ticket_relations.answered_since(connection, ticket.number, answered[:_MAILS], agent.id)
    return tuple(people.by_ids(connection, since).values()) if since else ()
