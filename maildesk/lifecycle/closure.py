"""Resolution, acceptance, rejection, reminder and the end of a ticket."""

from maildesk.lifecycle import closing_time, origin, workflow
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import (
    ClosurePostponed,
    ClosureScheduled,
    Reminded,
    Reopened,
    ResolutionDecided,
    ResolutionGiven,
)
from maildesk.model.person import Person
from maildesk.model.token import Purpose


def resolve(
    draft: Draft, agent: Person, message: str, text: str, *, asks: bool = True
) -> Illegal | None:
    """A resolution is given; the requester is asked to accept or reject it, if anybody reads it:
    a machine is not asked, and waited for as long as for its own word that it is over."""
    illegal = cannot_resolve(draft)
    if illegal is not None:
        return illegal
    draft.add(_given(draft, message, asks))
    workflow.move(draft, draft.policy.workflow.roles.waiting_for_closure, ActorKind.AGENT)
    draft.write(
        Template.RESOLUTION,
        draft.ticket.requester,
        automatic=False,
        text=text,
        author=agent.id,
        links=(Purpose.RESOLUTION,),
    )
    draft.explain("lifecycle", "resolved", f"by {agent.name}")
    return None


def cannot_resolve(draft: Draft) -> Illegal | None:
    """Why the workflow does not let an agent give a resolution."""
    shipped = draft.policy.workflow
    waiting, filling = shipped.roles.waiting_for_closure, frozenset({"resolution"})
    leads = draft.policy.directory.leads_team(draft.actor.person, draft.ticket.team)
    return workflow.check(shipped, draft.ticket, waiting, ActorKind.AGENT, filling, leads=leads)


def _given(draft: Draft, message: str, asks: bool) -> ResolutionGiven:
    close_due, remind_due = closing_time.to_answer(draft)
    if not asks:
        close_due, remind_due = closing_time.without_a_reader(draft), None
    return ResolutionGiven(
        message=message,
        round=draft.ticket.round + 1,
        close_due=close_due,
        remind_due=remind_due,
    )


def bring_to(draft: Draft, status: str, by: ActorKind, rule: str = "") -> Illegal | None:
    """A move to a status that somebody or a rule named, with all that its state brings along.

    To Closed is the end; to Resolved without a resolution, it closes by itself in the days of the
    request type; and out of Resolved, work begins again. Children go with it both ways.
    """
    shipped = draft.policy.workflow
    resolved, new = draft.ticket.is_resolved, shipped.state_of(status)
    if new == workflow.CLOSED:
        return _end_in(draft, status, by, rule)
    illegal = workflow.move(draft, status, by, rule=rule)
    if illegal is not None:
        return illegal
    if new == workflow.RESOLVED and status != shipped.roles.rejected:
        _close_later(draft)
        origin.take_along(draft)
    elif resolved:
        draft.add(Reopened())
        origin.bring_back(draft)
    return None


def _close_later(draft: Draft) -> None:
    if draft.ticket.close_due is not None:
        return
    draft.add(ClosureScheduled(closing_time.unasked(draft)))
    draft.write(Template.UPDATE, draft.ticket.requester, note="Your request is resolved.")


def _end_in(draft: Draft, status: str, by: ActorKind, rule: str) -> Illegal | None:
    category, note = _end_words(draft, status)
    illegal = workflow.close(draft, by, category, note, status=status, rule=rule)
    if illegal is None:
        draft.write(Template.CLOSURE, draft.ticket.requester, author=draft.actor.person, note=note)
    return illegal


def _end_words(draft: Draft, status: str) -> tuple[str, str]:
    """Closure category and note; a Closed status beside the usual one is a category itself."""
    shipped, closing = draft.policy.workflow, draft.policy.workflow.closing
    if status != shipped.roles.closed:
        return status, closing.agent_note
    if draft.ticket.waits_for_requester:
        return closing.automatic_category, closing.automatic_note
    if draft.ticket.is_resolved:
        return closing.accepted_category, closing.silent_note
    return closing.accepted_category, closing.agent_note


def keep_open(draft: Draft, requester: Person, text: str) -> None:
    """The requester needs more time to see whether it is solved: the days count anew.

    Agents read what the requester says to it.
    """
    close_due, remind_due = closing_time.to_answer(draft)
    draft.add(ClosurePostponed(close_due=close_due, remind_due=remind_due))
    draft.explain("lifecycle", "kept open", f"until {close_due:%d %B}")
    if text:
        note = f"{requester.name} keeps this ticket open."
        draft.tell_agents(note, text=text, author=requester.id)


