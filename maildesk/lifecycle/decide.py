"""The front door: what is to be done about a cause. Pure; takes microseconds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from maildesk.lifecycle import correspondence, held_mail, link_click, monitoring_problem, opening
from maildesk.lifecycle.approvals import approval_deadlines, substitutes
from maildesk.lifecycle.classification.rule_triggers import apply_triggers, run_delayed
from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.commands import agent_link, hold, perform
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.relations import parent_state, related_tickets
from maildesk.lifecycle.sla import escalation_policy
from maildesk.model.approval import Approval
from maildesk.model.cause import (
    AgentActed,
    Cause,
    DeadlineReached,
    DeliveryFailed,
    HeldJudged,
    LinkUsed,
    MailArrived,
    ParentStateChanged,
    ProblemReported,
    RelatedTicketChange,
    TicketReported,
)
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, Template
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

_OnDeadline = Callable[[DecisionBuilder, Person], None]


def decide(ticket: Ticket | None, cause: Cause, policy: Policy, now: datetime) -> Decision:
    """What changes, which letters go out, and why. `ticket` is None for a mail of no ticket.

    Raises ValueError where a cause other than a mail or a report comes without its ticket.
    """
    return apply_triggers(_decided(ticket, cause, policy, now), cause, policy, now)


def _decided(ticket: Ticket | None, cause: Cause, policy: Policy, now: datetime) -> Decision:
    if isinstance(cause, MailArrived):
        return correspondence.arrived(ticket, cause, policy, now)
    if isinstance(cause, ProblemReported):
        return monitoring_problem.reported(ticket, cause, policy, now)
    if isinstance(cause, TicketReported):
        return opening.reported(cause, policy, now)
    if isinstance(cause, RelatedTicketChange):
        return related_tickets.follow(ticket, cause, policy, now)
    if ticket is None:
        raise ValueError(f"{type(cause).__name__} needs a ticket")
    match cause:
        case LinkUsed():
            return link_click.used(ticket, cause, policy, now)
        case AgentActed():
            return _agent_acted(ticket, cause, policy, now)
        case ParentStateChanged():
            return parent_state.turned(ticket, cause, policy, now)
        case HeldJudged():
            return held_mail.judge(ticket, cause, policy, now)
        case DeadlineReached():
            return _deadline_reached(ticket, cause, policy, now)
        case DeliveryFailed():
            return _delivery_failed(ticket, cause, policy, now)


def _agent_acted(ticket: Ticket, acted: AgentActed, policy: Policy, now: datetime) -> Decision:
    proof = perform.CONSOLE if acted.round is None else "link"
    builder = DecisionBuilder(
        ticket,
        Actor(ActorKind.AGENT, acted.agent.id, proof),
        policy,
        now,
        descendants=acted.descendants,
        number=acted.number,
    )
    if acted.round is not None:
        return agent_link.click(builder, _written(acted), acted.round)
    return perform.perform(builder, _written(acted))


def _written(acted: AgentActed) -> perform.Written:
    return perform.Written(
        agent=acted.agent,
        requester=acted.requester,
        message=acted.message,
        text=acted.text,
        commands=acted.commands,
        wrong=acted.wrong_commands,
        command_context=acted.command_context,
    )


def _deadline_reached(
    ticket: Ticket, struck: DeadlineReached, policy: Policy, now: datetime
) -> Decision:
    builder = DecisionBuilder(
        ticket, Actor(ActorKind.CLOCK), policy, now, descendants=struck.descendants
    )
    due = [(at, act) for at, act in _deadlines(ticket) if at is not None and at <= now]
    if due:
        _, act = min(due, key=itemgetter(0))
        act(builder, struck.requester)
    if builder.ticket.is_closed or not escalation_policy.is_timer_due(builder):
        return builder.decision(Answer.DONE)
    escalation_policy.run_due_steps(builder)
    decision = builder.decision(Answer.DONE)
    # What sla.toml says may be other than when the clock was set: then it is judged anew.
    return replace(decision, changes=decision.changes or (builder.change(),))


def _deadlines(ticket: Ticket) -> tuple[tuple[datetime | None, _OnDeadline], ...]:
    """When each is due and what happens then. The earliest comes first, also where several were
    missed; of two at once the upper one. One call works one deadline: the next look finds the rest.
    """
    question = ticket.approval if ticket.waits_for_approval else None
    return (
        (ticket.remind_due, lambda builder, _: closure.remind(builder)),
        (ticket.close_due, lambda builder, _: closure.close_when_due(builder)),
        (ticket.settle_due, lambda builder, _: monitoring_problem.settled(builder)),
        (question.due if question else None, approval_deadlines.on_deadline),
        (ticket.wake_due, lambda builder, _: hold.wake(builder)),
        (ticket.rules_due, run_delayed),
    )


def _ask_another(builder: DecisionBuilder, question: Approval, unreachable: Person) -> None:
    """A bounced approval mail is escalated at once."""
    if unreachable.id in question.waiting:
        substitutes.pass_on(builder, unreachable.id, "bounced")


def _delivery_failed(
    ticket: Ticket, failed: DeliveryFailed, policy: Policy, now: datetime
) -> Decision:
    """A failed mail is shown to who works on the ticket at once, an approval mail loudest."""
    builder = DecisionBuilder(ticket, Actor(ActorKind.DESK), policy, now)
    is_request = failed.template == Template.APPROVAL
    note = Message.of("note.undelivered", recipient=failed.recipient, kind=failed.template)
    if is_request:
        note = Message.of("note.approval-undelivered", recipient=failed.recipient)
    question = ticket.approval if ticket.waits_for_approval else None
    if is_request and question is not None:
        _ask_another(builder, question, failed.recipient)
    others = policy.directory.working_beside(ticket, failed.recipient.id)
    if failed.template == Template.DELIVERY_FAILED or not others:
        # Of a failed report no other is written: agents' mailboxes would fail in turns.
        builder.explain("delivery", "told nobody", note)
        return builder.decision(Answer.DONE)
    builder.write(Template.DELIVERY_FAILED, *others, text=failed.reason, note=note)
    builder.explain("delivery", "told the agents", note)
    return builder.decision(Answer.DONE)
