"""The server's mails against the journal's, both ways. Reads on both sides, changes nothing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from maildesk.config.schema.settings import Mailbox, Settle
from maildesk.ingest.servers.imap.fetch_plan import Listed
from maildesk.ingest.servers.imap.probe import digests, listing, uids
from maildesk.store import journal
from maildesk.store.engine import Store
from maildesk.store.queries import integrity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One folder. `never_fetched` and `unsettled` are UIDs of the folder itself, `deleted` those
    of mails in the folder for processed mail that the journal does not know (any more)."""

    mailbox: str
    folder: str
    uid_validity: int
    on_server: int
    in_journal: int
    never_fetched: tuple[int, ...]
    unsettled: tuple[int, ...]
    unsettled_and_gone: tuple[int, ...]
    processed_folder: str
    processed: int
    deleted: tuple[int, ...]

    @property
    def missing(self) -> int:
        """How many mails the server has and the journal has not."""
        return len(self.never_fetched) + len(self.deleted)


def sheets(store: Store, configured: Mailbox) -> list[Sheet]:
    """Each folder of a mailbox. Raises MailboxTrouble where the server cannot be asked."""
    moves = configured.settle is Settle.MOVE
    processed = listing(configured, configured.processed_folder) if moves else []
    deleted = _deleted(store, configured, processed)
    found = []
    for number, folder in enumerate(configured.folders):
        # Folders share the one for processed mail: what is missing there stands on the first.
        lost = (len(processed), deleted) if number == 0 else (0, ())
        found.append(_sheet(store, configured, folder, *lost))
    return found


def _sheet(
    store: Store, configured: Mailbox, folder: str, processed: int, deleted: tuple[int, ...]
) -> Sheet:
    uid_validity, on_server = uids(configured, folder)
    with store.read() as connection:
        kept = journal.every_uid(connection, configured.name, folder, uid_validity)
        waiting = integrity.unsettled(connection, configured.name, folder, uid_validity)
    return Sheet(
        mailbox=configured.name,
        folder=folder,
        uid_validity=uid_validity,
        on_server=len(on_server),
        in_journal=len(kept),
        never_fetched=tuple(sorted(on_server - kept)),
        unsettled=waiting,
        unsettled_and_gone=tuple(sorted(set(waiting) - on_server)),
        processed_folder=configured.processed_folder,
        processed=processed,
        deleted=deleted,
    )


def _deleted(store: Store, configured: Mailbox, processed: list[Listed]) -> tuple[int, ...]:
    """UIDs of processed mails that the journal does not know, by content where time alone does
    not tell. Mails that came before the first look were put there by somebody else."""
    with store.read() as connection:
        suspects = _unaccounted(connection, configured, processed)
        if not suspects:
            return ()
        found = digests(configured, configured.processed_folder, suspects)
        known = integrity.known_digests(connection, configured.name, found.values())
    return tuple(uid for uid in suspects if uid in found and found[uid] not in known)


def _unaccounted(
    connection: Connection, configured: Mailbox, processed: Iterable[Listed]
) -> list[int]:
    """A move keeps the time of arrival (RFC 6851 §3.3), and gives a new UID."""
    since = integrity.first_seen(connection, configured.name)
    rows = Counter(_second(at) for at in integrity.arrivals(connection, configured.name))
    there = [mail for mail in processed if mail.arrived and since and mail.arrived >= since]
    seconds = Counter(_second(mail.arrived) for mail in there if mail.arrived)
    return [
        mail.uid
        for mail in there
        if mail.arrived and seconds[_second(mail.arrived)] > rows[_second(mail.arrived)]
    ]


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
