"""A mail of the journal opened for a page: whole, or one of its attachments.

It was read before, in a worker with limits, or it would not stand in a ticket; its bytes go
through an unlinked file, so that no mail is held whole here either.
"""

import mmap
from collections.abc import Sequence
from tempfile import TemporaryFile

from sqlalchemy import Connection

from maildesk.ingest.html.sanitise import Shown, for_frame
from maildesk.ingest.mime.mail_parser import cut, parse
from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.model.links.page import Enclosure
from maildesk.model.mail import Attachment
from maildesk.processing.links.visibility import PICTURES
from maildesk.store import journal

_OPAQUE = "application/octet-stream"


def bytes_of(connection: Connection, mail: int) -> Raw:
    """The mail's bytes, mapped; they are gone when nobody looks at them any more."""
    with TemporaryFile() as spool:
        journal.copy(connection, mail, spool)
        spool.flush()
        return mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ) if spool.tell() else b""


def whole(raw: Raw, listed: Sequence[Attachment]) -> tuple[str, Shown | None]:
    """The whole text, and the HTML for a frame where there is any that can be shown.

    The pictures of the mail stand at `picture/INDEX`; the first of a Content-ID counts.
    """
    mail = parse(raw)
    if mail.html is None:
        return mail.text, None
    places = {one.content_id: f"picture/{one.index}" for one in reversed(listed) if one.content_id}
    return mail.text, for_frame(mail.html, places.get)


def enclosure(raw: Raw, listed: Attachment) -> Enclosure | None:
    """The attachment that was listed; None where the mail is read otherwise today."""
    try:
        found, pieces = cut(raw, listed.index)
    except IndexError:
        return None
    if found.sha256 != listed.sha256:
        return None
    type_ = found.seen if found.seen in PICTURES else _OPAQUE
    return Enclosure(name=listed.name, type=type_, size=found.size, pieces=pieces)
