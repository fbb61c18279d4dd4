"""SLA figures: timers by outcome, with percentiles of the elapsed time. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.report import SlaCounts, SlaFigures
from maildesk.model.sla.metrics import METRICS
from maildesk.model.sla.timer import Outcome

_JUDGED = (Outcome.ACHIEVED, Outcome.BREACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaMeasurement:
    """One SLA timer; `seconds` of elapsed business time if it has stopped, else None."""

    metric: str
    profile: str
    team: str
    outcome: Outcome
    seconds: int | None


def calculate_sla_figures(
    measurements: Iterable[SlaMeasurement], since: datetime, until: datetime
) -> SlaFigures:
    """Count the timers by metric, and by metric, profile and team."""
    by_metric: dict[str, list[SlaMeasurement]] = defaultdict(list)
    by_line: dict[tuple[str, str, str], list[SlaMeasurement]] = defaultdict(list)
    for one in measurements:
        by_metric[one.metric].append(one)
        by_line[one.metric, one.profile, one.team].append(one)
    metrics = (
        _counts(metric, "", "", by_metric[metric]) for metric in METRICS if metric in by_metric
    )
    ordered = sorted(by_line, key=lambda key: (METRICS.index(key[0]), *key[1:]))
    return SlaFigures(
        since=since,
        until=until,
        metrics=tuple(metrics),
        lines=tuple(_counts(*key, by_line[key]) for key in ordered),
    )


def percentile(values: Sequence[int], percent: int) -> int | None:
    """The percentile by nearest rank; None if there are no values."""
    if not values:
        return None
    rank = -(-percent * len(values) // 100)
    return sorted(values)[max(rank, 1) - 1]


def _counts(
    metric: str, profile: str, team: str, measurements: Sequence[SlaMeasurement]
) -> SlaCounts:
    outcomes = [one.outcome for one in measurements]
    seconds = sorted(
        one.seconds for one in measurements if one.seconds is not None and one.outcome in _JUDGED
    )
    return SlaCounts(
        metric=metric,
        profile=profile,
        team=team,
        achieved=outcomes.count(Outcome.ACHIEVED),
        breached=outcomes.count(Outcome.BREACHED),
        cancelled=outcomes.count(Outcome.CANCELLED),
        running=outcomes.count(Outcome.RUNNING) + outcomes.count(Outcome.PAUSED),
        p50=percentile(seconds, 50),
        p90=percentile(seconds, 90),
        p95=percentile(seconds, 95),
    )
