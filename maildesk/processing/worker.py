"""Working the journal: claim, read in another process, decide and commit, a batch at a time.

While one batch is written, the next is being read on another core. A mail that raises undoes
only itself; a database that fails is not the mail's fault, and its attempt does not count.
"""

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from maildesk.ingest.reading.pool import Unreadable
from maildesk.model.mail import Disposition, RawMail, Reading
from maildesk.model.person import SenderCheck
from maildesk.processing.mail.mail_context import MailContext
from maildesk.processing.mail.pipeline import work
from maildesk.processing.mail.prefetch import prefetch
from maildesk.processing.mail.sender_checks import UNCHECKED, SenderChecks, is_wanted
from maildesk.processing.runtime import Runtime
from maildesk.processing.unit_of_work import unit_of_work
from maildesk.store import journal, lease
from maildesk.store.engine import is_of_the_database
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
    ) -> Generator[Reading | Unreadable, None, None]:
        """A reading for each mail, in order; `head_only`: of its header block."""


_One = tuple[Kept, Reading | Unreadable, SenderCheck | None]
_Read = list[_One]


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
        with closing(readings):
            together = zip(bare, readings, strict=True)
            read = [
                (one, reading, self._checking(whole.pop(one.id, None), reading))
                for one, reading in itertools.takewhile(self._goes_on, together)
            ]
        return [(one, reading, pending()) for one, reading, pending in read]

    def _goes_on(self, _: object) -> bool:
        return not self._closing.is_set()

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
        """One transaction for all of them; where one mail cannot be undone alone, one for each."""
        try:
            self._write_together(read)
        except Exception as error:
            if is_of_the_database(error):
                raise
            log.warning("batch worked one by one", mails=len(read), why=_reason(error))
            for one in read:
                self._write_alone(one)

    def _write_together(self, read: _Read) -> None:
        with unit_of_work(self.runtime) as work:
            keys = {one.mail.content_key for _, one, _ in read if isinstance(one, Reading)}
            originals = journal.originals(work.connection, keys)
            mails = []
            for kept, reading, checked in read:
                if isinstance(reading, Unreadable):
                    self._failed(work.connection, kept, reading.reason)
                else:
                    mails.append(MailContext(work, kept, reading, originals, checked))
            prefetch(work, mails)
            for mail in mails:
                self._write_one(mail)

    def _write_one(self, context: MailContext) -> None:
        """Whatever fails undoes this mail alone."""
        try:
            with context.work.part():
                self._dispose(context)
        except Exception as error:
            if is_of_the_database(error) or context.work.written_through:
                raise
            self._failed(context.work.connection, context.kept, _reason(error))

    def _write_alone(self, one: _One) -> None:
        kept, reading, checked = one
        try:
            with unit_of_work(self.runtime) as work:
                if isinstance(reading, Unreadable):
                    self._failed(work.connection, kept, reading.reason)
                    return
                originals = journal.originals(work.connection, {reading.mail.content_key})
                self._dispose(MailContext(work, kept, reading, originals, checked))
        except Exception as error:
            if is_of_the_database(error):
                raise
            with self.runtime.store.write() as connection:
                self._failed(connection, kept, _reason(error))

    def _dispose(self, context: MailContext) -> None:
        kept, mail = context.kept, context.mail
        worked = work(context)
        row = journal.finished_row(
            kept.id,
            self.runtime.holder,
            disposition=worked.disposition,
            ticket=worked.ticket,
            message_id=mail.message_id,
            content_key=mail.content_key,
            steps=worked.steps,
            now=context.now,
        )
        context.work.rows.finished.append(row)
        log.info("mail worked", mail=kept.id, disposition=worked.disposition, ticket=worked.ticket)
        if worked.disposition is not Disposition.DUPLICATE:
            original = Original(kept.id, worked.disposition, worked.ticket)
            context.originals.setdefault(mail.content_key, original)

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


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
