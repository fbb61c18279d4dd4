"""Applies to a ticket the consequences of a command in another ticket."""

from collections.abc import Iterator
from datetime import datetime

from maildesk.lifecycle.approvals import requests
from maildesk.lifecycle.classification.classify import set_field
from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.commands import undo
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.relations.relations import COUNTERPART
from maildesk.model.cause import (
    Absorbing,
    EventsUndone,
    ParentSet,
    RelatedTicketChange,
    RelationSet,
    SplitOff,
)
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, Moving, Template
from maildesk.model.event import (
    Event,
    MessageAdded,
    ParentChanged,
    PersonJoined,
    ProblemsTakenOver,
    Related,
    Tagged,
    Unrelated,
)
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket

SPLIT = "split"


def follow(
    ticket: Ticket | None, cause: RelatedTicketChange, policy: Policy, now: datetime
) -> Decision:
    """The decision for this ticket; a closed ticket never changes.

    Raises ValueError if the ticket is missing.
    """
    kind = ActorKind.RULE if cause.rule else ActorKind.AGENT
    actor = Actor(kind, cause.agent.id, cause.proof)
    if isinstance(cause.order, SplitOff):
        return _opened(cause, cause.order, actor, policy, now)
    if ticket is None:
        raise ValueError(f"{type(cause.order).__name__} needs a ticket")
    builder = DecisionBuilder(ticket, actor, policy, now, descendants=cause.descendants)
    if not ticket.is_closed:
        _do(builder, cause)
    return builder.decision(Answer.DONE)


def _do(builder: DecisionBuilder, cause: RelatedTicketChange) -> None:
    match cause.order:
        case RelationSet(kind=kind, off=off):
            related = Related(kind, cause.origin, cause.rule)
            builder.add(Unrelated(kind, cause.origin) if off else related)
        case ParentSet():
            builder.add(ParentChanged(old=builder.ticket.parent, new=cause.origin))
        case Absorbing(merged=merged):
            _absorb(builder, merged)
        case EventsUndone(events=events, before=before):
            undo.take_back(builder, events, before)
        case SplitOff():
            pass


def _absorb(builder: DecisionBuilder, merged: Ticket) -> None:
    people = (merged.requester, *merged.participants)
    fresh = [one for one in dict.fromkeys(people) if not builder.ticket.takes_part(one)]
    builder.add(*(PersonJoined(one) for one in fresh))
    builder.add(Related("merged", merged.number))
    builder.add(*(Tagged(tag) for tag in merged.tags if tag not in builder.ticket.tags))
    builder.add(*_relations(builder.ticket, merged))
    if merged.problems:
        builder.add(ProblemsTakenOver(merged.problems))
    builder.moving = Moving(merged.number)
    note = Message.of("note.merged-for-requester", ticket=merged.number)
    builder.write(Template.UPDATE, merged.requester, note=note)
    builder.tell_agents(Message.of("note.merged", ticket=merged.number))


def _relations(survivor: Ticket, merged: Ticket) -> Iterator[Event]:
    """The survivor gets all relations of the merged ticket, except the one between the two."""
    for one in survivor.relations:
        if one.other == merged.number and one.kind in COUNTERPART:
            yield Unrelated(one.kind, one.other)
    for one in merged.relations:
        if one.other != survivor.number and one.kind in COUNTERPART:
            yield Related(one.kind, one.other)


def _opened(
    cause: RelatedTicketChange, split: SplitOff, actor: Actor, policy: Policy, now: datetime
) -> Decision:
    latest, type_ = split.latest, split.request_type
    opened = first_event(policy, requester=latest.author.id, source=SPLIT, request_type=type_)
    builder = DecisionBuilder.opening(opened, actor, policy, now, number=cause.number, silent=False)
    builder.add(MessageAdded(latest.message, "request"), Related("split-from", cause.origin))
    builder.moving = Moving(cause.origin, latest.message)
    apply_rules(builder, "created", split.facts, latest.author)
    if not builder.ticket.team and split.team:
        set_field(builder, "team", split.team)
    builder.write(Template.ACKNOWLEDGEMENT, latest.author.id, note=requests.waits_for(builder))
    told = (*policy.directory.working_on(builder.ticket), cause.agent.id)
    note = Message.of("note.new-ticket-split", ticket=cause.origin)
    builder.write(
        Template.AGENT_NOTIFICATION,
        *told,
        text=latest.text,
        author=latest.author.id,
        note=note,
        links=(Purpose.WORK,),
    )
    return builder.decision(Answer.DONE)
