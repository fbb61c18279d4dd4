"""How a ticket is classified: its fields, and the priority that follows from them."""

from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.event import Field, FieldChanged


def set_field(builder: DecisionBuilder, field: Field, value: str, rule: str = "") -> None:
    """Change a classifying field; an assignee is named by address."""
    new: str | int | None = value
    if field == "assignee":
        agent = builder.policy.directory.agent(value)
        if agent is None:
            builder.explain(
                "rules", f"{value} is not an agent; nobody was assigned", f'rule "{rule}"'
            )
            return
        new = agent.id
    old = getattr(builder.ticket, field)
    if old != new:
        builder.add(FieldChanged(field=field, old=old, new=new, rule=rule))


def set_priority(builder: DecisionBuilder, rule: str = "", since: int = 0) -> None:
    """The priority follows from impact and urgency (the matrix of catalog.toml), when they change:
    a priority that an agent or a rule set stays until then. `since`: by which event on."""
    changed = {event.field for event in builder.events[since:] if isinstance(event, FieldChanged)}
    ticket = builder.ticket
    priority = builder.policy.catalog.priority(ticket.impact, ticket.urgency)
    if priority and priority != ticket.priority and changed & {"impact", "urgency"}:
        builder.add(FieldChanged(field="priority", old=ticket.priority, new=priority, rule=rule))


def is_classified(builder: DecisionBuilder) -> bool:
    """Whether all is known that the status Assign asks for."""
    return builder.ticket.is_classified and bool(builder.ticket.team or builder.ticket.assignee)