def cannot_accept(draft: Draft) -> Illegal | None:
    """Why the workflow does not let an acceptance come to its end."""
    roles = draft.policy.workflow.roles
    return workflow.check_chain(draft, ActorKind.REQUESTER, roles.accepted, roles.closed)


def cannot_reject(draft: Draft) -> Illegal | None:
    """Why the workflow does not let a rejection reopen the ticket."""
    roles = draft.policy.workflow.roles
    return workflow.check_chain(draft, ActorKind.REQUESTER, roles.rejected, roles.working)


def cannot_reopen(draft: Draft) -> Illegal | None:
    """Why the workflow does not let an answer reopen the ticket."""
    working = draft.policy.workflow.roles.working
    return workflow.check_chain(draft, ActorKind.REQUESTER, working)


def accept(draft: Draft, requester: Person, text: str) -> Illegal | None:
    """The requester accepts: the ticket closes by itself. Agents read what is said to it."""
    roles, closing = draft.policy.workflow.roles, draft.policy.workflow.closing
    illegal = cannot_accept(draft)
    if illegal is not None:
        return illegal
    draft.add(ResolutionDecided(round=draft.ticket.round, accepted=True))
    workflow.move(draft, roles.accepted, ActorKind.REQUESTER)
    draft.explain("lifecycle", "accepted")
    illegal = workflow.close(
        draft, ActorKind.REQUESTER, closing.accepted_category, closing.accepted_note
    )
    if illegal is None:
        draft.write(Template.CLOSURE, draft.ticket.requester, note="You accepted the resolution.")
    if illegal is None and text:
        note = f"{requester.name} accepted the resolution."
        draft.tell_agents(note, text=text, author=requester.id)
    return illegal


def reject(draft: Draft, requester: Person, reason: str) -> Illegal | None:
    """The requester rejects: the ticket reopens by itself."""
    roles = draft.policy.workflow.roles
    illegal = cannot_reject(draft)
    if illegal is not None:
        return illegal
    draft.add(ResolutionDecided(round=draft.ticket.round, accepted=False))
    workflow.move(draft, roles.rejected, ActorKind.REQUESTER)
    draft.explain("lifecycle", "rejected")
    return reopen(draft, requester, reason, "rejected the resolution")


def reopen(draft: Draft, person: Person, text: str, how: str) -> Illegal | None:
    """Work begins again."""
    working = draft.policy.workflow.roles.working
    illegal = workflow.move(draft, working, draft.actor.kind)
    if illegal is not None:
        return illegal
    draft.add(Reopened())
    draft.tell_agents(f"{person.name} {how}.", text=text, author=person.id)
    draft.explain("lifecycle", "reopened", how)
    origin.bring_back(draft)
    return None


def remind(draft: Draft) -> None:
    """Tell the requester that the ticket waits and when it will close.

    Who is reminded late, after an outage, has as long to answer as who is reminded in time.
    """
    remind_due, close_due = draft.ticket.remind_due, draft.ticket.close_due
    draft.add(Reminded())
    if remind_due is not None and close_due is not None and close_due <= draft.now:
        later = draft.now + (close_due - remind_due)
        draft.add(ClosurePostponed(close_due=later, remind_due=None))
    draft.write(Template.REMINDER, draft.ticket.requester, links=(Purpose.RESOLUTION,))
    draft.explain("clock", "reminded the requester")


def stay(draft: Draft) -> None:
    """Who was not asked objects: an agent decides whether work goes on, and no clock closes it."""
    draft.add(ClosureScheduled(None))
    draft.explain("lifecycle", "closes by itself no more: the requester objects")


def close_when_due(draft: Draft) -> None:
    """The time is over in which the requester, or the problem, could have come back."""
    if draft.ticket.waits_for_requester:
        _close_unanswered(draft)
        return
    closing = draft.policy.workflow.closing
    category, note = closing.accepted_category, closing.silent_note
    if workflow.close(draft, ActorKind.CLOCK, category, note) is None:
        draft.write(Template.CLOSURE, draft.ticket.requester, note=note)
        draft.explain("clock", "closed after it was resolved")


def _close_unanswered(draft: Draft) -> None:
    """Nobody objected in the configured time."""
    closing = draft.policy.workflow.closing
    category, note = closing.automatic_category, closing.automatic_note
    if workflow.close(draft, ActorKind.CLOCK, category, note) is None:
        draft.write(
            Template.CLOSURE,
            draft.ticket.requester,
            note="It waited for your answer and was closed by itself.",
        )
        draft.explain("clock", "closed without an answer")
