"""What monitoring reports: one ticket per problem, resolved when the problem is over.

A problem that keeps coming back (flapping) fills one ticket, not many: it comes back into the
ticket that its end resolved as long as that is not closed, and once it is known to flap, its end
must hold for a while before anything is resolved.
"""

from datetime import datetime, timedelta

from maildesk.lifecycle import closing_time, origin, workflow
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.looking import apply_rules, turned_away
from maildesk.lifecycle.policy import Policy
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
from maildesk.model.monitoring import Report
from maildesk.model.person import Proof
from maildesk.model.ticket import Ticket

# A stranger may open a ticket; what resolves one, or brings it back, needs to be proven.
CHANGING_A_STATE = Proof.AUTHENTICATED
_OVER_HERE = (
    "Monitoring reports that {problem} is over, whose ticket was merged into this one. Whether "
    "this ticket is solved only people know: nothing has changed."
)
_BACK_HERE = (
    "Monitoring reports that {problem} is back, whose ticket was merged into this one. Nothing has "
    "changed."
)


def reported(
    ticket: Ticket | None, cause: ProblemReported, policy: Policy, now: datetime
) -> Decision:
    """What a report does to the open ticket of its problem, or to none."""
    actor = Actor(ActorKind.EVENT, cause.reporter.id, cause.proof.name.lower())
    if ticket is not None:
        draft = Draft(ticket, actor, policy, now, silent=cause.silent, family=cause.family)
        kind = _to_a_ticket(draft, cause)
        return draft.decision(Answer.DONE, Disposition.FOLLOW_UP, kind)
    if cause.report is Report.PROBLEM:
        return _opened(cause, actor, policy, now)
    nothing = Step(
        "monitoring", f"{cause.report} of a problem without an open ticket", (cause.key,)
    )
    return Decision(
        answer=Answer.RECORDED, actor=actor, disposition=Disposition.AUTO_REPLY, why=(nothing,)
    )


def _opened(cause: ProblemReported, actor: Actor, policy: Policy, now: datetime) -> Decision:
    opened = first_event(policy, requester=cause.reporter.id, source="event")
    draft = Draft.opening(opened, actor, policy, now, silent=cause.silent)
    draft.add(MessageAdded(cause.message, "request"), ProblemSeen(cause.key, again=False))
    draft.explain("monitoring", "a problem that no open ticket is about", cause.key)
    away = turned_away(apply_rules(draft, "created", cause.facts, cause.reporter), draft)
    if away is not None:
        return away
    draft.tell_agents(f"{cause.reporter.name} reports a problem.", text=cause.text)
    return draft.decision(Answer.DONE, Disposition.NEW_TICKET, "request")


def _to_a_ticket(draft: Draft, cause: ProblemReported) -> str:
    """Let the report happen; the kind of message that it is."""
    if not _is_news(draft, cause):
        draft.add(MessageAdded(cause.message, "event"))
        draft.explain("monitoring", f"{cause.report}: nothing new", cause.key)
        return "event"
    if cause.proof < CHANGING_A_STATE:
        return _unproven(draft, cause)
    draft.add(MessageAdded(cause.message, "event"))
    reopened = draft.ticket.reopened
    _HAPPENS[cause.report](draft, cause)
    again = ("reopened",) if draft.ticket.reopened > reopened else ()
    apply_rules(draft, ("event", *again), cause.facts, cause.reporter)
    return "event"


def _is_news(draft: Draft, cause: ProblemReported) -> bool:
    """A problem is where it had ended, or the ticket was resolved; an end, where it had not."""
    ticket = draft.ticket
    is_open = cause.key in ticket.problems
    if cause.report is Report.PROBLEM:
        return not is_open or (_is_of_monitoring(ticket) and ticket.is_resolved)
    return cause.report is Report.RECOVERY and is_open


def _is_of_monitoring(ticket: Ticket) -> bool:
    """Whether monitoring opened the ticket. Into any other one a problem's was merged: that is
    a person's, and no machine knows whether it is solved."""
    return ticket.event_key is not None


