"""SLA timers: counted and paused intervals, due time, outcome. Frozen values."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from maildesk.model.sla.metrics import Metric

PauseReason = Literal["", "on-hold", "waiting-for-requester", "resolved"]


class Outcome(enum.StrEnum):
    """The outcome of an SLA target. A breached one stays breached unless the target changes."""

    RUNNING = "running"
    PAUSED = "paused"
    ACHIEVED = "achieved"
    BREACHED = "breached"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of real time. `pause_reason` is "" if it counted."""

    begin: datetime
    end: datetime | None = None
    pause_reason: PauseReason = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaTimer:
    """The timer of one SLA target of one ticket. `serial` counts the timers of that metric.

    `target` is in seconds of business time, 0 without a target. `due` is when the target will have
    elapsed, None while the timer is paused. `next_check` is the time of the next escalation step.
    `steps_done` are the steps that have run, such as "80%". `answered`: an agent wrote last.
    """

    metric: Metric
    serial: int
    intervals: tuple[Interval, ...]
    profile: str = ""
    calendar: str = ""
    target: int = 0
    outcome: Outcome = Outcome.CANCELLED
    due: datetime | None = None
    next_check: datetime | None = None
    steps_done: tuple[str, ...] = ()
    answered: bool = False
    stopped_at: datetime | None = None

    @property
    def key(self) -> tuple[Metric, int]:
        """Identifies the timer within its ticket."""
        return self.metric, self.serial

    @property
    def is_open(self) -> bool:
        """Whether it has not stopped yet."""
        return self.stopped_at is None

    @property
    def started_at(self) -> datetime:
        """When it started."""
        return self.intervals[0].begin


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaWarning:
    """One SLA target in a mail. `due` is in the time zone of the calendar."""

    number: int
    subject: str
    priority: str
    metric: str
    level: str
    due: datetime | None
    overdue: bool
    requester: str
    assignee: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingNotification:
    """A notification that a person must get, alone or with others in one mail.

    `not_before` is when the calendar of `notify_within` opens. `level` is the step: "80%", "+2h".
    """

    to: int
    ticket: int
    metric: Metric
    serial: int
    level: str
    due: datetime | None
    not_before: datetime
