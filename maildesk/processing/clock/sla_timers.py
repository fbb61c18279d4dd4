"""The SLA timers of one ticket, recalculated from its whole history."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.lifecycle.sla.timers import RequesterInfo, as_of, elapsed, recalculated
from maildesk.model.event import RequesterChanged, TicketOpened
from maildesk.model.sla.metrics import Metric
from maildesk.model.sla.timer import Interval, SlaTimer
from maildesk.processing.runtime import Runtime
from maildesk.store import people, tickets
from maildesk.store.tickets import Recorded


@dataclass(frozen=True, slots=True)
class Part:
    """An interval and its counted seconds. `pause_reason` is "" if the timer ran."""

    begin: datetime
    end: datetime | None
    counted: int
    pause_reason: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One timer for people: local times, seconds of business time.

    `differs`: the ticket's row says otherwise, as sla.toml was changed since.
    """

    metric: Metric
    serial: int
    outcome: str
    profile: str
    calendar: str
    target: int
    used: int
    due: datetime | None
    steps_done: tuple[str, ...]
    parts: tuple[Part, ...]
    differs: bool


def measured(runtime: Runtime, number: int) -> tuple[Measured, ...]:
    """Every timer of the ticket that has or had a target.

    Raises LookupError where there is no such ticket.
    """
    with runtime.store.read() as connection:
        ticket, _ = tickets.load_one(connection, number, lock=False)
        timers = from_history(runtime.policy, connection, number)
    now = runtime.clock()
    known = {timer.key: timer for timer in ticket.sla_timers}
    shown = (timer for timer in timers if timer.target)
    return tuple(_measured(runtime, one, known.get(one.key) != one, now) for one in shown)


def from_history(policy: Policy, connection: Connection, number: int) -> tuple[SlaTimer, ...]:
    """The timers after the whole history of the ticket, by the current sla.toml."""
    history = tickets.history(connection, number)
    lines = ((line.at, line.cause, line.event) for line in history)
    return recalculated(policy.sla, lines, number, _requesters(policy, connection, history))


def _requesters(
    policy: Policy, connection: Connection, history: tuple[Recorded, ...]
) -> dict[int, RequesterInfo]:
    asked = {line.event.requester for line in history if isinstance(line.event, TicketOpened)}
    asked |= {line.event.new for line in history if isinstance(line.event, RequesterChanged)}
    organisation_of = policy.directory.organisation_of
    known = people.by_ids(connection, asked)
    return {id_: (person, organisation_of(person)) for id_, person in known.items()}


def _measured(runtime: Runtime, timer: SlaTimer, differs: bool, now: datetime) -> Measured:
    sla = runtime.policy.sla
    calendar = sla.calendar_of(timer)
    until = timer.stopped_at or now
    return Measured(
        metric=timer.metric,
        serial=timer.serial,
        outcome=as_of(sla, timer, now).outcome,
        profile=timer.profile,
        calendar=timer.calendar,
        target=timer.target,
        used=int(elapsed(calendar, timer, until).total_seconds()),
        due=timer.due.astimezone(calendar.zone) if timer.due else None,
        steps_done=timer.steps_done,
        parts=tuple(_part(calendar, interval, until) for interval in timer.intervals),
        differs=differs,
    )


def _part(calendar: Calendar, interval: Interval, until: datetime) -> Part:
    counted = calendar.worked(interval.begin, interval.end or until)
    return Part(
        begin=interval.begin.astimezone(calendar.zone),
        end=interval.end.astimezone(calendar.zone) if interval.end else None,
        counted=0 if interval.pause_reason else int(counted.total_seconds()),
        pause_reason=interval.pause_reason,
    )
