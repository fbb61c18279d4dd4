"""Working the journal: claim, read in another process, decide and commit, a batch at a time.

While one batch is written, the next is being read on another core. A mail that raises undoes
only itself; a database that fails is not the mail's fault, and its attempt does not count.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from maildesk.ingest.reading.pool import Unreadable
from maildesk.model.mail import Disposition, RawMail, Reading
from maildesk.model.person import SenderCheck
from maildesk.processing.mail.mail_context import Case, Worked
from maildesk.processing.mail.pipeline import work
from maildesk.processing.mail.sender_checks import UNCHECKED, SenderChecks, is_wanted
from maildesk.processing.runtime import Runtime
from maildesk.processing.writer import Recorder
from maildesk.store import journal, lease
from maildesk.store.engine import is_of_the_database, savepoint
from maildesk.store.journal import Kept, Original

log = structlog.get_logger()

BATCH_MAILS = 50
BATCH_BYTES = 4_000_000
LEASE = "work"
LEASE_SECONDS = 120.0
_BELL_SECONDS = 0.2


class Readers(Protocol):
    """Who reads strangers' mail (`ingest.reading.pool.ReadingPool`)."""

    def read(
        self, mails: Sequence[RawMail], *, head_only: bool = False
    ) -> Iterator[Reading | Unreadable]:
        """A reading for each mail, in order; `head_only`: of its header block."""


_Read = list[tuple[Kept, Reading | Unreadable, SenderCheck | None]]


