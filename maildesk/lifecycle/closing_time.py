"""When a resolved ticket closes by itself, and when its requester is reminded of that."""

from datetime import datetime, timedelta

from maildesk.lifecycle.draft import Draft


def to_answer(draft: Draft) -> tuple[datetime, datetime | None]:
    """When the ticket closes without an answer, and when the requester is reminded of that."""
    request_type = draft.policy.catalog.type_named(draft.ticket.request_type)
    before = request_type.close_after_days - request_type.remind_before_days
    reminds = request_type.remind_before_days > 0 and before > 0
    return unasked(draft), _in_days(draft, request_type.days, before) if reminds else None


def unasked(draft: Draft) -> datetime:
    """When a ticket closes whose requester was told that it is resolved, and not asked."""
    request_type = draft.policy.catalog.type_named(draft.ticket.request_type)
    return _in_days(draft, request_type.days, request_type.close_after_days)


def without_a_reader(draft: Draft) -> datetime:
    """When a ticket of monitoring closes, where nobody could object but the problem itself."""
    return draft.now + timedelta(hours=draft.policy.monitoring.close_after_hours)


def _in_days(draft: Draft, counted: str, days: int) -> datetime:
    if counted == "calendar":
        return draft.now + timedelta(days=days)
    return draft.policy.levels.calendar_for(draft.ticket.team, "").add_days(draft.now, days)
