"""The clock of one promise: what was counted, what was not, how it stands. Frozen values."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from maildesk.model.sla import Metric

Standing = Literal["", "on-hold", "waiting-for-requester", "resolved"]


class Outcome(enum.StrEnum):
    """How a promise stands. A breached one stays so, unless another target is promised."""

    RUNNING = "running"
    PAUSED = "paused"
    ACHIEVED = "achieved"
    BREACHED = "breached"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Interval:
    """Some time on the wall. `why` says why it did not count, "" that it did."""

    begin: datetime
    end: datetime | None = None
    why: Standing = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One promise of one ticket. `serial` counts the clocks of that metric.

    `target` is in seconds of business time; 0 where nothing is promised (now). `due` is when it
    is used up, None while that depends on something else. `wakes` is when the tick has to look.
    `told` are the rungs that were reached, as "80%". `answered`: an agent wrote last.
    """

    metric: Metric
    serial: int
    stretches: tuple[Interval, ...]
    profile: str = ""
    calendar: str = ""
    target: int = 0
    outcome: Outcome = Outcome.CANCELLED
    due: datetime | None = None
    wakes: datetime | None = None
    told: tuple[str, ...] = ()
    answered: bool = False
    stopped_at: datetime | None = None

    @property
    def key(self) -> tuple[Metric, int]:
        """What tells it apart from the ticket's other clocks."""
        return self.metric, self.serial

    @property
    def is_open(self) -> bool:
        """Whether it has yet to stop."""
        return self.stopped_at is None

    @property
    def started_at(self) -> datetime:
        """When it began."""
        return self.stretches[0].begin


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaWarning:
    """One promise as a mail speaks of it. `due` is local time where the calendar is."""

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
    """Somebody must hear of a promise, alone or among others in one mail.

    `not_before` is when quiet hours end. `level` is the rung, as "80%" or "+2h".
    """

    to: int
    ticket: int
    metric: Metric
    serial: int
    level: str
    due: datetime | None
    not_before: datetime
