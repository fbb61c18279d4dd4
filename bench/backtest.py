"""`.venv/bin/python bench/backtest.py [MAILS]`: one rule changed over a journal of 10,000 mails.

A journal is filled with the bench's mails, the desk works them, and then the code of `maildesk
rules backtest` asks them of the shipped rules and of the same with one rule changed. It fails
unless exactly the tickets of that rule are listed and the database's bytes are what they were. One
JSON line.
"""

import hashlib
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.mails import mails  # noqa: E402
from maildesk.config.schema.rules import Rules  # noqa: E402
from maildesk.ingest.reading.pool import ReadingPool  # noqa: E402
from maildesk.model.mail import RawMail, Source  # noqa: E402
from maildesk.processing.desk import Desk  # noqa: E402
from maildesk.processing.forecast.backtest import Backtest  # noqa: E402
from maildesk.processing.runtime import Runtime, open_runtime  # noqa: E402
from maildesk.processing.worker import Worker  # noqa: E402
from maildesk.rules.compile import compile_rules  # noqa: E402
from maildesk.store import migrate  # noqa: E402
from maildesk.store.engine import Store, open_engine  # noqa: E402
from maildesk.store.queries import listings  # noqa: E402
from maildesk.store.queries import worked_mails as rows  # noqa: E402
from tests.world import settings, shipped_policy  # noqa: E402

CHANGED = "Network trouble goes to the network team"


def fill(runtime: Runtime, readers: ReadingPool, count: int) -> None:
    """Keep and work so many mails."""
    desk, worker, now = Desk(runtime), Worker(runtime, readers), datetime.now(UTC)
    batch: list[RawMail] = []
    for raw in mails(count):
        sha256 = hashlib.sha256(raw).hexdigest()
        batch.append(
            RawMail(
                raw=raw,
                size=len(raw),
                sha256=sha256,
                source=Source.FILE,
                mailbox="bench",
                received_at=now,
            )
        )
        if len(batch) == 100:
            desk.keep(batch)
            batch = []
    desk.keep(batch)
    while worker.work():
        pass
    worker.close()


def one_changed() -> Rules:
    """The shipped rules, one of them with another urgency."""
    shipped = shipped_policy().rules
    return Rules(
        rule=tuple(
            one.model_copy(update={"then": one.then.model_copy(update={"urgency": "low"})})
            if one.name == CHANGED
            else one
            for one in shipped.rule
        )
    )


def digest(folder: Path) -> str:
    """Of all bytes of the database."""
    whole = hashlib.sha256()
    for path in sorted(folder.glob("desk.db*")):
        if not path.name.endswith("-shm"):  # an index in shared memory: locks of readers
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def main() -> None:
    """Fill, ask, compare, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with (
        tempfile.TemporaryDirectory() as name,
        ReadingPool(2, own_domains=("example.org",)) as pool,
    ):
        folder = Path(name)
        store = Store(open_engine(f"sqlite:///{folder}/desk.db"))
        migrate.upgrade(store)
        runtime = open_runtime(settings(), shipped_policy(), store)
        began = time.perf_counter()
        fill(runtime, pool, count)
        filled = time.perf_counter() - began
        with store.read() as connection:
            every = {
                row["number"]: row["team"]
                for row in listings.tickets(connection, listings.TicketFilter(every=True))
            }
            ids = rows.ids_since(connection, datetime.now(UTC) - timedelta(days=30))
        expected = {number for number, team in every.items() if team == "Network"}
        before, began = digest(folder), time.perf_counter()
        whole = Backtest(store, runtime.policy, compile_rules(one_changed()), pool)
        changes = [change for _, some in whole.run(ids) for change in some]
        took = time.perf_counter() - began
        listed = {change.ticket for change in changes}
        assert listed == expected, f"{len(listed)} listed, {len(expected)} expected"
        assert {change.field for change in changes} == {"urgency", "priority"}
        assert digest(folder) == before, "the database has changed"
        line = {
            "mails": len(ids),
            "tickets": len(every),
            "differ": len(listed),
            "seconds": round(took, 1),
            "mails_per_second": round(len(ids) / took),
            "fill_seconds": round(filled, 1),
        }
        print(json.dumps(line))
        store.close()


if __name__ == "__main__":
    main()
