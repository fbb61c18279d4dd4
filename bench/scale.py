"""Does work cost more where more is stored? `.venv/bin/python bench/scale.py` prints the ratios.

Two desks side by side, one with 1,000 whole tickets (texts, history, outgoing mails, the mails of
the journal) and one with 100,000, both with 800 open ones. The large one has 10,000 mails waiting
to be worked where the small one has 100, and 9,900 automatic mails of the last hour where the small
one has 10. Each piece of work is done on both in turn, and a median is taken of each: what is due
and what is shown is the same on both, so the mark is a ratio of 1.2.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])

import structlog  # noqa: E402
from sqlalchemy import select, update  # noqa: E402

from maildesk.model.links.token import LinkToken, Purpose, sign_link  # noqa: E402
from maildesk.store import journal, people, tables  # noqa: E402
from maildesk.store.queries import listings  # noqa: E402
from tests.grown import Size, grown  # noqa: E402
from tests.servers import PostgreSQL  # noqa: E402
from tests.world import ADDRESS, OutgoingMail, World, one, settings  # noqa: E402

OPEN, DUE = 800, 100
ROUNDS, OF_TICKS = 21, 8
SMALL = Size(1_000, OPEN, kept=100, automatic=10)
LARGE = Size(100_000, OPEN, kept=10_000, automatic=9_900)
MARK = 1.2
_NO_LIMIT = 1_000_000
LIMITS = {
    "automatic_mails_per_hour": _NO_LIMIT,
    "automatic_mails_per_hour_of_a_ticket": _NO_LIMIT,
    "mails_per_hour_to_a_ticket": _NO_LIMIT,
    "total_mails_per_hour": _NO_LIMIT,
}


@dataclass
class Bench:
    """A desk, and what its next round of work is to use."""

    world: World
    size: Size
    acknowledged: OutgoingMail
    token: str
    message_id: str
    round: int = field(default=0)


def prepared(url: str, size: Size) -> Bench:
    """A desk of that size with a ticket of Rita's that she can answer."""
    world = grown(url, size, settings(limits=LIMITS))
    newest = 2_000 + size.tickets
    with world.store.write() as connection:
        kept = select(tables.raw_mail.c.id).where(tables.KEPT)
        # Left alone by the worker, so that it is the mails of the rounds that are worked.
        mine = update(tables.raw_mail).where(tables.raw_mail.c.id.in_(kept))
        connection.execute(mine.values(state="aside"))
        ann = people.by_address(connection, ADDRESS["ann"]).id
        row = listings.mail(connection, 1)
    assert row is not None
    world.arrives(world.mail("rita", "The door squeaks.", subject="Door"))
    acknowledged = one(world.outgoing_mails(after=_newest(world) - 5), "rita", "acknowledgement")
    expires = world.clock.now + timedelta(days=30)
    token = sign_link(LinkToken(Purpose.VIEW, newest, ann, 0, expires), world.runtime.keys)
    return Bench(world, size, acknowledged, token, str(row["message_id"]))


def _newest(world: World) -> int:
    newest = select(tables.outgoing.c.id).order_by(tables.outgoing.c.id.desc()).limit(1)
    with world.store.read() as connection:
        return int(connection.execute(newest).scalar_one())


# ---- the work


def empty_tick(bench: Bench) -> None:
    """Nothing is due."""
    for _ in range(20):
        if bench.world.desk.tick():
            raise SystemExit("a tick that should be empty found something")


def tick(bench: Bench) -> None:
    """Deadlines of a hundred tickets have passed: the SLA targets are breached."""
    struck = []
    while not struck or struck[-1]:
        struck.append(bench.world.desk.tick())
    if sum(struck) != DUE:
        raise SystemExit(f"{DUE} were due, {sum(struck)} were struck")
    in_vain = select(tables.ticket.c.number).where(tables.ticket.c.trouble != "").limit(1)
    with bench.world.store.read() as connection:
        if connection.execute(in_vain).first() is not None:
            raise SystemExit("a tick found nothing to do for a ticket that was due")


def make_due(bench: Bench) -> None:
    """A hundred open tickets that no round before has had."""
    last = 2_000 + bench.size.tickets - bench.round * DUE
    theirs = tables.ticket.c.number.between(last - DUE + 1, last)
    past = bench.world.clock.now - timedelta(minutes=1)
    with bench.world.store.write() as connection:
        connection.execute(update(tables.ticket).where(theirs).values(next_due=past))


def _breach_sla_targets(bench: Bench) -> None:
    """A month passes. Tickets of the other rounds are out of the way then."""
    bench.world.clock.forward(days=30)
    while bench.world.desk.tick():
        pass


def claim(bench: Bench) -> None:
    """Fifty of the mails that wait; rolled back."""
    with bench.world.store.trial() as connection:
        journal.quarantine_worn_out(connection, "us", limit=3, now=bench.world.clock.now)
        if len(journal.claim(connection, "us", mails=50, size=4_000_000)) != 50:
            raise SystemExit("fewer than 50 mails were claimed")


def new_mail(bench: Bench) -> None:
    """A mail that opens a ticket."""
    subject = f"Something new {bench.round}"
    bench.world.arrives(bench.world.mail("rita", "It hums.", subject=subject))
    _disposed(bench, "new-ticket")


