"""Checks a workflow before any ticket uses it. No I/O.

Every status is reachable, none is a dead end, every path can end in Closed, automatic transitions
form no cycle, and the transitions that maildesk makes automatically exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from maildesk.config.schema.workflow import Move, Mover, Workflow
from maildesk.lifecycle.workflow.transitions import CLOSED, CLOSING, RESOLVED

Table = Literal["status", "move", "roles"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One mistake: its table, its entry or key, and how to fix it."""

    table: Table
    place: int | str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Needed:
    """A transition that maildesk makes automatically: its roles, its actor, its occasion.

    `filled` are the fields that maildesk sets with it; the transition may require no others.
    """

    from_: str
    to: str
    by: Mover
    when: str
    filled: frozenset[str] = frozenset()


_CLASSIFIED = frozenset({"service", "category", "impact", "urgency", "priority"})
_CLOSING = CLOSING | {"resolution"}
NEEDED: tuple[Needed, ...] = (
    Needed("new", "assigned", "rule", "a classified ticket is assigned", _CLASSIFIED),
    Needed("new", "working", "agent", "an agent answers"),
    Needed("assigned", "working", "agent", "an agent answers"),
    Needed("new", "on_hold", "rule", "an approval is asked"),
    Needed("assigned", "on_hold", "rule", "an approval is asked"),
    Needed("working", "on_hold", "rule", "an approval is asked"),
    Needed("on_hold", "assigned", "manager", "the approver says yes"),
    Needed("on_hold", "closed", "manager", "the approver says no", _CLOSING),
    Needed("on_hold", "assigned", "requester", "the requester answers a ticket on hold"),
    Needed("on_hold", "assigned", "clock", "the wake-up of a ticket on hold comes"),
    Needed("escalated", "working", "requester", "the requester answers what was asked"),
    Needed("new", "waiting_for_closure", "agent", "an agent resolves"),
    Needed("assigned", "waiting_for_closure", "agent", "an agent resolves"),
    Needed("working", "waiting_for_closure", "agent", "an agent resolves"),
    Needed("waiting_for_closure", "accepted", "requester", "the requester accepts"),
    Needed("accepted", "closed", "requester", "an accepted ticket closes", _CLOSING),
    Needed("waiting_for_closure", "rejected", "requester", "the requester rejects"),
    Needed("rejected", "working", "requester", "a rejected ticket reopens"),
    Needed("waiting_for_closure", "working", "requester", "the requester answers a resolution"),
    Needed("waiting_for_closure", "closed", "clock", "nobody answers a resolution", _CLOSING),
    Needed("working", "resolved_by_event", "event", "monitoring says that it is over"),
    Needed("resolved_by_event", "working", "event", "the problem is back"),
    Needed("resolved_by_event", "working", "agent", "an agent sees that it is not over"),
    Needed("resolved_by_event", "closed", "clock", "what an event resolved closes", _CLOSING),
    Needed("working", "resolved_by_origin", "rule", "the parent of a ticket is resolved"),
    Needed("resolved_by_origin", "working", "event", "the parent is open again"),
    Needed("resolved_by_origin", "working", "agent", "an agent sees that it is not over"),
    Needed("resolved_by_origin", "closed", "clock", "a child of a resolved one closes", _CLOSING),
)


def flaws(workflow: Workflow) -> tuple[Flaw, ...]:
    """All mistakes; empty if the workflow is sound.

    The caller has checked that the names in it exist.
    """
    return tuple(flaw for look in _LOOKS for flaw in look(workflow))


def automatic(workflow: Workflow) -> tuple[tuple[str, str, Mover], ...]:
    """The transitions that happen without a person: (from, to, by)."""
    return tuple(
        (origin, move.to, by)
        for move in workflow.move
        for origin in move.from_
        for by in move.by
        if by in ("rule", "clock", "event")
    )


def _edges(workflow: Workflow) -> set[tuple[str, str]]:
    """The transitions that can happen: (from, to).

    A transition that only a clock or a manager may make, and never makes, is left out.
    """
    return {
        (origin, move.to)
        for move in workflow.move
        for origin in move.from_
        if any(_is_made(workflow, origin, move.to, by) for by in move.by)
    }


