"""What reports.toml says: which report goes to whom, and when. Frozen."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from maildesk.model.settings import Part

Rhythm = Literal[
    "day",
    "business day",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "month",
]


_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _time_of_day(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError('is no time of day; write it as "08:00"')
    return value


class ScheduledReport(Part):
    """A report that goes out by mail: what came, what is open, how promises were kept."""

    name: str = Field(
        min_length=1, max_length=100, description="its name; the mail's subject begins with it"
    )
    to: Annotated[tuple[str, ...], BeforeValidator(_many)] = Field(
        min_length=1, description="who gets it: addresses of people.toml, groups, or teams"
    )
    every: Rhythm = Field(
        "monday", description="monday to sunday, day, business day, or month (its first day)"
    )
    at: Annotated[str, AfterValidator(_time_of_day)] = Field(
        "08:00",
        description="the time of day there, as 08:00; the report speaks of the time since the last",
    )
    calendar: str | None = Field(
        None,
        description="a calendar of sla.toml: its time zone and its business days; without it the "
        "first one",
    )


class Reports(Part):
    """reports.toml"""

    report: tuple[ScheduledReport, ...] = Field((), description="the reports that go out by mail")
