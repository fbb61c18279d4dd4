"""A mail attached to a mail: who wrote it and what it says. Never raises.

Only if exactly one mail is attached and a person sent it: a bounce encloses the undelivered mail, a
digest the mails of others. Its first 4 MB are read; mails attached to it are ignored.
"""

from maildesk.ingest.intent.automatic_mail import screen
from maildesk.ingest.mime import transfer_encoding
from maildesk.ingest.mime.mail_parser import Parsed, parse_whole
from maildesk.model.mail import Enclosed, Kind

_BYTES = 4_000_000


def enclosed(parsed: Parsed) -> Enclosed | None:
    """The one mail that is attached to this one, or None."""
    if parsed.root.type == "multipart/report":
        return None
    attached = [part for part in parsed.root.walk() if part.type == "message/rfc822"]
    if len(attached) != 1:
        return None
    inner = parse_whole(transfer_encoding.whole(parsed.raw, attached[0], _BYTES)[0])
    author = inner.mail.sender
    if author is None or screen(inner).kind is not Kind.PERSON:
        return None
    return Enclosed(author=author, subject=inner.mail.subject, text=inner.mail.text)
