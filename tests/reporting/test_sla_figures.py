"""SlaFigures counted by hand."""

from datetime import UTC, datetime

import pytest

from maildesk.model.sla.timer import Outcome
from maildesk.reporting.sla_figures import SlaMeasurement, calculate_sla_figures, percentile

SINCE, UNTIL = datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        # nothing to say
        ((), 50, None),
        # one value is every percentile
        ((7,), 50, 7),
        ((7,), 95, 7),
        # two: half of them are not above the first
        ((9, 3), 50, 3),
        ((9, 3), 90, 9),
        # ten: the fifth, the ninth, and the tenth (9.5 is rounded up)
        (range(10, 110, 10), 50, 50),
        (range(10, 110, 10), 90, 90),
        (range(10, 110, 10), 95, 100),
        # twenty: the nineteenth
        (range(1, 21), 95, 19),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: tuple[int, ...], percent: int, expected: int | None
) -> None:
    assert percentile(list(values), percent) == expected


def test_outcomes_are_counted_by_metric_profile_and_team() -> None:
    rows: list[tuple[str, str, str, Outcome, int | None]] = [
        ("resolution", "Standard", "Network", Outcome.ACHIEVED, 7200),
        ("first_response", "Standard", "First line", Outcome.ACHIEVED, 600),
        ("first_response", "Standard", "First line", Outcome.ACHIEVED, 1200),
        ("first_response", "Standard", "First line", Outcome.BREACHED, 9000),
        # breached and still not answered: no time to tell
        ("first_response", "Standard", "First line", Outcome.BREACHED, None),
        # a ticket that was dropped says nothing of how fast anybody answers
        ("first_response", "Standard", "First line", Outcome.CANCELLED, 30),
        ("first_response", "Standard", "First line", Outcome.RUNNING, None),
        ("first_response", "Standard", "Network", Outcome.PAUSED, None),
        ("first_response", "VIP", "", Outcome.ACHIEVED, 60),
    ]
    measurements = [
        SlaMeasurement(metric=m, profile=p, team=t, outcome=o, seconds=s) for m, p, t, o, s in rows
    ]
    found = calculate_sla_figures(measurements, SINCE, UNTIL)
    lines = [
        (k.metric, k.profile, k.team, k.achieved, k.breached, k.cancelled, k.running)
        for k in (*found.metrics, *found.lines)
    ]
    assert lines == [
        ("first_response", "", "", 3, 2, 1, 2),
        ("resolution", "", "", 1, 0, 0, 0),
        ("first_response", "Standard", "First line", 2, 2, 1, 1),
        ("first_response", "Standard", "Network", 0, 0, 0, 1),
        ("first_response", "VIP", "", 1, 0, 0, 0),
        ("resolution", "Standard", "Network", 1, 0, 0, 0),
    ]
    # of 60, 600, 1200 and 9000 the second, the fourth and the fourth
    first = found.metrics[0]
    assert (first.p50, first.p90, first.p95) == (600, 9000, 9000)
    assert found.lines[1].p50 is None
