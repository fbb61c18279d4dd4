"""What a rule wants, and what the ticket is like after it, for the rules that come behind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from maildesk.model.event import Field
from maildesk.model.policy import Relate
from maildesk.model.ticket import Relation, Ticket
from maildesk.rules.facts import RuleInput

Priority = Callable[[str, str], str]
"""The catalogue's matrix: (impact, urgency) -> priority."""
Choose = Callable[[str, str], str | None]
"""Whom `assign` means: (round-robin or least-load, team) -> an agent's address."""
Find = Callable[[RuleInput, Relate], int | None]
"""Which other ticket `relate` means for the ticket of the scene; None where there is none."""
Move = Callable[[Ticket, str], str | None]
"""A rule's move of the ticket to a status -> that status's state, or None where it is not legal."""

CLOSED = "Closed"
_UNKNOWN = -1


def nobody(_how: str, _team: str) -> str | None:
    """There is nobody to choose from."""
    return None


def _anybody(_address: str) -> int | None:
    return _UNKNOWN


def _everywhere(_agent: int, _team: str) -> bool:
    return True


def _some(_scene: RuleInput, _relate: Relate) -> int | None:
    return _UNKNOWN


def _stays(ticket: Ticket, _status: str) -> str | None:
    return ticket.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the desk makes of what rules want. As it is made here it knows neither workflow nor
    people nor other tickets: every move is legal, everybody is an agent of every team, and there
    is a ticket to relate to."""

    move: Move = _stays
    on_hold: str = "Pending"
    escalated: str = "Escalated"
    agent: Callable[[str], int | None] = _anybody
    is_of: Callable[[int, str], bool] = _everywhere
    find: Find = _some


@dataclass(frozen=True, slots=True)
class SetField:
    """A field gets a value. For `assignee` the value is an agent's mail address."""

    field: Field
    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class AddTag:
    """A tag that the ticket does not have yet."""

    tag: str
    rule: str


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Somebody must approve first."""

    whom: str
    rule: str


@dataclass(frozen=True, slots=True)
class RelateTicket:
    """The ticket belongs to another one."""

    relate: Relate
    other: int
    rule: str


Action = Literal[
    "status", "escalate", "hold", "watch", "note", "tell-requester", "tell-agents",
    "drop", "quarantine",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleAction:
    """Something is done that is more than a field: what, and with which word or text.

    `ready`: the value names a ready text of answers.toml.
    """

    action: Action
    value: str
    rule: str
    ready: bool = False


Effect = SetField | AddTag | AskApproval | RelateTicket | RuleAction


def after(ticket: Ticket, effects: Iterable[Effect], priority: Priority, ways: Ways) -> Ticket:
    """The ticket as the next rule sees it: as it will be when all of this has happened."""
    rest: list[Effect] = []
    fields: dict[str, str] = {}
    for effect in effects:
        if isinstance(effect, SetField) and effect.field != "assignee":
            fields[effect.field] = effect.value
        else:
            rest.append(effect)
    if fields:
        ticket = _with_fields(ticket, fields, priority)
    for effect in rest:
        ticket = _after(ticket, effect, ways)
    return ticket


def _with_fields(ticket: Ticket, fields: dict[str, str], priority: Priority) -> Ticket:
    changed = replace(ticket, **fields)  # type: ignore[arg-type]  # all of them are words
    if "priority" in fields or not fields.keys() & {"impact", "urgency"}:
        return changed
    follows = priority(changed.impact, changed.urgency)
    return replace(changed, priority=follows) if follows else changed


def _after(ticket: Ticket, effect: Effect, ways: Ways) -> Ticket:
    match effect:
        case SetField(value=address):
            agent = ways.agent(address)
            return ticket if agent is None else replace(ticket, assignee=agent)
        case AddTag(tag=tag):
            return replace(ticket, tags=(*ticket.tags, tag))
        case RelateTicket(relate=relate, other=other):
            return _bound(ticket, relate, other)
        case RuleAction(action="status", value=status):
            return _moved(ticket, status, ways) or ticket
        case RuleAction(action="hold"):
            return _moved(ticket, ways.on_hold, ways) or ticket
        case RuleAction(action="escalate", value=team) if ticket.team != team:
            return _escalated(ticket, team, ways)
        case _:
            return ticket


def is_new(ticket: Ticket, relate: Relate, other: int) -> bool:
    """Whether the ticket does not belong to that one yet. A child of one is no other's."""
    if relate.as_ == "child":
        return ticket.parent is None
    return Relation(relate.as_, other) not in ticket.relations


def _bound(ticket: Ticket, relate: Relate, other: int) -> Ticket:
    if relate.as_ == "child":
        return replace(ticket, parent=other)
    return replace(ticket, relations=(*ticket.relations, Relation(relate.as_, other)))


def _moved(ticket: Ticket, status: str, ways: Ways) -> Ticket | None:
    if ticket.status == status:
        return ticket
    state = ways.move(ticket, status)
    return None if state is None else replace(ticket, status=status, state=state)


def _escalated(ticket: Ticket, team: str, ways: Ways) -> Ticket:
    moved = _moved(ticket, ways.escalated, ways)
    if moved is None:
        return ticket
    agent = moved.assignee
    stays = agent if agent is not None and ways.is_of(agent, team) else None
    return replace(moved, team=team, assignee=stays)