def reply(bench: Bench) -> None:
    """A reply of the requester, of which the agents are notified automatically."""
    text = f"It still squeaks, {bench.round}."
    bench.world.arrives(bench.world.mail("rita", text, answering=bench.acknowledged))
    _disposed(bench, "follow-up")


def _disposed(bench: Bench, wanted: str) -> None:
    raw = tables.raw_mail.c
    newest = select(raw.disposition).where(raw.disposition.is_not(None)).order_by(raw.id.desc())
    with bench.world.store.read() as connection:
        found = connection.execute(newest.limit(1)).scalar_one()
    if found != wanted:
        raise SystemExit(f"the mail became {found} and not {wanted}")


def page(bench: Bench) -> None:
    """The page of a ticket."""
    bench.world.door.view(bench.token)


def _listed(count: int, rows: Iterator[Any]) -> None:
    found = sum(1 for _ in rows)
    if found < count:
        raise SystemExit(f"{found} lines in place of {count}")


def outbox_list(bench: Bench) -> None:
    """The mails that could not be sent."""
    with bench.world.store.read() as connection:
        unsent = (row for row in listings.outbox(connection) if row["state"] == "failed")
        _listed(50, unsent)


def quarantine_list(bench: Bench) -> None:
    """The mails that wait for a person."""
    with bench.world.store.read() as connection:
        _listed(50, listings.quarantined(connection))


def ticket_list(bench: Bench) -> None:
    """The open tickets."""
    with bench.world.store.read() as connection:
        _listed(OPEN, listings.tickets(connection))


def explain(bench: Bench) -> None:
    """A mail by its Message-ID."""
    with bench.world.store.read() as connection:
        _listed(1, listings.mails_called(connection, bench.message_id))


def _nothing(_bench: Bench) -> None:
    """There is nothing to prepare."""


@contextmanager
def _waiting(bench: Bench) -> Iterator[None]:
    """The mails that were put aside wait to be worked."""
    raw = tables.raw_mail.c
    with bench.world.store.write() as connection:
        aside = update(tables.raw_mail).where(raw.state == "aside")
        connection.execute(aside.values(state="kept"))
    yield
    with bench.world.store.write() as connection:
        kept = update(tables.raw_mail).where(tables.KEPT)
        connection.execute(kept.values(state="aside"))


Work = Callable[[Bench], None]
WORK: tuple[tuple[str, Work, Work], ...] = (
    ("empty tick", empty_tick, _nothing),
    ("new mail", new_mail, _nothing),
    ("reply", reply, _nothing),
    ("page", page, _nothing),
    ("outbox list", outbox_list, _nothing),
    ("quarantine list", quarantine_list, _nothing),
    ("ticket list", ticket_list, _nothing),
    ("explain", explain, _nothing),
)


def timed(bench: Bench, work: Work, prepare: Work) -> float:
    """Milliseconds of one round."""
    prepare(bench)
    started = time.perf_counter()
    work(bench)
    bench.round += 1
    return (time.perf_counter() - started) * 1000


def compared(desks: tuple[Bench, Bench], work: Work, prepare: Work) -> dict[str, float]:
    """Medians of both; the first round, which warms them up, is left out."""
    for bench in desks:
        bench.round = 0
    count = OF_TICKS if prepare is make_due else ROUNDS
    rounds = [tuple(timed(bench, work, prepare) for bench in desks) for _ in range(count)]
    few, many = (statistics.median(column) for column in zip(*rounds[1:], strict=True))
    return {"ms_small": round(few, 2), "ms_large": round(many, 2), "ratio": round(many / few, 2)}


def shown(name: str, figures: dict[str, float]) -> None:
    """A line for people, as soon as it is known."""
    small, large, ratio = (figures[key] for key in ("ms_small", "ms_large", "ratio"))
    over = "  over the mark" if ratio > MARK else ""
    print(f"{name:18} {small:8.2f} ms {large:8.2f} ms {ratio:6.2f}{over}", flush=True)


def measured(small_url: str, large_url: str) -> dict[str, dict[str, float]]:
    """Each piece of work on both desks."""
    desks = prepared(small_url, SMALL), prepared(large_url, LARGE)
    try:
        found = {}
        for name, work, prepare in WORK:
            found[name] = compared(desks, work, prepare)
            shown(name, found[name])
        with _waiting(desks[0]), _waiting(desks[1]):
            found["claim of 50"] = compared(desks, claim, _nothing)
        shown("claim of 50", found["claim of 50"])
        for bench in desks:
            _breach_sla_targets(bench)
        found["tick with 100 due"] = compared(desks, tick, make_due)
        shown("tick with 100 due", found["tick with 100 due"])
        return found
    finally:
        for bench in desks:
            bench.world.close()


def main() -> None:
    """A line for each piece of work, and one JSON line for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    wanted = parser.parse_args().database or ["sqlite", "postgresql"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    for database in wanted:
        print(f"{database}: 1,000 tickets, 100,000 tickets, ratio", flush=True)
        found = _on_sqlite() if database == "sqlite" else _on_postgresql()
        print(json.dumps({database: found}), flush=True)


def _on_sqlite() -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        return measured(*(f"sqlite:///{folder}/{name}.db" for name in ("small", "large")))


def _on_postgresql() -> dict[str, dict[str, float]]:
    server = PostgreSQL().start()
    try:
        return measured(server.new_database(), server.new_database())
    finally:
        server.stop()


if __name__ == "__main__":
    main()