def _is_made(workflow: Workflow, origin: str, to: str, by: Mover) -> bool:
    """Whether this actor ever makes the transition.

    Agents and rules can name any status; all others only use the statuses of the roles.
    """
    roles = workflow.roles
    resolved = workflow.state_of(origin) == RESOLVED
    asked = {roles.on_hold, roles.escalated, roles.accepted, roles.rejected}
    answers = {roles.assigned, roles.working, roles.accepted, roles.rejected, roles.closed}
    match by:
        case "requester":
            return (resolved or origin in asked) and to in answers
        case "manager":
            return origin == roles.on_hold and to in (roles.assigned, roles.closed)
        case "clock":
            woken = origin == roles.on_hold and to == roles.assigned
            return woken or (resolved and to == roles.closed)
        case "event":
            return to == roles.resolved_by_event or (resolved and to == roles.working)
        case _:
            return True


def _reachable(starts: set[str], edges: set[tuple[str, str]]) -> set[str]:
    found, fresh = set(starts), set(starts)
    while fresh:
        fresh = {end for begin, end in edges if begin in fresh} - found
        found |= fresh
    return found


def _unreachable(workflow: Workflow) -> Iterator[Flaw]:
    found = _reachable({workflow.roles.new}, _edges(workflow))
    for i, status in enumerate(workflow.status):
        if status.name not in found:
            problem = f'no way leads from "{workflow.roles.new}" to "{status.name}"'
            remedy = f'add a [[move]] to = "{status.name}", or leave it out'
            yield Flaw("status", i, problem, remedy)


def _traps(workflow: Workflow) -> Iterator[Flaw]:
    edges = _edges(workflow)
    ends = {status.name for status in workflow.status if status.state == CLOSED}
    saved = _reachable(ends, {(end, begin) for begin, end in edges})
    leaving = {begin for begin, _ in edges}
    for i, status in enumerate(workflow.status):
        if status.name in saved:
            continue
        is_trap = status.name not in leaving
        what = "is a trap: no move leads out of it" if is_trap else "has no path to Closed"
        remedy = f'add a [[move]] from = "{status.name}" that leads on'
        yield Flaw("status", i, f'"{status.name}" {what}', remedy)


def _final(workflow: Workflow) -> Iterator[Flaw]:
    ends = {status.name for status in workflow.status if status.state == CLOSED}
    if not ends:
        yield Flaw("roles", "closed", "there is no status of the state Closed", "add one")
    for i, move in enumerate(workflow.move):
        for origin in move.from_:
            if origin in ends:
                problem = f'closed is final, but a move leads from "{origin}" to "{move.to}"'
                yield Flaw("move", i, problem, f'take "{origin}" out of `from`')
            elif origin == move.to:
                problem = f'a move from "{origin}" to itself moves nothing'
                yield Flaw("move", i, problem, f'take "{origin}" out of `from`')


def _never_made(workflow: Workflow) -> Iterator[Flaw]:
    ends = {status.name for status in workflow.status if status.state == CLOSED}
    for i, move in enumerate(workflow.move):
        if not move.by:
            yield Flaw("move", i, "nobody may make this move", 'name somebody, as by = ["agent"]')
        elif not any(_is_made(workflow, o, move.to, by) for o in move.from_ for by in move.by):
            problem = f'{" or ".join(move.by)} never moves a ticket to "{move.to}" from there'
            remedy = (
                "add agent or rule to `by`: the others move between the statuses of [roles] alone"
            )
            yield Flaw("move", i, problem, remedy)
        yield from _unresolved(workflow, i, move)
        early = sorted(CLOSING.intersection(move.needs))
        if early and move.to not in ends:
            problem = f'{early[0]} is filled in by closing, so nothing can ever come to "{move.to}"'
            yield Flaw("move", i, problem, f"take {early[0]} out of `needs`")


