"""A mail on its way in: raw bytes as they came, then what was read in them."""

import enum
from dataclasses import dataclass
from datetime import datetime


class Source(enum.StrEnum):
    """By which door a mail came in."""

    IMAP = "imap"
    SMTP = "smtp"
    LMTP = "lmtp"
    FILE = "file"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMail:
    """The bytes of one mail and where they came from, as handed to `Desk.keep`.

    `raw` holds the whole mail, or its header block alone when `oversized` is set;
    `size` is the whole mail's size in bytes either way. `uid_validity` and `uid` are
    RFC 9051 §2.3.1.1 and None for mail that did not come from an IMAP folder.
    `envelope_from` is None where no envelope was seen, and "" for the null return path.
    `peer` is the client's address and `helo` what it called itself.
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
    """The address as it is compared: A to Z without case, every other letter as it stands.

    Unicode's own folding makes one letter of two: the long ſ of ſam@… would be sam's.
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
        """The address as it is compared: without case."""
        return address_key(self.address)

    @property
    def domain(self) -> str:
        """What stands behind the last @, without case; "" where there is none."""
        return self.key.rpartition("@")[2]


WHOLE_MAIL = -1
"""The index of the attachment that is the whole mail as it came: one that broke its limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One part that is not the text of the mail. Its bytes stay in the raw mail.

    `index` counts the attachments of the mail from 0 in the order they stand in; with it the
    bytes are cut out of the raw mail again. `size` and `sha256` are of the decoded bytes.
    `type` is what the mail says it is, `seen` what its first bytes show ("" where nothing).
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
    """Who speaks in a mail: a person, or which sort of machine."""

    PERSON = "person"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    LIST = "list"
    LOOP = "loop"


class Permanence(enum.StrEnum):
    """Whether another mail to that address would fail, too. NONE: nothing failed."""

    HARD = "hard"
    SOFT = "soft"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """What a delivery status notification says of one recipient (RFC 3464 §2.3).

    `action` is one of the RFC's, or `complaint` (RFC 5965: it arrived, and was not wanted).
    """

    recipient: str
    action: str
    status: str
    diagnostic: str
    permanence: Permanence
    original_message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What was read in a mail. Every text is free of NUL and lone surrogates.

    `senders` are all addresses of all From fields: only exactly one is an identity.
    `headers` are the decoded fields in order, names in lower case.
    `text` is the whole text (from HTML where there is no text part), `html` the raw HTML part,
    bounded but not sanitised.
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
        """The one author, or None where From is missing, empty or doubled (it proves nobody)."""
        return self.senders[0] if len(self.senders) == 1 else None

    def header(self, name: str) -> str | None:
        """The first field of that name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    def all_headers(self, name: str) -> tuple[str, ...]:
        """Every field of that name (lower case), top-most first."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Person or machine, and which fields of the mail say so.

    `away`: an automatic answer says that its sender is away; not that a mail came in or was read.
    """

    kind: Kind
    evidence: tuple[str, ...] = ()
    away: bool = False
    bounces: tuple[BounceReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A mail of a person that is attached to another mail."""

    author: Address
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that can be known of a mail from its bytes alone; made in a reading process.

    `enclosed` is the mail attached to it, where there is exactly one.
    """

    mail: Mail
    reply_text: str
    screening: Screening
    enclosed: Enclosed | None = None


class Disposition(enum.StrEnum):
    """What became of a mail. Every worked mail has exactly one."""

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
    """One step of a mail's trace: what it found, on which evidence, what it turned down."""

    name: str
    verdict: str
    evidence: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
