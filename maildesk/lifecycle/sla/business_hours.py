"""Business time: weekly hours in local time, without holidays. Pure.

A time counts if the local time of the zone is within the hours of its day. So a night in which the
clocks go forward has an hour less, one in which they go back an hour more, and an hour that occurs
twice counts twice. The loops go by days; the hours of a day in UTC are cached.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from maildesk.model.sla.metrics import Span, Week

Open = tuple[datetime, datetime]
_DAY = timedelta(days=1)
_PROBE = timedelta(hours=3)  # no zone changes its clocks twice in so short a time
_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Business hours. `week` begins on Monday; `holidays` are local dates.

    Raises ValueError if no day of the week has hours: no target would ever elapse.
    """

    name: str
    zone: ZoneInfo
    week: Week
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != 7 or not any(self.week):
            raise ValueError(f"calendar {self.name}: no day has a business hour")

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """The business time between the two; zero if `end` is not later."""
        if end <= start:
            return _NONE
        return sum((min(b, end) - max(a, start) for a, b in self._open(start, end)), _NONE)

    def add(self, start: datetime, time_: timedelta) -> datetime:
        """The earliest time, in UTC, at which that much business time has elapsed since `start`."""
        start = start.astimezone(UTC)
        if time_ <= _NONE:
            return start
        for begin, end in self._open(start, None):
            begin = max(begin, start)
            if time_ <= end - begin:
                return begin + time_
            time_ -= end - begin
        raise AssertionError("an open week never ends")

    def add_days(self, start: datetime, days: int) -> datetime:
        """The same time of day, `days` business days after the day of `start`."""
        local = start.astimezone(self.zone)
        day = local.date()
        while days > 0:
            day += _DAY
            days -= bool(self.hours_of(day))
        return datetime.combine(day, local.time(), self.zone).astimezone(UTC)

    def opens(self, at: datetime) -> datetime:
        """`at` if it is within business hours, else the next time they begin."""
        at = at.astimezone(UTC)
        return max(at, next(begin for begin, end in self._open(at, None) if end > at))

    def hours_of(self, day: date) -> tuple[Span, ...]:
        """The business hours of a local date."""
        return () if day in self.holidays else self.week[day.weekday()]

    def _open(self, start: datetime, until: datetime | None) -> Iterator[Open]:
        """The business hours, in order, that end after `start` and begin before `until`."""
        day = start.astimezone(self.zone).date()
        last = until.astimezone(self.zone).date() if until else date.max
        while day <= last:
            hours = self.hours_of(day)
            for begin, end in _in_utc(self.zone, day, hours) if hours else ():
                if end > start and (until is None or begin < until):
                    yield begin, end
            day += _DAY


@lru_cache(maxsize=20_000)
def _in_utc(zone: ZoneInfo, day: date, hours: tuple[Span, ...]) -> tuple[Open, ...]:
    """The hours of a local date in UTC, in order."""
    midnight = datetime.combine(day, time(), UTC)
    found = sorted(
        (max(begin, midnight + timedelta(minutes=a) - offset),
         min(end, midnight + timedelta(minutes=b) - offset))
        for begin, end, offset in _offsets(zone, midnight)
        for a, b in hours
    )  # fmt: skip
    return tuple((begin, end) for begin, end in found if begin < end)


def _offsets(zone: ZoneInfo, midnight: datetime) -> list[tuple[datetime, datetime, timedelta]]:
    """The UTC offsets around that day: (begin, end, offset)."""
    begin, end = midnight - _DAY, midnight + 2 * _DAY
    if _offset(zone, begin) == _offset(zone, end):  # nearly every day of the year
        return [(begin, end, _offset(zone, begin))]
    pieces = []
    probe = since = begin
    while probe < end:
        if _offset(zone, probe) != _offset(zone, probe + _PROBE):
            change = _change(zone, probe, probe + _PROBE)
            pieces.append((since, change, _offset(zone, since)))
            since = change
        probe += _PROBE
    return [*pieces, (since, end, _offset(zone, since))]


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second in which the clocks change."""
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or _NONE
