"""When a resolved ticket closes automatically, and when its requester is reminded."""

from datetime import datetime, timedelta

from maildesk.lifecycle.decision_builder import DecisionBuilder


def to_answer(builder: DecisionBuilder) -> tuple[datetime, datetime | None]:
    """(closing time without a reply, time of the reminder or None)."""
    request_type = builder.policy.catalog.type_named(builder.ticket.request_type)
    before = request_type.close_after_days - request_type.remind_before_days
    reminds = request_type.remind_before_days > 0 and before > 0
    return unasked(builder), _in_days(builder, request_type.days, before) if reminds else None


def unasked(builder: DecisionBuilder) -> datetime:
    """When a ticket closes whose requester was notified of the resolution, but not asked."""
    request_type = builder.policy.catalog.type_named(builder.ticket.request_type)
    return _in_days(builder, request_type.days, request_type.close_after_days)


def without_a_reader(builder: DecisionBuilder) -> datetime:
    """When a ticket of monitoring closes, to which only a returning problem can object."""
    return builder.now + timedelta(hours=builder.policy.monitoring.close_after_hours)


def _in_days(builder: DecisionBuilder, counted: str, days: int) -> datetime:
    if counted == "calendar":
        return builder.now + timedelta(days=days)
    return builder.policy.sla.calendar_for(builder.ticket.team, "").add_days(builder.now, days)
