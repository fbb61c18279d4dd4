"""What sla.toml promises, compiled: which terms hold for which ticket. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from maildesk.config.schema.people import Organisation
from maildesk.config.schema.sla import CalendarEntry, Ladder, Profile, Promise, Rung, ServiceLevels
from maildesk.config.schema.sla_notation import read_duration, read_week
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.model.person import Person
from maildesk.model.sla import METRICS, Metric, Pause
from maildesk.model.sla_timer import Clock
from maildesk.model.ticket import Ticket
from maildesk.rules.choose import first
from maildesk.rules.compile import CompiledRules

OFFICE = Calendar("office", ZoneInfo("UTC"), read_week(("mon-fri 09:00-17:00",)))


@dataclass(frozen=True, slots=True)
class SlaTerms:
    """What is promised of one metric, for a ticket as it is."""

    profile: str
    calendar: Calendar
    target: timedelta
    pause: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """The calendars, ladders and profiles of the desk. `profiles` decides which one counts."""

    files: ServiceLevels = field(default_factory=ServiceLevels)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    profiles: CompiledRules | None = None

    @classmethod
    def of(
        cls,
        files: ServiceLevels,
        holidays: Mapping[str, frozenset[date]],
        profiles: CompiledRules,
    ) -> "SlaPolicy":
        """The files, ready to be asked."""
        calendars = {
            one.name: _calendar(one, holidays.get(one.name, frozenset())) for one in files.calendar
        }
        return cls(files, calendars, profiles)

    def calendar_for(self, team: str, organisation: str) -> Calendar:
        """The team's, else the organisation's, else the first one, else an office in UTC."""
        for one in self.files.calendar:
            if team in one.teams:
                return self.calendars[one.name]
        for one in self.files.calendar:
            if organisation in one.organisations:
                return self.calendars[one.name]
        return self.calendar_named(None)

    def calendar_named(self, name: str | None) -> Calendar:
        """The one of that name; without a name the first one, else an office in UTC."""
        first = next(iter(self.calendars.values()), OFFICE)
        return self.calendars.get(name, first) if name else first

    def metrics(self) -> tuple[Metric, ...]:
        """Those that any profile promises something about."""
        return tuple(m for m in METRICS if any(getattr(p, m) for p in self.files.profile))

    def terms(
        self, ticket: Ticket, requester: Person, organisation: Organisation
    ) -> Mapping[Metric, SlaTerms]:
        """What is promised for this ticket, by the first profile whose `when` holds."""
        if self.profiles is None or not self.files.profile:
            return {}
        profile = self._profile(first(self.profiles, ticket, requester, organisation))
        if profile is None:
            return {}
        calendar = (
            self.calendars[profile.calendar]
            if profile.calendar
            else self.calendar_for(ticket.team, organisation.name)
        )
        return {
            metric: SlaTerms(profile.name, calendar, target, promise.pause)
            for metric in METRICS
            if (promise := getattr(profile, metric)) is not None
            and (target := _target(promise, ticket.priority)) is not None
        }

    def calendar_of(self, clock: Clock) -> Calendar:
        """By which the clock goes."""
        return self.calendars.get(clock.calendar, OFFICE)

    def ladder_of(self, clock: Clock) -> Ladder | None:
        """Who is told of the clock, by what its profile says now."""
        profile = self._profile(clock.profile)
        promise: Promise | None = getattr(profile, clock.metric) if profile else None
        name = promise.ladder if promise else None
        return next((ladder for ladder in self.files.ladder if ladder.name == name), None)

    def rungs_of(self, clock: Clock) -> tuple[Rung, ...]:
        """The rungs of its ladder that were not reached yet."""
        ladder = self.ladder_of(clock)
        return tuple(rung for rung in ladder.rung if rung.at not in clock.told) if ladder else ()

    def _profile(self, name: str) -> Profile | None:
        return next((profile for profile in self.files.profile if profile.name == name), None)


def _calendar(entry: CalendarEntry, free: frozenset[date]) -> Calendar:
    return Calendar(entry.name, ZoneInfo(entry.zone), read_week(entry.hours), free)


def _target(promise: Promise, priority: str) -> timedelta | None:
    text = promise.targets.get(priority, promise.otherwise)
    return read_duration(text) if text is not None else None
