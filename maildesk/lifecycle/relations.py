"""Tickets that have to do with each other: `#link`, `#merge`, `#split`."""

from typing import get_args

from maildesk.lifecycle import workflow
from maildesk.lifecycle.family import ancestors, children, found, named
from maildesk.lifecycle.naming import pick
from maildesk.lifecycle.task import ASKED, Act, Task
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import Absorbing, ParentSet, RelationSet, SplitOff
from maildesk.model.event import MergedInto, MessageMoved, Related, RelationKind

MERGED = "Merged"
COUNTERPART: dict[RelationKind, RelationKind] = {
    "related": "related",
    "duplicate": "duplicate",
    "blocks": "blocked-by",
    "blocked-by": "blocks",
}
_WORDS = {
    "related": "has to do with",
    "duplicate": "is a duplicate of",
    "blocks": "blocks",
    "blocked-by": "is blocked by",
}


def _link(task: Task) -> str | Illegal:
    other = found(task)
    if isinstance(other, Illegal):
        return other
    kind = _kind(" ".join(task.argument.split()[:-1]))
    if isinstance(kind, Illegal):
        return kind
    task.draft.add(Related(kind, other.number))
    task.order(other.number, RelationSet(COUNTERPART[kind]))
    return f"this ticket {_WORDS[kind]} {other.number}"


def _kind(said: str) -> RelationKind | Illegal:
    chosen = pick("relation", said.replace(" ", "-"), COUNTERPART) if said else "related"
    if isinstance(chosen, Illegal):
        return chosen
    return next(kind for kind in get_args(RelationKind) if kind == chosen)


def _merge(task: Task) -> str | Illegal:
    draft, survivor = task.draft, named(task)
    if isinstance(survivor, Illegal):
        return survivor
    mine = draft.ticket
    if mine.waits_for_approval:
        return ASKED
    if mine.number in ancestors(survivor.parent, task.tickets):
        return Illegal(f"ticket {survivor.number} is a child of this one; merge it into this one")
    task.order(survivor.number, Absorbing(mine))
    for child in children(task):
        task.order(child.number, ParentSet(), origin=survivor.number)
    draft.add(MergedInto(survivor.number))
    workflow.end(draft, MERGED)
    return f"all of it went over to ticket {survivor.number}; the requester was told"


def _split(task: Task) -> str | Illegal:
    draft, latest = task.draft, task.around.latest
    if latest is None or latest.kind == "request":
        return Illegal("there is no mail to split off but the one that opened the ticket")
    if MessageMoved(latest.message) in draft.events:
        return Illegal("it was split off by the same mail already")
    draft.add(MessageMoved(latest.message))
    task.order(
        None,
        SplitOff(latest, draft.ticket.request_type, draft.ticket.team),
        subject=task.argument,
        requester=latest.author.id,
    )
    return f"the last mail of {latest.author.name} is a ticket of its own; you are told its number"


COMMANDS: dict[str, Act] = {"link": _link, "merge": _merge, "split": _split}
