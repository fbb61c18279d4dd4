"""reports.toml: recipients and times of the reports by mail."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from maildesk.config.schema.part import Part, _many

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


def _time_of_day(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError('is not a time of day; write, for example, "08:00"')
    return value


class ScheduledReport(Part):
    """A report that is sent by mail: ticket counts, frequent issues and SLA figures."""

    name: str = Field(
        min_length=1,
        max_length=100,
        description="name of the report, used in the subject of the mail",
    )
    to: Annotated[tuple[str, ...], BeforeValidator(_many)] = Field(
        min_length=1, description="recipients: addresses of people.toml, groups or teams"
    )
    every: Rhythm = Field(
        "monday",
        description="when to send it: monday to sunday, day, business day, or month (on its "
        "first day)",
    )
    at: Annotated[str, AfterValidator(_time_of_day)] = Field(
        "08:00",
        description="local time of day, such as 08:00; the report covers the time since the last "
        "one",
    )
    calendar: str | None = Field(
        None,
        description="calendar of sla.toml that defines time zone and business days; default: the "
        "first calendar",
    )


class Reports(Part):
    """reports.toml"""

    report: tuple[ScheduledReport, ...] = Field((), description="reports that are sent by mail")
