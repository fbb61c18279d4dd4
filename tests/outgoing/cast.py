"""Rita is the requester, Max is her manager, Ann is an agent; they have one ticket."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from maildesk.config.schema.settings import Desk
from maildesk.model.person import Person
from maildesk.model.report import Count, Day, Issue, Report, SlaCounts, SlaFigures, Summary
from maildesk.model.ticket import Ticket
from maildesk.outgoing.compose import SenderIdentity, ThreadContext

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
KEYS = (b"k" * 32,)
NONCE = bytes(range(10))

RITA = Person(id=1, name="Rita Novák", address="rita@example.org", organisation="Sales")
ANN = Person(id=2, name="Ann Archer", address="ann@example.org", teams=("First line",))
MAX = Person(id=3, name="Max Berger", address="max@example.org")

DESK = Desk(address="desk@example.org")
HOUSE = SenderIdentity(DESK, "https://desk.example.org", KEYS, link_days=30)
TICKET = Ticket(
    number=1042,
    requester=RITA.id,
    source="mail",
    status="Waiting for Closure",
    state="Resolved",
    request_type="incident",
    opened_at=NOW,
    updated_at=NOW,
    category="Hardware",
    sub_category="Printer",
    service="Workplace",
    priority="P4",
    team="First line",
    round=2,
    resolution="m-resolved",
    close_due=NOW + timedelta(days=5),
)
TOPIC = ThreadContext(TICKET, "Printer jams", RITA, thread=("<first@example.org>",))


def report_of(
    name: str,
    *,
    days: Sequence[tuple[int, int]],
    kept: Sequence[tuple[str, int, int]] = (),
    requesters: Sequence[tuple[str, int]] = (),
    categories: Sequence[tuple[str, int]] = (),
    issues: Sequence[tuple[str, tuple[int, ...]]] = (),
) -> Report:
    """A report from Monday, 16 November, on: what was opened and closed each day, and so on."""
    since = datetime(2026, 11, 16, 8, tzinfo=UTC)
    until = since + timedelta(days=max(1, len(days) - 1))
    summary = Summary(
        since=since,
        until=until,
        open=34,
        on_hold=6,
        opened=sum(opened for opened, _ in days),
        closed=sum(closed for _, closed in days),
        requesters=tuple(Count(*one) for one in requesters),
        categories=tuple(Count(*one) for one in categories),
        issues=tuple(Issue(*one) for one in issues),
        looked_at=29,
    )
    metrics = tuple(
        SlaCounts(
            metric=metric,
            profile="",
            team="",
            achieved=achieved,
            breached=breached,
            cancelled=1,
            running=2,
            p50=1_800 if achieved else None,
            p90=7_200 if achieved else None,
            p95=9_000 if achieved else None,
        )
        for metric, achieved, breached in kept
    )
    return Report(
        name=name,
        summary=summary,
        sla=SlaFigures(since=since, until=until, metrics=metrics, lines=()),
        days=tuple(
            Day(since.date() + timedelta(n), opened, closed)
            for n, (opened, closed) in enumerate(days)
        ),
        opened_before=0,
        closed_before=0,
        waiting=1,
    )
