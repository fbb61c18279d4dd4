"""What follows from a decision: rules on a changed status or a reopening, and rules that wait.

Only a status that somebody else than a rule changed counts, and only where no rules looked at this
cause yet: so no rule can fire itself or another one again.
"""

from dataclasses import replace
from datetime import datetime

from maildesk.config.schema.rules import Rule, Trigger
from maildesk.lifecycle.classification import rule_time
from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import Cause, Facts
from maildesk.model.decision import Change, Decision
from maildesk.model.event import Reopened, RulesDue, StatusMoved
from maildesk.model.person import Person

_FOLLOWING: tuple[Trigger, ...] = ("status-changed", "reopened", "waited")


def apply_triggers(decision: Decision, cause: Cause, policy: Policy, now: datetime) -> Decision:
    """The decision and what follows from it for its ticket, the one that it made if it made one."""
    if not decision.changes or not any(map(policy.rules.waits_for, _FOLLOWING)):
        return decision
    change = decision.changes[-1]
    builder = DecisionBuilder(
        change.after,
        decision.actor,
        policy,
        now,
        silent=cause.silent,
        descendants=cause.descendants,
    )
    builder.outgoing_mails += decision.outgoing_mails  # one mail a person says both
    moved = [event for event in change.events if isinstance(event, StatusMoved)]
    if any(not event.rule for event in moved) and not decision.rules_ran:
        begins_again = any(isinstance(event, Reopened) for event in change.events)
        on: Trigger = "reopened" if begins_again else "status-changed"
        apply_rules(builder, on, cause.rule_facts, cause.requester)
    if moved or builder.events or change.before is None:
        schedule_delayed(builder)
    return _together(decision, change, builder)


def _together(decision: Decision, change: Change, builder: DecisionBuilder) -> Decision:
    if not builder.events and not builder.steps:
        return decision
    whole = replace(
        change,
        after=builder.ticket,
        events=(*change.events, *builder.events),
        rounds=(*change.rounds, *builder.rounds),
    )
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
