"""What follows from a decision: rules on a changed status or a reopening, and rules that wait.

Only a status that somebody else than a rule changed counts, and only where no rules looked at this
cause yet: so no rule can fire itself or another one again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from maildesk.config.schema.rules import Rule, Trigger
from maildesk.lifecycle.classification import rule_time
from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import Facts
from maildesk.model.decision import Change, Decision
from maildesk.model.event import Reopened, RulesDue, StatusMoved, TicketOpened
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket, evolve

_FOLLOWING: tuple[Trigger, ...] = ("status-changed", "reopened", "waited")


def apply_triggers(
    ticket: Ticket | None,
    decision: Decision,
    facts: Facts,
    requester: Person,
    policy: Policy,
    now: datetime,
    *,
    silent: bool = False,
    descendants: Mapping[int, Ticket] | None = None,
) -> Decision:
    """The decision and what follows from it for its ticket, the one that it made if it made one."""
    if not decision.changes or not any(map(policy.rules.waits_for, _FOLLOWING)):
        return decision
    change = decision.changes[-1]
    after = ticket if change.ticket is not None else None
    for event in change.events:
        after = evolve(after, event, number=change.ticket or 0, at=now)
    assert after is not None
    builder = DecisionBuilder(
        after, decision.actor, policy, now, silent=silent, descendants=descendants or {}
    )
    builder.outgoing_mails += decision.outgoing_mails  # one mail a person says both
    moved = [event for event in change.events if isinstance(event, StatusMoved)]
    if any(not event.rule for event in moved) and not decision.rules_ran:
        begins_again = any(isinstance(event, Reopened) for event in change.events)
        apply_rules(builder, "reopened" if begins_again else "status-changed", facts, requester)
    opened = any(isinstance(event, TicketOpened) for event in change.events)
    if moved or builder.events or opened:
        schedule_delayed(builder)
    return _together(decision, change, builder)


def _together(decision: Decision, change: Change, builder: DecisionBuilder) -> Decision:
    if not builder.events and not builder.steps:
        return decision
    whole = replace(change, events=(*change.events, *builder.events))
    return replace(
        decision,
        changes=(*decision.changes[:-1], whole),
        outgoing_mails=tuple(builder.outgoing_mails),
        notes=(*decision.notes, *builder.notes),
        related_changes=(*decision.related_changes, *builder.related_changes),
        why=(*decision.why, *builder.steps),
    )


def schedule_delayed(builder: DecisionBuilder) -> None:
    """Write down when a rule that waits looks next."""
    due = _next(builder, builder.now)
    if due != builder.ticket.rules_due:
        builder.add(RulesDue(due))


def run_delayed(builder: DecisionBuilder, requester: Person) -> None:
    """The rules whose time has come look once; then the next one is waited for."""
    since = builder.ticket.rules_due
    assert since is not None, "only a ticket with a deadline is struck"
    ripe = [rule.name for rule in _waiting(builder) if since <= _due(builder, rule) <= builder.now]
    if ripe:
        apply_rules(builder, "waited", Facts(), requester, only=ripe)
    schedule_delayed(builder)


def _waiting(builder: DecisionBuilder) -> list[Rule]:
    """The rules that wait in the status of the ticket."""
    if builder.ticket.is_closed:
        return []
    every = (compiled.rule for compiled in builder.policy.rules.rules)
    return [r for r in every if r.waited and builder.ticket.status in r.in_status]


def _due(builder: DecisionBuilder, rule: Rule) -> datetime:
    since = builder.ticket.status_since or builder.ticket.opened_at
    return rule_time.after(builder.policy.calendar, since, rule.waited or "")


def _next(builder: DecisionBuilder, now: datetime) -> datetime | None:
    return min((due for r in _waiting(builder) if (due := _due(builder, r)) > now), default=None)
