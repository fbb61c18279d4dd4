"""`python bench/fuzz.py`: no mail, whatever its bytes, raises, takes long, or holds much.

Mutations of real mails and mails made from nothing go through parse, reply, screen, thread,
authenticate, commands and the sanitiser. Exit status 1 where one raises, takes more than 2 s of
CPU, or holds more than 4 times its size and 32 MB (fuzz_read.py says what for). Prints the slowest
ten and how to make each again; one JSON line at the end.
"""

import argparse
import json
import multiprocessing
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from rich.console import Console  # noqa: E402
from rich.progress import Progress  # noqa: E402

from bench import fuzz_mails, fuzz_read  # noqa: E402
from bench.fuzz_read import Cost  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
CORPORA = ROOT.parent / "shared" / "corpora"
OWN = ROOT / "tests" / "mails"
SEED = 20261124
CHUNK = 25
HUNG_SECONDS = 60.0  # wall clock of one mail, on a machine that may be busy
SLOWEST = 10
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Done:
    """One mail and what it took."""

    number: int
    made: str
    cost: Cost


@dataclass(slots=True)
class Reader:
    """A reading process and the numbers it was given and has not yet answered."""

    process: multiprocessing.process.BaseProcess
    peer: "Connection[object, object]"
    asked: deque[int] = field(default_factory=deque)
    since: float = 0.0


def mails() -> tuple[bytes, ...]:
    """The real mails that mutations are made of."""
    return fuzz_mails.load(CORPORA, OWN)


def serve(peer: "Connection[object, object]", seed: int) -> None:
    """In the reading process: read the mails of these numbers until there are no more."""
    real = mails()
    fuzz_read.warm_up(path.read_bytes() for path in sorted(OWN.glob("*.eml")))
    while isinstance(numbers := peer.recv(), list):
        for number in numbers:
            made, raw = fuzz_mails.mail(seed, number, real)
            peer.send(Done(number, made, fuzz_read.cost(raw)))


def run(seed: int, numbers: "deque[int]", processes: int) -> Iterator[Done]:
    """Read all of them. A process that hangs or dies is replaced, and its mail is a fault."""
    readers = [_start(seed) for _ in range(processes)]
    try:
        while True:
            for one in readers:
                _feed(one, numbers)
            busy = [one for one in readers if one.asked]
            if not busy:
                return
            heard = wait([one.peer for one in busy], timeout=1.0)
            for one in busy:
                yield from _hear(one, seed, numbers, spoke=one.peer in heard)
    finally:
        for one in readers:
            one.process.kill()


def _start(seed: int) -> Reader:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=serve, args=(theirs, seed), daemon=True)
    process.start()
    theirs.close()
    return Reader(process, ours)


def _feed(reader: Reader, numbers: "deque[int]") -> None:
    if not reader.asked and numbers:
        reader.asked = deque(numbers.popleft() for _ in range(min(CHUNK, len(numbers))))
        reader.since = time.monotonic()
        reader.peer.send(list(reader.asked))


def _hear(reader: Reader, seed: int, numbers: "deque[int]", *, spoke: bool) -> Iterator[Done]:
    if spoke:
        try:
            done = reader.peer.recv()
        except (EOFError, OSError):
            yield _lost(reader, seed, numbers, "the process died")
            return
        assert isinstance(done, Done)
        reader.asked.popleft()
        reader.since = time.monotonic()
        yield done
    elif time.monotonic() - reader.since > HUNG_SECONDS:
        yield _lost(reader, seed, numbers, f"hung for {HUNG_SECONDS:g} s")


def _lost(reader: Reader, seed: int, numbers: "deque[int]", why: str) -> Done:
    number = reader.asked.popleft()
    numbers.extendleft(reversed(reader.asked))
    reader.process.kill()
    fresh = _start(seed)
    reader.process, reader.peer, reader.asked = fresh.process, fresh.peer, deque()
    made, raw = fuzz_mails.mail(seed, number, mails())
    return Done(number, made, Cost(0.0, "", 0, len(raw), why))


def confirmed(done: Done, seed: int) -> Done:
    """A breach of time or memory measured again, up to three times, alone in a fresh process.

    Another program may have had the caches, another mail may have left the memory in pieces.
    """
    for _ in range(3):
        if done.cost.trouble or not done.cost.faults:
            break
        done = next(run(seed, deque([done.number]), 1))
    return done


def report(found: list[Done], faults: list[Done], seed: int, began: float) -> None:
    """The slowest, what broke a bound, and one JSON line."""
    slowest = sorted(found, key=lambda one: -one.cost.seconds)[:SLOWEST]
    for one in slowest:
        print(f"{one.cost.seconds:6.3f} s  {_named(one, seed)}")
    for one in faults:
        print(f"FAULT  {'; '.join(one.cost.faults)}  {_named(one, seed)}")
    line = {
        "run": "fuzz",
        "seed": seed,
        "mails": len(found),
        "faults": len(faults),
        "slowest_seconds": round(slowest[0].cost.seconds, 3) if slowest else 0.0,
        "most_held_beyond_4_times_mb": round(max(map(_beyond, found), default=0) / 1e6, 1),
        "bytes": sum(one.cost.size for one in found),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(line), flush=True)


def _beyond(one: Done) -> int:
    return one.cost.held - fuzz_read.TIMES_ITS_SIZE * one.cost.size


def _named(one: Done, seed: int) -> str:
    again = f"--seed {seed} --only {one.number} --write FILE"
    return f"{one.cost.size:9,} bytes  {one.cost.stage:8}  {one.made}  ({again})"


def main() -> int:
    """Fuzz, or make one mail again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this one mail alone")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write it there, unread")
    given = parser.parse_args()
    if given.write is not None and given.only is not None:
        given.write.write_bytes(fuzz_mails.mail(given.seed, given.only, mails())[1])
        return 0
    began = time.monotonic()
    numbers = deque(range(given.mails) if given.only is None else [given.only])
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("fuzzing", total=len(numbers))
        found = []
        for done in run(given.seed, numbers, given.processes):
            found.append(confirmed(done, given.seed) if done.cost.faults else done)
            progress.advance(task)
    faults = [one for one in found if one.cost.faults]
    report(found, faults, given.seed, began)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
