"""Settles mails on the server once they are in the journal: moves, flags or deletes them.

Each way settles the whole batch with one command (or the three that replace MOVE). It can be
interrupted anywhere and repeated: at worst the processed folder holds a mail twice.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from maildesk.config.schema.settings import Mailbox, Settle
from maildesk.ingest.servers.imap.connection import DONE_KEYWORD, Selected, Session
from maildesk.ingest.servers.imap.imap_errors import Refused, Throttled

DELETED = r"\Deleted"

Bring: TypeAlias = Callable[[Sequence[int], str], None]


def settle(session: Session, settings: Mailbox, selected: Selected, uids: Sequence[int]) -> None:
    """Settle the mails in the selected folder as `settings.settle` says.

    Where the server lacks what a way needs, the mails stay in the folder, flagged where it
    allows keywords: the journal knows them, so they are never taken again.

    Raises:
        Refused: the server does not let us; nothing is settled.
    """
    match settings.settle:
        case Settle.FLAG:
            _flag(session, selected, uids)
        case Settle.DELETE:
            _delete(session, uids)
        case Settle.MOVE if session.can("MOVE"):
            _into(session, settings.processed_folder, session.move, uids)
        case Settle.MOVE if session.can("UIDPLUS"):
            _into(session, settings.processed_folder, session.copy, uids)
            _delete(session, uids)
        case Settle.MOVE:
            _flag(session, selected, uids)


def _flag(session: Session, selected: Selected, uids: Sequence[int]) -> None:
    if selected.keywords:
        session.flag(uids, DONE_KEYWORD)


def _delete(session: Session, uids: Sequence[int]) -> None:
    session.flag(uids, DELETED)
    # A plain EXPUNGE would also remove what others have marked and we have not yet kept.
    if session.can("UIDPLUS"):
        session.expunge(uids)


def _into(session: Session, folder: str, bring: Bring, uids: Sequence[int]) -> None:
    """Move or copy; where the folder is missing, create it first (TRYCREATE, RFC 9051 §6.4.7)."""
    try:
        bring(uids, folder)
    except Throttled:
        raise
    except Refused:
        if folder in session.folders():
            raise
        session.create(folder)
        bring(uids, folder)
