"""An incoming mail: the raw bytes as received, and what was parsed from them."""

import enum
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.message import Message


class Source(enum.StrEnum):
    """How a mail was received."""

    IMAP = "imap"
    SMTP = "smtp"
    LMTP = "lmtp"
    FILE = "file"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMail:
    """The bytes of one mail and where they came from, as passed to `Desk.keep`.

    `raw` holds the whole mail, or only its header block if `oversized` is set; `size` is the size
    of the whole mail in bytes in both cases. `uid_validity` and `uid` (RFC 9051 §2.3.1.1) are None
    for mail that did not come from an IMAP folder. `envelope_from` is None if there was no
    envelope, and "" for the null return path. `peer` is the client's IP address and `helo` its HELO
    name.
    """

    raw: bytes
    size: int
    sha256: str
    source: Source
    mailbox: str
    received_at: datetime
    folder: str = ""
    uid_validity: int | None = None
    uid: int | None = None
    envelope_from: str | None = None
    envelope_to: tuple[str, ...] = ()
    peer: str = ""
    helo: str = ""
    oversized: bool = False


def address_key(address: str) -> str:
    """The address for comparisons: A to Z in lower case, every other character unchanged.

    Unicode case folding would merge different letters: the long ſ of ſam@… would equal sam's.
    """
    if address.isascii():
        return address.lower()
    return "".join(
        outgoing_mail.lower() if outgoing_mail.isascii() else outgoing_mail
        for outgoing_mail in address
    )


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a header field (RFC 5322 §3.4). `address` keeps the sender's spelling."""

    name: str
    address: str

    @property
    def key(self) -> str:
        """The address for comparisons, in lower case."""
        return address_key(self.address)

    @property
    def domain(self) -> str:
        """The part after the last @, in lower case; "" if there is none."""
        return self.key.rpartition("@")[2]


WHOLE_MAIL = -1
"""The index of the attachment that is the whole raw mail, for a mail that exceeded the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One part that is not the text of the mail. Its bytes stay in the raw mail.

    `index` counts the attachments from 0 in the order of the mail; it locates the bytes in the raw
    mail. `size` (bytes) and `sha256` are of the decoded content. `type` is the declared media type,
    `seen` the type detected from the first bytes, "" if none was detected.
    """

    index: int
    name: str
    type: str
    size: int
    inline: bool
    sha256: str
    content_id: str = ""
    seen: str = ""


class Kind(enum.StrEnum):
    """The author of a mail: a person, or one of several kinds of machine."""

    PERSON = "person"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    LIST = "list"
    LOOP = "loop"


class Permanence(enum.StrEnum):
    """Whether another mail to that address would fail too. NONE: nothing failed."""

    HARD = "hard"
    SOFT = "soft"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """What a delivery status notification says about one recipient (RFC 3464 §2.3).

    `action` is one of RFC 3464 §2.3.3, or `complaint` (RFC 5965: delivered but unwanted).
    """

    recipient: str
    action: str
    status: str
    diagnostic: str
    permanence: Permanence
    original_message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A parsed mail. No text contains NUL or lone surrogates.

    `senders` are the addresses of all From fields; only exactly one is an identity. `headers` are
    the decoded fields in order, names in lower case. `text` is the whole text, converted from HTML
    if there is no text part; `html` is the raw HTML part, limited in size but not sanitised.
    """

    subject: str
    senders: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    date: datetime | None
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str | None
    attachments: tuple[Attachment, ...]
    content_key: str
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> Address | None:
        """The only author; None if From is missing, empty or has several addresses."""
        return self.senders[0] if len(self.senders) == 1 else None

    def header(self, name: str) -> str | None:
        """The value of the first field of that name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    def all_headers(self, name: str) -> tuple[str, ...]:
        """The value of every field of that name (lower case), top-most first."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Whether a person or a machine wrote the mail, and which fields show it.

    `away` says that an automatic reply reports an absence, not merely a receipt. `answers` is false
    for an automatic mail that answers nothing, such as a report or a form. `confirms` says that the
    text confirms the receipt of a mail, also if no field names a program. `reaction`: a person
    reacted to a mail with an emoji.
    """

    kind: Kind
    evidence: tuple[str, ...] = ()
    away: bool = False
    answers: bool = False
    confirms: bool = False
    reaction: bool = False
    bounces: tuple[BounceReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A mail of a person that is attached to another mail."""

    author: Address
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that is known from the bytes of a mail alone. A reader process creates it.

    `enclosed` is the attached mail, if there is exactly one. `marks` has a letter for each line of
    the text (ingest.content.line_marks); it is empty where the person passes on a mail.
    """

    mail: Mail
    reply_text: str
    screening: Screening
    enclosed: Enclosed | None = None
    marks: str = ""


class Disposition(enum.StrEnum):
    """The result of handling a mail. Every handled mail has exactly one."""

    NEW_TICKET = "new-ticket"
    FOLLOW_UP = "follow-up"
    COMMAND = "command"
    DECISION = "decision"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto-reply"
    LOOP = "loop"
    DUPLICATE = "duplicate"
    HELD = "held"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a mail's trace: the verdict, the evidence for it, and rejected evidence."""

    name: str
    verdict: str
    evidence: tuple[Message | str, ...] = ()
    rejected: tuple[Message | str, ...] = ()
