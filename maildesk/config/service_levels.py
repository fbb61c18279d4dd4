"""sla.toml beyond its types, and the public holidays of its calendars.

Holidays are computed here, once, for the years of `YEARS`: the rest of maildesk sees dates.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

import holidays

from maildesk.config.error_messages import near, quoted
from maildesk.config.errors import Fault
from maildesk.config.name_references import named_once, unknown, zone_faults
from maildesk.config.toml_positions import KeyPath
from maildesk.model.policy import Catalog, People
from maildesk.model.sla import (
    METRICS,
    CalendarEntry,
    Ladder,
    Profile,
    Promise,
    ServiceLevels,
    read_day_off,
    read_duration,
    read_rung,
    read_week,
)

YEARS = range(2015, 2051)
_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_AN_HOUR = timedelta(hours=1)


def holidays_of(levels: ServiceLevels) -> dict[str, frozenset[date]]:
    """The free days of each calendar that has no fault."""
    return {one.name: _free(one) for one in levels.calendar}


def _free(one: CalendarEntry) -> frozenset[date]:
    own = [day for off in one.days_off for day in read_day_off(off, YEARS)]
    if one.country is None:
        return frozenset(own)
    public = holidays.country_holidays(one.country, subdiv=one.region, years=YEARS)
    return frozenset([*own, *public])


def sla_faults(
    levels: ServiceLevels, people: People | None, catalog: Catalog | None
) -> Iterator[Fault]:
    """sla.toml: every calendar can be kept, and everything that is named exists."""
    for table in ("calendar", "ladder", "profile"):
        yield from named_once(table, (one.name for one in getattr(levels, table)))
    for i, calendar in enumerate(levels.calendar):
        yield from _calendar(("calendar", i), calendar)
    yield from _owners(levels, people)
    calendars = [calendar.name for calendar in levels.calendar]
    for i, ladder in enumerate(levels.ladder):
        yield from _ladder(("ladder", i), ladder, calendars, people)
    for i, profile in enumerate(levels.profile):
        yield from _profile(("profile", i), profile, levels, catalog)


def _calendar(path: KeyPath, one: CalendarEntry) -> Iterator[Fault]:
    yield from _readable((*path, "hours"), partial(read_week, one.hours))
    yield from zone_faults((*path, "zone"), one.zone)
    yield from _place(path, one)
    for i, day in enumerate(one.days_off):
        yield from _readable((*path, "days_off", i), partial(read_day_off, day, YEARS))


def _place(path: KeyPath, one: CalendarEntry) -> Iterator[Fault]:
    places = holidays.list_supported_countries()
    if one.country is None:
        if one.region is not None:
            yield Fault((*path, "region"), "a region of no country", 'add country = "…"')
    elif one.country not in places:
        remedy = "write the two letters of ISO 3166, or list days_off instead"
        yield Fault((*path, "country"), f"no holidays are known of {quoted(one.country)}", remedy)
    elif one.region is not None and one.region not in places[one.country]:
        problem = f"{quoted(one.country)} has no region {quoted(one.region)}"
        yield Fault((*path, "region"), problem, near(one.region, places[one.country]))


def _readable(path: KeyPath, read: Callable[[], object]) -> Iterator[Fault]:
    """A fault where it cannot be read; "problem; remedy" is split at the semicolon."""
    try:
        read()
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        yield Fault(path, problem, remedy)


def _owners(levels: ServiceLevels, people: People | None) -> Iterator[Fault]:
    """A team, an organisation has one calendar."""
    known = [team.name for team in people.team] if people else None
    for key in ("teams", "organisations"):
        seen: dict[str, str] = {}
        for i, calendar in enumerate(levels.calendar):
            for j, name in enumerate(getattr(calendar, key)):
                path = ("calendar", i, key, j)
                if key == "teams" and known is not None:
                    yield from unknown(path, "team", name, known)
                if name in seen:
                    problem = f"{quoted(name)} goes by the calendar {quoted(seen[name])} already"
                    yield Fault(path, problem, "name it in one calendar")
                seen.setdefault(name, calendar.name)


def _ladder(
    path: KeyPath, ladder: Ladder, calendars: list[str], people: People | None
) -> Iterator[Fault]:
    if ladder.tell_within is not None:
        yield from unknown((*path, "tell_within"), "calendar", ladder.tell_within, calendars)
    times = []
    for i, rung in enumerate(ladder.rung):
        wrong = list(_readable((*path, "rung", i, "at"), partial(read_rung, rung.at, _AN_HOUR)))
        yield from wrong
        times += [] if wrong else [read_rung(rung.at, _AN_HOUR)]
        if not (rung.tell or rung.raise_priority or rung.reassign):
            remedy = 'add tell = ["assignee"]'
            yield Fault((*path, "rung", i), "nothing happens on this rung", remedy)
        if rung.reassign is not None and people is not None:
            teams = [team.name for team in people.team]
            yield from unknown((*path, "rung", i, "reassign"), "team", rung.reassign, teams)
    if any(later <= earlier for earlier, later in pairwise(times)):
        yield Fault((*path, "rung"), "the rungs are not in order of time", "sort them by `at`")


def _profile(
    path: KeyPath, profile: Profile, levels: ServiceLevels, catalog: Catalog | None
) -> Iterator[Fault]:
    calendars = [calendar.name for calendar in levels.calendar]
    if profile.calendar is not None:
        yield from unknown((*path, "calendar"), "calendar", profile.calendar, calendars)
    elif not calendars:
        yield Fault((*path, "calendar"), "there is no calendar", "add a [[calendar]]")
    if re.search(r"\b(mail|time|calendar)\.", _STRINGS.sub("", profile.when)):
        problem = "a profile cannot look at a mail or the time: a promise outlives both"
        yield Fault((*path, "when"), problem, "let a rule set a field or a tag, and ask for that")
    promises = {metric: getattr(profile, metric) for metric in METRICS}
    if not any(promises.values()):
        yield Fault(path, "promises nothing", f"add a table [profile.{METRICS[0]}]")
    for metric, promise in promises.items():
        if promise is not None:
            yield from _promise((*path, metric), promise, levels, catalog)


def _promise(
    path: KeyPath, promise: Promise, levels: ServiceLevels, catalog: Catalog | None
) -> Iterator[Fault]:
    if not promise.targets and promise.otherwise is None:
        yield Fault(
            path, "has no target", 'add targets = { P1 = "1 hour" } or otherwise = "8 hours"'
        )
    known = (
        sorted({name for row in catalog.matrix.values() for name in row.values()})
        if catalog
        else None
    )
    for priority, text in promise.targets.items():
        if known is not None:
            yield from unknown((*path, "targets", priority), "priority", priority, known)
        yield from _readable((*path, "targets", priority), partial(read_duration, text))
    if promise.otherwise is not None:
        yield from _readable((*path, "otherwise"), partial(read_duration, promise.otherwise))
    if promise.ladder is not None:
        ladders = [ladder.name for ladder in levels.ladder]
        yield from unknown((*path, "ladder"), "ladder", promise.ladder, ladders)
