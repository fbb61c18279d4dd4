"""The compiled sla.toml: which SLA terms apply to which ticket. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from maildesk.config.schema.people import Organisation
from maildesk.config.schema.sla import (
    CalendarEntry,
    EscalationPolicy,
    EscalationStep,
    Profile,
    ServiceLevels,
    SlaTarget,
)
from maildesk.config.schema.sla_notation import read_duration, read_week
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.model.person import Person
from maildesk.model.sla.metrics import METRICS, Metric, Pause
from maildesk.model.sla.timer import SlaTimer
from maildesk.model.ticket import Ticket
from maildesk.rules.choose import first
from maildesk.rules.compile import CompiledRules

OFFICE = Calendar("office", ZoneInfo("UTC"), read_week(("mon-fri 09:00-17:00",)))


@dataclass(frozen=True, slots=True)
class SlaTerms:
    """The SLA target of one metric that applies to a ticket now."""

    profile: str
    calendar: Calendar
    target: timedelta
    pause: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """Calendars, escalation policies and profiles. `profiles` selects the profile of a ticket."""

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
        """Build the policy from the configuration, with the public holidays of each calendar."""
        calendars = {
            one.name: _calendar(one, holidays.get(one.name, frozenset())) for one in files.calendar
        }
        return cls(files, calendars, profiles)

    def calendar_for(self, team: str, organisation: str) -> Calendar:
        """The calendar of the team, else of the organisation, else the first, else `OFFICE`."""
        for one in self.files.calendar:
            if team in one.teams:
                return self.calendars[one.name]
        for one in self.files.calendar:
            if organisation in one.organisations:
                return self.calendars[one.name]
        return self.calendar_named(None)

    def calendar_named(self, name: str | None) -> Calendar:
        """The calendar of that name; without a name the first one, else `OFFICE`."""
        first = next(iter(self.calendars.values()), OFFICE)
        return self.calendars.get(name, first) if name else first

    def metrics(self) -> tuple[Metric, ...]:
        """The metrics for which any profile has a target."""
        return tuple(m for m in METRICS if any(getattr(p, m) for p in self.files.profile))

    def terms(
        self, ticket: Ticket, requester: Person, organisation: Organisation
    ) -> Mapping[Metric, SlaTerms]:
        """The SLA terms of the ticket by metric, from the first profile whose `when` is true."""
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
            metric: SlaTerms(profile.name, calendar, duration, target.pause)
            for metric in METRICS
            if (target := getattr(profile, metric)) is not None
            and (duration := _duration(target, ticket.priority)) is not None
        }

    def calendar_of(self, timer: SlaTimer) -> Calendar:
        """The calendar that measures the timer."""
        return self.calendars.get(timer.calendar, OFFICE)

    def escalation_policy_of(self, timer: SlaTimer) -> EscalationPolicy | None:
        """The escalation policy of the timer in the current profile."""
        profile = self._profile(timer.profile)
        target: SlaTarget | None = getattr(profile, timer.metric) if profile else None
        name = target.escalation_policy if target else None
        return next((one for one in self.files.escalation_policy if one.name == name), None)

    def pending_steps(self, timer: SlaTimer) -> tuple[EscalationStep, ...]:
        """The steps of its escalation policy that have not run yet."""
        policy = self.escalation_policy_of(timer)
        return tuple(s for s in policy.step if s.at not in timer.steps_done) if policy else ()

    def _profile(self, name: str) -> Profile | None:
        return next((profile for profile in self.files.profile if profile.name == name), None)


def _calendar(entry: CalendarEntry, free: frozenset[date]) -> Calendar:
    return Calendar(entry.name, ZoneInfo(entry.zone), read_week(entry.hours), free)


def _duration(target: SlaTarget, priority: str) -> timedelta | None:
    text = target.targets.get(priority, target.otherwise)
    return read_duration(text) if text is not None else None