@dataclass(slots=True)
class Worker:
    """Works the journal for one daemon. One thread at a time."""

    runtime: Runtime
    readers: Readers
    checks: SenderChecks | None = None
    _reading: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="read")
    )
    _ahead: "tuple[list[int], Future[_Read]] | None" = None
    _closing: threading.Event = field(default_factory=threading.Event)

    def work(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Work one batch; how many mails that was. 0 where there is nothing, another daemon
        works, or `stopping` while they are read. Raises OperationalError where the database
        is locked, full or gone."""
        if self._ahead is None:
            self._ahead = self._begin([])
        if self._ahead is None:
            return 0
        ids, future = self._ahead
        while not wait([future], _BELL_SECONDS).done:
            if stopping():
                return 0
        try:
            read = future.result()
            self._ahead = self._begin(ids)
            self._write(read)
        except Exception:
            self._give_back(ids)
            raise
        return len(ids)

    def close(self) -> None:
        """Finish: what was claimed and not written is given back."""
        self._closing.set()
        if self._ahead is not None:
            ids, future = self._ahead
            future.cancel()
            self._give_back(ids)
        self._reading.shutdown(wait=True)
        if self.checks is not None:
            self.checks.close()
        with self.runtime.store.write() as connection:
            lease.release(connection, LEASE, self.runtime.holder)

    def _begin(self, in_hand: Sequence[int]) -> "tuple[list[int], Future[_Read]] | None":
        kept = self._claim(in_hand)
        if not kept:
            return None
        return [one.id for one in kept], self._reading.submit(self._read, kept)

    def _claim(self, in_hand: Sequence[int]) -> list[Kept]:
        runtime, now = self.runtime, self.runtime.clock()
        limit = runtime.settings.limits.attempts
        if self._nothing_to_do(now):
            return []
        with runtime.store.write() as connection:
            if not lease.take(connection, LEASE, runtime.holder, now=now, seconds=LEASE_SECONDS):
                return []
            worn = journal.quarantine_worn_out(connection, runtime.holder, limit=limit, now=now)
            claimed = journal.claim(
                connection,
                runtime.holder,
                mails=BATCH_MAILS,
                size=BATCH_BYTES,
                in_hand=in_hand,
            )
        if worn:
            log.warning("mails quarantined", count=worn, why="the daemon died in each attempt")
        return claimed

    def _nothing_to_do(self, now: datetime) -> bool:
        """An idle desk only looks: it writes no row every other second."""
        holder = self.runtime.holder
        with self.runtime.store.read() as connection:
            return not journal.any_kept(connection) and lease.is_fresh(
                connection, LEASE, holder, now=now, seconds=LEASE_SECONDS
            )

    def _read(self, kept: list[Kept]) -> _Read:
        """Read the batch in the other process; the bytes are let go as soon as they are read.

        Broken off by `close`: nobody asks for the rest.
        """
        if kept[0].attempts >= self.runtime.settings.limits.attempts:  # it comes alone
            wanted = is_wanted(self.runtime.settings, kept[0].mail)
            return [(*self._read_at_last(one), UNCHECKED if wanted else None) for one in kept]
        readings = self.readers.read([one.mail for one in kept])
        bare = [replace(one, mail=replace(one.mail, raw=b"")) for one in kept]
        whole = {one.id: one.mail for one in kept if is_wanted(self.runtime.settings, one.mail)}
        kept.clear()
        together = zip(bare, readings, strict=True)
        read = [
            (one, reading, self._checking(whole.pop(one.id, None), reading))
            for one, reading in itertools.takewhile(lambda _: not self._closing.is_set(), together)
        ]
        return [(one, reading, pending()) for one, reading, pending in read]

    def _checking(
        self, raw: RawMail | None, reading: Reading | Unreadable
    ) -> Callable[[], SenderCheck | None]:
        """The check of the sender, under way; a mail of another door is not checked."""
        if raw is None or isinstance(reading, Unreadable):
            return lambda: None
        return self.checks.begin(raw, reading.mail) if self.checks else lambda: UNCHECKED

    def _read_at_last(self, kept: Kept) -> tuple[Kept, Reading | Unreadable]:
        """The last attempt: of a mail that broke its limits again the header block is read.

        So it is a ticket with the whole mail attached, and not one that nobody hears of.
        """
        (reading,) = self.readers.read([kept.mail])
        if isinstance(reading, Unreadable):
            log.warning("read by its header alone", mail=kept.id, why=reading.reason)
            (reading,) = self.readers.read([kept.mail], head_only=True)
        return replace(kept, mail=replace(kept.mail, raw=b"")), reading

    def _write(self, read: _Read) -> None:
        with self.runtime.store.write() as connection:
            recorder = Recorder.on(self.runtime, connection, self.runtime.clock())
            keys = {one.mail.content_key for _, one, _ in read if isinstance(one, Reading)}
            originals = journal.originals(connection, keys)
            for kept, reading, checked in read:
                if isinstance(reading, Unreadable):
                    self._failed(connection, kept, reading.reason)
                    continue
                case = Case(
                    runtime=self.runtime,
                    connection=connection,
                    recorder=recorder,
                    kept=kept,
                    reading=reading,
                    now=recorder.now,
                    originals=originals,
                    checked=checked,
                )
                worked = self._write_one(case)
                if worked is not None and worked.disposition is not Disposition.DUPLICATE:
                    original = Original(kept.id, worked.disposition, worked.ticket)
                    originals.setdefault(reading.mail.content_key, original)

    def _write_one(self, case: Case) -> Worked | None:
        """What became of it; None where it failed, and was undone."""
        try:
            with savepoint(case.connection):
                return self._dispose(case)
        except Exception as error:
            if is_of_the_database(error):
                raise
            self._failed(case.connection, case.kept, f"{type(error).__name__}: {error}")
            return None

    def _dispose(self, case: Case) -> Worked:
        kept, mail = case.kept, case.mail
        worked = work(case)
        finished = journal.finish(
            case.connection,
            kept.id,
            self.runtime.holder,
            disposition=worked.disposition,
            ticket=worked.ticket,
            message_id=mail.message_id,
            content_key=mail.content_key,
            steps=worked.steps,
            now=case.now,
        )
        if not finished:
            raise Taken(f"mail {kept.id} was worked by another daemon")
        log.info("mail worked", mail=kept.id, disposition=worked.disposition, ticket=worked.ticket)
        return worked

    def _failed(self, connection: Connection, kept: Kept, reason: str) -> None:
        limit = self.runtime.settings.limits.attempts
        log.warning("mail failed", mail=kept.id, attempt=kept.attempts, why=reason)
        journal.fail(
            connection,
            kept.id,
            self.runtime.holder,
            reason=reason[:2000],
            limit=limit,
            now=self.runtime.clock(),
        )

    def _give_back(self, ids: Iterable[int]) -> None:
        """The database failed in our hands; if it fails again, the next claim takes them back."""
        self._ahead, ahead = None, self._ahead
        every = [*ids, *(ahead[0] if ahead else ())]
        try:
            with self.runtime.store.write() as connection:
                journal.unclaim(connection, self.runtime.holder, every)
        except DBAPIError as error:
            log.warning("claim not given back", why=str(error.orig))


class Taken(Exception):
    """Another worker finished this mail; what we did for it is rolled back."""
