"""Tickets, their messages and their history in the database."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, func, insert, literal, select, union_all, update

from maildesk.model.approval import Approval, Vote
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.event import EVENTS, Event, TimerSet
from maildesk.model.sla.timer import SlaTimer
from maildesk.model.ticket import Relation, Ticket
from maildesk.store import tables

_TICKET = tables.ticket
_EVENT = tables.ticket_event
_MESSAGE = tables.message
_APPROVAL = tables.approval
_PERSON = tables.ticket_person
_MEMBER = tables.team_member
_TAG = tables.worked_tag
_OF_ROUND = tuple(f.name for f in dataclasses.fields(Approval) if f.name != "votes")
_ELSEWHERE = frozenset({"participants", "approval", "next_due"})
_COLUMNS = tuple(field.name for field in dataclasses.fields(Ticket) if field.name not in _ELSEWHERE)

# Built once, because SQLAlchemy takes longer to build a statement than to run it.
_LOAD = (
    select(_TICKET, _PERSON.c.person_id)
    .join_from(_TICKET, _PERSON, _PERSON.c.ticket == _TICKET.c.number, isouter=True)
    .where(_TICKET.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(_TICKET.c.number, _PERSON.c.person_id)
)
_LOAD_LOCKED = _LOAD.with_for_update(of=_TICKET)
_APPROVALS = (
    select(_APPROVAL)
    .where(_APPROVAL.c.ticket.in_(bindparam("numbers", expanding=True)))
    .order_by(_APPROVAL.c.ticket, _APPROVAL.c.round, _APPROVAL.c.approver)
)
_NEWEST_NUMBER = (
    select(tables.counter.c.value).where(tables.counter.c.name == "ticket").with_for_update()
)
ADD = insert(_TICKET)
SAVE = update(_TICKET).where(_TICKET.c.number == bindparam("of"))
ADD_EVENT = insert(_EVENT)
_TIMER = TypeAdapter(SlaTimer)
_TIMERS = TypeAdapter(tuple[SlaTimer, ...])
ADD_MESSAGE = insert(_MESSAGE)
_OUT = tables.outgoing
_TEXT_BEGIN = 1_500  # characters
_NO_MESSAGE = (literal("").label("kind"), literal(True).label("proven"), literal("").label("text"))
_NEWEST = (
    select(
        *(_MESSAGE.c.author, _MESSAGE.c.id, _MESSAGE.c.at, _MESSAGE.c.kind, _MESSAGE.c.proven),
        func.substr(_MESSAGE.c.text, 1, _TEXT_BEGIN).label("text"),
    )
    .where(_MESSAGE.c.ticket == bindparam("number"))
    .order_by(_MESSAGE.c.at.desc(), _MESSAGE.c.serial.desc())
    .limit(bindparam("newest"))
    .subquery()
)
_THREAD = union_all(
    select(_MESSAGE.c.author, _MESSAGE.c.message_id, _MESSAGE.c.at, *_NO_MESSAGE).where(
        _MESSAGE.c.ticket == bindparam("number"),
        _MESSAGE.c.author.in_(bindparam("persons", expanding=True)),
        _MESSAGE.c.message_id.is_not(None),
    ),
    select(_OUT.c.person_id, _OUT.c.message_id, _OUT.c.created_at, *_NO_MESSAGE).where(
        _OUT.c.ticket == bindparam("number"),
        _OUT.c.person_id.in_(bindparam("persons", expanding=True)),
    ),
    select(_NEWEST),
)
_OPEN_CHILD = select(func.max(_TICKET.c.number)).where(
    _TICKET.c.parent == bindparam("of"),
    _TICKET.c.requester == bindparam("person"),
    tables.OPEN,
)
_OF_PROBLEM = (
    select(_TICKET.c.number)
    .where(_TICKET.c.event_key == bindparam("key"))
    .order_by(_TICKET.c.number.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a ticket. `mail` is its id in the journal, `message_id` its header field."""

    id: str
    ticket: int
    mail: int | None
    author: int | None
    kind: str
    proven: bool
    text: str
    message_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of a ticket's history."""

    at: datetime
    actor: Actor
    cause: str
    event: Event


def newest_number(connection: Connection) -> int:
    """The newest number that was given; nobody takes the next one before the transaction ends."""
    return int(connection.execute(_NEWEST_NUMBER).scalar_one())


