"""Polls one folder: new mail is stored in the journal, and only then settled on the server. The
next poll finds and repairs whatever broke in between.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from maildesk.config.schema.settings import Mailbox
from maildesk.ingest.servers.imap.connection import Selected, Session
from maildesk.ingest.servers.imap.fetch_plan import Listed, batches, runs_of
from maildesk.ingest.servers.imap.fetcher import Fetcher
from maildesk.ingest.servers.imap.imap_errors import Refused, Throttled, place_of
from maildesk.ingest.servers.imap.settle import settle
from maildesk.ingest.servers.journal_port import Journal
from maildesk.model.mail import RawMail, Source

log = structlog.get_logger(__name__)

_LISTED_AT_ONCE = 500  # UIDs in one command: few servers take lines longer than 8,000 bytes


class FolderReader:
    """What we know of one folder: how far it is taken, and which mails would not come."""

    def __init__(
        self,
        settings: Mailbox,
        folder: str,
        *,
        max_mail_bytes: int,
        journal: Journal,
        on_kept: Callable[[], None],
        clock: Callable[[], datetime],
        compare_seconds: float,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._max_mail_bytes = max_mail_bytes
        self._journal = journal
        self._on_kept = on_kept
        self._clock = clock
        self._compare_every = timedelta(seconds=compare_seconds)
        self._not_settled: str | None = None
        self._start_over(None)

    def _start_over(self, uid_validity: int | None) -> None:
        self._uid_validity = uid_validity
        self._taken_to = 0
        self._position = 0
        self._compared: datetime | None = None
        place = f"{place_of(self._settings)}, {self._folder}"
        self._fetcher = Fetcher(place, self._max_mail_bytes, self._clock)

    @property
    def troubles(self) -> tuple[str, ...]:
        """One line for each thing that does not go as it should."""
        return self._fetcher.troubles + ((self._not_settled,) if self._not_settled else ())

    def seconds_to_retry(self) -> float | None:
        """How long until a mail that would not come is due again, None where there is none."""
        return self._fetcher.seconds_to_retry()

    def look(self, session: Session, go_on: Callable[[], bool]) -> None:
        """Take what is new since the last look; at first, and hourly, compare everything.

        `go_on` is asked before every batch; False ends the look early.

        Raises:
            MailboxTrouble: the server or the line failed.
            Exception: whatever the journal raises; then nothing of the batch is settled.
        """
        selected = session.select(self._folder)
        self._mind_validity(selected.uid_validity)
        self._settle(session, selected)
        now = self._clock()
        whole = self._compared is None or now - self._compared >= self._compare_every
        for low, high in session.windows(selected, 1 if whole else self._taken_to + 1):
            if not self._take_window(session, selected, low, high, go_on):
                return
        if whole:
            self._compared = now
        self._take(session, selected, self._fetcher.due(), go_on)
        self._advance()

    def _mind_validity(self, uid_validity: int) -> None:
        """Another UIDVALIDITY makes every UID a stranger (RFC 9051 §2.3.1.1): read all again."""
        if uid_validity == self._uid_validity:
            return
        before = self._journal.position(self._settings.name, self._folder)
        known_as = self._uid_validity or (before[0] if before else uid_validity)
        if known_as != uid_validity:
            log.warning(
                "UIDVALIDITY changed: the folder is read again, known mails become duplicates",
                mailbox=self._settings.name,
                folder=self._folder,
                before=known_as,
                now=uid_validity,
            )
        self._start_over(uid_validity)

    def _take_window(
        self,
        session: Session,
        selected: Selected,
        low: int,
        high: int,
        go_on: Callable[[], bool],
    ) -> bool:
        found = session.uids(low, high)
        if not found:
            return True
        known = self._journal.known(self._settings.name, self._folder, selected.uid_validity, found)
        new = [uid for uid in found if uid not in known and not self._fetcher.has_failed(uid)]
        if not self._take(session, selected, new, go_on):
            return False
        self._taken_to = max(self._taken_to, found[-1])
        self._advance()
        return True

    def _take(
        self,
        session: Session,
        selected: Selected,
        uids: Sequence[int],
        go_on: Callable[[], bool],
    ) -> bool:
        """Keep these mails batch by batch, then settle them; whether we came to the end."""
        for run in runs_of(uids, _LISTED_AT_ONCE):
            listed = session.listed(run)
            self._fetcher.forget(sorted(set(run).difference(mail.uid for mail in listed)))
            most = 1 if self._fetcher.one_by_one else self._settings.batch_mails
            for batch in batches(listed, self._settings.batch_bytes, most):
                if not go_on():
                    return False
                self._keep(session, selected, batch)
            # Not after each batch: forty small MOVEs take twice as long as four large ones.
            self._settle(session, selected)
        return True

    def _keep(self, session: Session, selected: Selected, batch: list[Listed]) -> None:
        mails = [
            self._raw_mail(mail, raw, selected.uid_validity)
            for mail, raw in self._fetcher.fetch(session, batch)
        ]
        if mails:
            self._journal.keep(mails)
            self._fetcher.forget([mail.uid for mail in mails if mail.uid is not None])
            self._on_kept()

    def _raw_mail(self, mail: Listed, raw: bytes, uid_validity: int) -> RawMail:
        now = self._clock()
        oversized = self._fetcher.is_oversized(mail)
        return RawMail(
            raw=raw,
            size=mail.size if oversized else len(raw),
            sha256=hashlib.sha256(raw).hexdigest(),
            source=Source.IMAP,
            mailbox=self._settings.name,
            received_at=min(mail.arrived or now, now),
            folder=self._folder,
            uid_validity=uid_validity,
            uid=mail.uid,
            oversized=oversized,
        )

    def _settle(self, session: Session, selected: Selected) -> None:
        """Settle what the journal holds and the server was not yet told of.

        A refusal is shown and does not keep new mail from being taken.
        """
        where = (self._settings.name, self._folder, selected.uid_validity)
        try:
            while uids := self._journal.unsettled(*where):
                for run in runs_of(uids, _LISTED_AT_ONCE):
                    settle(session, self._settings, selected, run)
                    self._journal.settled(*where, run)
        except Throttled:
            raise
        except Refused as refused:
            if self._not_settled != str(refused):
                log.warning("kept mails cannot be settled", reason=str(refused))
            self._not_settled = str(refused)
        else:
            self._not_settled = None

    def _advance(self) -> None:
        """Write down the position: below the first mail that would not come."""
        position = min(self._taken_to, self._fetcher.lowest_failed - 1)
        if self._uid_validity is not None and position > self._position:
            self._journal.advance(self._settings.name, self._folder, self._uid_validity, position)
            self._position = position
