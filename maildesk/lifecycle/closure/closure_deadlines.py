"""When a resolved ticket closes by itself, and when its requester is reminded of that."""

from datetime import datetime, timedelta

from maildesk.lifecycle.decision_builder import DecisionBuilder


def to_answer(builder: DecisionBuilder) -> tuple[datetime, datetime | None]:
    """When the ticket closes without an answer, and when the requester is reminded of that."""
    request_type = builder.policy.catalog.type_named(builder.ticket.request_type)
    before = request_type.close_after_days - request_type.remind_before_days
    reminds = request_type.remind_before_days > 0 and before > 0
    return unasked(builder), _in_days(builder, request_type.days, before) if reminds else None


def unasked(builder: DecisionBuilder) -> datetime:
    """When a ticket closes whose requester was told that it is resolved, and not asked."""
    request_type = builder.policy.catalog.type_named(builder.ticket.request_type)
    return _in_days(builder, request_type.days, request_type.close_after_days)


def without_a_reader(builder: DecisionBuilder) -> datetime:
    """When a ticket of monitoring closes, where nobody could object but the problem itself."""
    return builder.now + timedelta(hours=builder.policy.monitoring.close_after_hours)


def _in_days(builder: DecisionBuilder, counted: str, days: int) -> datetime:
    if counted == "calendar":
        return builder.now + timedelta(days=days)
    return builder.policy.sla.calendar_for(builder.ticket.team, "").add_days(builder.now, days)
