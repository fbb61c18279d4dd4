"""What sla.toml says, and how its hours, durations and days are written. Frozen."""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from maildesk.model.settings import Part

Metric = Literal["first_response", "next_response", "resolution", "approval"]
Pause = Literal["on-hold", "waiting-for-requester"]
Whom = Literal["assignee", "lead", "level-above", "manager"]
Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]

METRICS: tuple[Metric, ...] = ("first_response", "next_response", "resolution", "approval")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DURATION = re.compile(r"(\d{1,6})\s*(hours?|h|minutes?|min|m)\b,?")
_RUNG = re.compile(r"(\d{1,4})\s*%")


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class CalendarEntry(Part):
    """When somebody works: business hours in local time, without the holidays."""

    name: str = Field(description="the calendar's name")
    zone: str = Field("UTC", description='IANA time zone, as "Europe/Berlin"')
    hours: Annotated[tuple[str, ...], BeforeValidator(_many)] = Field(
        description='business hours, as "mon-fri 09:00-12:30 13:30-17:00": one or a list; '
        "a day may end at 24:00"
    )
    country: str | None = Field(None, description='its public holidays are free, as "DE"')
    region: str | None = Field(None, description='and those of this part of it, as "BE"')
    days_off: tuple[date | str, ...] = Field(
        (), description='further free days: 2026-12-24, or "12-24" for every year'
    )
    teams: tuple[str, ...] = Field((), description="tickets of these teams go by it")
    organisations: tuple[str, ...] = Field(
        (), description="and those of these organisations, where no calendar names their team"
    )


class Promise(Part):
    """One metric of a profile: what is promised in business time."""

    targets: dict[str, str] = Field(
        {}, description='by priority, as { P1 = "30 minutes", P2 = "1 hour 30 minutes" }'
    )
    otherwise: str | None = Field(
        None, description="for every other priority and while there is none; without it no promise"
    )
    pause: tuple[Pause, ...] = Field(
        ("on-hold",),
        description="when the clock stands: on-hold, waiting-for-requester (an agent wrote last)",
    )
    ladder: str | None = Field(None, description="who is told when; a ladder of this file")


class Profile(Part):
    """What is promised to which tickets. The first profile whose `when` holds counts."""

    name: str = Field(description="the profile's name")
    when: str = Field(
        "true", description="a CEL expression over ticket.*, requester.* and organisation.*"
    )
    calendar: str | None = Field(
        None, description="the calendar; without it the team's, the organisation's, the first one"
    )
    first_response: Promise | None = Field(None, description="until an agent first answers")
    next_response: Promise | None = Field(
        None, description="until an agent answers what was written since"
    )
    resolution: Promise | None = Field(None, description="until a resolution is given")
    approval: Promise | None = Field(
        None, description="until the approver decides; it does not stand on hold"
    )


class Rung(Part):
    """One step of a ladder: what happens when so much of the time is used. Once per clock."""

    at: str = Field(description='part of the target, as "80%", or time after it, as "+2h"')
    tell: tuple[Whom, ...] = Field(
        (),
        description="assignee (else the team), lead, level-above (leads of the next level), "
        "manager (the assignee's)",
    )
    raise_priority: bool = Field(False, description="urgency one grade up, then impact")
    reassign: str | None = Field(None, description="a team that the ticket goes to")


class Ladder(Part):
    """Whom a promise is told to before it breaks, and after."""

    name: str = Field(description="the ladder's name")
    tell_within: str | None = Field(
        None, description="a calendar: outside of its hours nobody is told, but when it opens"
    )
    rung: tuple[Rung, ...] = Field(description="in order of time")


class ServiceLevels(Part):
    """sla.toml"""

    calendar: tuple[CalendarEntry, ...] = Field((), description="who works when")
    ladder: tuple[Ladder, ...] = Field((), description="who is told when")
    profile: tuple[Profile, ...] = Field((), description="what is promised, looked at in order")


def read_week(lines: tuple[str, ...]) -> Week:
    """Seven days of spans in minutes from midnight, sorted; touching spans are one.

    Raises ValueError, in words for an admin, where it cannot be read, spans overlap or no day
    has an hour.
    """
    days: list[list[Span]] = [[] for _ in DAYS]
    for line in lines:
        for day in read_days(line):
            days[day] += read_spans(line)
    if not any(days):
        raise ValueError("no day has a business hour")
    return tuple(_joined(sorted(day)) for day in days)


def read_days(line: str) -> list[int]:
    """The days that the line begins with, 0 for Monday. `fri-mon` goes over the weekend."""
    word = line.strip().partition(" ")[0].lower()
    found: list[int] = []
    for part in word.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError('begin with days, as "mon-fri" or "mon,wed"')
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return found


def read_spans(line: str) -> list[Span]:
    """The spans behind the days."""
    words = line.strip().partition(" ")[2].replace(",", " ").split()
    if not words:
        raise ValueError('give hours behind the days, as "09:00-17:00"')
    return [_span(word) for word in words]


def _span(word: str) -> Span:
    found = _HOURS.fullmatch(word)
    if found is None:
        raise ValueError(f'"{word[:40]}" is no span of hours; write it as "09:00-17:00"')
    hours = [int(group) for group in found.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if max(hours[1], hours[3]) > 59 or not begin < end <= _DAY:
        raise ValueError(f'"{word}" does not end after it begins, on the same day')
    return begin, end


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin < joined[-1][1]:
            raise ValueError("two spans of one day overlap")
        if joined and begin == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


def read_duration(text: str) -> timedelta:
    """`2 hours`, `1h 30m`. Raises ValueError for anything else, and for nothing at all."""
    found = _DURATION.findall(text)
    if _DURATION.sub("", text).strip() or not found:
        raise ValueError('is no duration; write it as "30 minutes" or "1 hour 30 minutes"')
    minutes = sum(int(n) * (60 if unit[0] == "h" else 1) for n, unit in found)
    if minutes == 0:
        raise ValueError("is no time at all")
    return timedelta(minutes=minutes)


def read_rung(at: str, target: timedelta) -> timedelta:
    """How much of the time is used when the rung is reached. Raises ValueError."""
    if at.startswith("+"):
        return target + read_duration(at[1:].strip())
    found = _RUNG.fullmatch(at.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError('write it as "80%" or "+2h"')
    return target * int(found[1]) / 100


def read_day_off(day: date | str, years: range) -> list[date]:
    """The day, or every day of that name. Raises ValueError for what is none."""
    if isinstance(day, date):
        return [day]
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", day)
    if found is None:
        raise ValueError('write a date as 2026-12-24, or "12-24" for every year')
    month, of_month = int(found[1]), int(found[2])
    date(2024, month, of_month)  # a leap year
    leap_day = (month, of_month) == (2, 29)
    return [date(y, month, of_month) for y in years if not leap_day or _is_leap(y)]


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
