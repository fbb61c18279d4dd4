"""The delivery service: leases, sends and records mails over one persistent SMTP connection.

The verdict on a mail is recorded as soon as the server has answered. A mail whose final dot was not
answered is `uncertain`; every other mail is sent, refused or retried. An error that concerns no
single mail (server down, wrong password, certificate refused) gives the leased mails back uncounted
and ends the service with one line; the daemon restarts it with back-off.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from random import Random

from maildesk.config.schema.settings import Smtp
from maildesk.model.service import WakeSignal
from maildesk.outgoing.delivery.smtp_client import SmtpClient, Stale
from maildesk.outgoing.delivery.smtp_login import DeliveryTrouble, probe
from maildesk.outgoing.queue_port import Failed, Leased, Queue, Verdict
from maildesk.outgoing.retry_policy import LineLost, Outcome, Refused, Unsendable, judge

__all__ = ["DeliveryService", "DeliveryTrouble", "probe"]

BATCH = 50
POLL_SECONDS = 2.0  # rows written by another process do not wake this service
_SHORTEST_REST = 0.2


class DeliveryService:
    """Sends the mails that are due. `on_failed` is called after each permanent failure."""

    name = "deliver"

    def __init__(
        self,
        settings: Smtp,
        queue: Queue,
        clock: Callable[[], datetime],
        random: Random,
        on_failed: Callable[[], object],
        whole: Callable[[Leased], bytes] = attrgetter("raw"),
    ) -> None:
        """`whole` gives the bytes of a mail with its files; without files, with a line in their
        place."""
        self._settings = settings
        self._queue = queue
        self._clock = clock
        self._random = random
        self._on_failed = on_failed
        self._whole = whole
        self._line: SmtpClient | None = None
        self._pending: tuple[Leased, Verdict] | None = None

    def run(self, wake_signal: WakeSignal) -> None:
        """Deliver until `wake_signal.stopping`. Raises DeliveryTrouble and errors of the queue."""
        try:
            self._record_pending()
            while not wake_signal.stopping:
                batch = self._queue.lease(BATCH)
                if batch:
                    self._deliver(deque(batch), wake_signal)
                else:
                    self._wait_for_mail(wake_signal)
        finally:
            self._hang_up()

    def _deliver(self, waiting: deque[Leased], wake_signal: WakeSignal) -> None:
        try:
            while waiting and not wake_signal.stopping:
                outcome = self._attempt(waiting[0], wake_signal)
                mail = waiting.popleft()
                wake_signal.working()
                if outcome is not None:
                    self._finish(mail, outcome)
        finally:
            if waiting:
                self._queue.give_back(tuple(mail.id for mail in waiting))

    def _attempt(self, mail: Leased, wake_signal: WakeSignal) -> Outcome | None:
        """Try to send the mail; None if its lease was lost."""

        def at_dot() -> bool:
            return self._queue.at_dot(mail.id)

        def sent(whole: Leased) -> Outcome | Stale | None:
            outcome = self._open_client(wake_signal).send(whole, at_dot)
            if isinstance(outcome, Stale):
                outcome = self._open_client(wake_signal).send(whole, at_dot)
            return outcome

        if not mail.files:
            outcome = sent(mail)
        else:
            outcome = sent(replace(mail, raw=self._whole(mail)))
            if _refuses_files(outcome):  # the words are more important than the files
                outcome = sent(replace(mail, raw=self._whole(replace(mail, files=()))))
        # A connection that has sent no mail yet is never stale.
        return LineLost(False, "line lost") if isinstance(outcome, Stale) else outcome

    def _finish(self, mail: Leased, outcome: Outcome) -> None:
        verdict = judge(
            outcome,
            mail,
            self._clock(),
            jitter=self._random.random(),
            evidence=timedelta(seconds=self._settings.evidence_seconds),
        )
        self._pending = (mail, verdict)
        self._record_pending()

    def _record_pending(self) -> None:
        """Record the pending verdict; after an error, such as a full disk, it stays pending."""
        if self._pending is None:
            return
        mail, verdict = self._pending
        self._queue.record(mail.id, verdict)
        self._pending = None
        if isinstance(verdict, Failed):
            self._on_failed()

    def _open_client(self, wake_signal: WakeSignal) -> SmtpClient:
        if self._line is not None and not self._line.fresh():
            self._hang_up()
        if self._line is None:
            self._line = SmtpClient(self._settings, lambda: wake_signal.stopping)
        return self._line

    def _wait_for_mail(self, wake_signal: WakeSignal) -> None:
        line = self._line
        if line is not None and line.idle_seconds >= self._settings.keep_open_seconds:
            self._hang_up()
        wake_signal.wait(max(_SHORTEST_REST, self._seconds_to_wait()))

    def _seconds_to_wait(self) -> float:
        due = self._queue.next_due()
        until_due = (due - self._clock()).total_seconds() if due else POLL_SECONDS
        return min(until_due, POLL_SECONDS)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def _refuses_files(outcome: Outcome | Stale | None) -> bool:
    """Whether a server finds the mail too large or its files unwanted (RFC 3463 §3.4 and 3.8)."""
    match outcome:
        case Unsendable(reason):
            return reason.startswith("552")
        case Refused(code, answer):
            return code == 552 or any(word in answer for word in ("5.3.4", "5.2.3"))
    return False
