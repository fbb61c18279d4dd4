"""How sla.toml writes hours, durations and days."""

import re
from datetime import date, timedelta

from maildesk.model.sla.metrics import Span, Week

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


_DAY = 24 * 60


_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


_DURATION = re.compile(r"(\d{1,6})\s*(hours?|h|minutes?|min|m)\b,?")


_PERCENT = re.compile(r"(\d{1,4})\s*%")


def read_week(lines: tuple[str, ...]) -> Week:
    """Seven days of sorted intervals in minutes from midnight; adjacent intervals are joined.

    Raises ValueError, worded for an admin, if a line is invalid, intervals overlap or no day has
    business hours.
    """
    days: list[list[Span]] = [[] for _ in DAYS]
    for line in lines:
        for day in read_days(line):
            days[day] += read_spans(line)
    if not any(days):
        raise ValueError("no day has business hours")
    return tuple(_joined(sorted(day)) for day in days)


def read_days(line: str) -> list[int]:
    """The days at the start of the line, 0 for Monday. `fri-mon` includes the weekend."""
    word = line.strip().partition(" ")[0].lower()
    found: list[int] = []
    for part in word.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError('begin with days, such as "mon-fri" or "mon,wed"')
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return found


def read_spans(line: str) -> list[Span]:
    """The intervals after the days."""
    words = line.strip().partition(" ")[2].replace(",", " ").split()
    if not words:
        raise ValueError('write hours after the days, such as "09:00-17:00"')
    return [_span(word) for word in words]


def _span(word: str) -> Span:
    found = _HOURS.fullmatch(word)
    if found is None:
        raise ValueError(f'"{word[:40]}" is not an interval; write, for example, "09:00-17:00"')
    hours = [int(group) for group in found.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if max(hours[1], hours[3]) > 59 or not begin < end <= _DAY:
        raise ValueError(f'"{word}" does not end after it begins on the same day')
    return begin, end


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin < joined[-1][1]:
            raise ValueError("two intervals of one day overlap")
        if joined and begin == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


def read_duration(text: str) -> timedelta:
    """Read `2 hours` or `1h 30m`. Raises ValueError for anything else and for zero."""
    found = _DURATION.findall(text)
    if _DURATION.sub("", text).strip() or not found:
        raise ValueError(
            'is not a duration; write, for example, "30 minutes" or "1 hour 30 minutes"'
        )
    minutes = sum(int(n) * (60 if unit[0] == "h" else 1) for n, unit in found)
    if minutes == 0:
        raise ValueError("is zero; write a longer duration")
    return timedelta(minutes=minutes)


def read_step(at: str, target: timedelta) -> timedelta:
    """The elapsed business time at which the step runs. Raises ValueError."""
    if at.startswith("+"):
        return target + read_duration(at[1:].strip())
    found = _PERCENT.fullmatch(at.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError('is not a valid time; write, for example, "80%" or "+2h"')
    return target * int(found[1]) / 100


def read_day_off(day: date | str, years: range) -> list[date]:
    """The date, or that day of every year. Raises ValueError if it is not a day."""
    if isinstance(day, date):
        return [day]
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", day)
    if found is None:
        raise ValueError('is not a day; write 2026-12-24, or "12-24" for every year')
    month, of_month = int(found[1]), int(found[2])
    date(2024, month, of_month)  # a leap year
    leap_day = (month, of_month) == (2, 29)
    return [date(y, month, of_month) for y in years if not leap_day or _is_leap(y)]


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
