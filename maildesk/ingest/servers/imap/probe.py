"""What `maildesk check --online` and `maildesk ledger` ask a mailbox. They change nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maildesk.config.schema.settings import Mailbox, Settle
from maildesk.ingest.servers.imap.connection import DONE_KEYWORD, Session
from maildesk.ingest.servers.imap.fetch_plan import Listed, runs_of
from maildesk.ingest.servers.imap.imap_errors import MailboxTrouble, Refused

_LISTED_AT_ONCE = 500

# RFC 4314 §4: what each way of settling needs in the folder itself.
_RIGHTS = {Settle.MOVE: "lrte", Settle.FLAG: "lrw", Settle.DELETE: "lrte"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` says what to do where it is not `good`."""

    good: bool
    what: str
    mend: str = ""


def probe(settings: Mailbox) -> list[Finding]:
    """Log in and look at folders, rights and capabilities. Never raises for the server's sake."""
    try:
        with Session(settings) as session:
            return list(_findings(session, settings))
    except MailboxTrouble as trouble:
        return [_from(trouble)]


def uids(settings: Mailbox, folder: str) -> tuple[int, set[int]]:
    """The folder's UIDVALIDITY and all its UIDs.

    Raises:
        MailboxTrouble: the server cannot be asked.
    """
    with Session(settings) as session:
        selected = session.select(folder, read_only=True)
        found: set[int] = set()
        for low, high in session.windows(selected, 1):
            found.update(session.uids(low, high))
        return selected.uid_validity, found


def listing(settings: Mailbox, folder: str) -> list[Listed]:
    """Every mail of the folder with its time of arrival; none where there is no such folder.

    Raises:
        MailboxTrouble: the server cannot be asked.
    """
    with Session(settings) as session:
        if folder not in session.folders():
            return []
        selected = session.select(folder, read_only=True)
        found: list[Listed] = []
        for low, high in session.windows(selected, 1):
            for run in runs_of(session.uids(low, high), _LISTED_AT_ONCE):
                found.extend(session.listed(run))
        return found


def digests(settings: Mailbox, folder: str, wanted: Sequence[int]) -> dict[int, str]:
    """SHA-256 of each of these mails that is still there, one in memory at a time.

    Raises:
        MailboxTrouble: the server cannot be asked.
    """
    with Session(settings) as session:
        session.select(folder, read_only=True)
        bodies = ((uid, session.bodies([uid])[uid]) for uid in wanted)
        return {uid: hashlib.sha256(raw).hexdigest() for uid, raw in bodies if raw is not None}


def _findings(session: Session, settings: Mailbox) -> Iterator[Finding]:
    yield Finding(True, f"logged in as {settings.user} on {settings.host}:{settings.port}")
    for folder in settings.folders:
        yield from _folder(session, settings, folder)
    if settings.settle is Settle.MOVE:
        yield from _processed_folder(session, settings)
    yield from _capabilities(session, settings)


def _folder(session: Session, settings: Mailbox, folder: str) -> Iterator[Finding]:
    try:
        selected = session.select(folder)
        rights = session.rights(folder)
    except Refused as refused:
        yield _from(refused)
        return
    yield Finding(True, f"folder {folder}: {selected.mails} mails")
    if selected.read_only:
        yield Finding(
            False,
            f"folder {folder} can only be read",
            "give the user the right to change it, or mails stay in it unmarked",
        )
    missing = [right for right in _RIGHTS[settings.settle] if right not in (rights or right)]
    if missing:
        yield Finding(
            False,
            f"folder {folder}: rights {''.join(missing)} are missing (RFC 4314)",
            f"grant them, or change `settle` (now {settings.settle.value})",
        )
    if settings.settle is Settle.FLAG and not selected.keywords:
        yield Finding(
            False,
            f"folder {folder} takes no keyword {DONE_KEYWORD}",
            'settle = "move"; with "flag" the journal alone knows what is done',
        )


def _processed_folder(session: Session, settings: Mailbox) -> Iterator[Finding]:
    folder = settings.processed_folder
    if folder not in session.folders():
        yield Finding(True, f"folder {folder} is missing: it is created with the first mail")
        return
    rights = session.rights(folder)
    if rights is not None and "i" not in rights:
        yield Finding(
            False, f"folder {folder}: no right to put mails there", "grant right i (RFC 4314)"
        )


def _capabilities(session: Session, settings: Mailbox) -> Iterator[Finding]:
    if settings.idle and not session.can("IDLE"):
        yield Finding(
            False,
            "the server has no IDLE",
            f"new mail is seen every {settings.poll_seconds:g} s: lower `poll_seconds` if need be",
        )
    moves = session.can("MOVE") or session.can("UIDPLUS")
    if settings.settle is Settle.MOVE and not moves:
        yield Finding(
            False,
            "the server has neither MOVE nor UIDPLUS: mails stay in the folder",
            'settle = "flag"',
        )
    if settings.settle is Settle.DELETE and not session.can("UIDPLUS"):
        yield Finding(
            False,
            r"the server has no UIDPLUS: mails are marked \Deleted and not removed",
            'settle = "flag", or expunge the folder by other means',
        )


def _from(trouble: MailboxTrouble) -> Finding:
    what, _, mend = str(trouble).rpartition(": ")
    return Finding(False, what or mend, mend if what else "")
