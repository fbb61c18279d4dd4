"""What rules may know of the time, and how long they wait. Pure.

Rules go by the first calendar of sla.toml: one desk, one clock on its wall.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.config.schema.sla_notation import read_week
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.rules.facts import Moment

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def office_hours(files: PolicyFiles) -> Calendar:
    """The first calendar of sla.toml, or Monday to Friday in UTC where there is none."""
    for one in files.sla.calendar:
        free = files.holidays.get(one.name, frozenset())
        return Calendar(one.name, ZoneInfo(one.zone), read_week(one.hours), free)
    return Calendar("office", ZoneInfo("UTC"), read_week(("mon-fri 09:00-17:00",)))


def moment(calendar: Calendar, now: datetime) -> Moment:
    """What rules may know of the time."""
    here = now.astimezone(calendar.zone)
    minute = here.hour * 60 + here.minute
    hours = calendar.hours_of(here.date())
    return Moment(
        date=f"{here:%Y-%m-%d}",
        hour=here.hour,
        weekday=WEEKDAYS[here.weekday()],
        working_day=bool(hours),
        working_time=any(begin <= minute < end for begin, end in hours),
    )


def after(calendar: Calendar, start: datetime, waited: str) -> datetime:
    """The moment so long after `start`: "3 business days", "2 days" or "4 hours"."""
    count, *words = waited.split()
    if words[0] == "business":
        return calendar.add_days(start, int(count))
    return start + (timedelta(hours=int(count)) if words[0][0] == "h" else timedelta(int(count)))
