"""When a report is due, in local time. Pure."""

from collections.abc import Iterable, Sized
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from maildesk.config.schema.reports import ScheduledReport

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = 62  # long enough for a monthly report; calendars closed for longer give no date


class Days(Protocol):
    """The part of a calendar that a schedule needs."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the calendar."""

    def hours_of(self, day: date) -> Sized:
        """The business hours of that local date."""


def last_due(report: ScheduledReport, days: Days, now: datetime) -> datetime | None:
    """The last due time at or before `now`; None if there is none within two months."""
    today = now.astimezone(days.zone).date()
    backward = (today - timedelta(n) for n in range(_DAYS))
    return next((at for at in _times(report, days, backward) if at <= now), None)


def next_due(report: ScheduledReport, days: Days, now: datetime) -> datetime | None:
    """The next due time after `now`; None if there is none within two months."""
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
