"""The day up to which a ticket waits, as an agent writes it behind `until`. Pure.

Only what can be read without doubt is: 12/01/2026 is a day in December or in January.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from maildesk.lifecycle.classification.rule_time import WEEKDAYS
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.message import Message

_FARTHEST = timedelta(days=3_660)
_UNTIL = re.compile(r"\b(?:until|till|til)\b[\s:]{0,9}", re.IGNORECASE)
_TIME = re.compile(r"(?:,?\s{1,3}(?:at\s)?(\d{1,2}):(\d\d))?(?=[\s.,;:!)]|\Z)", re.IGNORECASE)
_TODAY = re.compile(r"(?:today,?\s{1,3})?(?:at\s)?(\d{1,2}):(\d\d)(?=[\s.,;:!)]|\Z)", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
_DAYS = "|".join(f"{day[:3]}(?:{day[3:]})?" for day in WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Until:
    """A day, and a time of that day where one is said; `said`: in the agent's words."""

    day: date
    time: time | None
    said: str


_Read = Callable[[re.Match[str], date], date]


def _numbers(year: int, month: int, day: int) -> _Read:
    """In which groups they stand. Raises ValueError where there is no such day, as all do."""
    return lambda found, _today: date(int(found[year]), int(found[month]), int(found[day]))


def _spoken(day: int, month: int) -> _Read:
    """Without a year it is the next such day."""

    def read(found: re.Match[str], today: date) -> date:
        number = _MONTHS.index(found[month][:3].casefold()) + 1
        if found[3]:
            return date(int(found[3]), number, int(found[day]))
        this = date(today.year, number, int(found[day]))
        return this if this > today else this.replace(year=today.year + 1)

    return read


def _weekday(found: re.Match[str], today: date) -> date:
    """The next such day, never today."""
    wanted = [day[:3] for day in WEEKDAYS].index(found[0][:3].casefold())
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


_FORMS: tuple[tuple[re.Pattern[str], _Read], ...] = tuple(
    (re.compile(form, re.IGNORECASE), read)
    for form, read in (
        (r"(\d{4})-(\d{1,2})-(\d{1,2})", _numbers(1, 2, 3)),
        (r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", _numbers(3, 2, 1)),
        (rf"{_ORDINAL}\.?\s{_MONTH}(?:,?\s(\d{{4}})\b)?", _spoken(1, 2)),
        (rf"{_MONTH}\s{_ORDINAL}(?:,?\s(\d{{4}})\b)?", _spoken(2, 1)),
        (r"tomorrow", lambda _found, today: today + timedelta(days=1)),
        (_DAYS, _weekday),
        (r"(?:\+|in\s)(\d{1,4})\sdays?", lambda found, today: today + timedelta(int(found[1]))),
    )
)


def read_until(text: str, now: datetime) -> Until | Refusal | None:
    """The last day that is named; None where nobody says until when. `now`: where they work."""
    today = now.date()
    text = " ".join(text.split())
    ends = [found.end() for found in _UNTIL.finditer(text)]
    read = [found for end in ends if (found := _read(text, end, now)) is not None]
    if read:
        return read[-1]
    if not ends:
        return None
    said = " ".join(text[ends[-1] :].split()[:4])[:60]
    return Refusal(Message.of("refusal.no-date", said=said, example=_example(today)))


def _read(text: str, at: int, now: datetime) -> Until | Refusal | None:
    later_today = _TODAY.match(text, at)
    if later_today is not None:
        return _later_today(later_today, now)
    today = now.date()
    for form, read in _FORMS:
        found = form.match(text, at)
        clock = _TIME.match(text, found.end()) if found else None
        if found is None or clock is None:
            continue
        said = found[0]
        try:
            day = read(found, today)
            hour = time(int(clock[1]), int(clock[2])) if clock[1] else None
        except ValueError:
            said += clock[0]
            return Refusal(Message.of("refusal.not-a-date", said=said, example=_example(today)))
        if day <= today:
            return Refusal(Message.of("refusal.date-past", said=said))
        if day - today > _FARTHEST:
            return Refusal(Message.of("refusal.date-too-far", said=said))
        return Until(day, hour, said)
    return None


def _later_today(found: re.Match[str], now: datetime) -> Until | Refusal:
    """A time alone is one of today."""
    try:
        hour = time(int(found[1]), int(found[2]))
    except ValueError:
        return Refusal(
            Message.of("refusal.not-a-date", said=found[0].strip(), example=_example(now.date()))
        )
    if hour <= now.time():
        return Refusal(Message.of("refusal.time-past", said=found[0].strip()))
    return Until(now.date(), hour, found[0].strip())


def _example(today: date) -> str:
    return f"{today.year}-12-31"
