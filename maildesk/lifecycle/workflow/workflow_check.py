"""What can be proved of a workflow before any ticket lives in it. Pure.

Every status is reachable, none is a trap, every path can end in Closed, what happens by itself
cannot go in a circle, and the moves that the desk makes by itself exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from maildesk.config.schema.workflow import Move, Mover, Workflow
from maildesk.lifecycle.workflow.transitions import CLOSED, CLOSING, RESOLVED

Table = Literal["status", "move", "roles"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong: in which table, at which entry or key, and what to do."""

    table: Table
    place: int | str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Needed:
    """A move that the desk makes by itself: between which roles, by whom, when.

    `filled`: what the desk fills in with it; the move may ask for nothing else.
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
    """Everything that is wrong; nothing where it is sound.

    The names in it must exist: that is asked before.
    """
    return tuple(flaw for look in _LOOKS for flaw in look(workflow))


def automatic(workflow: Workflow) -> tuple[tuple[str, str, Mover], ...]:
    """The moves that happen without a person: (from, to, by)."""
    return tuple(
        (origin, move.to, by)
        for move in workflow.move
        for origin in move.from_
        for by in move.by
        if by in ("rule", "clock", "event")
    )


def _edges(workflow: Workflow) -> set[tuple[str, str]]:
    """The ways that tickets can go: where a move is open to none but a clock, a manager or the
    like who never makes it, there is none."""
    return {
        (origin, move.to)
        for move in workflow.move
        for origin in move.from_
        if any(_is_made(workflow, origin, move.to, by) for by in move.by)
    }


def _is_made(workflow: Workflow, origin: str, to: str, by: Mover) -> bool:
    """Agents and rules can name any status; everybody else moves between those of the roles."""
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
    """A resolution comes by #resolve, and stays until the work goes on."""
    there = any(workflow.state_of(origin) == RESOLVED for origin in move.from_)
    if "resolution" in move.needs and move.to != workflow.roles.waiting_for_closure and not there:
        problem = f'a resolution is given with the move to "{workflow.roles.waiting_for_closure}"'
        problem = f'{problem} alone, so nothing can ever come to "{move.to}" by this one'
        yield Flaw("move", i, problem, "take resolution out of `needs`")


def _circles(workflow: Workflow) -> Iterator[Flaw]:
    """The clock wakes a ticket on hold only where a person set the wake-up, and an event comes
    from outside: neither goes round by itself."""
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
            problem = f"rules and the clock can go in a circle by themselves: {circle}"
            yield Flaw("status", i, problem, "take rule or clock out of one of these moves")


def _way(start: str, edges: set[tuple[str, str]]) -> list[str]:
    """The shortest way from `start` back to it, or nothing."""
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
        told = needed.by == "agent"  # who acts is told what is missing, and fills it in
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
    """What is resolved in a status of the admin's own closes by itself as well."""
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
