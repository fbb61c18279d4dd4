"""What monitoring reports: one ticket per problem, resolved when the problem is over.

A problem that keeps coming back (flapping) fills one ticket, not many: it comes back into the
ticket that its end resolved as long as that is not closed, and once it is known to flap, its end
must hold for a while before anything is resolved.
"""

from datetime import datetime, timedelta

from maildesk.lifecycle.classification.rule_evaluation import apply_rules, turned_away
from maildesk.lifecycle.closure import closure_deadlines
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.relations import parent_state
from maildesk.lifecycle.workflow import transitions
from maildesk.model.cause import ProblemReported
from maildesk.model.decision import Actor, ActorKind, Answer, Decision
from maildesk.model.event import (
    ClosureScheduled,
    MessageAdded,
    ProblemEnded,
    ProblemSeen,
    Reopened,
)
from maildesk.model.mail import Disposition, Step
from maildesk.model.message import Message
from maildesk.model.monitoring import Report
from maildesk.model.person import Proof
from maildesk.model.ticket import Ticket

# A stranger may open a ticket; what resolves one, or brings it back, needs to be proven.
CHANGING_A_STATE = Proof.AUTHENTICATED


def reported(
    ticket: Ticket | None, cause: ProblemReported, policy: Policy, now: datetime
) -> Decision:
    """What a report does to the open ticket of its problem, or to none."""
    actor = Actor(ActorKind.EVENT, cause.requester.id, cause.proof.name.lower())
    if ticket is not None:
        builder = DecisionBuilder(
            ticket, actor, policy, now, silent=cause.silent, descendants=cause.descendants
        )
        kind = _to_a_ticket(builder, cause)
        return builder.decision(Answer.DONE, Disposition.FOLLOW_UP, kind)
    if cause.report is Report.PROBLEM:
        return _opened(cause, actor, policy, now)
    nothing = Step(
        "monitoring", f"{cause.report} of a problem without an open ticket", (cause.key,)
    )
    return Decision(
        answer=Answer.RECORDED, actor=actor, disposition=Disposition.AUTO_REPLY, why=(nothing,)
    )


def _opened(cause: ProblemReported, actor: Actor, policy: Policy, now: datetime) -> Decision:
    opened = first_event(policy, requester=cause.requester.id, source="event")
    builder = DecisionBuilder.opening(
        opened, actor, policy, now, number=cause.number, silent=cause.silent
    )
    builder.add(MessageAdded(cause.message, "request"), ProblemSeen(cause.key, again=False))
    builder.explain("monitoring", "a problem that no open ticket is about", cause.key)
    away = turned_away(apply_rules(builder, "created", cause.facts, cause.requester), builder)
    if away is not None:
        return away
    builder.tell_agents(Message.of("problem.new", system=cause.requester), text=cause.text)
    return builder.decision(Answer.DONE, Disposition.NEW_TICKET, "request")


def _to_a_ticket(builder: DecisionBuilder, cause: ProblemReported) -> str:
    """Let the report happen; the kind of message that it is."""
    if not _is_news(builder, cause):
        builder.add(MessageAdded(cause.message, "event"))
        builder.explain("monitoring", f"{cause.report}: nothing new", cause.key)
        return "event"
    if cause.proof < CHANGING_A_STATE:
        return _unproven(builder, cause)
    builder.add(MessageAdded(cause.message, "event"))
    reopened = builder.ticket.reopened
    _HAPPENS[cause.report](builder, cause)
    again = ("reopened",) if builder.ticket.reopened > reopened else ()
    apply_rules(builder, ("event", *again), cause.facts, cause.requester)
    return "event"


def _is_news(builder: DecisionBuilder, cause: ProblemReported) -> bool:
    """A problem is where it had ended, or the ticket was resolved; an end, where it had not."""
    ticket = builder.ticket
    is_open = cause.key in ticket.problems
    if cause.report is Report.PROBLEM:
        return not is_open or (_is_of_monitoring(ticket) and ticket.is_resolved)
    return cause.report is Report.RECOVERY and is_open


def _is_of_monitoring(ticket: Ticket) -> bool:
    """Whether monitoring opened the ticket. Into any other one a problem's was merged: that is
    a person's, and no machine knows whether it is solved."""
    return ticket.event_key is not None


