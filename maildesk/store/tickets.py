"""Tickets, their texts and their history in the database."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, delete, func, insert, select, union_all, update

from maildesk.model.approval import Approval, Vote
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.event import EVENTS, Event, TimerSet
from maildesk.model.sla_timer import SlaTimer
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

# Built once: to build a statement takes SQLAlchemy longer than to run it.
_NEXT_NUMBER = (
    update(tables.counter)
    .where(tables.counter.c.name == "ticket")
    .values(value=tables.counter.c.value + 1)
    .returning(tables.counter.c.value)
)
_ADD = insert(_TICKET)
_SAVE = update(_TICKET).where(_TICKET.c.number == bindparam("of"))
_ADD_EVENT = insert(_EVENT)
_TIMER = TypeAdapter(SlaTimer)
_TIMERS = TypeAdapter(tuple[SlaTimer, ...])
_ADD_MESSAGE = insert(_MESSAGE)
_OF_PROBLEM = (
    select(_TICKET.c.number)
    .where(_TICKET.c.event_key == bindparam("key"))
    .order_by(_TICKET.c.number.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text in a ticket. `mail` is its id in the journal, `message_id` its header field."""

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


def next_number(connection: Connection) -> int:
    """Take the next ticket number; given back if the transaction is rolled back."""
    return int(connection.execute(_NEXT_NUMBER).scalar_one())