def load(
    connection: Connection, numbers: Iterable[int], *, lock: bool = True
) -> dict[int, tuple[Ticket, str]]:
    """The tickets with these numbers and their subjects.

    They are locked until the transaction ends; `lock=False` only reads and waits for no writer.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    statement = _LOAD_LOCKED if lock else _LOAD
    rows = connection.execute(statement, {"numbers": wanted}).all()
    people: dict[int, list[int]] = {}
    for row in rows:
        people.setdefault(row.number, []).append(row.person_id)
    asked = [row.number for row in rows if row.round]
    approvals = _approvals(connection, asked) if asked else {}
    return {
        row.number: (_ticket(row, people[row.number], approvals.get(row.number)), row.subject)
        for row in rows
    }


def load_one(connection: Connection, number: int, *, lock: bool = True) -> tuple[Ticket, str]:
    """One ticket and its subject. Raises LookupError if there is no ticket with that number."""
    try:
        return load(connection, [number], lock=lock)[number]
    except KeyError:
        raise LookupError(f"no ticket {number}") from None


def _ticket(row: Any, people: Sequence[int | None], approval: Approval | None) -> Ticket:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["tags"] = tuple(row.tags)
    values["problems"] = tuple(row.problems)
    values["relations"] = tuple(Relation(kind, other) for kind, other in row.relations)
    values["sla_timers"] = _TIMERS.validate_python(row.sla_timers) if row.sla_timers else ()
    participants = tuple(person for person in people if person is not None)
    return Ticket(**values, participants=participants, approval=approval)


def _approvals(connection: Connection, numbers: Sequence[int]) -> dict[int, Approval]:
    """The newest approval round of each of these tickets."""
    rounds: dict[int, list[Any]] = {}
    for row in connection.execute(_APPROVALS, {"numbers": numbers}):
        known = rounds.setdefault(row.ticket, [])
        if known and known[0].round != row.round:
            known.clear()
        known.append(row)
    return {number: _approval(rows) for number, rows in rounds.items()}


def _approval(rows: Sequence[Any]) -> Approval:
    """The newest approval round; None if there was none."""
    return Approval(
        votes=tuple(Vote(row.approver, row.said, row.said_at, row.instead_of) for row in rows),
        **{name: getattr(rows[0], name) for name in _OF_ROUND} | {"agreed": tuple(rows[0].agreed)},
    )


def row_of(ticket: Ticket, subject: str) -> dict[str, Any]:
    """The row of a new ticket."""
    return columns(ticket) | {"subject": subject, "trouble": ""}


def columns(ticket: Ticket) -> dict[str, Any]:
    """The columns of a ticket's row that events can change."""
    values = {name: getattr(ticket, name) for name in _COLUMNS}
    relations = [[relation.kind, relation.other] for relation in ticket.relations]
    return values | {
        "tags": list(ticket.tags),
        "problems": list(ticket.problems),
        "relations": relations,
        "sla_timers": _TIMERS.dump_python(ticket.sla_timers, mode="json"),
        "next_due": ticket.next_due,
    }


def worked_tags(ticket: Ticket | None) -> frozenset[str]:
    """The tags by which rules find the ticket: none if it is resolved or closed."""
    if ticket is None or ticket.is_closed or ticket.state == "Resolved":
        return frozenset()
    return frozenset(ticket.tags)


def vote_rows(number: int, approval: Approval) -> list[dict[str, Any]]:
    """The rows of a round of asking: one for each approver."""
    of_round = {name: getattr(approval, name) for name in _OF_ROUND}
    return [
        of_round
        | {
            "ticket": number,
            "approver": vote.person,
            "said": vote.said,
            "said_at": vote.at,
            "instead_of": vote.instead_of,
        }
        for vote in approval.votes
    ]


def event_rows(
    number: int, events: Sequence[Event], *, actor: Actor, cause: str, at: datetime
) -> list[dict[str, Any]]:
    """The rows of these events in the ticket's history."""
    return [
        {
            "ticket": number,
            "at": at,
            "actor": actor.kind,
            "person_id": actor.person,
            "proof": actor.proof,
            "cause": cause,
            "name": type(event).__name__,
            "data": _data(event),
        }
        for event in events
    ]


def _data(event: Event) -> dict[str, Any]:
    if isinstance(event, TimerSet):
        return {"timer": _TIMER.dump_python(event.timer, mode="json")}
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _read(field: str, value: Any) -> Any:
    """The value of an event's field; JSON has neither times nor tuples."""
    if isinstance(value, list):
        return tuple(value)
    return datetime.fromisoformat(value) if field.endswith("_due") and value else value


def event_of(row: Any) -> Event:
    """The event in a row of the history."""
    kind, data = EVENTS[row.name], row.data

    if kind is TimerSet:
        return TimerSet(_TIMER.validate_python(data["timer"]))
    values = {field: _read(field, value) for field, value in data.items()}
    build: Callable[..., Event] = kind
    return build(**values)


def history(
    connection: Connection, number: int, kinds: Collection[type[Event]] = ()
) -> tuple[Recorded, ...]:
    """The events of the ticket, or only those of these kinds, oldest first."""
    query = select(_EVENT).where(_EVENT.c.ticket == number).order_by(_EVENT.c.id)
    if kinds:
        query = query.where(_EVENT.c.name.in_([kind.__name__ for kind in kinds]))
    rows = connection.execute(query)
    return tuple(
        Recorded(
            row.at,
            Actor(ActorKind(row.actor), row.person_id, row.proof),
            row.cause,
            event_of(row),
        )
        for row in rows
    )


def message_row(message: Message) -> dict[str, Any]:
    """The row of a text."""
    values = {field.name: getattr(message, field.name) for field in dataclasses.fields(message)}
    values["raw_mail_id"] = values.pop("mail")
    return values


