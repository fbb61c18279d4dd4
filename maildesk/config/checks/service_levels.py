"""Checks of sla.toml that types cannot express, and the public holidays of its calendars.

Holidays are computed here once, for `YEARS`; the rest of maildesk uses the dates.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

import holidays

from maildesk.config.checks.name_references import named_once, unknown, zone_faults
from maildesk.config.error_messages import near, quoted
from maildesk.config.errors import Fault
from maildesk.config.schema.catalog import Catalog
from maildesk.config.schema.people import People
from maildesk.config.schema.sla import (
    CalendarEntry,
    EscalationPolicy,
    Profile,
    ServiceLevels,
    SlaTarget,
)
from maildesk.config.schema.sla_notation import read_day_off, read_duration, read_step, read_week
from maildesk.config.toml_positions import KeyPath
from maildesk.model.sla.metrics import METRICS

YEARS = range(2015, 2051)
_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_AN_HOUR = timedelta(hours=1)


def holidays_of(levels: ServiceLevels) -> dict[str, frozenset[date]]:
    """The holidays and days off of each calendar."""
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
    """sla.toml: calendars are valid, and everything that is referred to exists."""
    for table in ("calendar", "escalation_policy", "profile"):
        yield from named_once(table, (one.name for one in getattr(levels, table)))
    for i, calendar in enumerate(levels.calendar):
        yield from _calendar(("calendar", i), calendar)
    yield from _owners(levels, people)
    calendars = [calendar.name for calendar in levels.calendar]
    for i, policy in enumerate(levels.escalation_policy):
        yield from _escalation_policy(("escalation_policy", i), policy, calendars, people)
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
            yield Fault((*path, "region"), "a region needs a country", 'add country = "…"')
    elif one.country not in places:
        remedy = "write a two-letter ISO 3166 code, or list the holidays in days_off"
        yield Fault(
            (*path, "country"), f"the holidays of {quoted(one.country)} are not known", remedy
        )
    elif one.region is not None and one.region not in places[one.country]:
        problem = f"{quoted(one.country)} has no region {quoted(one.region)}"
        yield Fault((*path, "region"), problem, near(one.region, places[one.country]))


def _readable(path: KeyPath, read: Callable[[], object]) -> Iterator[Fault]:
    """A fault if `read` raises ValueError("problem; remedy")."""
    try:
        read()
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        yield Fault(path, problem, remedy)


def _owners(levels: ServiceLevels, people: People | None) -> Iterator[Fault]:
    """Each team and each organisation has at most one calendar."""
    known = [team.name for team in people.team] if people else None
    for key in ("teams", "organisations"):
        seen: dict[str, str] = {}
        for i, calendar in enumerate(levels.calendar):
            for j, name in enumerate(getattr(calendar, key)):
                path = ("calendar", i, key, j)
                if key == "teams" and known is not None:
                    yield from unknown(path, "team", name, known)
                if name in seen:
                    problem = f"{quoted(name)} already uses the calendar {quoted(seen[name])}"
                    yield Fault(path, problem, "list it in one calendar only")
                seen.setdefault(name, calendar.name)


def _escalation_policy(
    path: KeyPath, policy: EscalationPolicy, calendars: list[str], people: People | None
) -> Iterator[Fault]:
    if policy.notify_within is not None:
        yield from unknown((*path, "notify_within"), "calendar", policy.notify_within, calendars)
    times = []
    for i, step in enumerate(policy.step):
        wrong = list(_readable((*path, "step", i, "at"), partial(read_step, step.at, _AN_HOUR)))
        yield from wrong
        times += [] if wrong else [read_step(step.at, _AN_HOUR)]
        if not (step.notify or step.raise_priority or step.reassign):
            remedy = 'add notify = ["assignee"]'
            yield Fault((*path, "step", i), "this escalation step does nothing", remedy)
        if step.reassign is not None and people is not None:
            teams = [team.name for team in people.team]
            yield from unknown((*path, "step", i, "reassign"), "team", step.reassign, teams)
    if any(later <= earlier for earlier, later in pairwise(times)):
        yield Fault(
            (*path, "step"), "the escalation steps are not in order of time", "sort them by `at`"
        )


def _profile(
    path: KeyPath, profile: Profile, levels: ServiceLevels, catalog: Catalog | None
) -> Iterator[Fault]:
    calendars = [calendar.name for calendar in levels.calendar]
    if profile.calendar is not None:
        yield from unknown((*path, "calendar"), "calendar", profile.calendar, calendars)
    elif not calendars:
        yield Fault((*path, "calendar"), "there is no calendar", "add a [[calendar]]")
    if re.search(r"\b(mail|time|calendar)\.", _STRINGS.sub("", profile.when)):
        problem = (
            "a profile cannot use mail, time or calendar facts, because an SLA target outlives them"
        )
        yield Fault((*path, "when"), problem, "set a field or a tag by a rule, and use that")
    targets = {metric: getattr(profile, metric) for metric in METRICS}
    if not any(targets.values()):
        yield Fault(path, "the profile has no SLA target", f"add a table [profile.{METRICS[0]}]")
    for metric, target in targets.items():
        if target is not None:
            yield from _sla_target((*path, metric), target, levels, catalog)


def _sla_target(
    path: KeyPath, target: SlaTarget, levels: ServiceLevels, catalog: Catalog | None
) -> Iterator[Fault]:
    if not target.targets and target.otherwise is None:
        yield Fault(
            path, "has no target", 'add targets = { P1 = "1 hour" } or otherwise = "8 hours"'
        )
    known = (
        sorted({name for row in catalog.matrix.values() for name in row.values()})
        if catalog
        else None
    )
    for priority, text in target.targets.items():
        if known is not None:
            yield from unknown((*path, "targets", priority), "priority", priority, known)
        yield from _readable((*path, "targets", priority), partial(read_duration, text))
    if target.otherwise is not None:
        yield from _readable((*path, "otherwise"), partial(read_duration, target.otherwise))
    if target.escalation_policy is not None:
        names = [policy.name for policy in levels.escalation_policy]
        where = (*path, "escalation_policy")
        yield from unknown(where, "escalation policy", target.escalation_policy, names)
