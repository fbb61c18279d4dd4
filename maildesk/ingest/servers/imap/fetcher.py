"""Fetches mails from the server, and remembers those that failed.

One mail that the server cannot deliver must not delay the others: the mails of a batch that was
refused, or at which the connection broke, are fetched one by one. A mail that fails is retried
with growing back-off as long as it is in the folder.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from maildesk.ingest.servers.imap.connection import HIGHEST_UID, Session
from maildesk.ingest.servers.imap.fetch_plan import FailedFetch, Listed, failed, fault_of
from maildesk.ingest.servers.imap.imap_errors import LineDropped, Refused, Throttled

log = structlog.get_logger(__name__)

_WARN_AT = (1, 5, 12)  # first failure, half a minute of them, one try an hour from here on


class Fetcher:
    """The fetching of one folder's mails, under one UIDVALIDITY."""

    def __init__(self, place: str, max_mail_bytes: int, clock: Callable[[], datetime]) -> None:
        """`place` is how the folder is named in warnings."""
        self._place = place
        self._max_mail_bytes = max_mail_bytes
        self._clock = clock
        self._failed: dict[int, FailedFetch] = {}
        self._suspects: set[int] = set()

    @property
    def troubles(self) -> tuple[str, ...]:
        """One line for each mail that would not come."""
        return tuple(
            f"{self._place}: UID {note.uid}: {note.reason}; tried {note.tries} times, "
            f"again at {note.retry_at:%Y-%m-%d %H:%M:%S} UTC"
            for note in self._failed.copy().values()
        )

    @property
    def one_by_one(self) -> bool:
        """Whether the line broke at a batch, so that its mails are to be asked for singly."""
        return bool(self._suspects)

    @property
    def lowest_failed(self) -> int:
        """The lowest UID that would not come; above every UID where there is none."""
        return min(self._failed, default=HIGHEST_UID + 1)

    def has_failed(self, uid: int) -> bool:
        """Whether this mail waits for another try."""
        return uid in self._failed

    def due(self) -> list[int]:
        """The failed mails that are to be tried now, ascending."""
        now = self._clock()
        return sorted(uid for uid, note in self._failed.items() if note.retry_at <= now)

    def seconds_to_retry(self) -> float | None:
        """How long until a failed mail is due, None where none failed."""
        if not self._failed:
            return None
        due = min(note.retry_at for note in self._failed.values())
        return max(0.0, (due - self._clock()).total_seconds())

    def forget(self, uids: Sequence[int]) -> None:
        """These are kept, or gone from the server."""
        for uid in uids:
            self._failed.pop(uid, None)
        self._suspects.difference_update(uids)

    def is_oversized(self, mail: Listed) -> bool:
        """Whether only the header block of this mail is fetched."""
        return mail.size > self._max_mail_bytes

    def fetch(self, session: Session, batch: Sequence[Listed]) -> list[tuple[Listed, bytes]]:
        """Those of the batch that came whole.

        Raises:
            LineDropped, Throttled: nothing of the batch is to be used.
        """
        whole = [mail.uid for mail in batch if not self.is_oversized(mail)]
        answers = self._ask(whole, session.bodies)
        for mail in batch:
            if self.is_oversized(mail):
                answers |= self._ask([mail.uid], lambda uids: {uids[0]: session.header(uids[0])})
        return [
            (mail, body)
            for mail in batch
            if mail.uid in answers and (body := self._sound(mail, answers[mail.uid])) is not None
        ]

    def _ask(
        self, uids: Sequence[int], command: Callable[[Sequence[int]], dict[int, bytes | None]]
    ) -> dict[int, bytes | None]:
        if not uids:
            return {}
        try:
            return command(uids)
        except Throttled:
            raise
        except Refused as refused:
            if len(uids) == 1:
                self._note(uids[0], str(refused), None)
                return {}
            return {k: v for uid in uids for k, v in self._ask([uid], command).items()}
        except LineDropped:
            if len(uids) == 1:
                self._suspects.discard(uids[0])
                self._note(uids[0], "the line broke while it was fetched", None)
            else:
                self._suspects.update(uids)
            raise

    def _sound(self, mail: Listed, body: bytes | None) -> bytes | None:
        """The bytes where they are the mail; else the failure is noted."""
        expected = 0 if self.is_oversized(mail) else mail.size
        fault = fault_of(body, expected, self._failed.get(mail.uid))
        if fault is None:
            return body
        self._note(mail.uid, fault, None if body is None else len(body))
        return None

    def _note(self, uid: int, reason: str, length: int | None) -> None:
        note = failed(uid, reason, length, self._failed.get(uid), self._clock())
        self._failed[uid] = note
        if note.tries in _WARN_AT:
            log.warning(
                "mail cannot be fetched; the other mails are fetched",
                place=self._place,
                uid=uid,
                reason=reason,
                tries=note.tries,
                retry_at=note.retry_at.isoformat(),
            )
