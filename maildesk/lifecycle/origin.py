"""A ticket follows its parent: it is resolved with it, and taken up again with it.

What the parent does follows from a cause of its own; here is what that means for the children. An
agent's `#resolve` says in its transcript which could not follow (lifecycle.family).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from maildesk.lifecycle import closing_time, workflow
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import OriginTurned
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, FollowUp, Template
from maildesk.model.event import ClosureScheduled, Reopened
from maildesk.model.ticket import Ticket

_MOST = 100  # tickets that follow one together
_WITH_ANOTHER = (
    "Your request was resolved together with another one that it belongs to. If it is not over for "
    "you, just say so."
)
_NOT_OVER = "Work on your request goes on: the one that it was resolved with is not over after all."


def take_along(draft: Draft) -> None:
    """The ticket is resolved, and with it all that are open below it."""
    below = _below(draft.ticket.number, draft.descendants, lambda _: True)
    _order(draft, [one.number for one in below if not one.is_closed], resolved=True)


def bring_back(draft: Draft) -> None:
    """The ticket is open again, and with it those that were resolved with it.

    What one of them resolved in another way was resolved with that one, and stays so.
    """
    with_it = draft.policy.workflow.roles.resolved_by_origin

    def follows(one: Ticket) -> bool:
        return one.status == with_it or not one.is_resolved

    below = _below(draft.ticket.number, draft.descendants, follows)
    _order(draft, [one.number for one in below if one.status == with_it], resolved=False)


def _below(
    number: int, family: Mapping[int, Ticket], passes: Callable[[Ticket], bool]
) -> Iterator[Ticket]:
    """The tickets below that one; of one that does not pass, neither it nor those below it."""
    above, seen = {number}, {number}
    while above:
        found = [
            one
            for _, one in sorted(family.items())
            if one.parent in above and one.number not in seen and passes(one)
        ]
        yield from found
        above = {one.number for one in found}
        seen |= above


def _order(draft: Draft, numbers: list[int], *, resolved: bool) -> None:
    for number in numbers[:_MOST]:
        cause = OriginTurned(origin=draft.ticket.number, resolved=resolved)
        draft.follow_ups.append(FollowUp(ticket=number, cause=cause))


def turned(ticket: Ticket, cause: OriginTurned, policy: Policy, now: datetime) -> Decision:
    """What the parent's turn does to the child; where the workflow forbids it, nothing."""
    draft = Draft(ticket, Actor(ActorKind.DESK), policy, now)
    if not ticket.is_closed and not ticket.waits_for_approval:
        if cause.resolved:
            resolve(draft, cause.origin)
        elif ticket.status == policy.workflow.roles.resolved_by_origin:
            _take_up(draft, cause.origin)
    return draft.decision(Answer.DONE)


def resolve(draft: Draft, origin: int, text: str = "", author: int | None = None) -> None:
    """The ticket is resolved with its parent: its requester hears how, and can object."""
    if workflow.move(draft, draft.policy.workflow.roles.resolved_by_origin, ActorKind.RULE):
        return
    draft.add(ClosureScheduled(closing_time.unasked(draft)))
    requester = draft.ticket.requester
    draft.write(Template.UPDATE, requester, text=text, author=author, note=_WITH_ANOTHER)
    draft.tell_agents(f"Resolved with ticket {origin}, which it is a child of.")


def _take_up(draft: Draft, origin: int) -> None:
    if workflow.move(draft, draft.policy.workflow.roles.working, ActorKind.EVENT):
        return
    draft.add(Reopened())
    draft.write(Template.UPDATE, draft.ticket.requester, note=_NOT_OVER)
    draft.tell_agents(f"Ticket {origin}, which this one was resolved with, is open again.")
    draft.explain("lifecycle", "reopened", f"with ticket {origin}")
