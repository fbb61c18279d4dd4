"""The reports on a desk with a week behind it."""

from datetime import timedelta

from maildesk.model.report import Count, Period, SlaCounts, SlaFigures, Summary
from maildesk.processing import report_data
from tests.world import MONDAY, World, to

WEEK = timedelta(days=7)


def last_week(world: World) -> Period:
    return Period(world.clock.now - WEEK, world.clock.now + timedelta(seconds=1))


def summary(world: World) -> Summary:
    with world.store.read() as connection:
        return report_data.summary(connection, last_week(world))


def sla_figures(world: World) -> SlaFigures:
    with world.store.read() as connection:
        return report_data.sla_figures(world.runtime.policy.sla, connection, last_week(world))


def test_tickets_are_counted_as_they_stand(world_on_each: World) -> None:
    world = world_on_each
    world.writes("rita", "Long ago.", subject="Old keyboard")
    world.clock.forward(days=14)
    world.writes("rita", "It does not print.", subject="Printer broken")
    world.writes("max", "No paper comes.", subject="Printer 2 broken")
    outgoing_mails = world.writes("rita", "A chair, please.", subject="New chair")
    notified = to(outgoing_mails, "ann")[0]
    world.writes("ann", "#hold waits for the carpenter", answering=notified)
    found = summary(world)
    assert (found.open, found.on_hold, found.opened, found.closed) == (3, 1, 3, 0)
    assert found.requesters == (Count("rita@example.org", 2), Count("max@example.org", 1))
    assert sum(one.tickets for one in found.categories) == 3
    assert [(i.subject, i.numbers) for i in found.issues] == [("Printer broken", (1002, 1003))]
    assert found.looked_at == 3


def test_an_answer_is_measured_in_business_time(world_on_each: World) -> None:
    world = world_on_each
    outgoing_mails = world.writes("rita", "It does not print.")
    assert world.clock.now == MONDAY + timedelta(minutes=1)
    world.clock.forward(minutes=29)
    world.writes("ann", "Which one?", answering=to(outgoing_mails, "ann")[0])
    first = _of(sla_figures(world), "first_response")
    assert (first.achieved, first.breached, first.running) == (1, 0, 0)
    assert (first.p50, first.p95) == (30 * 60, 30 * 60)
    resolution = _of(sla_figures(world), "resolution")
    assert (resolution.achieved, resolution.running, resolution.p50) == (0, 1, None)


def test_a_breach_counts_before_its_deadline_is_processed_and_an_old_one_does_not(
    world: World,
) -> None:
    outgoing_mails = world.writes("rita", "It does not print.")
    world.clock.forward(days=3)
    first = _of(sla_figures(world), "first_response")
    assert (first.breached, first.running, first.p50) == (1, 0, None)
    world.writes("ann", "Which one?", answering=to(outgoing_mails, "ann")[0])
    assert _of(sla_figures(world), "first_response").p50 is not None
    world.clock.forward(days=8)
    assert {one.metric for one in sla_figures(world).metrics} == {"resolution"}


def _of(found: SlaFigures, metric: str) -> SlaCounts:
    return next(one for one in found.metrics if one.metric == metric)
