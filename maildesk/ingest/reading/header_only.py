"""Reads the header block alone of a mail that exceeded its limits. Never raises.

Such a mail still becomes a ticket: the whole mail is its only attachment, and `unreadable` is
among its defects. Nothing below the header block is read.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.model.mail import WHOLE_MAIL, Attachment, Reading

HEAD_BYTES = 32_768
TEXT = "[This mail could not be read within its limits of time and memory. It is kept as it came.]"
_PIECE = 1_048_576
_BLANK_LINE = re.compile(rb"\r?\n\r?\n|\r\r")


def head_of(raw: Raw) -> bytes:
    """The header block with the blank line below it, at most 32 kB."""
    found = _BLANK_LINE.search(raw, 0, HEAD_BYTES)
    return raw[: found.end() if found else HEAD_BYTES]


def with_the_whole(reading: Reading, raw: Raw) -> Reading:
    """What was read in `head_of(raw)`, with the whole mail for a body."""
    mail = replace(
        reading.mail,
        text=TEXT,
        html=None,
        attachments=(whole(raw),),
        content_key=_key(reading.mail.content_key, raw),
        defects=tuple(sorted({*reading.mail.defects, "unreadable"})),
    )
    return replace(reading, mail=mail, reply_text=TEXT)


def whole(raw: Raw) -> Attachment:
    """The mail as an attachment of itself."""
    digest = hashlib.sha256()
    for piece in pieces(raw):
        digest.update(piece)
    return Attachment(
        index=WHOLE_MAIL,
        name="mail.eml",
        type="message/rfc822",
        size=len(raw),
        inline=False,
        sha256=digest.hexdigest(),
    )


def _key(head: str, raw: Raw) -> str:
    """The same for the same mail by two ways: what servers write on top is not in `head`."""
    digest = hashlib.sha256(head.encode())
    for piece in pieces(raw, len(head_of(raw))):
        digest.update(piece.replace(b"\r", b""))
    return digest.hexdigest()


def pieces(raw: Raw, start: int = 0) -> Iterator[bytes]:
    """The bytes from `start` on, a megabyte at a time."""
    return (raw[at : at + _PIECE] for at in range(start, len(raw), _PIECE))
