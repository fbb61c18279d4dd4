"""The journal as the mail servers use it: `processing.desk.Desk`, in tests a fake."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from maildesk.model.mail import RawMail


class Journal(Protocol):
    """The journal as the rooms see it that bring mail in. Every method is one transaction.

    Any of them may raise when the database is locked, full or gone: then nothing was
    kept, nothing may be settled or acknowledged, and the call is made again later.
    """

    def keep(self, mails: Sequence[RawMail]) -> None:
        """Commit the mails. A mail already kept under its UID is passed over silently."""

    def known(
        self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]
    ) -> frozenset[int]:
        """Which of these UIDs are in the journal."""

    def position(self, mailbox: str, folder: str) -> tuple[int, int] | None:
        """(UIDVALIDITY, UID up to which every mail is in the journal), or None at first."""

    def advance(self, mailbox: str, folder: str, uid_validity: int, uid: int) -> None:
        """Remember the position; every UID up to it is in the journal."""

    def unsettled(self, mailbox: str, folder: str, uid_validity: int) -> tuple[int, ...]:
        """UIDs kept but not yet settled on the server, ascending, at most 1,000."""

    def settled(self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]) -> None:
        """Record that the server has moved, flagged or deleted these."""

    def lease(self, name: str, seconds: float) -> bool:
        """Take or renew the right to do `name` alone; False while another daemon has it."""

    def release(self, name: str) -> None:
        """Give the lease back, if it is ours."""
