"""When a report is due, in local time. Pure."""

from collections.abc import Iterable, Sized
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from maildesk.config.schema.reports import ScheduledReport

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = 62  # a report of a month is due within them; a calendar that is closed for longer waits


class Days(Protocol):
    """What is asked of a calendar."""

    @property
    def zone(self) -> ZoneInfo:
        """Where its wall clock hangs."""

    def hours_of(self, day: date) -> Sized:
        """The business hours of a local date."""


def last_due(report: ScheduledReport, days: Days, now: datetime) -> datetime | None:
    """The newest time at or before `now` at which it was due; None where none was in two months."""
    today = now.astimezone(days.zone).date()
    backward = (today - timedelta(n) for n in range(_DAYS))
    return next((at for at in _times(report, days, backward) if at <= now), None)


def next_due(report: ScheduledReport, days: Days, now: datetime) -> datetime | None:
    """The first time after `now` at which it is due; None where none is in two months."""
    today = now.astimezone(days.zone).date()
    forward = (today + timedelta(n) for n in range(_DAYS))
    return next((at for at in _times(report, days, forward) if at > now), None)


def _times(report: ScheduledReport, days: Days, dates: Iterable[date]) -> Iterable[datetime]:
    at = time.fromisoformat(report.at)
    for day in dates:
        if _is_one(report, days, day):
            yield datetime.combine(day, at, days.zone).astimezone(UTC)


def _is_one(report: ScheduledReport, days: Days, day: date) -> bool:
    match report.every:
        case "day":
            return True
        case "business day":
            return len(days.hours_of(day)) > 0
        case "month":
            return day.day == 1
        case weekday:
            return _WEEKDAYS[day.weekday()] == weekday
