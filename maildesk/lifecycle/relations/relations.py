"""The commands for related tickets: `#link`, `#merge`, `#split`."""

from dataclasses import replace
from typing import get_args

from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.task import WAITS_FOR_APPROVAL, CommandHandler, Task
from maildesk.lifecycle.relations.hierarchy import ancestors, children, found, named
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Absorbing, ParentSet, RelationSet, SplitOff
from maildesk.model.event import MergedInto, MessageMoved, Related, RelationKind, Unrelated
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket

MERGED = "Merged"
_NONE = "none"
_RESOLVED = "Resolved"
COUNTERPART: dict[RelationKind, RelationKind] = {
    "related": "related",
    "duplicate": "duplicate",
    "blocks": "blocked-by",
    "blocked-by": "blocks",
}
_LINKED: dict[RelationKind, str] = {
    "related": "command.linked",
    "duplicate": "command.linked-duplicate",
    "blocks": "command.linked-blocks",
    "blocked-by": "command.linked-blocked-by",
}


def _link(task: Task) -> Message | Refusal:
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
    task.order(other.number, RelationSet(COUNTERPART[kind]))
    linked = Message.of(_LINKED[kind], ticket=other.number)
    if not other.is_closed:
        return linked
    return linked + Message.of("command.linked-one-way", ticket=other.number)


def _unlink(task: Task, other: Ticket) -> Message | Refusal:
    """Remove the relation; the relation left by a merge or a split stays."""
    bonds = [one for one in task.builder.ticket.relations if one.other == other.number]
    chosen = [one.kind for one in bonds if one.kind in COUNTERPART]
    if not chosen:
        return Refusal(Message.of("refusal.not-linked", ticket=other.number))
    for kind in chosen:
        task.builder.add(Unrelated(kind, other.number))
        task.order(other.number, RelationSet(COUNTERPART[kind], off=True))
    return Message.of("command.unlinked", ticket=other.number)


def _kind(said: str) -> RelationKind | Refusal:
    chosen = (
        pick(Message.of("kind.relation"), said.replace(" ", "-"), COUNTERPART)
        if said
        else "related"
    )
    if isinstance(chosen, Refusal):
        return chosen
    return next(kind for kind in get_args(RelationKind) if kind == chosen)


def _merge(task: Task) -> Message | Refusal:
    builder, survivor = task.builder, named(task)
    if isinstance(survivor, Refusal):
        return survivor
    mine = builder.ticket
    if mine.waits_for_approval:
        return WAITS_FOR_APPROVAL
    if mine.number in ancestors(survivor.parent, task.tickets):
        return Refusal(Message.of("refusal.merge-into-child", ticket=survivor.number))
    if survivor.state == _RESOLVED:
        return Refusal(Message.of("refusal.merge-into-resolved", ticket=survivor.number))
    task.order(survivor.number, Absorbing(mine))
    for child in children(task):
        task.order(child.number, ParentSet(), origin=survivor.number)
    _hand_over(task, survivor.number)
    builder.add(MergedInto(survivor.number))
    transitions.end(builder, MERGED)
    return Message.of("command.merged", ticket=survivor.number, requester=task.requester)


def _hand_over(task: Task, survivor: int) -> None:
    """Move the relations of other tickets with this one to the survivor."""
    for one in task.builder.ticket.relations:
        counterpart = COUNTERPART.get(one.kind)
        if counterpart is not None and one.other != survivor:
            task.order(one.other, RelationSet(counterpart, off=True))
            task.order(one.other, RelationSet(counterpart), origin=survivor)


def _split(task: Task) -> Message | Refusal:
    builder, split = task.builder, task.command_context.split_candidate
    if split is not None and split.elsewhere is not None:
        return Refusal(Message.of("refusal.split-elsewhere", ticket=split.elsewhere))
    if split is None or split.latest.kind == "request":
        return Refusal(Message.of("refusal.nothing-to-split"))
    latest = split.latest
    if MessageMoved(latest.message) in builder.events:
        return Refusal(Message.of("refusal.split-twice"))
    facts = replace(split.facts, subject=task.argument or split.facts.subject)
    builder.add(MessageMoved(latest.message), Related("split-into", builder.number))
    task.order(
        None,
        SplitOff(latest, facts, builder.ticket.request_type, builder.ticket.team),
        subject=task.argument,
        requester=latest.author.id,
    )
    return Message.of("command.split", author=latest.author, ticket=builder.number)


COMMANDS: dict[str, CommandHandler] = {"link": _link, "merge": _merge, "split": _split}