def settle_held(connection: Connection, message: str, kind: str) -> None:
    """A held message becomes `kind`.

    If its mail no longer belongs to this ticket, replies to that mail no longer thread to it.
    """
    values: dict[str, Any] = {"kind": kind}
    if kind != "reply":
        values["message_id"] = None
    connection.execute(
        update(_MESSAGE).where(_MESSAGE.c.id == message, _MESSAGE.c.kind == "held").values(values)
    )


def messages(connection: Connection, number: int) -> tuple[Message, ...]:
    """The messages of a ticket, oldest first."""
    rows = connection.execute(
        select(_MESSAGE)
        .where(_MESSAGE.c.ticket == number)
        .order_by(_MESSAGE.c.at, _MESSAGE.c.serial)
    )
    return tuple(message_of(row) for row in rows)


def message_of(row: Any) -> Message:
    """The message in a row."""
    return Message(
        id=row.id,
        ticket=row.ticket,
        mail=row.raw_mail_id,
        author=row.author,
        kind=row.kind,
        proven=row.proven,
        text=row.text,
        message_id=row.message_id,
        at=row.at,
    )


def asked_for(
    connection: Connection, number: int, requester: int
) -> tuple[tuple[datetime, str], ...]:
    """(time, text) of the request and of what the requester added, oldest first.

    The first message opened the ticket, even if an agent wrote it. Unproven messages are left out.
    """
    said = select(_MESSAGE.c.at, _MESSAGE.c.text, _MESSAGE.c.kind, _MESSAGE.c.author).where(
        _MESSAGE.c.ticket == number,
        (_MESSAGE.c.kind == "request")
        | ((_MESSAGE.c.kind == "reply") & _MESSAGE.c.proven & (_MESSAGE.c.author == requester)),
    )
    rows = connection.execute(said.order_by(_MESSAGE.c.at, _MESSAGE.c.serial)).all()
    return tuple((r.at, r.text) for i, r in enumerate(rows) if i == 0 or r.author == requester)


def by_message_id(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The ticket numbers of the mails with these Message-IDs."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = connection.execute(
        select(_MESSAGE.c.message_id, _MESSAGE.c.ticket)
        .where(_MESSAGE.c.message_id.in_(wanted))
        .order_by(_MESSAGE.c.at.desc())
    )
    return {row.message_id: row.ticket for row in rows}


def texts_by_message_id(connection: Connection, ids: Collection[str]) -> list[tuple[str, str]]:
    """(Message-ID, text) of the messages that came with these Message-IDs."""
    if not ids:
        return []
    found = select(_MESSAGE.c.message_id, _MESSAGE.c.text).where(_MESSAGE.c.message_id.in_(ids))
    return [(row.message_id, row.text) for row in connection.execute(found)]


def of_problem(connection: Connection, key: str) -> int | None:
    """The open ticket of that monitoring problem and its subject, locked.

    If it was merged, the ticket at the end of the chain of merges.
    """
    return connection.execute(_OF_PROBLEM, {"key": key}).scalar()


def open_child(connection: Connection, number: int, requester: int) -> int | None:
    """The newest open ticket that a reply to this closed ticket opened, and its subject, locked.

    Only a ticket of that requester counts.
    """
    return connection.execute(_OPEN_CHILD, {"of": number, "person": requester}).scalar()


def thread_and_newest(
    connection: Connection, number: int, persons: Iterable[int], newest: int
) -> tuple[dict[int, list[tuple[datetime, str]]], list[Message]]:
    """(The Message-IDs of the ticket's mails from or to each person, oldest first; the newest
    messages with the begin of their texts, newest first)."""
    found: dict[int, list[tuple[datetime, str]]] = {}
    messages = []
    asked = {"number": number, "persons": list(persons), "newest": newest}
    for author, id_, at, kind, proven, text in connection.execute(_THREAD, asked):
        if not kind:
            found.setdefault(author, []).append((at, id_))
            continue
        messages.append(
            Message(
                id=id_,
                ticket=number,
                mail=None,
                author=author,
                kind=kind,
                proven=bool(proven),
                text=text,
                message_id=None,
                at=at,
            )
        )
    return found, sorted(messages, key=attrgetter("at"), reverse=True)


def workload(connection: Connection) -> tuple[dict[int, int], dict[int, int]]:
    """The number of open tickets of each agent, and the newest ticket of each.

    Both come from the index of assignees alone.
    """
    mine = _TICKET.c.assignee
    still_open = select(mine, func.count()).where(mine.is_not(None), tables.OPEN)
    members = select(_MEMBER.c.person_id).distinct().subquery()
    newest = (
        select(func.max(_TICKET.c.number))
        .where(mine == members.c.person_id)
        .correlate(members)
        .scalar_subquery()
    )
    counted = connection.execute(still_open.group_by(mine))
    given = connection.execute(select(members.c.person_id, newest))
    open_ = {int(row[0]): int(row[1]) for row in counted}
    return open_, {int(row[0]): int(row[1]) for row in given if row[1] is not None}
