"""Daemons to be killed: `python -m tests.crash.victim`, told by JSON lines on stdin.

Importing maildesk takes longer than most trials do, so this process imports it once, starts
no thread, and forks a daemon for each order. It says on stdout which process serves which
order and how each one ended. At the end of stdin it kills those that are left.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from maildesk.config.load import load
from maildesk.config.schema.settings import Database, Settings
from maildesk.daemon.run import Daemon, log_to_stdout
from maildesk.ingest.reading.analyse import read, read_head
from maildesk.ingest.reading.pool import ReadingPool
from maildesk.model.mail import RawMail, Reading
from maildesk.store.engine import open_store
from tests.crash.sites import MortalStore, Site

_LOOK_SECONDS = 0.02


def serve() -> dict[str, Any] | None:
    """Fork for each order; returns the order in the child, None in the parent at the end."""
    children: set[int] = set()
    rest = b""
    while True:
        if select.select([0], [], [], _LOOK_SECONDS)[0]:
            data = os.read(0, 65536)
            if not data:
                break
            *orders, rest = (rest + data).split(b"\n")
            for order in map(json.loads, orders):
                child = os.fork()
                if child == 0:
                    return dict(order)
                children.add(child)
                _say(name=order["name"], pid=child)
        children -= _buried(children)
    for child in children:
        os.kill(child, signal.SIGKILL)
    return None


def _buried(children: set[int]) -> set[int]:
    ended = set()
    for child in children:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            ended.add(child)
            _say(pid=child, status=os.waitstatus_to_exitcode(status))
    return ended


def _say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def run(order: dict[str, Any]) -> None:
    """Be the daemon of this order until told to stop, or until its fatal site."""
    folder = Path(order["folder"])
    output = os.open(folder / f"{order['name']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(0)
    log_to_stdout()
    fatal = Site(**order["fatal"]) if order["fatal"] else None
    log = folder / f"{order['name']}.steps"

    def mortal_store(database: Database) -> MortalStore:
        return MortalStore(engine=open_store(database).engine, log=log, fatal=fatal)

    config = load(folder / "maildesk.toml", os.environ)
    Daemon(config, frozenset(order["only"]), open_store=mortal_store, **_readers(order)).run()


class ReadsHere(ReadingPool):
    """Reading in the same process saves a trial the start of another one."""

    def read(self, raws: Sequence[RawMail], *, head_only: bool = False) -> Iterator[Reading]:
        for mail in raws:
            reader = read_head if head_only else read
            yield reader(mail.raw, envelope_from=mail.envelope_from, own_domains=("example.org",))


def _readers(order: dict[str, Any]) -> dict[str, Any]:
    reader = order["reader"]

    def named(settings: Settings) -> ReadingPool:
        wall_seconds = settings.limits.read_seconds
        return ReadingPool(wall_seconds=wall_seconds, reader=reader, head_reader=reader)

    if reader == "inline":
        return {"open_readers": lambda _: ReadsHere()}
    return {"open_readers": named} if reader else {}


if __name__ == "__main__":
    mine = serve()
    if mine is not None:
        run(mine)
    sys.exit(0)
