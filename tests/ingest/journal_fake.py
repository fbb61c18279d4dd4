"""The journal in memory, with switches to make it fail and notes of what was asked of it."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from maildesk.model.mail import RawMail

Folder: TypeAlias = tuple[str, str, int]


class JournalFake:
    """Implements `maildesk.ingest.servers.journal_port.Journal`. Safe for several threads."""

    def __init__(self) -> None:
        self.mails: list[RawMail] = []
        self.commits: list[int] = []
        self.positions: dict[tuple[str, str], tuple[int, int]] = {}
        self.done: set[tuple[Folder, int]] = set()
        self.keep_error: Exception | None = None
        self.settled_error: Exception | None = None
        self.before_keep: Callable[[], None] = lambda: None
        self._leases: dict[str, tuple[int, float]] = {}
        self._lock = threading.RLock()

    @property
    def raws(self) -> list[bytes]:
        """The bytes of every mail, in the order kept."""
        return [mail.raw for mail in self.mails]

    def keep(self, mails: Sequence[RawMail]) -> None:
        self.before_keep()
        with self._lock:
            if self.keep_error:
                raise self.keep_error
            there = {_key(mail) for mail in self.mails if mail.uid is not None}
            self.mails += [mail for mail in mails if _key(mail) not in there]
            self.commits.append(len(mails))

    def known(
        self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]
    ) -> frozenset[int]:
        with self._lock:
            there = self._uids((mailbox, folder, uid_validity))
        return frozenset(there.intersection(uids))

    def position(self, mailbox: str, folder: str) -> tuple[int, int] | None:
        return self.positions.get((mailbox, folder))

    def advance(self, mailbox: str, folder: str, uid_validity: int, uid: int) -> None:
        self.positions[mailbox, folder] = (uid_validity, uid)

    def unsettled(self, mailbox: str, folder: str, uid_validity: int) -> tuple[int, ...]:
        with self._lock:
            where = (mailbox, folder, uid_validity)
            done = {uid for place, uid in self.done if place == where}
            return tuple(sorted(self._uids(where) - done))[:1000]

    def settled(self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]) -> None:
        with self._lock:
            if self.settled_error:
                raise self.settled_error
            self.done.update(((mailbox, folder, uid_validity), uid) for uid in uids)

    def lease(self, name: str, seconds: float) -> bool:
        """A thread stands for a daemon here."""
        with self._lock:
            holder, until = self._leases.get(name, (0, 0.0))
            me = threading.get_ident()
            if holder != me and until > time.monotonic():
                return False
            self._leases[name] = (me, time.monotonic() + seconds)
            return True

    def release(self, name: str) -> None:
        with self._lock:
            if self._leases.get(name, (0, 0.0))[0] == threading.get_ident():
                del self._leases[name]

    def _uids(self, where: Folder) -> set[int]:
        return {uid for *place, uid in map(_key, self.mails) if tuple(place) == where and uid}


def _key(mail: RawMail) -> tuple[str, str, int | None, int | None]:
    return mail.mailbox, mail.folder, mail.uid_validity, mail.uid
