"""The content of a report, as frozen values."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """The time from `since` (inclusive) to `until` (exclusive)."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Period":
        """The period of the same length that ends where this one begins."""
        return Period(self.since - (self.until - self.since), self.since)

    def at(self, zone: ZoneInfo) -> "Period":
        """The same period in that time zone."""
        return Period(self.since.astimezone(zone), self.until.astimezone(zone))


@dataclass(frozen=True, slots=True)
class Count:
    """The number of tickets of a requester or a category."""

    name: str
    tickets: int


@dataclass(frozen=True, slots=True)
class Issue:
    """Similar tickets, oldest first; `subject` is that of the first."""

    subject: str
    numbers: tuple[int, ...]

    @property
    def tickets(self) -> int:
        """The number of tickets."""
        return len(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The tickets of a period.

    `open` and `on_hold` are current numbers; no ticket is in both. `opened`, `closed`, requesters,
    categories and issues count the period; the last three list the most frequent first. `looked_at`
    is how many tickets, the newest, were compared for similarity.
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
    """The tickets opened and closed on one local day."""

    date: date
    opened: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The content of a report by mail, with times in the local zone.

    `opened_before` and `closed_before` count the previous period of the same length. `waiting` is
    the number of mails in quarantine or held, which a person has to review.
    """

    name: str
    summary: Summary
    sla: SlaFigures
    days: tuple[Day, ...]
    opened_before: int
    closed_before: int
    waiting: int
