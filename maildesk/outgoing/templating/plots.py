"""Plots of a report as a mail can hold them: cells of a table, blocks in plain text. Pure.

They are no pictures: mail programs leave those out until somebody asks for them, they stay light
in the dark, and nobody hears what is on them.
"""

from collections.abc import Iterator, Sequence

from maildesk.messages import dates
from maildesk.messages.translator import Translator
from maildesk.model.report import Day

_TALL = 72  # pixels of the highest column
_LONG = 20  # characters of the longest bar
_EACH_NAMED = 10  # so many days have room for a name each; of more, the weeks are named
_MONDAY = 0
_WIDE = 3  # columns that a date has room below


def percent(part: int, whole: int) -> int:
    """Rounded, but 0 and 100 only where it is none or all."""
    if not whole or not part:
        return 0
    return 100 if part == whole else min(99, max(1, round(100 * part / whole)))


def highest(days: Sequence[Day]) -> int:
    """The most that one day opened or closed; at least 1."""
    return max(1, *(max(day.opened, day.closed) for day in days))


def tall(number: int, most: int) -> int:
    """Pixels of a column; 1 where there is nothing, so that its place is seen."""
    return max(3, _TALL * number // most) if number else 1


def blocks(number: int, most: int) -> str:
    """A bar in text."""
    return "█" * max(1, _LONG * number // max(most, 1)) if number else ""


def names(days: Sequence[Day], reader: Translator) -> Iterator[tuple[int, str, str]]:
    """What stands below the columns, in two lines, and below how many of them."""
    if len(days) <= _EACH_NAMED:
        yield from (
            (1, dates.weekday(day.date, reader.locale, short=True), str(day.date.day))
            for day in days
        )
        return
    begin = 0
    for place in range(1, len(days) + 1):
        if place == len(days) or days[place].date.weekday() == _MONDAY:
            first = days[begin].date
            wide = place - begin >= _WIDE
            yield (
                place - begin,
                str(first.day) if wide else "",
                dates.month(first, reader.locale) if wide else "",
            )
            begin = place
