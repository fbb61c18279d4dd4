"""What follows from a decision: rules on a changed status or a reopening, and rules that wait.

Only a status that somebody else than a rule changed counts, and only where no rules looked at this
cause yet: so no rule can fire itself or another one again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from maildesk.lifecycle import waiting
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.looking import apply_rules
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import Facts
from maildesk.model.decision import Change, Decision
from maildesk.model.event import Reopened, RulesDue, StatusMoved, TicketOpened
from maildesk.model.person import Person
from maildesk.model.policy import Cause, Rule
from maildesk.model.ticket import Ticket, evolve

_FOLLOWING: tuple[Cause, ...] = ("status-changed", "reopened", "waited")


def follow(
    ticket: Ticket | None,
    decision: Decision,
    facts: Facts,
    requester: Person,
    policy: Policy,
    now: datetime,
    *,
    silent: bool = False,
    family: Mapping[int, Ticket] | None = None,
) -> Decision:
    """The decision and what follows from it for its ticket, the one that it made if it made one."""
    if not decision.changes or not any(map(policy.rules.waits_for, _FOLLOWING)):
        return decision
    change = decision.changes[-1]
    after = ticket if change.ticket is not None else None
    for event in change.events:
        after = evolve(after, event, number=change.ticket or 0, at=now)
    assert after is not None
    draft = Draft(after, decision.actor, policy, now, silent=silent, family=family or {})
    moved = [event for event in change.events if isinstance(event, StatusMoved)]
    if any(not event.rule for event in moved) and not decision.rules_ran:
        begins_again = any(isinstance(event, Reopened) for event in change.events)
        apply_rules(draft, "reopened" if begins_again else "status-changed", facts, requester)
    opened = any(isinstance(event, TicketOpened) for event in change.events)
    if moved or draft.events or opened:
        plan(draft)
    return _together(decision, change, draft)


def _together(decision: Decision, change: Change, draft: Draft) -> Decision:
    if not draft.events and not draft.letters and not draft.steps:
        return decision
    whole = replace(change, events=(*change.events, *draft.events))
    return replace(
        decision,
        changes=(*decision.changes[:-1], whole),
        letters=(*decision.letters, *draft.letters),
        notes=(*decision.notes, *draft.notes),
        follow_ups=(*decision.follow_ups, *draft.follow_ups),
        why=(*decision.why, *draft.steps),
    )


def plan(draft: Draft) -> None:
    """Write down when a rule that waits looks next."""
    due = _next(draft, draft.now)
    if due != draft.ticket.rules_due:
        draft.add(RulesDue(due))


def strike(draft: Draft, requester: Person) -> None:
    """The rules whose time has come look once; then the next one is waited for."""
    since = draft.ticket.rules_due
    assert since is not None, "only a ticket with a deadline is struck"
    ripe = [rule.name for rule in _waiting(draft) if since <= _due(draft, rule) <= draft.now]
    if ripe:
        apply_rules(draft, "waited", Facts(), requester, only=ripe)
    plan(draft)


def _waiting(draft: Draft) -> list[Rule]:
    """The rules that wait in the status of the ticket."""
    if draft.ticket.is_closed:
        return []
    every = (compiled.rule for compiled in draft.policy.rules.rules)
    return [r for r in every if r.waited and draft.ticket.status in r.in_status]


def _due(draft: Draft, rule: Rule) -> datetime:
    since = draft.ticket.status_since or draft.ticket.opened_at
    return waiting.after(draft.policy.calendar, since, rule.waited or "")


def _next(draft: Draft, now: datetime) -> datetime | None:
    return min((due for r in _waiting(draft) if (due := _due(draft, r)) > now), default=None)