def _unresolved(workflow: Workflow, i: int, move: Move) -> Iterator[Flaw]:
    """Only #resolve gives a resolution, which stays until work resumes."""
    there = any(workflow.state_of(origin) == RESOLVED for origin in move.from_)
    if "resolution" in move.needs and move.to != workflow.roles.waiting_for_closure and not there:
        problem = f'a resolution is given with the move to "{workflow.roles.waiting_for_closure}"'
        problem = f'{problem} alone, so nothing can ever come to "{move.to}" by this one'
        yield Flaw("move", i, problem, "take resolution out of `needs`")


def _circles(workflow: Workflow) -> Iterator[Flaw]:
    """Cycles of automatic transitions.

    The clock wakes a ticket on hold only at a time that a person set, and events come from outside:
    neither forms a cycle.
    """
    alone = {
        (origin, to)
        for origin, to, by in automatic(workflow)
        if by == "rule" or (by == "clock" and origin != workflow.roles.on_hold)
    }
    told: set[str] = set()
    for i, status in enumerate(workflow.status):
        way = _way(status.name, alone)
        if way and not told.intersection(way):
            told.update(way)
            circle = " -> ".join(f'"{name}"' for name in (*way, status.name))
            problem = f"rules and deadlines can form a loop: {circle}"
            yield Flaw("status", i, problem, "take rule or clock out of one of these moves")


def _way(start: str, edges: set[tuple[str, str]]) -> list[str]:
    """The shortest path from `start` back to it; empty if there is none."""
    ways = {start: [start]}
    fresh = [start]
    while fresh:
        begin = fresh.pop(0)
        for end in sorted(end for origin, end in edges if origin == begin):
            if end == start:
                return ways[begin]
            if end not in ways:
                ways[end] = [*ways[begin], end]
                fresh.append(end)
    return []


def _missing(workflow: Workflow) -> Iterator[Flaw]:
    roles = workflow.roles
    for needed in NEEDED:
        origin, to = getattr(roles, needed.from_), getattr(roles, needed.to)
        ways = [m for m in workflow.move if _is(m, origin, to) and needed.by in m.by]
        told = needed.by == "agent"  # an agent sees which fields are missing, and sets them
        if any(told or needed.filled.issuperset(move.needs) for move in ways):
            continue
        if not ways:
            problem = f'{needed.when}, but {needed.by} may not move it from "{origin}" to "{to}"'
            remedy = f'add [[move]] from = "{origin}", to = "{to}", by = ["{needed.by}"]'
            yield Flaw("roles", needed.to, problem, remedy)
            continue
        more = sorted(set(ways[0].needs) - needed.filled)
        problem = f"{needed.when}, but nobody fills in {', '.join(more)} then"
        remedy = f"take {more[0]} out of `needs`, or add a move without it for {needed.by}"
        yield Flaw("move", workflow.move.index(ways[0]), problem, remedy)


def _never_closed(workflow: Workflow) -> Iterator[Flaw]:
    """A ticket resolved in a status added by the admin must be closed automatically too."""
    roles = workflow.roles
    known = {roles.waiting_for_closure, roles.accepted, roles.rejected}
    known |= {roles.resolved_by_event, roles.resolved_by_origin}
    for i, status in enumerate(workflow.status):
        if status.state != RESOLVED or status.name in known:
            continue
        ways = [m for m in workflow.move if _is(m, status.name, roles.closed) and "clock" in m.by]
        if not any(_CLOSING.issuperset(move.needs) for move in ways):
            problem = f'"{status.name}" is resolved, but the clock may not close it'
            remedy = f'add [[move]] from = "{status.name}", to = "{roles.closed}", by = ["clock"]'
            yield Flaw("status", i, problem, remedy)


def _is(move: Move, origin: str, to: str) -> bool:
    return origin in move.from_ and move.to == to


_LOOKS: tuple[Callable[[Workflow], Iterator[Flaw]], ...] = (
    _unreachable,
    _traps,
    _final,
    _never_made,
    _circles,
    _missing,
    _never_closed,
)
