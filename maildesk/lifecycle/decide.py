"""The front door: what is to be done about a cause. Pure; takes microseconds."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from maildesk.lifecycle import (
    closure,
    command,
    correspondence,
    elsewhere,
    expiry,
    held,
    hold,
    ladder,
    link,
    monitoring,
    opening,
    origin,
    standing_in,
    work_link,
)
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.follow import follow, strike
from maildesk.lifecycle.policy import Policy
from maildesk.model.approval import Approval
from maildesk.model.cause import (
    AgentActed,
    Cause,
    ClockStruck,
    DeliveryFailed,
    Facts,
    HeldJudged,
    LinkUsed,
    MailArrived,
    OrderedElsewhere,
    OriginTurned,
    ProblemReported,
    TicketReported,
)
from maildesk.model.decision import Actor, ActorKind, Answer, Change, Decision, Template
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

_Strike = Callable[[Draft, Person], None]


def decide(ticket: Ticket | None, cause: Cause, policy: Policy, now: datetime) -> Decision:
    """What changes, which letters go out, and why. `ticket` is None for a mail of no ticket.

    Raises ValueError where a cause other than a mail or a report comes without its ticket.
    """
    decision = _decided(ticket, cause, policy, now)
    if isinstance(cause, DeliveryFailed):
        return decision
    silent = isinstance(cause, MailArrived) and cause.silent
    requester = _asking(cause)
    if requester is None:
        return decision
    return follow(
        ticket,
        decision,
        _seen(cause),
        requester,
        policy,
        now,
        silent=silent,
        family=_family(cause),
    )


def _asking(cause: Cause) -> Person | None:
    """Whose ticket it is that rules look at."""
    match cause:
        case DeliveryFailed():
            return None
        case ProblemReported(reporter=reporter):
            return reporter
        case HeldJudged(author=author):
            return author
        case _:
            return cause.requester


def _family(cause: Cause) -> Mapping[int, Ticket]:
    """The tickets below this one, which go with it where a rule moves it."""
    match cause:
        case (
            MailArrived(family=family)
            | LinkUsed(family=family)
            | AgentActed(family=family)
            | ClockStruck(family=family)
            | ProblemReported(family=family)
        ):
            return family
        case _:
            return {}


def _seen(cause: Cause) -> Facts:
    match cause:
        case HeldJudged(facts=facts):
            return facts
        case OrderedElsewhere(agent=agent):
            return Facts(sender=agent.address)
        case OriginTurned(agent=Person(address=address), text=text):
            return Facts(text=text, sender=address)
        case MailArrived(facts=facts) | ProblemReported(facts=facts) | TicketReported(facts=facts):
            return facts
        case LinkUsed():
            return link.facts(cause)
        case AgentActed(agent=agent, text=text):
            return Facts(text=text, sender=agent.address)
        case ClockStruck() | DeliveryFailed() | OriginTurned():
            return Facts()


def _decided(ticket: Ticket | None, cause: Cause, policy: Policy, now: datetime) -> Decision:
    if isinstance(cause, MailArrived):
        return correspondence.arrived(ticket, cause, policy, now)
    if isinstance(cause, ProblemReported):
        return monitoring.reported(ticket, cause, policy, now)
    if isinstance(cause, TicketReported):
        return opening.reported(cause, policy, now)
    if isinstance(cause, OrderedElsewhere):
        return elsewhere.follow(ticket, cause, policy, now)
    if ticket is None:
        raise ValueError(f"{type(cause).__name__} needs a ticket")
    match cause:
        case LinkUsed():
            return link.used(ticket, cause, policy, now)
        case AgentActed():
            return _agent_acted(ticket, cause, policy, now)
        case OriginTurned():
            return origin.turned(ticket, cause, policy, now)
        case HeldJudged():
            return held.judge(ticket, cause, policy, now)
        case ClockStruck():
            return _clock_struck(ticket, cause, policy, now)
        case DeliveryFailed():
            return _delivery_failed(ticket, cause, policy, now)


def _agent_acted(ticket: Ticket, acted: AgentActed, policy: Policy, now: datetime) -> Decision:
    proof = command.CONSOLE if acted.round is None else "link"
    draft = Draft(
        ticket, Actor(ActorKind.AGENT, acted.agent.id, proof), policy, now, family=acted.family
    )
    if acted.round is not None:
        return work_link.click(draft, _written(acted), acted.round)
    return command.perform(draft, _written(acted))


def _written(acted: AgentActed) -> command.Written:
    return command.Written(
        agent=acted.agent,
        requester=acted.requester,
        message=acted.message,
        text=acted.text,
        commands=acted.commands,
        wrong=acted.wrong_commands,
        around=acted.around,
    )


def _clock_struck(ticket: Ticket, struck: ClockStruck, policy: Policy, now: datetime) -> Decision:
    draft = Draft(ticket, Actor(ActorKind.CLOCK), policy, now, family=struck.family)
    due = [(at, act) for at, act in _deadlines(ticket) if at is not None and at <= now]
    if due:
        _, act = min(due, key=itemgetter(0))
        act(draft, struck.requester)
    if draft.ticket.is_closed or not ladder.wakes(draft):
        return draft.decision(Answer.DONE)
    ladder.climb(draft)
    decision = draft.decision(Answer.DONE)
    # What sla.toml says may be other than when the clock was set: then it is judged anew.
    return replace(decision, changes=decision.changes or (Change(ticket.number, ()),))


def _deadlines(ticket: Ticket) -> tuple[tuple[datetime | None, _Strike], ...]:
    """When each is due and what happens then. The earliest comes first, also where several were
    missed; of two at once the upper one. One strike is one deadline: the next look finds the rest.
    """
    question = ticket.approval if ticket.waits_for_approval else None
    return (
        (ticket.remind_due, lambda draft, _: closure.remind(draft)),
        (ticket.close_due, lambda draft, _: closure.close_when_due(draft)),
        (ticket.settle_due, lambda draft, _: monitoring.settled(draft)),
        (question.due if question else None, expiry.strike),
        (ticket.wake_due, lambda draft, _: hold.wake(draft)),
        (ticket.rules_due, strike),
    )


def _ask_another(draft: Draft, question: Approval, unreachable: Person) -> None:
    """A bounced approval mail is escalated at once."""
    if unreachable.id in question.waiting:
        standing_in.pass_on(draft, unreachable.id, "bounced")


def _delivery_failed(
    ticket: Ticket, failed: DeliveryFailed, policy: Policy, now: datetime
) -> Decision:
    """A failed mail is shown to who works on the ticket at once, an approval mail loudest."""
    draft = Draft(ticket, Actor(ActorKind.DESK), policy, now)
    what = "approval request" if failed.template == Template.APPROVAL else failed.template
    note = f"The {what} to {failed.recipient.name} <{failed.recipient.address}> did not arrive."
    question = ticket.approval if ticket.waits_for_approval else None
    if failed.template == Template.APPROVAL and question is not None:
        _ask_another(draft, question, failed.recipient)
    others = policy.directory.working_beside(ticket, failed.recipient.id)
    if failed.template == Template.DELIVERY_FAILED or not others:
        # Of a failed report no other is written: agents' mailboxes would fail in turns.
        draft.explain("delivery", "told nobody", note)
        return draft.decision(Answer.DONE)
    draft.write(Template.DELIVERY_FAILED, *others, text=failed.reason, note=note)
    draft.explain("delivery", "told the agents", note)
    return draft.decision(Answer.DONE)
