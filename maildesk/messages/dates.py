"""Dates, times and lengths of time as people read them: the one place that formats them. Pure.

Every function takes an aware time and shows it in the zone that it carries.
"""

from datetime import date, datetime
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_time

_KEPT = 4_096


@lru_cache(_KEPT)
def day(at: date, locale: Locale) -> str:
    """A date: 28 November 2026."""
    return format_date(at, "long", locale)


def moment(at: datetime, locale: Locale) -> str:
    """A time of a day, with its zone: 28 November 2026, 10:30 CET."""
    return f"{day(at.date(), locale)}, {clock(at, locale)} {at.tzname() or ''}".rstrip()


def clock(at: datetime, locale: Locale) -> str:
    """A time of the day: 10:30."""
    return format_time(at.time(), "short", locale=locale)


def weekday(at: date, locale: Locale, *, short: bool = False) -> str:
    """Saturday, or Sat."""
    return format_date(at, "EEE" if short else "EEEE", locale)


def month(at: date, locale: Locale) -> str:
    """The name of the month, shortened: Nov."""
    return format_date(at, "MMM", locale)


def short_day(at: date, locale: Locale) -> str:
    """A date as the label of a row: Sat 28 Nov."""
    return format_date(at, "EEE d MMM", locale)


def stamp(at: datetime) -> str:
    """A time in listings and logs, which sort as text: 2026-11-28 10:30."""
    return f"{at:%Y-%m-%d %H:%M}"


def hours(seconds: int) -> str:
    """A length of time: 7:30 h."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02} h"
