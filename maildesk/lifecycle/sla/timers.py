"""The clocks of a ticket follow from its history: started, paused, stopped, judged. Pure.

`follow` is asked after every decision, with the events of that decision alone; `recomputed` walks
a whole history and comes to the same clocks. What a clock keeps is time on the wall (stretches
that counted and stretches that did not), so another priority, profile or calendar judges all of
it anew. A clock that has stopped is judged by what was promised when it stopped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from maildesk.config.schema.people import Organisation
from maildesk.config.schema.sla import Rung
from maildesk.config.schema.sla_notation import read_rung
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.lifecycle.sla.sla_policy import SlaPolicy, SlaTerms
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    ClockSet,
    Closed,
    Event,
    MergedInto,
    MessageAdded,
    RungReached,
    StatusMoved,
    TicketOpened,
)
from maildesk.model.person import Person
from maildesk.model.sla import Metric
from maildesk.model.sla_timer import Clock, Interval, Outcome, Standing
from maildesk.model.ticket import Ticket, evolve

DUE = "due"
"""The rung that every clock has: its target is used up."""

# Texts of agents that reach the requester. Notes, acknowledgements and auto-replies are none.
RESPONSES = frozenset({"answer", "resolution"})
REPLIES = frozenset({"reply"})
_DUE = Rung(at=DUE)
_DONE = frozenset({"Resolved", "Closed"})
_DEFAULT_PAUSE = ("on-hold",)

Asker = tuple[Person, Organisation]
"""Who asks, and the organisation of that person."""
Lines = Iterable[tuple[datetime, str, Event]]


def follow(
    levels: SlaPolicy,
    before: Ticket | None,
    after: Ticket,
    events: Sequence[Event],
    asker: Asker,
    at: datetime,
) -> tuple[ClockSet, ...]:
    """What the events do to the clocks: one ClockSet for each that is other than before.

    `asker` is the requester of the ticket as it is after them.
    """
    metrics = levels.metrics()
    was = {clock.key: clock for clock in after.clocks}
    if not metrics and not was:
        return ()
    state = before.state if before else ""
    hands = _TimerUpdater(metrics, dict(was), state, after.state in _DONE, at)
    for event in events:
        hands.heed(event)
    terms = levels.terms(after, *asker)
    judged = (
        _judged(levels, clock, terms.get(clock.metric), at, live=key not in hands.cancelled)
        if clock.is_open or was.get(key) != clock
        else clock
        for key, clock in hands.paused(terms).items()
    )
    return tuple(ClockSet(clock) for clock in judged if was.get(clock.key) != clock)


def recomputed(
    levels: SlaPolicy, lines: Lines, number: int, askers: Mapping[int, Asker]
) -> tuple[Clock, ...]:
    """The clocks as the whole history gives them. `lines` are (at, cause, event), oldest first."""
    ticket: Ticket | None = None
    for (at, _cause), group in groupby(lines, key=lambda line: line[:2]):
        events = [event for _, _, event in group if not isinstance(event, ClockSet)]
        before = ticket
        for event in events:
            ticket = evolve(ticket, event, number=number, at=at)
        if ticket is not None:
            asker = askers[ticket.requester]
            for turned in follow(levels, before, ticket, events, asker, at):
                ticket = evolve(ticket, turned, number=number, at=at)
    return ticket.clocks if ticket else ()


def as_of(levels: SlaPolicy, clock: Clock, now: datetime) -> Clock:
    """How the clock stands now; a stopped one as it stopped."""
    if not clock.is_open or not clock.target:
        return clock
    due = reached(levels.calendar_of(clock), clock, timedelta(seconds=clock.target))
    return replace(clock, outcome=_outcome(clock, due, now))


def used(calendar: Calendar, clock: Clock, now: datetime) -> timedelta:
    """The business time that was counted so far."""
    counted = (s for s in clock.stretches if not s.why)
    return sum((calendar.worked(s.begin, s.end or now) for s in counted), timedelta())


def reached(calendar: Calendar, clock: Clock, amount: timedelta) -> datetime | None:
    """When so much time was used, or will be if it goes on so; None while the clock stands.

    Of a stopped clock: as it would have gone on.
    """
    for stretch in clock.stretches:
        if stretch.why:
            continue
        if stretch.end is None or stretch.end == clock.stopped_at:
            return calendar.add(stretch.begin, amount)
        worked = calendar.worked(stretch.begin, stretch.end)
        if amount <= worked:
            return calendar.add(stretch.begin, amount)
        amount -= worked
    return None


@dataclass(slots=True)
class _TimerUpdater:
    """The clocks of a ticket while the events of one decision go by."""

    metrics: tuple[Metric, ...]
    clocks: dict[tuple[Metric, int], Clock]
    state: str
    is_done: bool
    at: datetime
    cancelled: set[tuple[Metric, int]] = field(default_factory=set)

    def heed(self, event: Event) -> None:
        """What one event starts, stops or tells."""
        match event:
            case TicketOpened(state=state):
                self.state = state
                self._start("first_response")
                self._start("resolution")
            case MessageAdded(kind=kind) if kind in RESPONSES:
                self._stop("first_response", "next_response")
                self._say(answered=True)
            case MessageAdded(kind=kind) if kind in REPLIES:
                self._say(answered=False)
                if not self.is_done and not self._open("first_response", "next_response"):
                    self._start("next_response")
            case StatusMoved(state=state):
                self._move(state)
            case ApprovalAsked():
                self._cancel("approval")
                self._start("approval")
            case ApprovalDecided():
                self._stop("approval")
            case RungReached(metric=metric, serial=serial, rung=rung):
                self._tell(metric, serial, rung)
            case Closed() | MergedInto():
                self._cancel("first_response", "next_response", "resolution", "approval")
            case _:
                pass

    def paused(self, terms: Mapping[Metric, SlaTerms]) -> dict[tuple[Metric, int], Clock]:
        """All clocks; those that are open count or stand from now on, as the ticket does."""
        for clock in self._open():
            one = terms.get(clock.metric)
            why = self._why(clock, one.pause if one else _DEFAULT_PAUSE)
            if clock.stretches[-1].why != why:
                self._set(_turned(clock, why, self.at))
        return self.clocks

    def _why(self, clock: Clock, pause: Sequence[str]) -> Standing:
        if self.state == "On-Hold" and "on-hold" in pause and clock.metric != "approval":
            return "on-hold"
        if clock.answered and "waiting-for-requester" in pause:
            return "waiting-for-requester"
        return ""

    def _set(self, clock: Clock) -> None:
        self.clocks[clock.key] = clock

    def _open(self, *metrics: Metric) -> list[Clock]:
        running = (clock for clock in self.clocks.values() if clock.is_open)
        return [clock for clock in running if not metrics or clock.metric in metrics]

    def _start(self, metric: Metric) -> None:
        if metric in self.metrics:
            serial = 1 + sum(clock.metric == metric for clock in self.clocks.values())
            self._set(Clock(metric=metric, serial=serial, stretches=(Interval(self.at),)))

    def _stop(self, *metrics: Metric) -> None:
        for clock in self._open(*metrics):
            stopped = _ended(clock, self.at)
            self._set(replace(stopped, stopped_at=stopped.stretches[-1].end))

    def _cancel(self, *metrics: Metric) -> None:
        self.cancelled |= {clock.key for clock in self._open(*metrics)}
        self._stop(*metrics)

    def _tell(self, metric: Metric, serial: int, rung: str) -> None:
        """Where sla.toml was changed since, there may be no such clock any more."""
        clock = self.clocks.get((metric, serial))
        if clock is not None and rung not in clock.told:
            self._set(replace(clock, told=(*clock.told, rung)))

    def _say(self, *, answered: bool) -> None:
        for clock in self._open("resolution"):
            self._set(replace(clock, answered=answered))

    def _move(self, state: str) -> None:
        was, self.state = self.state, state
        if state == "Resolved" and was not in _DONE:
            self._stop("first_response", "next_response", "resolution")
            self._cancel("approval")
        elif was == "Resolved" and state not in _DONE:
            self._reopen()

    def _reopen(self) -> None:
        for clock in [c for c in self.clocks.values() if c.metric == "resolution"]:
            if clock.stopped_at is not None:
                at = max(self.at, clock.stopped_at)
                gap = (Interval(clock.stopped_at, at, "resolved"), Interval(at))
                stretches = (*clock.stretches, *gap)
                self._set(replace(clock, stretches=stretches, stopped_at=None, answered=False))


def _ended(clock: Clock, at: datetime) -> Clock:
    """The last stretch ends. A clock on the wall that went back makes no time undone."""
    *earlier, last = clock.stretches
    return replace(clock, stretches=(*earlier, replace(last, end=max(at, last.begin))))


def _turned(clock: Clock, why: Standing, at: datetime) -> Clock:
    """From now on it counts, or stands for that reason."""
    ended = _ended(clock, at)
    *earlier, last = ended.stretches
    assert last.end is not None
    kept = (*earlier, last) if last.end > last.begin or not earlier else tuple(earlier)
    return replace(clock, stretches=(*kept, Interval(last.end, None, why)))


def _judged(
    levels: SlaPolicy, clock: Clock, terms: SlaTerms | None, at: datetime, *, live: bool
) -> Clock:
    """The clock by what is promised now."""
    if terms is None or not live:
        void = replace(clock, outcome=Outcome.CANCELLED, due=None, wakes=None)
        return void if terms is not None else replace(void, profile="", calendar="", target=0)
    clock = replace(
        clock,
        profile=terms.profile,
        calendar=terms.calendar.name,
        target=int(terms.target.total_seconds()),
    )
    due = reached(terms.calendar, clock, terms.target)
    if due is None or due > at:
        clock = replace(clock, told=tuple(rung for rung in clock.told if rung != DUE))
    outcome = _outcome(clock, due, at)
    wakes = min((when for when, _ in points(levels, clock)), default=None)
    return replace(clock, outcome=outcome, due=due, wakes=wakes if clock.is_open else None)


def _outcome(clock: Clock, due: datetime | None, at: datetime) -> Outcome:
    if clock.stopped_at is not None:
        late = due is not None and due < clock.stopped_at
        return Outcome.BREACHED if late else Outcome.ACHIEVED
    if due is not None and due <= at:
        return Outcome.BREACHED
    return Outcome.PAUSED if clock.stretches[-1].why else Outcome.RUNNING


def points(levels: SlaPolicy, clock: Clock) -> Iterator[tuple[datetime, Rung]]:
    """When each rung that was not reached yet was or will be; `DUE` is one of them."""
    target = timedelta(seconds=clock.target)
    calendar = levels.calendar_of(clock)
    due = () if DUE in clock.told else (_DUE,)
    for rung in (*due, *levels.rungs_of(clock)):
        amount = target if rung.at == DUE else read_rung(rung.at, target)
        when = reached(calendar, clock, amount)
        if when is not None:
            yield when, rung
