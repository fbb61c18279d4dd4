"""Resolving, accepting, rejecting, reminding, reopening and closing a ticket."""

from maildesk.lifecycle.closure import closure_deadlines
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.relations import parent_state
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import (
    ClosurePostponed,
    ClosureScheduled,
    Reminded,
    Reopened,
    ResolutionDecided,
    ResolutionGiven,
)
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.person import Person


def resolve(
    builder: DecisionBuilder, agent: Person, message: str, text: str, *, asks: bool = True
) -> Refusal | None:
    """Give a resolution, and ask the requester to accept or reject it; or say why not.

    A machine is not asked; the ticket waits as long as after the machine's own recovery report.
    """
    illegal = cannot_resolve(builder)
    if illegal is not None:
        return illegal
    builder.add(_given(builder, message, asks))
    transitions.move(builder, builder.policy.workflow.roles.waiting_for_closure, ActorKind.AGENT)
    builder.write(
        Template.RESOLUTION,
        builder.ticket.requester,
        automatic=False,
        text=text,
        author=agent.id,
        links=(Purpose.RESOLUTION,),
    )
    _tell_participants(builder, agent, text)
    builder.explain("lifecycle", "resolved", f"by {agent.name}")
    return None


def _tell_participants(builder: DecisionBuilder, agent: Person, text: str) -> None:
    """Who takes part reads the resolution, too; the requester alone accepts or rejects it."""
    told = {agent.id, builder.ticket.requester}
    builder.write(
        Template.UPDATE,
        *(person for person in builder.ticket.participants if person not in told),
        automatic=False,
        text=text,
        author=agent.id,
        note=Message.of("note.resolved-for-participants", agent=agent),
        links=(Purpose.VIEW,),
    )


def cannot_resolve(builder: DecisionBuilder) -> Refusal | None:
    """Why the workflow does not allow an agent to resolve the ticket; None if it does."""
    shipped = builder.policy.workflow
    waiting, filling = shipped.roles.waiting_for_closure, frozenset({"resolution"})
    leads = builder.policy.directory.leads_team(builder.actor.person, builder.ticket.team)
    return transitions.check(
        shipped, builder.ticket, waiting, ActorKind.AGENT, filling, leads=leads
    )


def _given(builder: DecisionBuilder, message: str, asks: bool) -> ResolutionGiven:
    close_due, remind_due = closure_deadlines.to_answer(builder)
    if not asks:
        close_due, remind_due = closure_deadlines.without_a_reader(builder), None
    return ResolutionGiven(
        message=message,
        round=builder.ticket.round + 1,
        close_due=close_due,
        remind_due=remind_due,
    )


def bring_to(
    builder: DecisionBuilder, status: str, by: ActorKind, rule: str = ""
) -> Refusal | None:
    """Change to a status that a person or a rule named, with everything that its state implies.

    Closed ends the ticket. Resolved without a resolution closes it automatically after the days of
    the request type. Leaving Resolved resumes work. Children follow in each case.
    """
    shipped = builder.policy.workflow
    resolved, new = builder.ticket.is_resolved, shipped.state_of(status)
    if new == transitions.CLOSED:
        return _end_in(builder, status, by, rule)
    illegal = transitions.move(builder, status, by, rule=rule)
    if illegal is not None:
        return illegal
    if new == transitions.RESOLVED and status != shipped.roles.rejected:
        _close_later(builder)
        parent_state.resolve_children(builder)
    elif resolved:
        builder.add(Reopened())
        parent_state.reopen_children(builder)
    return None


def _close_later(builder: DecisionBuilder) -> None:
    if builder.ticket.close_due is not None:
        return
    builder.add(ClosureScheduled(closure_deadlines.unasked(builder)))
    builder.write(Template.UPDATE, builder.ticket.requester, note=Message.of("note.resolved"))


def _end_in(builder: DecisionBuilder, status: str, by: ActorKind, rule: str) -> Refusal | None:
    category, note = _end_words(builder, status)
    illegal = transitions.close(builder, by, category, note, status=status, rule=rule)
    if illegal is None:
        builder.write(
            Template.CLOSURE,
            builder.ticket.requester,
            author=builder.actor.person,
            note=Message.verbatim(note),
        )
    return illegal


def _end_words(builder: DecisionBuilder, status: str) -> tuple[str, str]:
    """The closure category and note; a Closed status other than the usual is itself a category."""
    shipped, closing = builder.policy.workflow, builder.policy.workflow.closing
    if status != shipped.roles.closed:
        return status, closing.agent_note
    if builder.ticket.waits_for_requester:
        return closing.automatic_category, closing.automatic_note
    if builder.ticket.is_resolved:
        return closing.accepted_category, closing.silent_note
    return closing.accepted_category, closing.agent_note


def keep_open(builder: DecisionBuilder, requester: Person, text: str) -> None:
    """The requester needs more time to see whether it is solved: the days start again.

    Agents read the requester's text.
    """
    close_due, remind_due = closure_deadlines.to_answer(builder)
    builder.add(ClosurePostponed(close_due=close_due, remind_due=remind_due))
    builder.explain("lifecycle", "kept open", f"until {close_due:%d %B}")
    if text:
        note = Message.of("note.kept-open", requester=requester)
        builder.tell_agents(note, text=text, author=requester.id)


