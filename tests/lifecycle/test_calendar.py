"""Business time: against a count by minutes, and by hand where clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maildesk.config.schema.sla_notation import read_week
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.model.sla.metrics import Week

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")


def calendar(*hours: str, zone: str = "Europe/Berlin", off: tuple[date, ...] = ()) -> Calendar:
    return Calendar("office", ZoneInfo(zone), read_week(hours), frozenset(off))


OFFICE = calendar("mon-fri 09:00-12:30 13:30-17:00", off=(date(2026, 12, 25),))
NIGHT = calendar("mon-sun 00:00-24:00")
SUNDAY = calendar("sun 01:00-04:00")


def at(text: str) -> datetime:
    """Local time in Berlin; a trailing Z means UTC, a trailing * the second of two such hours."""
    if text.endswith("Z"):
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    fold = int(text.endswith("*"))
    local = datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=BERLIN, fold=fold)
    return local.astimezone(UTC)


# ---- by hand


@pytest.mark.parametrize(
    ("one", "start", "end", "worked"),
    [
        # within one span
        (OFFICE, "2026-11-23 09:10", "2026-11-23 10:00", "0:50"),
        # over lunch
        (OFFICE, "2026-11-23 12:00", "2026-11-23 14:00", "1:00"),
        # before it opens and after it closes nothing counts
        (OFFICE, "2026-11-23 06:00", "2026-11-23 22:00", "7:00"),
        # over a weekend
        (OFFICE, "2026-11-27 16:00", "2026-11-30 10:00", "2:00"),
        # over a holiday and a weekend
        (OFFICE, "2026-12-24 16:30", "2026-12-28 09:30", "1:00"),
        # backwards and not at all
        (OFFICE, "2026-11-23 11:00", "2026-11-23 10:00", "0:00"),
        (OFFICE, "2026-11-23 10:00", "2026-11-23 10:00", "0:00"),
        # a day of the clock has 23 hours, and 25
        (NIGHT, "2026-03-29 00:00", "2026-03-30 00:00", "23:00"),
        (NIGHT, "2026-10-25 00:00", "2026-10-26 00:00", "25:00"),
        # 01:00 to 04:00 is two hours in the one night and four in the other
        (SUNDAY, "2026-03-29 00:00", "2026-03-29 12:00", "2:00"),
        (SUNDAY, "2026-10-25 00:00", "2026-10-25 12:00", "4:00"),
        # hours that begin within the hour that is not there
        (calendar("sun 02:30-03:30"), "2026-03-29 00:00", "2026-03-29 12:00", "0:30"),
        # hours that lie within the hour that is there twice
        (calendar("sun 02:00-02:30"), "2026-10-25 00:00", "2026-10-25 12:00", "1:00"),
        # the hours of the office follow the wall clock through the summer
        (OFFICE, "2026-03-27 08:00Z", "2026-03-27 09:00Z", "1:00"),
        (OFFICE, "2026-03-30 07:00Z", "2026-03-30 08:00Z", "1:00"),
    ],
)
def test_worked(one: Calendar, start: str, end: str, worked: str) -> None:
    hours, minutes = map(int, worked.split(":"))
    assert one.worked(at(start), at(end)) == timedelta(hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("one", "start", "minutes", "due"),
    [
        (OFFICE, "2026-11-23 09:00", 30, "2026-11-23 09:30"),
        # what ends with a span ends then, not when the next one begins
        (OFFICE, "2026-11-23 12:00", 30, "2026-11-23 12:30"),
        (OFFICE, "2026-11-23 12:00", 31, "2026-11-23 13:31"),
        # asked in the evening: from the next morning
        (OFFICE, "2026-11-23 20:00", 60, "2026-11-24 10:00"),
        # over a holiday and a weekend
        (OFFICE, "2026-12-24 16:30", 60, "2026-12-28 09:30"),
        # a week of 35 hours
        (OFFICE, "2026-11-23 09:00", 35 * 60, "2026-11-27 17:00"),
        # no time at all is no delay, also in the night
        (OFFICE, "2026-11-23 03:00", 0, "2026-11-23 03:00"),
        # the hour that is not there, and the one that is there twice
        (NIGHT, "2026-03-29 01:30", 60, "2026-03-29 03:30"),
        (NIGHT, "2026-10-25 01:30", 60, "2026-10-25 02:30"),
        (NIGHT, "2026-10-25 01:30", 120, "2026-10-25 02:30*"),
    ],
)
def test_add(one: Calendar, start: str, minutes: int, due: str) -> None:
    assert one.add(at(start), timedelta(minutes=minutes)) == at(due)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        # the same time of day
        ("2026-11-23 15:00", 1, "2026-11-24 15:00"),
        ("2026-11-27 15:00", 1, "2026-11-30 15:00"),
        ("2026-11-23 15:00", 5, "2026-11-30 15:00"),
        # a Saturday's first business day is Monday
        ("2026-11-28 11:00", 1, "2026-11-30 11:00"),
        # over Christmas
        ("2026-12-23 11:00", 2, "2026-12-28 11:00"),
        # over the end of summer time it is still eleven o'clock
        ("2026-10-23 11:00", 1, "2026-10-26 11:00"),
        ("2026-11-28 11:00", 0, "2026-11-28 11:00"),
    ],
)
def test_add_days(start: str, days: int, due: str) -> None:
    assert OFFICE.add_days(at(start), days) == at(due)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:00"),
        ("2026-11-23 12:30", "2026-11-23 13:30"),  # the end of a span is outside
        ("2026-11-23 09:00", "2026-11-23 09:00"),  # its beginning is inside
        ("2026-12-24 18:00", "2026-12-28 09:00"),
    ],
)
def test_opens(now: str, opens: str) -> None:
    assert OFFICE.opens(at(now)) == at(opens)


def test_a_calendar_without_an_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="calendar none: no day has a business hour"):
        Calendar("none", BERLIN, ((),) * 7)


# ---- against a count by minutes

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
ZONES = (*ZONES, "Asia/Kathmandu", "America/Santiago", "Pacific/Apia", "Asia/Beirut")
# Days around which some of these zones change their clocks.
TURNS = (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 14), date(2027, 4, 4))
TURNS = (*TURNS, date(2026, 9, 6), date(2026, 2, 15), date(2022, 3, 27), date(2021, 9, 26))


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    days = [draw(spans) for _ in range(7)]
    if not any(days):
        days[draw(st.integers(0, 6))] = ((0, 24 * 60),)
    return tuple(days)


def _pairs(marks: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple(zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False))


minutes = st.integers(0, 24 * 60)
spans = st.one_of(
    st.just(()),
    st.just(((0, 24 * 60),)),
    st.lists(minutes, unique=True, max_size=6).map(_pairs),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, datetime, int]:
    """A calendar, a minute near a change of clocks, and some minutes."""
    turn = draw(st.sampled_from(TURNS))
    near = st.integers(-3, 4).map(lambda days: turn + timedelta(days=days))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    one = Calendar("any", zone, draw(weeks()), draw(st.frozensets(near, max_size=3)))
    start = datetime.combine(turn, datetime.min.time(), UTC) - timedelta(days=2)
    return (
        one,
        start + draw(st.integers(0, 2 * 24 * 60)) * MINUTE,
        draw(st.integers(0, 5 * 24 * 60)),
    )


def is_open(one: Calendar, instant: datetime) -> bool:
    """What the wall clock says of this minute: nothing is added or subtracted here."""
    local = instant.astimezone(one.zone)
    minute = local.hour * 60 + local.minute
    hours = one.week[local.weekday()]
    return local.date() not in one.holidays and any(a <= minute < b for a, b in hours)


@given(cases())
@example((NIGHT, datetime(2026, 3, 28, tzinfo=UTC), 4000))
def test_worked_agrees_with_a_count_by_minutes(case: tuple[Calendar, datetime, int]) -> None:
    one, start, length = case
    counted = sum(is_open(one, start + n * MINUTE) for n in range(length))
    assert one.worked(start, start + length * MINUTE) == counted * MINUTE


@given(cases())
def test_add_agrees_with_a_count_by_minutes(case: tuple[Calendar, datetime, int]) -> None:
    one, start, length = case
    wanted = length % 2000
    due = one.add(start, wanted * MINUTE)
    left, instant = wanted, start
    while left:
        left -= is_open(one, instant)
        instant += MINUTE
        if instant > start + timedelta(days=30):
            return  # a week with hardly an hour: the count takes too long
    assert due == instant


@given(cases(), st.integers(0, 7200))
def test_add_and_worked_are_each_other_s_reverse(
    case: tuple[Calendar, datetime, int], seconds: int
) -> None:
    one, start, _ = case
    due = one.add(start, timedelta(seconds=seconds))
    assert one.worked(start, due) == timedelta(seconds=seconds)
