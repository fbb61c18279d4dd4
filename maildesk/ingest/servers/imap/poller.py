"""The service that polls one folder of one IMAP mailbox while the daemon runs.

Mail is in the journal before the server is told anything. If several daemons poll one mailbox,
only the one that holds the lease reads it. A failure is raised as a `MailboxTrouble` with one
clear line; the daemon restarts the service with back-off. If the server names a time to wait, the
service waits itself.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from maildesk.config.schema.settings import Mailbox
from maildesk.ingest.servers.imap.connection import Session
from maildesk.ingest.servers.imap.folder import FolderReader
from maildesk.ingest.servers.imap.imap_errors import Throttled
from maildesk.ingest.servers.journal_port import Journal
from maildesk.model.service import WakeSignal

log = structlog.get_logger(__name__)

_EXPECTED_MAIL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The room's times, in seconds."""

    lease: float = 120
    """how long another daemon waits before it takes over from one that died"""
    idle: float = 540
    """longest IDLE: servers may hang up after 30 minutes, routers do so after ten"""
    compare: float = 3600
    """how often all UIDs of the folder are compared with the journal"""
    tick: float = 0.5
    """how often the bell is heeded during IDLE"""


def _now() -> datetime:
    return datetime.now(UTC)


class MailboxService:
    """Brings the mail of one folder into the journal. One thread runs it."""

    def __init__(
        self,
        settings: Mailbox,
        folder: str,
        *,
        max_mail_bytes: int,
        journal: Journal,
        on_kept: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = _now,
        pace: Pace | None = None,
    ) -> None:
        """`on_kept` is called after every commit, to wake whoever works the mail."""
        self.name = f"imap:{settings.name}"
        if len(settings.folders) > 1:
            self.name += f"/{folder}"
        self._settings = settings
        self._lease = f"imap:{settings.name}/{folder}"
        self._journal = journal
        self._pace = pace or Pace()
        self._lease_renewed = float("-inf")
        self._throttled: str | None = None
        self._reader = FolderReader(
            settings,
            folder,
            max_mail_bytes=max_mail_bytes,
            journal=journal,
            on_kept=on_kept,
            clock=clock,
            compare_seconds=self._pace.compare,
        )

    @property
    def troubles(self) -> tuple[str, ...]:
        """What /readyz should show although the room runs; one line each."""
        throttled = (self._throttled,) if self._throttled else ()
        return throttled + self._reader.troubles

    def run(self, wake_signal: WakeSignal) -> None:
        """Read the folder until the bell says stop.

        Raises:
            MailboxTrouble: server, line, login or folder are not as they should be.
            Exception: whatever the journal raises; nothing unkept was settled.
        """
        try:
            while not wake_signal.stopping:
                if self._leased():
                    self._serve(wake_signal)
                else:
                    wake_signal.wait(self._pace.lease / 4)
        finally:
            # Without it the lease ends by itself; it must not hide the error we leave with.
            with suppress(Exception):
                self._journal.release(self._lease)
            self._lease_renewed = float("-inf")

    def _leased(self) -> bool:
        """Whether the lease is ours; renewed when a third of it has passed."""
        if time.monotonic() - self._lease_renewed < self._pace.lease / 3:
            return True
        asked = time.monotonic()
        if not self._journal.lease(self._lease, self._pace.lease):
            self._lease_renewed = float("-inf")
            return False
        self._lease_renewed = asked
        return True

    def _serve(self, wake_signal: WakeSignal) -> None:
        """Work on one connection until stop, loss of the lease, or throttling."""
        try:
            with Session(self._settings) as session:
                while self._leased() and wake_signal.wait(0):
                    self._reader.look(session, lambda: self._leased() and not wake_signal.stopping)
                    self._throttled = None
                    wake_signal.working()
                    self._wait(session, wake_signal)
        except Throttled as throttled:
            self._throttled = str(throttled)
            log.warning("throttled", service=self.name, reason=str(throttled))
            self._sit_out(throttled.seconds, wake_signal)

    def _wait(self, session: Session, wake_signal: WakeSignal) -> None:
        """Wait for new mail, for the time to look again, or for the bell."""
        seconds = min(self._settings.poll_seconds, self._pace.idle)
        retry = self._reader.seconds_to_retry()
        if retry is not None:
            seconds = min(seconds, retry)
        # Mail announced while we worked: what was announced before IDLE is not said again.
        if session.told_of_mail():
            seconds = min(seconds, _EXPECTED_MAIL_SECONDS)
        if self._settings.idle and session.can("IDLE"):
            session.idle(
                seconds, lambda: wake_signal.is_woken(0) or not self._leased(), self._pace.tick
            )
        else:
            self._doze(seconds, wake_signal)

    def _doze(self, seconds: float, wake_signal: WakeSignal) -> None:
        """Sleep, holding the lease, until woken or stopped."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._leased():
            if wake_signal.is_woken(min(left, self._pace.lease / 4)):
                return

    def _sit_out(self, seconds: float, wake_signal: WakeSignal) -> None:
        """Sleep, holding the lease, through every ring; only a stop ends it early."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._leased():
            if not wake_signal.wait(min(left, self._pace.lease / 4)):
                return
