"""The desk as the daemon runs it, without its web and its delivery: the mailbox's room and the
work room, each in its thread, on the installation whose folder is given.

Says `ready` when the database is open and the reading process has started, begins when it is
told a line on stdin, and prints one JSON object when every mail is worked and settled. With
`--stages` behind the count of mails it measures where its CPU time goes.
"""

import hashlib
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select

from bench.stages import Stages
from maildesk.config.load import load
from maildesk.daemon.run import give_back_large_buffers, log_to_stdout, open_readers
from maildesk.ingest.reading.pool import ReadingPool
from maildesk.ingest.servers.imap.poller import MailboxService
from maildesk.model.mail import RawMail, Source
from maildesk.model.service import Service, WakeSignal
from maildesk.outgoing.templating import mail_templates
from maildesk.processing.desk import Desk
from maildesk.processing.runtime import Runtime, open_runtime
from maildesk.processing.services import WorkService
from maildesk.processing.worker import Worker
from maildesk.store import migrate, tables
from maildesk.store.engine import Store, open_store

_FIRST = b"From: a@example.net\r\nSubject: warm\r\nMessage-ID: <warm@example.net>\r\n\r\nHello\r\n"


class TimedJournal:
    """The desk as the mailbox sees it, with the seconds that each of its verbs took."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.seconds: dict[str, float] = defaultdict(float)
        self.last: dict[str, float] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._desk, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return verb(*arguments, **options)
            finally:
                self.last[name] = time.perf_counter()
                self.seconds[name] += self.last[name] - began

        return timed


class Run:
    """One run of the two rooms over the mailbox."""

    def __init__(self, runtime: Runtime, pool: ReadingPool, count: int) -> None:
        self._store, self._count = runtime.store, count
        self._bells = {"imap": WakeSignal(), "work": WakeSignal()}
        self._done = threading.Event()
        self._trouble: BaseException | None = None
        self.journal = TimedJournal(Desk(runtime))
        self._rooms: dict[str, Service] = {
            "imap": MailboxService(
                runtime.settings.mailbox[0],
                "INBOX",
                max_mail_bytes=runtime.settings.desk.max_mail_bytes,
                journal=self.journal,
                on_kept=self._bells["work"].wake,
            ),
            "work": WorkService(lambda: Worker(runtime, pool), on_worked=self._look),
        }

    def run(self) -> dict[str, Any]:
        """Until the last mail is worked and settled; wall seconds and CPU seconds."""
        threads = {name: threading.Thread(target=self._run, args=(name,)) for name in self._rooms}
        began = time.perf_counter()
        for thread in threads.values():
            thread.start()
        self._done.wait()
        worked = time.perf_counter()
        while not self._trouble and self._left(tables.raw_mail.c.settled_at):
            time.sleep(0.002)
        ended = time.perf_counter()
        cpu = _cpu({thread.native_id or 0: name for name, thread in threads.items()})
        for wake_signal in self._bells.values():
            wake_signal.stop()
        for thread in threads.values():
            thread.join()
        if self._trouble:
            raise self._trouble
        seconds = {"kept": self.journal.last["keep"] - began, "worked": worked - began}
        inside = {f"journal.{name}": took for name, took in self.journal.seconds.items()}
        return {"seconds": ended - began, "until": seconds, "inside": inside, "cpu": cpu}

    def _run(self, name: str) -> None:
        try:
            self._rooms[name].run(self._bells[name])
        except BaseException as error:
            self._trouble = error
            self._done.set()

    def _look(self) -> None:
        if not self._left(tables.raw_mail.c.worked_at):
            self._done.set()

    def _left(self, column: Any) -> int:
        with self._store.read() as connection:
            return self._count - connection.execute(select(func.count(column))).scalar_one()


def _cpu(names: dict[int, str]) -> dict[str, float]:
    """CPU seconds of the threads, and of the reading process. The kernel counts hundredths."""
    here = psutil.Process()
    used = {
        names[thread.id]: thread.user_time + thread.system_time
        for thread in here.threads()
        if thread.id in names
    }
    times = [child.cpu_times() for child in here.children()]
    return used | {
        "desk": sum(here.cpu_times()[:2]),
        "reader": sum(one.user + one.system for one in times),
    }


def _started(runtime: Runtime) -> ReadingPool:
    """The pool of readers, its process started as it is in a daemon that has run for a while."""
    pool = open_readers(runtime.settings)
    first = RawMail(
        raw=_FIRST,
        size=len(_FIRST),
        sha256=hashlib.sha256(_FIRST).hexdigest(),
        source=Source.LMTP,
        mailbox="bench",
        received_at=datetime.now(UTC),
    )
    list(pool.read([first]))
    return pool


def _opened(folder: Path) -> tuple[Store, Runtime]:
    config = load(folder / "maildesk.toml", os.environ)
    store = open_store(config.settings.database)
    migrate.upgrade(store)
    return store, open_runtime(config.settings, config.policy, store)


def main(folder: Path, count: int, by_stage: bool) -> None:
    """Run once; the daemon's log goes into a file of the folder, as it would to a pipe."""
    answer = sys.stdout
    with (folder / "log").open("w") as sys.stdout:
        log_to_stdout()
        give_back_large_buffers()
        mail_templates.prepare()
        store, runtime = _opened(folder)
        with _started(runtime) as pool:
            run = Run(runtime, pool, count)
            stages = Stages()
            if by_stage:
                stages.measure()
            before = _cpu({})
            print("ready", file=answer, flush=True)
            sys.stdin.readline()
            result = run.run()
        for name, used in before.items():
            result["cpu"][name] -= used
        result["stages"] = stages.seconds
        store.close()
    print(json.dumps(result), file=answer, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["--stages"])
