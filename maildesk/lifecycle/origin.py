"""A ticket follows its parent: it is resolved with it, and taken up again with it.

Whoever resolves the parent or takes it up again (an agent, a rule, an event, the clock), its
descendants follow in the same transaction, each by a cause of its own. An agent's `#resolve` says
in its transcript which could not follow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from maildesk.lifecycle import closing_time, workflow
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import OriginTurned
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, FollowUp, Template
from maildesk.model.event import ClosureScheduled, Reopened
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

_MOST = 100  # tickets that follow one together
_WITH_ANOTHER = (
    "Your request was resolved together with another one that it belongs to. If it is not over for "
    "you, just say so."
)
_NOT_OVER = "Work on your request goes on: the one that it was resolved with is not over after all."


def take_along(
    draft: Draft,
    text: str = "",
    agent: Person | None = None,
    family: Mapping[int, Ticket] | None = None,
) -> dict[int, str]:
    """The ticket is resolved, and with it all that are open below it.

    With a command of an `agent`, who said `text` to it: each requester reads it. `family`: the
    tickets below this one as that agent's other commands leave them; else those of the draft. Of
    each ticket the result says why it does not follow, "" where it does.
    """
    known = draft.family if family is None else family
    below = _below(draft.ticket.number, known, lambda _: True)
    cause = OriginTurned(origin=draft.ticket.number, resolved=True, text=text, agent=agent)
    return _follow(draft, cause, [one for one in below if not one.is_closed])


def bring_back(draft: Draft) -> None:
    """The ticket is open again, and with it those that were resolved with it.

    What one of them resolved in another way was resolved with that one, and stays so.
    """
    with_it = draft.policy.workflow.roles.resolved_by_origin

    def follows(one: Ticket) -> bool:
        return one.status == with_it or not one.is_resolved

    below = _below(draft.ticket.number, draft.family, follows)
    cause = OriginTurned(origin=draft.ticket.number, resolved=False)
    _follow(draft, cause, [one for one in below if one.status == with_it])


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


def _follow(draft: Draft, cause: OriginTurned, children: list[Ticket]) -> dict[int, str]:
    """Let that happen to these tickets. Each decides by how it stands when its turn comes."""
    cause = replace(cause, proof=draft.actor.proof if cause.agent else "")
    together = sorted(children, key=attrgetter("number"))
    reasons = {one.number: _objection(draft.policy, one) for one in together[:_MOST]}
    draft.follow_ups += (FollowUp(ticket=number, cause=cause) for number in reasons)
    return reasons | {one.number: f"more than {_MOST} at once" for one in together[_MOST:]}


def _objection(policy: Policy, child: Ticket) -> str:
    """Why the child is not resolved with its parent; "" where it is.

    Who was resolved with it before is not told so again.
    """
    if child.waits_for_approval:
        return "it waits for an approval"
    shipped, rule = policy.workflow, ActorKind.RULE
    illegal = workflow.check(shipped, child, shipped.roles.resolved_by_origin, rule, frozenset())
    return illegal.why if illegal else ""


def turned(ticket: Ticket, cause: OriginTurned, policy: Policy, now: datetime) -> Decision:
    """What the parent's turn does to the child; where the workflow forbids it, nothing."""
    agent = cause.agent
    actor = Actor(ActorKind.AGENT, agent.id, cause.proof) if agent else Actor(ActorKind.DESK)
    draft = Draft(ticket, actor, policy, now)
    if not ticket.is_closed and not ticket.waits_for_approval:
        if not cause.resolved and ticket.status == policy.workflow.roles.resolved_by_origin:
            _take_up(draft, cause.origin)
        elif cause.resolved and not _objection(policy, ticket):
            _resolve(draft, cause)
    return draft.decision(Answer.DONE)


def _resolve(draft: Draft, cause: OriginTurned) -> None:
    """The ticket is resolved with its parent: its requester hears how, and can object."""
    workflow.move(draft, draft.policy.workflow.roles.resolved_by_origin, ActorKind.RULE)
    draft.add(ClosureScheduled(closing_time.unasked(draft)))
    requester, author = draft.ticket.requester, cause.agent.id if cause.agent else None
    draft.write(Template.UPDATE, requester, text=cause.text, author=author, note=_WITH_ANOTHER)
    draft.tell_agents(f"Resolved with ticket {cause.origin}, which it is a child of.")


def _take_up(draft: Draft, origin: int) -> None:
    if workflow.move(draft, draft.policy.workflow.roles.working, ActorKind.EVENT):
        return
    draft.add(Reopened())
    draft.write(Template.UPDATE, draft.ticket.requester, note=_NOT_OVER)
    draft.tell_agents(f"Ticket {origin}, which this one was resolved with, is open again.")
    draft.explain("lifecycle", "reopened", f"with ticket {origin}")
