"""What a report says. Frozen values."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on, before `until`."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Period":
        """The time of the same length that ends where this one begins."""
        return Period(self.since - (self.until - self.since), self.since)

    def at(self, zone: ZoneInfo) -> "Period":
        """The same, as clocks on the wall there show it."""
        return Period(self.since.astimezone(zone), self.until.astimezone(zone))


@dataclass(frozen=True, slots=True)
class Count:
    """How many tickets a requester or a category has."""

    name: str
    tickets: int


@dataclass(frozen=True, slots=True)
class Issue:
    """Tickets that are alike, oldest first; `subject` is that of the first."""

    subject: str
    numbers: tuple[int, ...]

    @property
    def tickets(self) -> int:
        """How many they are."""
        return len(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`open` and `on_hold` as they are now, in nobody twice; `opened` and `closed` in the time.

    Requesters, categories and issues count tickets opened in the time, the most frequent first.
    `looked_at`: of how many tickets, the newest, the likeness was asked.
    """

    since: datetime
    until: datetime
    open: int
    on_hold: int
    opened: int
    closed: int
    requesters: tuple[Count, ...]
    categories: tuple[Count, ...]
    issues: tuple[Issue, ...]
    looked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaCounts:
    """SLA targets of one metric, profile and team by outcome ("": all profiles or teams).

    `running` includes paused timers. `p50`, `p90`, `p95` are percentiles of the elapsed business
    time of achieved and breached timers, in seconds; None without any.
    """

    metric: str
    profile: str
    team: str
    achieved: int
    breached: int
    cancelled: int
    running: int
    p50: int | None
    p90: int | None
    p95: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaFigures:
    """Timers that stopped in the period or are still open; `lines`: by profile and team as well."""

    since: datetime
    until: datetime
    metrics: tuple[SlaCounts, ...]
    lines: tuple[SlaCounts, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """What one local day brought."""

    date: date
    opened: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report by mail says. `summary` and `sla` have their times in the local zone.

    `opened_before` and `closed_before` count the time before, which was as long. `waiting`: mails
    in quarantine or held that a person has to look at.
    """

    name: str
    summary: Summary
    sla: SlaFigures
    days: tuple[Day, ...]
    opened_before: int
    closed_before: int
    waiting: int
