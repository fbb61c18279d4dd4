"""Mails as a mail program shows and answers them. Pure."""

import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses, make_msgid

from maildesk.demo.story.cast import DOMAIN, Persona
from maildesk.ingest.reading.analyse import read
from maildesk.model.mail import Address

_PREVIEW = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail in a folder. `return_path` is the address for bounces and vacation replies, `files`
    are the names of its attachments."""

    folder: str
    uid: int
    seen: bool
    sender: Address
    to: tuple[Address, ...]
    reply_to: Address
    subject: str
    date: datetime
    text: str
    html: str | None
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    return_path: str = ""
    files: tuple[str, ...] = ()

    @property
    def preview(self) -> str:
        """The beginning of the text on one line, without a repeated subject."""
        bare = self.subject.rpartition("] ")[2]
        lines = [line for line in self.text.split("\n") if not line.startswith(">")]
        if lines and lines[0].endswith(bare):
            del lines[0]
        return " ".join(" ".join(lines).split())[:_PREVIEW]


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file that is attached to a draft."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail that is being written."""

    to: str
    subject: str = ""
    text: str = ""
    in_reply_to: str = ""
    references: str = ""
    files: tuple[DraftFile, ...] = ()


def read_letter(raw: bytes, folder: str, uid: int, arrived: datetime) -> Letter:
    """Read a mail for display. Never raises."""
    mail = read(raw).mail
    sender = mail.senders[0] if mail.senders else Address("", "nobody")
    return Letter(
        folder=folder,
        uid=uid,
        seen=False,
        sender=sender,
        to=mail.to,
        reply_to=mail.reply_to[0] if mail.reply_to else sender,
        subject=mail.subject or "(no subject)",
        date=mail.date or arrived,
        text=mail.text,
        html=mail.html,
        message_id=mail.message_id or "",
        in_reply_to=mail.in_reply_to or "",
        references=mail.references,
        return_path=(mail.header("return-path") or "").strip("<> "),
        files=tuple(one.name for one in mail.attachments),
    )


def answer(letter: Letter, words: str = "") -> Draft:
    """A draft reply: to Reply-To, in the thread, with the mail quoted."""
    already = letter.subject.lower().startswith("re:")
    return Draft(
        to=formataddr((letter.reply_to.name, letter.reply_to.address)),
        subject=letter.subject if already else f"Re: {letter.subject}",
        text=f"{words}\n\n{_quoted(letter)}",
        in_reply_to=letter.message_id,
        references=" ".join((*letter.references, letter.message_id)).strip(),
    )


def _quoted(letter: Letter) -> str:
    who = letter.sender.name or letter.sender.address
    lines = [f"> {line}".rstrip() for line in letter.text.strip().split("\n")]
    return "\n".join([f"On {letter.date:%d %B %Y at %H:%M} UTC, {who} wrote:", *lines])


def outgoing(draft: Draft, author: Persona, now: datetime | None = None) -> EmailMessage:
    """The draft as a mail from the author. Raises ValueError if it has no recipient."""
    recipients = [pair for pair in getaddresses([_line(draft.to)]) if "@" in pair[1]]
    if not recipients:
        raise ValueError("enter at least one recipient, such as rita@demo.example")
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = formataddr((author.name, author.address))
    message["To"] = ", ".join(formataddr(pair) for pair in recipients)
    message["Subject"] = _line(draft.subject)
    message["Date"] = format_datetime(now or datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=DOMAIN)
    if draft.in_reply_to:
        message["In-Reply-To"] = _line(draft.in_reply_to)
        message["References"] = _line(draft.references or draft.in_reply_to)
    message.set_content(draft.text.replace("\r\n", "\n"))
    for file in draft.files:
        main, _, subtype = file.type.partition("/")
        message.add_attachment(file.data, maintype=main, subtype=subtype, filename=file.name)
    return message


def _line(text: str) -> str:
    return " ".join(text.split())
