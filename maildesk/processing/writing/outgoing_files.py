"""A mail as it is sent: with its files, whose bytes stay in the journal until then."""

import re
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from maildesk.ingest.mime.mail_parser import cut
from maildesk.outgoing import mime_body
from maildesk.outgoing.carried_files import CarriedFile
from maildesk.processing.links.mail_content import bytes_of

_BOUNDARY = re.compile(rb'boundary="(=_files_[0-9a-f]{1,64})"')
_log = structlog.get_logger()


def with_files(connection: Connection, raw: bytes, files: Sequence[CarriedFile]) -> bytes:
    """The whole mail. `raw` ends before its files, which are read from the journal.

    A file that cannot be read any more is replaced by a line that says so. So are all of them where
    `files` is empty: the mail server refuses them.
    """
    head = raw.partition(b"\r\n\r\n")[0]
    found = _BOUNDARY.search(head)
    if found is None:
        return raw
    outer = found[1].decode()
    parts = [_part(connection, outer, one) for one in files] or [
        mime_body.file_part(outer, "attached files.txt", "text/plain", _REFUSED)
    ]
    return b"".join((raw, *parts, mime_body.closing(outer)))


def _part(connection: Connection, outer: str, file: CarriedFile) -> bytes:
    try:
        raw = bytes_of(connection, file.mail)
        data = b"".join(cut(raw, file.index)[1])
    except (IndexError, LookupError, ValueError) as error:
        _log.warning("file not read", mail=file.mail, file=file.name, error=str(error))
        return mime_body.file_part(outer, f"{file.name}.txt", "text/plain", _LOST)
    return mime_body.file_part(outer, file.name, file.type, data)


_REFUSED = (
    b"A mail server on the way refused the attached files. They are at the service desk;\r\n"
    b"please ask for them, or open the ticket page.\r\n"
)
_LOST = b"The service desk could not read this file any more. Please ask for it.\r\n"