def _unproven(builder: DecisionBuilder, cause: ProblemReported) -> str:
    builder.add(MessageAdded(cause.message, "unproven"))
    builder.explain("monitoring", "nothing changed: proof falls short", *cause.rejected)
    builder.tell_agents(
        Message.of("problem.unproven", address=cause.requester.address),
        text=cause.text,
    )
    return "unproven"


def _again(builder: DecisionBuilder, cause: ProblemReported) -> None:
    """The problem is back before its ticket was closed."""
    builder.add(ProblemSeen(cause.key, again=True))
    if not _is_of_monitoring(builder.ticket):
        note = Message.of("problem.back-after-merge", problem=_named(cause.key))
        builder.tell_agents(note, text=cause.text)
        return
    if builder.ticket.is_resolved:
        illegal = transitions.move(builder, builder.policy.workflow.roles.working, ActorKind.EVENT)
        if illegal is not None:
            builder.tell_agents(Message.of("problem.back") + illegal.why, text=cause.text)
            return
        builder.add(Reopened())
        parent_state.reopen_children(builder)
    builder.explain("monitoring", f"the problem is back, {builder.ticket.flaps} times by now")
    if builder.ticket.flaps < builder.policy.monitoring.flaps:
        builder.tell_agents(Message.of("problem.back"), text=cause.text)
    elif builder.ticket.flaps == builder.policy.monitoring.flaps:
        minutes = builder.policy.monitoring.settle_minutes
        note = Message.of("problem.flapping", minutes=minutes)
        builder.tell_agents(note, text=cause.text)


def _over(builder: DecisionBuilder, cause: ProblemReported) -> None:
    """The problem has ended; one that flaps must stay away for a while.

    The ticket is resolved when the last of its problems has ended, and only if it is monitoring's.
    """
    ticket, problem = builder.ticket, _named(cause.key)
    others = tuple(_named(key) for key in ticket.problems if key != cause.key)
    last = _is_of_monitoring(ticket) and not ticket.is_resolved and not others
    due = _settles(builder) if last else None
    builder.add(ProblemEnded(due, cause.key))
    if due is not None:
        builder.explain("monitoring", f"flapping: must hold until {due:%H:%M} UTC", cause.key)
    elif last:
        _resolve(builder, cause.text)
    elif not _is_of_monitoring(ticket):
        builder.tell_agents(
            Message.of("problem.over-after-merge", problem=problem), text=cause.text
        )
    elif ticket.is_resolved:
        builder.explain("monitoring", "over; the ticket was resolved before", cause.key)
    else:
        builder.explain("monitoring", "not resolved: others are not over", *others)
        note = Message.of("problem.over-others-open", problem=problem, others=others)
        builder.tell_agents(note, text=cause.text)


def _settles(builder: DecisionBuilder) -> datetime | None:
    """Until when the end must hold of what flaps; None for all else."""
    monitoring = builder.policy.monitoring
    flaps = builder.ticket.flaps >= monitoring.flaps
    return builder.now + timedelta(minutes=monitoring.settle_minutes) if flaps else None


def _named(key: str) -> str:
    """A problem as agents read it: without the name of the system."""
    return key.partition(":")[2] or key


_HAPPENS = {Report.PROBLEM: _again, Report.RECOVERY: _over}


def settled(builder: DecisionBuilder) -> None:
    """The end of a flapping problem has held for long enough."""
    builder.add(ProblemEnded(None))
    _resolve(builder, "")


def _resolve(builder: DecisionBuilder, text: str) -> None:
    roles = builder.policy.workflow.roles
    illegal = transitions.move(builder, roles.resolved_by_event, ActorKind.EVENT)
    if illegal is not None:
        builder.explain("monitoring", "not resolved", illegal.why)
        builder.tell_agents(Message.of("problem.over") + illegal.why, text=text)
        return
    hours = builder.policy.monitoring.close_after_hours
    builder.add(ClosureScheduled(closure_deadlines.without_a_reader(builder)))
    builder.explain("monitoring", "resolved by event")
    parent_state.resolve_children(builder)
    builder.tell_agents(Message.of("problem.over-closes", hours=hours), text=text)
