"""What follows for a ticket from a command that was given in another one."""

from collections.abc import Iterator
from datetime import datetime

from maildesk.lifecycle import asking, undo
from maildesk.lifecycle.classify import set_field
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.looking import apply_rules
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.relations import COUNTERPART
from maildesk.model.cause import (
    Absorbing,
    EventsUndone,
    OrderedElsewhere,
    ParentSet,
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
from maildesk.model.ticket import Ticket
from maildesk.model.token import Purpose

SPLIT = "split"


def follow(
    ticket: Ticket | None, cause: OrderedElsewhere, policy: Policy, now: datetime
) -> Decision:
    """What changes here; a closed ticket never does. Raises ValueError where the ticket lacks."""
    kind = ActorKind.RULE if cause.rule else ActorKind.AGENT
    actor = Actor(kind, cause.agent.id, cause.proof)
    if isinstance(cause.order, SplitOff):
        return _opened(cause, cause.order, actor, policy, now)
    if ticket is None:
        raise ValueError(f"{type(cause.order).__name__} needs a ticket")
    draft = Draft(ticket, actor, policy, now)
    if not ticket.is_closed:
        _do(draft, cause)
    return draft.decision(Answer.DONE)


def _do(draft: Draft, cause: OrderedElsewhere) -> None:
    match cause.order:
        case RelationSet(kind=kind, off=off):
            related = Related(kind, cause.origin, cause.rule)
            draft.add(Unrelated(kind, cause.origin) if off else related)
        case ParentSet():
            draft.add(ParentChanged(old=draft.ticket.parent, new=cause.origin))
        case Absorbing(merged=merged):
            _absorb(draft, merged)
        case EventsUndone(events=events, before=before):
            undo.take_back(draft, events, before)
        case SplitOff():
            pass


def _absorb(draft: Draft, merged: Ticket) -> None:
    people = (merged.requester, *merged.participants)
    fresh = [one for one in dict.fromkeys(people) if not draft.ticket.takes_part(one)]
    draft.add(*(PersonJoined(one) for one in fresh))
    draft.add(Related("merged", merged.number))
    draft.add(*(Tagged(tag) for tag in merged.tags if tag not in draft.ticket.tags))
    draft.add(*_relations(draft.ticket, merged))
    if merged.problems:
        draft.add(ProblemsTakenOver(merged.problems))
    draft.moving = Moving(merged.number)
    note = f"Your request {merged.number} is handled here from now on, together with another one."
    draft.write(Template.UPDATE, merged.requester, note=note)
    draft.tell_agents(f"Ticket {merged.number} was merged into this one.")


def _relations(survivor: Ticket, merged: Ticket) -> Iterator[Event]:
    """The survivor has to do with whatever the merged one had, and no more with that one."""
    for one in survivor.relations:
        if one.other == merged.number and one.kind in COUNTERPART:
            yield Unrelated(one.kind, one.other)
    for one in merged.relations:
        if one.other != survivor.number and one.kind in COUNTERPART:
            yield Related(one.kind, one.other)


def _opened(
    cause: OrderedElsewhere, split: SplitOff, actor: Actor, policy: Policy, now: datetime
) -> Decision:
    latest, type_ = split.latest, split.request_type
    opened = first_event(policy, requester=latest.author.id, source=SPLIT, request_type=type_)
    draft = Draft.opening(opened, actor, policy, now, silent=False)
    draft.add(MessageAdded(latest.message, "request"), Related("split-from", cause.origin))
    draft.moving = Moving(cause.origin, latest.message)
    apply_rules(draft, "created", split.facts, latest.author)
    if not draft.ticket.team and split.team:
        set_field(draft, "team", split.team)
    draft.write(Template.ACKNOWLEDGEMENT, latest.author.id, note=asking.waits_for(draft))
    told = (*policy.directory.working_on(draft.ticket), cause.agent.id)
    note = f"A new ticket, split from ticket {cause.origin}."
    draft.write(
        Template.AGENT_NOTIFICATION,
        *told,
        text=latest.text,
        author=latest.author.id,
        note=note,
        links=(Purpose.WORK,),
    )
    return draft.decision(Answer.DONE)
