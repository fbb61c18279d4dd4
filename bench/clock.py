"""What a tick costs: `.venv/bin/python bench/clock.py` prints one JSON line.

Two desks side by side, one with 1,000 open tickets and one with 100,000, each ticket with its
texts, its history, its mails and a deadline of its own. Each round lets the deadlines of 100
tickets pass on both, in turn, and times the ticks until nothing is due: an escalation step runs,
the timers are updated, the history is written, and the assignee gets one mail. `ratio` is the large
desk by the small one, of the medians; the mark is 1.5. The run fails where a tick struck another
number than was due, or in vain.
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
from sqlalchemy import func, select, update  # noqa: E402

from maildesk.store import tables  # noqa: E402
from tests.grown import Size, grown  # noqa: E402
from tests.servers import PostgreSQL  # noqa: E402
from tests.world import World  # noqa: E402

SMALL, LARGE, DUE, ROUNDS = 1_000, 100_000, 100, 7
FIRST = 2001  # the oldest number of the copies


def desk(url: str, tickets: int) -> World:
    """A desk with so many open tickets, whose deadlines lie a minute apart in the far future."""
    world = grown(url, Size(tickets, open_=tickets))
    world.clock.forward(days=30)
    return world


def round_(world: World, number: int) -> float:
    """Seconds that the ticks take in which the deadlines of 100 more tickets have passed."""
    world.clock.forward(minutes=1)  # `desk` has left it days after the SLA targets were set
    begin = FIRST + number * DUE
    theirs = tables.ticket.c.number.between(begin, begin + DUE - 1)
    with world.store.write() as connection:
        due = world.clock.now - timedelta(hours=1)
        connection.execute(update(tables.ticket).where(theirs).values(next_due=due))
    started = time.perf_counter()
    struck = []
    while not struck or struck[-1]:
        struck.append(world.desk.tick())
    seconds = time.perf_counter() - started
    if sum(struck) != DUE:
        raise SystemExit(f"{DUE} were due, {sum(struck)} were struck")
    in_vain = select(func.count()).where(theirs, tables.ticket.c.trouble != "")
    with world.store.read() as connection:
        if connection.execute(in_vain).scalar_one():
            raise SystemExit("a tick found nothing to do for a ticket that was due")
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
