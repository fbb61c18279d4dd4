"""SLA timers, derived from the history of a ticket: started, paused, stopped, evaluated. Pure.

`timer_events` runs after each decision, with the events of that decision; `recalculated` replays
the whole history and gives the same timers. A timer stores intervals of real time, counted or
paused, so that a new priority, profile or calendar can measure all of them again. A stopped timer
keeps the target that applied when it stopped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from maildesk.config.schema.people import Organisation
from maildesk.config.schema.sla import EscalationStep
from maildesk.config.schema.sla_notation import read_step
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.lifecycle.sla.sla_policy import SlaPolicy, SlaTerms
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    Closed,
    EscalationStepReached,
    Event,
    MergedInto,
    MessageAdded,
    StatusMoved,
    TicketOpened,
    TimerSet,
)
from maildesk.model.person import Person
from maildesk.model.sla.metrics import Metric
from maildesk.model.sla.timer import Interval, Outcome, PauseReason, SlaTimer
from maildesk.model.ticket import Ticket, evolve

DUE = "due"
"""The implicit last step of each timer: the target has elapsed."""

# Messages of agents to the requester. Notes, acknowledgements and auto-replies do not count.
RESPONSES = frozenset({"answer", "resolution"})
REPLIES = frozenset({"reply"})
_DUE = EscalationStep(at=DUE)
_DONE = frozenset({"Resolved", "Closed"})
_DEFAULT_PAUSE = ("on-hold",)

RequesterInfo = tuple[Person, Organisation]
"""The requester and their organisation."""
Lines = Iterable[tuple[datetime, str, Event]]


def timer_events(
    sla: SlaPolicy,
    before: Ticket | None,
    after: Ticket,
    events: Sequence[Event],
    requester: RequesterInfo,
    at: datetime,
) -> tuple[TimerSet, ...]:
    """One TimerSet for each timer that the events of a decision change.

    `requester` is that of `after`, the ticket after the events.
    """
    metrics = sla.metrics()
    was = {timer.key: timer for timer in after.sla_timers}
    if not metrics and not was:
        return ()
    state = before.state if before else ""
    updater = _TimerUpdater(metrics, dict(was), state, after.state in _DONE, at)
    for event in events:
        updater.apply(event)
    terms = sla.terms(after, *requester)
    evaluated = (
        _evaluated(sla, timer, terms.get(timer.metric), at, live=key not in updater.cancelled)
        if timer.is_open or was.get(key) != timer
        else timer
        for key, timer in updater.paused(terms).items()
    )
    return tuple(TimerSet(timer) for timer in evaluated if was.get(timer.key) != timer)


def recalculated(
    sla: SlaPolicy, lines: Lines, number: int, requesters: Mapping[int, RequesterInfo]
) -> tuple[SlaTimer, ...]:
    """The timers after the whole history. `lines` are (at, cause, event), oldest first."""
    ticket: Ticket | None = None
    for (at, _cause), group in groupby(lines, key=lambda line: line[:2]):
        events = [event for _, _, event in group if not isinstance(event, TimerSet)]
        before = ticket
        for event in events:
            ticket = evolve(ticket, event, number=number, at=at)
        if ticket is not None:
            requester = requesters[ticket.requester]
            for timer_set in timer_events(sla, before, ticket, events, requester, at):
                ticket = evolve(ticket, timer_set, number=number, at=at)
    return ticket.sla_timers if ticket else ()


def as_of(sla: SlaPolicy, timer: SlaTimer, now: datetime) -> SlaTimer:
    """The timer with its outcome now; a stopped timer keeps its outcome."""
    if not timer.is_open or not timer.target:
        return timer
    due = time_reached(sla.calendar_of(timer), timer, timedelta(seconds=timer.target))
    return replace(timer, outcome=_outcome(timer, due, now))


def elapsed(calendar: Calendar, timer: SlaTimer, now: datetime) -> timedelta:
    """The business time counted until `now`."""
    counted = (s for s in timer.intervals if not s.pause_reason)
    return sum((calendar.worked(s.begin, s.end or now) for s in counted), timedelta())


def time_reached(calendar: Calendar, timer: SlaTimer, amount: timedelta) -> datetime | None:
    """When that much business time has elapsed or will have; None while the timer is paused.

    A stopped timer is treated as if it had kept running.
    """
    for interval in timer.intervals:
        if interval.pause_reason:
            continue
        if interval.end is None or interval.end == timer.stopped_at:
            return calendar.add(interval.begin, amount)
        worked = calendar.worked(interval.begin, interval.end)
        if amount <= worked:
            return calendar.add(interval.begin, amount)
        amount -= worked
    return None


@dataclass(slots=True)
class _TimerUpdater:
    """Applies the events of one decision to the timers of a ticket."""

    metrics: tuple[Metric, ...]
    timers: dict[tuple[Metric, int], SlaTimer]
    state: str
    is_done: bool
    at: datetime
    cancelled: set[tuple[Metric, int]] = field(default_factory=set)

    def apply(self, event: Event) -> None:
        """Start, stop or mark the timers that the event concerns."""
        match event:
            case TicketOpened(state=state):
                self.state = state
                self._start("first_response")
                self._start("resolution")
            case MessageAdded(kind=kind) if kind in RESPONSES:
                self._stop("first_response", "next_response")
                self._set_answered(answered=True)
            case MessageAdded(kind=kind) if kind in REPLIES:
                self._set_answered(answered=False)
                if not self.is_done and not self._open("first_response", "next_response"):
                    self._start("next_response")
            case StatusMoved(state=state):
                self._move(state)
            case ApprovalAsked():
                self._cancel("approval")
                self._start("approval")
            case ApprovalDecided():
                self._stop("approval")
            case EscalationStepReached(metric=metric, serial=serial, step=step):
                self._mark_done(metric, serial, step)
            case Closed() | MergedInto():
                self._cancel("first_response", "next_response", "resolution", "approval")
            case _:
                pass

    def paused(self, terms: Mapping[Metric, SlaTerms]) -> dict[tuple[Metric, int], SlaTimer]:
        """All timers; the open ones are paused or resumed as the state of the ticket requires."""
        for timer in self._open():
            one = terms.get(timer.metric)
            pause_reason = self._pause_reason(timer, one.pause if one else _DEFAULT_PAUSE)
            if timer.intervals[-1].pause_reason != pause_reason:
                self._set(_switched(timer, pause_reason, self.at))
        return self.timers

    def _pause_reason(self, timer: SlaTimer, pause: Sequence[str]) -> PauseReason:
        if self.state == "On-Hold" and "on-hold" in pause and timer.metric != "approval":
            return "on-hold"
        if timer.answered and "waiting-for-requester" in pause:
            return "waiting-for-requester"
        return ""

    def _set(self, timer: SlaTimer) -> None:
        self.timers[timer.key] = timer

    def _open(self, *metrics: Metric) -> list[SlaTimer]:
        running = (timer for timer in self.timers.values() if timer.is_open)
        return [timer for timer in running if not metrics or timer.metric in metrics]

    def _start(self, metric: Metric) -> None:
        if metric in self.metrics:
            serial = 1 + sum(timer.metric == metric for timer in self.timers.values())
            self._set(SlaTimer(metric=metric, serial=serial, intervals=(Interval(self.at),)))

    def _stop(self, *metrics: Metric) -> None:
        for timer in self._open(*metrics):
            stopped = _ended(timer, self.at)
            self._set(replace(stopped, stopped_at=stopped.intervals[-1].end))

    def _cancel(self, *metrics: Metric) -> None:
        self.cancelled |= {timer.key for timer in self._open(*metrics)}
        self._stop(*metrics)

    def _mark_done(self, metric: Metric, serial: int, step: str) -> None:
        """Mark a step; the timer may be missing if sla.toml was changed."""
        timer = self.timers.get((metric, serial))
        if timer is not None and step not in timer.steps_done:
            self._set(replace(timer, steps_done=(*timer.steps_done, step)))

    def _set_answered(self, *, answered: bool) -> None:
        for timer in self._open("resolution"):
            self._set(replace(timer, answered=answered))

    def _move(self, state: str) -> None:
        was, self.state = self.state, state
        if state == "Resolved" and was not in _DONE:
            self._stop("first_response", "next_response", "resolution")
            self._cancel("approval")
        elif was == "Resolved" and state not in _DONE:
            self._reopen()

    def _reopen(self) -> None:
        for timer in [c for c in self.timers.values() if c.metric == "resolution"]:
            if timer.stopped_at is not None:
                at = max(self.at, timer.stopped_at)
                gap = (Interval(timer.stopped_at, at, "resolved"), Interval(at))
                intervals = (*timer.intervals, *gap)
                self._set(replace(timer, intervals=intervals, stopped_at=None, answered=False))


def _ended(timer: SlaTimer, at: datetime) -> SlaTimer:
    """End the last interval, never before it began: the system clock may have been set back."""
    *earlier, last = timer.intervals
    return replace(timer, intervals=(*earlier, replace(last, end=max(at, last.begin))))


def _switched(timer: SlaTimer, pause_reason: PauseReason, at: datetime) -> SlaTimer:
    """Begin a new interval: counted, or paused for that reason."""
    ended = _ended(timer, at)
    *earlier, last = ended.intervals
    assert last.end is not None
    kept = (*earlier, last) if last.end > last.begin or not earlier else tuple(earlier)
    return replace(timer, intervals=(*kept, Interval(last.end, None, pause_reason)))


def _evaluated(
    sla: SlaPolicy, timer: SlaTimer, terms: SlaTerms | None, at: datetime, *, live: bool
) -> SlaTimer:
    """Apply the current SLA terms: outcome, due time and next check."""
    if terms is None or not live:
        void = replace(timer, outcome=Outcome.CANCELLED, due=None, next_check=None)
        return void if terms is not None else replace(void, profile="", calendar="", target=0)
    timer = replace(
        timer,
        profile=terms.profile,
        calendar=terms.calendar.name,
        target=int(terms.target.total_seconds()),
    )
    due = time_reached(terms.calendar, timer, terms.target)
    if due is None or due > at:
        timer = replace(timer, steps_done=tuple(step for step in timer.steps_done if step != DUE))
    outcome = _outcome(timer, due, at)
    next_check = min((when for when, _ in step_times(sla, timer)), default=None)
    return replace(
        timer, outcome=outcome, due=due, next_check=next_check if timer.is_open else None
    )


def _outcome(timer: SlaTimer, due: datetime | None, at: datetime) -> Outcome:
    if timer.stopped_at is not None:
        late = due is not None and due < timer.stopped_at
        return Outcome.BREACHED if late else Outcome.ACHIEVED
    if due is not None and due <= at:
        return Outcome.BREACHED
    return Outcome.PAUSED if timer.intervals[-1].pause_reason else Outcome.RUNNING


def step_times(sla: SlaPolicy, timer: SlaTimer) -> Iterator[tuple[datetime, EscalationStep]]:
    """The time of each step that has not run yet, past or future, including `DUE`."""
    target = timedelta(seconds=timer.target)
    calendar = sla.calendar_of(timer)
    due = () if DUE in timer.steps_done else (_DUE,)
    for step in (*due, *sla.pending_steps(timer)):
        amount = target if step.at == DUE else read_step(step.at, target)
        when = time_reached(calendar, timer, amount)
        if when is not None:
            yield when, step