def load(
    connection: Connection, numbers: Iterable[int], *, lock: bool = True
) -> dict[int, tuple[Ticket, str]]:
    """The tickets of these numbers with their subjects.

    Locked until the transaction ends, unless they are only looked at: a reader waits for nobody.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    query = select(_TICKET).where(_TICKET.c.number.in_(wanted)).order_by(_TICKET.c.number)
    rows = connection.execute(query.with_for_update() if lock else query).all()
    return {row.number: (_ticket(connection, row), row.subject) for row in rows}


def load_with_survivors(
    connection: Connection, numbers: Iterable[int]
) -> dict[int, tuple[Ticket, str]]:
    """As `load`, with the tickets that any of these was merged into."""
    loaded = load(connection, numbers)
    missing = {t.merged_into for t, _ in loaded.values() if t.merged_into is not None}
    while missing := missing - loaded.keys():
        found = load(connection, missing)
        loaded |= found
        missing = {t.merged_into for t, _ in found.values() if t.merged_into is not None}
    return loaded


def load_one(connection: Connection, number: int, *, lock: bool = True) -> tuple[Ticket, str]:
    """One ticket and its subject. Raises LookupError where there is none of that number."""
    try:
        return load(connection, [number], lock=lock)[number]
    except KeyError:
        raise LookupError(f"no ticket {number}") from None


def _ticket(connection: Connection, row: Any) -> Ticket:
    people = connection.execute(
        select(_PERSON.c.person_id)
        .where(_PERSON.c.ticket == row.number)
        .order_by(_PERSON.c.person_id)
    ).scalars()
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["tags"] = tuple(row.tags)
    values["problems"] = tuple(row.problems)
    values["relations"] = tuple(Relation(kind, other) for kind, other in row.relations)
    values["sla_timers"] = _TIMERS.validate_python(row.sla_timers) if row.sla_timers else ()
    return Ticket(**values, participants=tuple(people), approval=_approval(connection, row.number))


def _approval(connection: Connection, number: int) -> Approval | None:
    """The newest round that asked somebody."""
    newest = select(func.max(_APPROVAL.c.round)).where(_APPROVAL.c.ticket == number)
    rows = connection.execute(
        select(_APPROVAL)
        .where(_APPROVAL.c.ticket == number, _APPROVAL.c.round == newest.scalar_subquery())
        .order_by(_APPROVAL.c.approver)
    ).all()
    if not rows:
        return None
    return Approval(
        votes=tuple(Vote(row.approver, row.said, row.said_at, row.instead_of) for row in rows),
        **{name: getattr(rows[0], name) for name in _OF_ROUND} | {"agreed": tuple(rows[0].agreed)},
    )


def _columns(ticket: Ticket) -> dict[str, Any]:
    values = {name: getattr(ticket, name) for name in _COLUMNS}
    relations = [[relation.kind, relation.other] for relation in ticket.relations]
    return values | {
        "tags": list(ticket.tags),
        "problems": list(ticket.problems),
        "relations": relations,
        "sla_timers": _TIMERS.dump_python(ticket.sla_timers, mode="json"),
        "next_due": ticket.next_due,
    }


def add(connection: Connection, ticket: Ticket, subject: str) -> None:
    """Insert a new ticket."""
    connection.execute(_ADD, _columns(ticket) | {"subject": subject, "trouble": ""})
    _save_parts(connection, None, ticket)


def save(connection: Connection, before: Ticket, after: Ticket) -> None:
    """Write what the events changed."""
    connection.execute(_SAVE, _columns(after) | {"of": after.number})
    _save_parts(connection, before, after)


def _save_parts(connection: Connection, before: Ticket | None, after: Ticket) -> None:
    known = before.participants if before else ()
    for person in after.participants:
        if person not in known:
            connection.execute(insert(_PERSON).values(ticket=after.number, person_id=person))
    left = set(known).difference(after.participants)
    if left:
        of_them = (_PERSON.c.ticket == after.number, _PERSON.c.person_id.in_(left))
        connection.execute(delete(_PERSON).where(*of_them))
    _save_worked_tags(connection, before, after)
    if after.approval is not None and (before is None or before.approval != after.approval):
        save_approval(connection, after.number, after.approval)


def _save_worked_tags(connection: Connection, before: Ticket | None, after: Ticket) -> None:
    known, wanted = _worked_tags(before), _worked_tags(after)
    rows = [{"tag": tag, "ticket": after.number} for tag in sorted(wanted - known)]
    if rows:
        connection.execute(insert(_TAG), rows)
    if known - wanted:
        of_it = (_TAG.c.ticket == after.number, _TAG.c.tag.in_(known - wanted))
        connection.execute(delete(_TAG).where(*of_it))


def _worked_tags(ticket: Ticket | None) -> frozenset[str]:
    """The tags by which rules find the ticket: none where it is not being worked on."""
    if ticket is None or ticket.is_closed or ticket.state == "Resolved":
        return frozenset()
    return frozenset(ticket.tags)


def save_approval(connection: Connection, number: int, approval: Approval) -> None:
    """Write a round of asking: a row for each approver."""
    of_round = {name: getattr(approval, name) for name in _OF_ROUND}
    for vote in approval.votes:
        key = {"ticket": number, "round": approval.round, "approver": vote.person}
        values = of_round | {
            "said": vote.said,
            "said_at": vote.at,
            "instead_of": vote.instead_of,
        }
        where = (_APPROVAL.c[name] == value for name, value in key.items())
        changed = connection.execute(update(_APPROVAL).where(*where).values(**values))
        if changed.rowcount == 0:
            connection.execute(insert(_APPROVAL).values(**(values | key)))


def record(
    connection: Connection,
    number: int,
    events: Sequence[Event],
    *,
    actor: Actor,
    cause: str,
    at: datetime,
) -> None:
    """Append the events to the ticket's history."""
    rows = [
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
    if rows:
        connection.execute(_ADD_EVENT, rows)


def _data(event: Event) -> dict[str, Any]:
    if isinstance(event, TimerSet):
        return {"timer": _TIMER.dump_python(event.timer, mode="json")}
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _read(field: str, value: Any) -> Any:
    """JSON knows neither times nor tuples."""
    if isinstance(value, list):
        return tuple(value)
    return datetime.fromisoformat(value) if field.endswith("_due") and value else value


def event_of(row: Any) -> Event:
    """The event that a row of the history holds."""
    kind, data = EVENTS[row.name], row.data

    if kind is TimerSet:
        return TimerSet(_TIMER.validate_python(data["timer"]))
    values = {field: _read(field, value) for field, value in data.items()}
    build: Callable[..., Event] = kind
    return build(**values)


def history(
    connection: Connection, number: int, kinds: Collection[type[Event]] = ()
) -> tuple[Recorded, ...]:
    """Everything that happened to the ticket, or its events of these kinds, oldest first."""
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


def add_message(connection: Connection, message: Message) -> None:
    """Add a text to its ticket."""
    values = {field.name: getattr(message, field.name) for field in dataclasses.fields(message)}
    values["raw_mail_id"] = values.pop("mail")
    connection.execute(_ADD_MESSAGE, values)


def settle_held(connection: Connection, message: str, kind: str) -> None:
    """A held text becomes `kind`. Where its mail belongs to this ticket no more, answers to that
    mail no longer lead here."""
    values: dict[str, Any] = {"kind": kind}
    if kind != "reply":
        values["message_id"] = None
    connection.execute(
        update(_MESSAGE).where(_MESSAGE.c.id == message, _MESSAGE.c.kind == "held").values(values)
    )


def messages(connection: Connection, number: int) -> tuple[Message, ...]:
    """The texts of a ticket, oldest first."""
    rows = connection.execute(
        select(_MESSAGE)
        .where(_MESSAGE.c.ticket == number)
        .order_by(_MESSAGE.c.at, _MESSAGE.c.serial)
    )
    return tuple(message_of(row) for row in rows)


def message_of(row: Any) -> Message:
    """The text that a row holds."""
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
    """(when, words) of what the requester asked for and of what they said since, oldest first.

    The first text opened the ticket, whoever wrote it down; what nothing proves is not among them.
    """
    said = select(_MESSAGE.c.at, _MESSAGE.c.text, _MESSAGE.c.kind, _MESSAGE.c.author).where(
        _MESSAGE.c.ticket == number,
        (_MESSAGE.c.kind == "request")
        | ((_MESSAGE.c.kind == "reply") & _MESSAGE.c.proven & (_MESSAGE.c.author == requester)),
    )
    rows = connection.execute(said.order_by(_MESSAGE.c.at, _MESSAGE.c.serial)).all()
    return tuple((r.at, r.text) for i, r in enumerate(rows) if i == 0 or r.author == requester)


def by_message_id(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The tickets in which mails with these Message-IDs stand."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = connection.execute(
        select(_MESSAGE.c.message_id, _MESSAGE.c.ticket)
        .where(_MESSAGE.c.message_id.in_(wanted))
        .order_by(_MESSAGE.c.at.desc())
    )
    return {row.message_id: row.ticket for row in rows}


def of_problem(connection: Connection, key: str) -> tuple[Ticket, str] | None:
    """The open ticket of that problem and its subject, locked; if merged, its survivor, however
    often that was merged in turn."""
    number = connection.execute(_OF_PROBLEM, {"key": key}).scalar()
    if number is None:
        return None
    found = load_with_survivors(connection, [number])
    while (survivor := found[number][0].merged_into) is not None:
        number = survivor
    return None if found[number][0].is_closed else found[number]


def open_child(connection: Connection, number: int, requester: int) -> tuple[Ticket, str] | None:
    """The newest open ticket of that requester which an answer to this closed one opened, and its
    subject, locked."""
    query = select(func.max(_TICKET.c.number)).where(
        _TICKET.c.parent == number,
        _TICKET.c.requester == requester,
        tables.OPEN,
    )
    child = connection.execute(query).scalar()
    return load_one(connection, child) if child is not None else None


def thread_ids(connection: Connection, number: int, person: int) -> tuple[str, ...]:
    """The Message-IDs of the ticket's mails that the person wrote or was sent, oldest first."""
    out = tables.outgoing
    wrote = select(_MESSAGE.c.message_id, _MESSAGE.c.at).where(
        _MESSAGE.c.ticket == number,
        _MESSAGE.c.author == person,
        _MESSAGE.c.message_id.is_not(None),
    )
    was_sent = select(out.c.message_id, out.c.created_at).where(
        out.c.ticket == number, out.c.person_id == person
    )
    rows = connection.execute(union_all(wrote, was_sent)).all()
    return tuple(row.message_id for row in sorted(rows, key=lambda row: row.at))


def workload(connection: Connection) -> tuple[dict[int, int], dict[int, int]]:
    """How many open tickets each agent has, and the newest ticket of each. Read from the index
    of assignees alone."""
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