def cannot_accept(builder: DecisionBuilder) -> Refusal | None:
    """Why the workflow does not allow an acceptance to close the ticket; None if it does."""
    roles = builder.policy.workflow.roles
    return transitions.check_chain(builder, ActorKind.REQUESTER, roles.accepted, roles.closed)


def cannot_reject(builder: DecisionBuilder) -> Refusal | None:
    """Why the workflow does not allow a rejection to reopen the ticket; None if it does."""
    roles = builder.policy.workflow.roles
    return transitions.check_chain(builder, ActorKind.REQUESTER, roles.rejected, roles.working)


def cannot_reopen(builder: DecisionBuilder) -> Refusal | None:
    """Why the workflow does not allow a reply to reopen the ticket; None if it does."""
    working = builder.policy.workflow.roles.working
    return transitions.check_chain(builder, ActorKind.REQUESTER, working)


def accept(builder: DecisionBuilder, requester: Person, text: str) -> Refusal | None:
    """The requester accepts: the ticket closes automatically. Agents read the requester's text."""
    roles, closing = builder.policy.workflow.roles, builder.policy.workflow.closing
    illegal = cannot_accept(builder)
    if illegal is not None:
        return illegal
    builder.add(ResolutionDecided(round=builder.ticket.round, accepted=True))
    transitions.move(builder, roles.accepted, ActorKind.REQUESTER)
    builder.explain("lifecycle", "accepted")
    illegal = transitions.close(
        builder, ActorKind.REQUESTER, closing.accepted_category, closing.accepted_note
    )
    if illegal is None:
        builder.write(
            Template.CLOSURE, builder.ticket.requester, note=Message.of("note.you-accepted")
        )
    if illegal is None and text:
        note = Message.of("note.accepted", requester=requester)
        builder.tell_agents(note, text=text, author=requester.id)
    return illegal


def reject(builder: DecisionBuilder, requester: Person, reason: str) -> Refusal | None:
    """The requester rejects: the ticket reopens automatically."""
    roles = builder.policy.workflow.roles
    illegal = cannot_reject(builder)
    if illegal is not None:
        return illegal
    builder.add(ResolutionDecided(round=builder.ticket.round, accepted=False))
    transitions.move(builder, roles.rejected, ActorKind.REQUESTER)
    builder.explain("lifecycle", "rejected")
    return reopen(builder, requester, reason, Message.of("note.rejected", requester=requester))


def reopen(builder: DecisionBuilder, person: Person, text: str, note: Message) -> Refusal | None:
    """Resume work on the ticket; or say why not."""
    working = builder.policy.workflow.roles.working
    illegal = transitions.move(builder, working, builder.actor.kind)
    if illegal is not None:
        return illegal
    builder.add(Reopened())
    builder.tell_agents(note, text=text, author=person.id)
    builder.explain("lifecycle", "reopened", note)
    parent_state.reopen_children(builder)
    return None


def remind(builder: DecisionBuilder) -> None:
    """Remind the requester that the ticket is waiting and when it will close.

    A requester who is reminded late, after an outage, has as much time to answer as usual.
    """
    remind_due, close_due = builder.ticket.remind_due, builder.ticket.close_due
    builder.add(Reminded())
    if remind_due is not None and close_due is not None and close_due <= builder.now:
        later = builder.now + (close_due - remind_due)
        builder.add(ClosurePostponed(close_due=later, remind_due=None))
    builder.write(Template.REMINDER, builder.ticket.requester, links=(Purpose.RESOLUTION,))
    builder.explain("clock", "reminded the requester")


def stay(builder: DecisionBuilder) -> None:
    """A requester who was not asked objects: cancel automatic closure and let an agent decide."""
    builder.add(ClosureScheduled(None))
    builder.explain("lifecycle", "will not close automatically: the requester objects")


def close_when_due(builder: DecisionBuilder) -> None:
    """Close the ticket after the time in which the requester could object or the problem return."""
    if builder.ticket.waits_for_requester:
        _close_unanswered(builder)
        return
    closing = builder.policy.workflow.closing
    category, note = closing.accepted_category, closing.silent_note
    if transitions.close(builder, ActorKind.CLOCK, category, note) is None:
        builder.write(Template.CLOSURE, builder.ticket.requester, note=Message.verbatim(note))
        builder.explain("clock", "closed after it was resolved")


def _close_unanswered(builder: DecisionBuilder) -> None:
    """Close the ticket because the requester did not object in the configured time."""
    closing = builder.policy.workflow.closing
    category, note = closing.automatic_category, closing.automatic_note
    if transitions.close(builder, ActorKind.CLOCK, category, note) is None:
        builder.write(
            Template.CLOSURE,
            builder.ticket.requester,
            note=Message.of("note.closed-unanswered"),
        )
        builder.explain("clock", "closed without an answer")