def _unproven(draft: Draft, cause: ProblemReported) -> str:
    draft.add(MessageAdded(cause.message, "unproven"))
    draft.explain("monitoring", "nothing changed: proof falls short", *cause.rejected)
    draft.tell_agents(
        f"A mail in the name of {cause.reporter.address} reports a {cause.report}, but nothing "
        "proves that it came from there. Nothing has changed.",
        text=cause.text,
    )
    return "unproven"


def _again(draft: Draft, cause: ProblemReported) -> None:
    """The problem is back before its ticket was closed."""
    draft.add(ProblemSeen(cause.key, again=True))
    if not _is_of_monitoring(draft.ticket):
        draft.tell_agents(_BACK_HERE.format(problem=_named(cause.key)), text=cause.text)
        return
    if draft.ticket.is_resolved:
        illegal = workflow.move(draft, draft.policy.workflow.roles.working, ActorKind.EVENT)
        if illegal is not None:
            draft.tell_agents(f"The problem is back, but {illegal.why}.", text=cause.text)
            return
        draft.add(Reopened())
        origin.bring_back(draft)
    draft.explain("monitoring", f"the problem is back, {draft.ticket.flaps} times by now")
    if draft.ticket.flaps < draft.policy.monitoring.flaps:
        draft.tell_agents("The problem is back.", text=cause.text)
    elif draft.ticket.flaps == draft.policy.monitoring.flaps:
        minutes = draft.policy.monitoring.settle_minutes
        draft.tell_agents(
            f"The problem is back and seems to come and go. From now on its end must hold for "
            f"{minutes:g} minutes, and you are told of nothing before.",
            text=cause.text,
        )


def _over(draft: Draft, cause: ProblemReported) -> None:
    """The problem has ended; one that flaps must stay away for a while.

    The ticket is resolved when the last of its problems has ended, and only if it is monitoring's.
    """
    ticket, problem = draft.ticket, _named(cause.key)
    others = ", ".join(_named(key) for key in ticket.problems if key != cause.key)
    last = _is_of_monitoring(ticket) and not ticket.is_resolved and not others
    due = _settles(draft) if last else None
    draft.add(ProblemEnded(due, cause.key))
    if due is not None:
        draft.explain("monitoring", f"flapping: must hold until {due:%H:%M} UTC", cause.key)
    elif last:
        _resolve(draft, cause.text)
    elif not _is_of_monitoring(ticket):
        draft.tell_agents(_OVER_HERE.format(problem=problem), text=cause.text)
    elif ticket.is_resolved:
        draft.explain("monitoring", "over; the ticket was resolved before", cause.key)
    else:
        draft.explain("monitoring", f"not resolved: {others} is not over", cause.key)
        note = f"Monitoring reports that {problem} is over. This ticket stays open for {others}."
        draft.tell_agents(note, text=cause.text)


def _settles(draft: Draft) -> datetime | None:
    """Until when the end must hold of what flaps; None for all else."""
    monitoring = draft.policy.monitoring
    flaps = draft.ticket.flaps >= monitoring.flaps
    return draft.now + timedelta(minutes=monitoring.settle_minutes) if flaps else None


def _named(key: str) -> str:
    """A problem as agents read it: without the name of the system."""
    return key.partition(":")[2] or key


_HAPPENS = {Report.PROBLEM: _again, Report.RECOVERY: _over}


def settled(draft: Draft) -> None:
    """The end of a flapping problem has held for long enough."""
    draft.add(ProblemEnded(None))
    _resolve(draft, "")


def _resolve(draft: Draft, text: str) -> None:
    roles = draft.policy.workflow.roles
    illegal = workflow.move(draft, roles.resolved_by_event, ActorKind.EVENT)
    if illegal is not None:
        draft.explain("monitoring", "not resolved", illegal.why)
        draft.tell_agents(f"The problem is over, but {illegal.why}.", text=text)
        return
    hours = draft.policy.monitoring.close_after_hours
    draft.add(ClosureScheduled(closing_time.without_a_reader(draft)))
    draft.explain("monitoring", "resolved by event")
    origin.take_along(draft)
    draft.tell_agents(
        f"Monitoring reports that the problem is over. The ticket closes in {hours:g} hours, "
        "unless it comes back.",
        text=text,
    )
