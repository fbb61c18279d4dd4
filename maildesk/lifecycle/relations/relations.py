"""The commands for related tickets: `#link`, `#merge`, `#split`."""

from dataclasses import replace
from typing import get_args

from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.task import ASKED, CommandHandler, Task
from maildesk.lifecycle.relations.hierarchy import ancestors, children, found, named
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Absorbing, ParentSet, RelationSet, SplitOff
from maildesk.model.event import MergedInto, MessageMoved, Related, RelationKind, Unrelated
from maildesk.model.ticket import Ticket, spoken

MERGED = "Merged"
_NONE = "none"
_RESOLVED = "Resolved"
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


def _link(task: Task) -> str | Refusal:
    other = found(task)
    if isinstance(other, Refusal):
        return other
    said = " ".join(task.argument.split()[:-1])
    if said.casefold() == _NONE:
        return _unlink(task, other)
    kind = _kind(said)
    if isinstance(kind, Refusal):
        return kind
    task.builder.add(Related(kind, other.number))
    alone = f"; {other.number} is closed and does not say so" if other.is_closed else ""
    task.order(other.number, RelationSet(COUNTERPART[kind]))
    return f"this ticket {_WORDS[kind]} {other.number}{alone}"


def _unlink(task: Task, other: Ticket) -> str | Refusal:
    """Remove the relation; the relation left by a merge or a split stays."""
    bonds = [one for one in task.builder.ticket.relations if one.other == other.number]
    chosen = [one.kind for one in bonds if one.kind in COUNTERPART]
    if not chosen:
        return Refusal(f"this ticket has no relation to {other.number} that could be taken off")
    for kind in chosen:
        task.builder.add(Unrelated(kind, other.number))
        task.order(other.number, RelationSet(COUNTERPART[kind], off=True))
    return f"this ticket has nothing to do with {other.number} any more"


def _kind(said: str) -> RelationKind | Refusal:
    chosen = pick("relation", said.replace(" ", "-"), COUNTERPART) if said else "related"
    if isinstance(chosen, Refusal):
        return chosen
    return next(kind for kind in get_args(RelationKind) if kind == chosen)


def _merge(task: Task) -> str | Refusal:
    builder, survivor = task.builder, named(task)
    if isinstance(survivor, Refusal):
        return survivor
    mine = builder.ticket
    if mine.waits_for_approval:
        return ASKED
    if mine.number in ancestors(survivor.parent, task.tickets):
        return Refusal(f"ticket {survivor.number} is a child of this one; merge it into this one")
    if survivor.state == _RESOLVED:
        return Refusal(
            f"ticket {survivor.number} is resolved and would close without asking the requester of "
            "this one; reopen it first, or merge it into this one"
        )
    task.order(survivor.number, Absorbing(mine))
    for child in children(task):
        task.order(child.number, ParentSet(), origin=survivor.number)
    _hand_over(task, survivor.number)
    builder.add(MergedInto(survivor.number))
    transitions.end(builder, MERGED)
    told = "the requester was notified. This is final"
    return f"all of it was merged into ticket {survivor.number}; {told}"


def _hand_over(task: Task, survivor: int) -> None:
    """Move the relations of other tickets with this one to the survivor."""
    for one in task.builder.ticket.relations:
        counterpart = COUNTERPART.get(one.kind)
        if counterpart is not None and one.other != survivor:
            task.order(one.other, RelationSet(counterpart, off=True))
            task.order(one.other, RelationSet(counterpart), origin=survivor)


def _split(task: Task) -> str | Refusal:
    builder, split = task.builder, task.command_context.split_candidate
    if split is not None and split.elsewhere is not None:
        return Refusal(f"the mail that you answered is now in ticket {split.elsewhere}")
    if split is None or split.latest.kind == "request":
        return Refusal("there is no mail to split off but the one that opened the ticket")
    latest = split.latest
    if MessageMoved(latest.message) in builder.events:
        return Refusal("it was split off by the same mail already")
    facts = replace(split.facts, subject=task.argument or split.facts.subject)
    builder.add(MessageMoved(latest.message), Related("split-into", builder.number))
    task.order(
        None,
        SplitOff(latest, facts, builder.ticket.request_type, builder.ticket.team),
        subject=task.argument,
        requester=latest.author.id,
    )
    new = spoken(builder.number)
    return f"the mail of {latest.author.name} is now a separate ticket, {new}. This is final"


COMMANDS: dict[str, CommandHandler] = {"link": _link, "merge": _merge, "split": _split}
