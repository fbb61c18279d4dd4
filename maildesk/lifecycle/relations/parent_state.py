"""A ticket follows its parent: it is resolved with it, and taken up again with it.

What the parent does follows from a cause of its own; here is what that means for the children. An
agent's `#resolve` says in its transcript which could not follow (lifecycle.family).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from maildesk.lifecycle.closure import closure_deadlines
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.workflow import transitions
from maildesk.model.cause import ParentStateChanged
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, RelatedChange, Template
from maildesk.model.event import ClosureScheduled, Reopened
from maildesk.model.ticket import Ticket

_MOST = 100  # tickets that follow one together
_WITH_ANOTHER = (
    "Your request was resolved together with another one that it belongs to. If it is not over for "
    "you, just say so."
)
_NOT_OVER = "Work on your request goes on: the one that it was resolved with is not over after all."


def resolve_children(builder: DecisionBuilder) -> None:
    """The ticket is resolved, and with it all that are open below it."""
    below = _below(builder.ticket.number, builder.descendants, lambda _: True)
    _order(builder, [one.number for one in below if not one.is_closed], resolved=True)


def reopen_children(builder: DecisionBuilder) -> None:
    """The ticket is open again, and with it those that were resolved with it.

    What one of them resolved in another way was resolved with that one, and stays so.
    """
    with_it = builder.policy.workflow.roles.resolved_by_origin

    def follows(one: Ticket) -> bool:
        return one.status == with_it or not one.is_resolved

    below = _below(builder.ticket.number, builder.descendants, follows)
    _order(builder, [one.number for one in below if one.status == with_it], resolved=False)


def _below(
    number: int, descendants: Mapping[int, Ticket], passes: Callable[[Ticket], bool]
) -> Iterator[Ticket]:
    """The tickets below that one; of one that does not pass, neither it nor those below it."""
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


def _order(builder: DecisionBuilder, numbers: list[int], *, resolved: bool) -> None:
    for number in numbers[:_MOST]:
        cause = ParentStateChanged(origin=builder.ticket.number, resolved=resolved)
        builder.related_changes.append(RelatedChange(ticket=number, cause=cause))


def turned(ticket: Ticket, cause: ParentStateChanged, policy: Policy, now: datetime) -> Decision:
    """What the parent's turn does to the child; where the workflow forbids it, nothing."""
    builder = DecisionBuilder(ticket, Actor(ActorKind.DESK), policy, now)
    if not ticket.is_closed and not ticket.waits_for_approval:
        if cause.resolved:
            resolve(builder, cause.origin)
        elif ticket.status == policy.workflow.roles.resolved_by_origin:
            _take_up(builder, cause.origin)
    return builder.decision(Answer.DONE)


def resolve(
    builder: DecisionBuilder, origin: int, text: str = "", author: int | None = None
) -> None:
    """The ticket is resolved with its parent: its requester hears how, and can object."""
    if transitions.move(builder, builder.policy.workflow.roles.resolved_by_origin, ActorKind.RULE):
        return
    builder.add(ClosureScheduled(closure_deadlines.unasked(builder)))
    requester = builder.ticket.requester
    builder.write(Template.UPDATE, requester, text=text, author=author, note=_WITH_ANOTHER)
    builder.tell_agents(f"Resolved with ticket {origin}, which it is a child of.")


def _take_up(builder: DecisionBuilder, origin: int) -> None:
    if transitions.move(builder, builder.policy.workflow.roles.working, ActorKind.EVENT):
        return
    builder.add(Reopened())
    builder.write(Template.UPDATE, builder.ticket.requester, note=_NOT_OVER)
    builder.tell_agents(f"Ticket {origin}, which this one was resolved with, is open again.")
    builder.explain("lifecycle", "reopened", f"with ticket {origin}")
