"""How a ticket is classified: its fields, and the priority that follows from them."""

from maildesk.lifecycle.draft import Draft
from maildesk.model.event import Field, FieldChanged


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


def set_priority(draft: Draft, rule: str = "", since: int = 0) -> None:
    """The priority follows from impact and urgency (the matrix of catalog.toml), when they change:
    a priority that an agent or a rule set stays until then. `since`: by which event on."""
    changed = {event.field for event in draft.events[since:] if isinstance(event, FieldChanged)}
    ticket = draft.ticket
    priority = draft.policy.catalog.priority(ticket.impact, ticket.urgency)
    if priority and priority != ticket.priority and changed & {"impact", "urgency"}:
        draft.add(FieldChanged(field="priority", old=ticket.priority, new=priority, rule=rule))


def is_classified(draft: Draft) -> bool:
    """Whether all is known that the status Assign asks for."""
    return draft.ticket.is_classified and bool(draft.ticket.team or draft.ticket.assignee)
