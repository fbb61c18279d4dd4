"""What a tick costs: `.venv/bin/python bench/clock.py` prints one JSON line.

Two desks side by side, one with 1,000 open tickets and one with 100,000, each ticket with two
promises and a deadline of its own. Each round lets the deadlines of 100 tickets pass on both, in
turn, and times the ticks until nothing is due: a rung is reached, the ticket judged anew, its
history written, and who works on it told in one mail. `ratio` is the large desk by the small one,
of the medians; the mark is 1.5. The run fails where a tick struck another number than was due.
"""

import json
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])

import structlog  # noqa: E402
from sqlalchemy import text, update  # noqa: E402

from maildesk.store import tables  # noqa: E402
from tests import world as worlds  # noqa: E402
from tests.servers import PostgreSQL  # noqa: E402
from tests.world import MONDAY, World, shipped_policy  # noqa: E402

SMALL, LARGE, DUE, ROUNDS = 1_000, 100_000, 100, 7
FIRST = 1001

# The history of one ticket, and the ticket, so many times; both databases understand it.
_COPIES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO {table} ({names}) SELECT {values} FROM {table}, n WHERE {table}.{key} = :first
"""


def desk(url: str, tickets: int) -> World:
    """A desk with so many open tickets, whose deadlines lie a minute apart in the far future."""
    world = worlds.build(url, policy=shipped_policy())
    world.clock.now = MONDAY
    world.arrives(world.mail("rita", "It is broken.", subject="Printer broken"))
    copies(world, "ticket", "number", tickets - 1)
    copies(world, "ticket_event", "ticket", tickets - 1, without="id")
    with world.store.write() as connection:
        far = (MONDAY + timedelta(days=3650)).replace(tzinfo=None).isoformat(" ")
        spread = (
            f"datetime('{far}', '+' || number || ' minutes') || '.000000'"
            if connection.dialect.name == "sqlite"
            else f"TIMESTAMPTZ '{far}+00' + number * INTERVAL '1 minute'"
        )
        connection.execute(text(f"UPDATE ticket SET next_due = {spread}"))
    with world.store.engine.connect() as plain:
        plain.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return world


def copies(world: World, table: str, key: str, count: int, without: str = "") -> None:
    """`count` copies of the first ticket's rows, with numbers of their own."""
    columns = [c.name for c in tables.SQLModel.metadata.tables[table].c if c.name != without]
    values = [f"{table}.{name} + n.i" if name == key else f"{table}.{name}" for name in columns]
    statement = _COPIES.format(
        table=table, names=", ".join(columns), values=", ".join(values), key=key
    )
    with world.store.write() as connection:
        connection.execute(text(statement), {"count": count, "first": FIRST})


def round_(world: World, number: int) -> float:
    """Seconds that the ticks take in which the deadlines of 100 more tickets have passed."""
    world.clock.now = MONDAY + timedelta(hours=7, minutes=number)
    begin = FIRST + number * DUE
    theirs = tables.ticket.c.number.between(begin, begin + DUE - 1)
    with world.store.write() as connection:
        due = MONDAY + timedelta(hours=6)
        connection.execute(update(tables.ticket).where(theirs).values(next_due=due))
    started = time.perf_counter()
    struck = []
    while not struck or struck[-1]:
        struck.append(world.desk.tick())
    seconds = time.perf_counter() - started
    if sum(struck) != DUE:
        raise SystemExit(f"{DUE} were due, {sum(struck)} were struck")
    return seconds


def measured(small: World, large: World) -> dict[str, Any]:
    """Medians in milliseconds, and the ratio."""
    times = [(round_(small, n), round_(large, n)) for n in range(ROUNDS)]
    few, many = (statistics.median(column) for column in zip(*times[1:], strict=True))
    return {
        "ms_small": round(few * 1000, 1),
        "ms_large": round(many * 1000, 1),
        "ratio": round(many / few, 2),
    }


def main() -> None:
    """One JSON line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    found: dict[str, Any] = {"open_small": SMALL, "open_large": LARGE, "due": DUE}
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{folder}/{name}.db" for name in ("small", "large")]
        found["sqlite"] = compared(*urls)
        server = PostgreSQL().start()
        try:
            found["postgresql"] = compared(server.new_database(), server.new_database())
        finally:
            server.stop()
    print(json.dumps(found))


def compared(small: str, large: str) -> dict[str, Any]:
    """The two desks in turn."""
    desks = [desk(small, SMALL), desk(large, LARGE)]
    try:
        return measured(*desks)
    finally:
        for one in desks:
            one.close()


if __name__ == "__main__":
    main()
