"""A child ticket follows its parent: it is resolved and reopened with it.

An agent, a rule, an event or a deadline may resolve or reopen the parent. Its descendants follow in
the same transaction, each by a separate cause. The transcript of an agent's `#resolve` names those
that could not follow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from maildesk.lifecycle.closure import closure_deadlines
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.workflow import transitions
from maildesk.model.cause import ParentStateChanged
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, RelatedChange, Template
from maildesk.model.event import ClosureScheduled, Reopened
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

_MOST = 100  # the most tickets that follow one parent
_WITH_ANOTHER = Message.of("note.resolved-with-parent")
_NOT_OVER = Message.of("note.parent-reopened")


def resolve_children(
    builder: DecisionBuilder,
    text: str = "",
    agent: Person | None = None,
    descendants: Mapping[int, Ticket] | None = None,
) -> dict[int, Message | None]:
    """The ticket was resolved: resolve its open descendants too.

    With a command of an `agent`, each requester reads its `text`. `descendants` are the tickets
    below this one after the agent's other commands; by default those of the builder. For each
    ticket the result says why it does not follow, None if it does.
    """
    known = builder.descendants if descendants is None else descendants
    below = _below(builder.ticket.number, known, lambda _: True)
    cause = ParentStateChanged(origin=builder.ticket.number, resolved=True, text=text, agent=agent)
    return _follow(builder, cause, [one for one in below if not one.is_closed])


def reopen_children(builder: DecisionBuilder) -> None:
    """The ticket was reopened: reopen the descendants that were resolved with it.

    Descendants of a child that was resolved in another way stay resolved.
    """
    with_it = builder.policy.workflow.roles.resolved_by_origin

    def follows(one: Ticket) -> bool:
        return one.status == with_it or not one.is_resolved

    below = _below(builder.ticket.number, builder.descendants, follows)
    cause = ParentStateChanged(origin=builder.ticket.number, resolved=False)
    _follow(builder, cause, [one for one in below if one.status == with_it])


def _below(
    number: int, descendants: Mapping[int, Ticket], passes: Callable[[Ticket], bool]
) -> Iterator[Ticket]:
    """The tickets below that one; a ticket that does not pass is left out with all below it."""
    above, seen = {number}, {number}
    while above:
        found = [
            one
            for _, one in sorted(descendants.items())
            if one.parent in above and one.number not in seen and passes(one)
        ]
        yield from found
        above = {one.number for one in found}
        seen |= above


def _follow(
    builder: DecisionBuilder, cause: ParentStateChanged, children: list[Ticket]
) -> dict[int, Message | None]:
    """Apply the cause to these tickets. Each is decided by its state at that moment."""
    cause = replace(cause, proof=builder.actor.proof if cause.agent else "")
    together = sorted(children, key=attrgetter("number"))
    reasons: dict[int, Message | None] = {
        one.number: _objection(builder.policy, one) for one in together[:_MOST]
    }
    builder.related_changes += (RelatedChange(ticket=number, cause=cause) for number in reasons)
    return reasons | dict.fromkeys(
        (one.number for one in together[_MOST:]),
        Message.of("refusal.too-many-children", most=_MOST),
    )


def _objection(policy: Policy, child: Ticket) -> Message | None:
    """Why the child is not resolved with its parent; None if it is.

    A requester who was notified of it before is not notified again.
    """
    if child.waits_for_approval:
        return Message.of("refusal.waits-for-approval")
    shipped, rule = policy.workflow, ActorKind.RULE
    illegal = transitions.check(shipped, child, shipped.roles.resolved_by_origin, rule, frozenset())
    return illegal.why if illegal else None


def turned(ticket: Ticket, cause: ParentStateChanged, policy: Policy, now: datetime) -> Decision:
    """The decision for the child after its parent changed; empty if the workflow forbids it."""
    agent = cause.agent
    actor = Actor(ActorKind.AGENT, agent.id, cause.proof) if agent else Actor(ActorKind.DESK)
    builder = DecisionBuilder(ticket, actor, policy, now)
    if not ticket.is_closed and not ticket.waits_for_approval:
        if not cause.resolved and ticket.status == policy.workflow.roles.resolved_by_origin:
            _take_up(builder, cause.origin)
        elif cause.resolved and not _objection(policy, ticket):
            _resolve(builder, cause)
    return builder.decision(Answer.DONE)


def _resolve(builder: DecisionBuilder, cause: ParentStateChanged) -> None:
    """Resolve the ticket with its parent: its requester reads how, and can object."""
    transitions.move(builder, builder.policy.workflow.roles.resolved_by_origin, ActorKind.RULE)
    builder.add(ClosureScheduled(closure_deadlines.unasked(builder)))
    requester, author = builder.ticket.requester, cause.agent.id if cause.agent else None
    builder.write(Template.UPDATE, requester, text=cause.text, author=author, note=_WITH_ANOTHER)
    builder.tell_agents(Message.of("note.resolved-with", ticket=cause.origin))


def _take_up(builder: DecisionBuilder, origin: int) -> None:
    if transitions.move(builder, builder.policy.workflow.roles.working, ActorKind.EVENT):
        return
    builder.add(Reopened())
    builder.write(Template.UPDATE, builder.ticket.requester, note=_NOT_OVER)
    builder.tell_agents(Message.of("note.parent-open-again", ticket=origin))
    builder.explain("lifecycle", "reopened", f"with ticket {origin}")
