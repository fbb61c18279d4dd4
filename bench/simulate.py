"""What a month costs: `.venv/bin/python bench/simulate.py` prints one JSON line.

A desk with 10,000 open tickets, each with the SLA targets of the shipped sla.toml, and 100
incoming mails a day; 30 days are simulated. `seconds` begins before the tickets are loaded and
ends with the last day; the mark is 60. `struck` counts escalation steps, so that an idle
simulation is noticed. The run fails where the database's bytes are other afterwards.
"""

import hashlib
import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

import structlog  # noqa: E402

from bench.clock import copies  # noqa: E402
from maildesk.processing.clock.sla_recalculation import recalculate  # noqa: E402
from maildesk.processing.forecast.simulated_mail import Arrival  # noqa: E402
from maildesk.processing.forecast.simulation import Day, simulation_of  # noqa: E402
from maildesk.store import people  # noqa: E402
from tests import world as worlds  # noqa: E402
from tests.world import MONDAY, World, shipped_policy  # noqa: E402

OPEN, DAYS, MAILS_A_DAY = 10_000, 30, 100


def coming(world: World) -> tuple[Arrival, ...]:
    """The mails, evenly over the days."""
    with world.store.read() as connection:
        rita = people.by_address(connection, "rita@example.org")
    return tuple(
        Arrival(
            at=MONDAY + timedelta(days=number / MAILS_A_DAY),
            sender=rita,
            subject=("Printer broken", "VPN down", "A question")[number % 3],
            text="It is broken.",
        )
        for number in range(DAYS * MAILS_A_DAY)
    )


def simulated(world: World) -> tuple[float, float, list[Day]]:
    """Seconds on the wall and on the processor, and the days."""
    mails = coming(world)
    began, on_cpu = time.perf_counter(), time.process_time()
    end = MONDAY + timedelta(days=DAYS)
    days = list(simulation_of(world.store, world.runtime.policy, mails, MONDAY, end).run())
    return time.perf_counter() - began, time.process_time() - on_cpu, days


def state(folder: Path) -> list[str]:
    """The database's bytes."""
    files = (folder / "desk.db", folder / "desk.db-wal")
    return [hashlib.sha256(one.read_bytes()).hexdigest() for one in files if one.exists()]


def main() -> None:
    """One JSON line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = worlds.build(f"sqlite:///{folder}/desk.db", policy=shipped_policy())
        world.arrives(world.mail("rita", "It is broken.", subject="Printer broken"))
        recalculate(world.runtime)
        copies(world, "ticket", "number", OPEN - 1)
        before = state(folder)
        seconds, cpu, days = simulated(world)
        if state(folder) != before:
            raise SystemExit("the simulation changed the database")
        world.close()
    line = {
        "open": OPEN,
        "mails": DAYS * MAILS_A_DAY,
        "days": DAYS,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "struck": sum(day.escalated.total() for day in days),
        "sent": sum(day.sent.total() for day in days),
        "breached": sum(day.breached for day in days),
        "failed": sum(day.failed for day in days),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
