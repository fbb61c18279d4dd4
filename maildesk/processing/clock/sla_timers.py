"""The promises of one ticket, worked out anew from its whole history."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.lifecycle.sla.timers import Asker, as_of, recomputed, used
from maildesk.model.event import RequesterChanged, TicketOpened
from maildesk.model.sla import Metric
from maildesk.model.sla_timer import Clock, Interval
from maildesk.processing.runtime import Runtime
from maildesk.store import people, tickets
from maildesk.store.tickets import Recorded


@dataclass(frozen=True, slots=True)
class Part:
    """Some time on the wall, and the seconds of it that counted. `why` it stood, else ""."""

    begin: datetime
    end: datetime | None
    counted: int
    why: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One clock for people: local times, seconds of business time.

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
    told: tuple[str, ...]
    parts: tuple[Part, ...]
    differs: bool


def measured(runtime: Runtime, number: int) -> tuple[Measured, ...]:
    """Every clock that something was ever promised about.

    Raises LookupError where there is no such ticket.
    """
    with runtime.store.read() as connection:
        ticket, _ = tickets.load_one(connection, number, lock=False)
        clocks = from_history(runtime.policy, connection, number)
    now = runtime.clock()
    known = {clock.key: clock for clock in ticket.clocks}
    shown = (clock for clock in clocks if clock.target)
    return tuple(_measured(runtime, one, known.get(one.key) != one, now) for one in shown)


def from_history(policy: Policy, connection: Connection, number: int) -> tuple[Clock, ...]:
    """The clocks as everything that happened to the ticket gives them, by today's sla.toml."""
    history = tickets.history(connection, number)
    lines = ((line.at, line.cause, line.event) for line in history)
    return recomputed(policy.levels, lines, number, _askers(policy, connection, history))


def _askers(
    policy: Policy, connection: Connection, history: tuple[Recorded, ...]
) -> dict[int, Asker]:
    asked = {line.event.requester for line in history if isinstance(line.event, TicketOpened)}
    asked |= {line.event.new for line in history if isinstance(line.event, RequesterChanged)}
    organisation_of = policy.directory.organisation_of
    known = people.by_ids(connection, asked)
    return {id_: (person, organisation_of(person)) for id_, person in known.items()}


def _measured(runtime: Runtime, clock: Clock, differs: bool, now: datetime) -> Measured:
    levels = runtime.policy.levels
    calendar = levels.calendar_of(clock)
    until = clock.stopped_at or now
    return Measured(
        metric=clock.metric,
        serial=clock.serial,
        outcome=as_of(levels, clock, now).outcome,
        profile=clock.profile,
        calendar=clock.calendar,
        target=clock.target,
        used=int(used(calendar, clock, until).total_seconds()),
        due=clock.due.astimezone(calendar.zone) if clock.due else None,
        told=clock.told,
        parts=tuple(_part(calendar, stretch, until) for stretch in clock.stretches),
        differs=differs,
    )


def _part(calendar: Calendar, stretch: Interval, until: datetime) -> Part:
    counted = calendar.worked(stretch.begin, stretch.end or until)
    return Part(
        begin=stretch.begin.astimezone(calendar.zone),
        end=stretch.end.astimezone(calendar.zone) if stretch.end else None,
        counted=0 if stretch.why else int(counted.total_seconds()),
        why=stretch.why,
    )
