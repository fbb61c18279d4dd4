"""What rules make of a ticket: its classification, and whether somebody must approve."""

from maildesk.lifecycle import approval, workflow
from maildesk.lifecycle.draft import Draft
from maildesk.model.cause import Facts
from maildesk.model.decision import ActorKind
from maildesk.model.event import Field, FieldChanged, Tagged
from maildesk.model.mail import Step
from maildesk.model.person import Person
from maildesk.model.policy import Cause
from maildesk.rules import engine


def apply_rules(draft: Draft, on: Cause, facts: Facts, requester: Person) -> None:
    """Run the rules for this cause once, and let what they say happen."""
    outcome = engine.run(
        draft.policy.rules,
        on,
        ticket=draft.ticket,
        facts=facts,
        requester=requester,
        priority=draft.policy.catalog.priority,
    )
    asked = ""
    for effect in outcome.effects:
        match effect:
            case engine.SetField(field=field, value=value, rule=rule):
                set_field(draft, field, value, rule)
            case engine.AddTag(tag=tag, rule=rule) if tag not in draft.ticket.tags:
                draft.add(Tagged(tag, rule))
            case engine.AskApproval(rule=rule):
                asked = rule
            case _:
                pass
    draft.steps.append(_trace(outcome))
    set_priority(draft)
    if asked:
        approval.ask(draft, requester, asked, facts.text)
    elif is_classified(draft):
        workflow.move(draft, draft.policy.workflow.roles.assigned, ActorKind.RULE)


def settle_approval(
    draft: Draft, approver: Person, approved: bool, reason: str, facts: Facts, requester: Person
) -> None:
    """The approver decides, and the rules look. On a no they look first: it closes the ticket,
    and a closed one never changes."""
    if not approved:
        apply_rules(draft, "rejected", facts, requester)
    approval.settle(draft, approver, approved, reason)
    if approved:
        apply_rules(draft, "approved", facts, requester)


def _trace(outcome: engine.Outcome) -> Step:
    fired = tuple(f'rule "{step.rule}" fired' for step in outcome.steps if step.fired)
    passed = tuple(f'rule "{step.rule}": {step.reason}' for step in outcome.steps if not step.fired)
    return Step("rules", f"{len(fired)} fired", fired, passed)


def set_field(draft: Draft, field: Field, value: str, rule: str = "") -> None:
    """Change a classifying field; an assignee is named by address."""
    new: str | int | None = value
    if field == "assignee":
        agent = draft.policy.directory.agent(value)
        if agent is None:
            draft.explain("rules", f"{value} is no agent; nobody assigned", f'rule "{rule}"')
            return
        new = agent.id
    old = getattr(draft.ticket, field)
    if old != new:
        draft.add(FieldChanged(field=field, old=old, new=new, rule=rule))


def set_priority(draft: Draft) -> None:
    """The priority follows from impact and urgency (the matrix of catalog.toml)."""
    ticket = draft.ticket
    priority = draft.policy.catalog.priority(ticket.impact, ticket.urgency)
    if priority and priority != ticket.priority:
        draft.add(FieldChanged(field="priority", old=ticket.priority, new=priority))


def is_classified(draft: Draft) -> bool:
    """Whether all is known that the status Assign asks for."""
    ticket = draft.ticket
    needed = (ticket.service, ticket.category, ticket.impact, ticket.urgency, ticket.priority)
    return all(needed) and bool(ticket.team or ticket.assignee)
