"""Which header fields a mail of the desk has, in which order. Pure."""

from email.utils import format_datetime

from maildesk.model.decision import Template
from maildesk.outgoing.background import NO_BACKGROUND
from maildesk.outgoing.header_fields import SUBJECT_LIMIT, clean, encoded, mailbox, references
from maildesk.outgoing.mail_model import MailModel

Field = tuple[str, str]

# RFC 3834 §5: these answer one particular mail; other automatic mails answer none.
_ANSWERING = frozenset({Template.ACKNOWLEDGEMENT, Template.REFUSED, Template.CONFIRMATION})
_SPOKEN_BY_AN_AGENT = frozenset({Template.REPLY, Template.RESOLUTION})
# Not `All`: that asks Exchange to keep non-delivery reports (NDR) from us as well.
_SUPPRESS = "DR, RN, NRN, OOF, AutoReply"


def heading(mailing: MailModel) -> tuple[Field, ...]:
    """The fields of RFC 5322 §3.6, then ours, then MIME's."""
    return (
        ("From", _from(mailing)),
        ("To", mailbox(mailing.recipient.name, mailing.recipient.address)),
        ("Reply-To", mailbox(mailing.house.desk.name, mailing.reply_address)),
        ("Subject", _tagged(mailing) + encoded(_worded(mailing))),
        ("Date", format_datetime(mailing.now)),
        ("Message-ID", mailing.message_id),
        *_thread(mailing),
        *_automatic(mailing),
        *_ours(mailing),
        ("MIME-Version", "1.0"),
        ("Content-Type", _content_type(mailing)),
    )


def subject_line(mailing: MailModel) -> str:
    """`Re: [MD-1042] …` as a person reads it; `Re:` where the mail answers one."""
    return _tagged(mailing) + _worded(mailing)


def _worded(mailing: MailModel) -> str:
    """The subject; that of a mail which needs a decision says so."""
    if mailing.outgoing_mail.template is Template.APPROVAL:
        return mailing.reader.text("mail.approval-subject", subject=mailing.subject)
    return mailing.subject


def _content_type(mailing: MailModel) -> str:
    if mailing.files.attached:
        return f'multipart/mixed; boundary="{boundary_of_files(mailing.nonce)}"'
    return f'multipart/alternative; boundary="{boundary(mailing)}"'


def boundary_of_files(nonce: bytes) -> str:
    """The boundary around the text and the files."""
    return f"=_files_{nonce.hex()}"


def boundary(mailing: MailModel) -> str:
    """What no body holds: `=_` is impossible in quoted-printable, and the nonce is unknown."""
    return f"=_{mailing.nonce.hex()}"


def _tagged(mailing: MailModel) -> str:
    answers = "Re: " if mailing.topic.thread else ""
    return f"{answers}[MD-{mailing.number}] " if mailing.number else answers


def _from(mailing: MailModel) -> str:
    desk, author = mailing.house.desk, mailing.author
    spoken = mailing.outgoing_mail.template in _SPOKEN_BY_AN_AGENT
    if author and author.is_agent and author.name and spoken:
        return mailbox(f"{author.name} ({desk.name})", desk.address)
    if author and author.name and _conveys(mailing):
        via = mailing.reader.text("mail.via", author=author.name, desk=desk.name)
        return mailbox(via, desk.address)
    return mailbox(desk.name, desk.address)


def _conveys(mailing: MailModel) -> bool:
    """Whether a mail to agents carries the words of somebody who is proven to have written them."""
    told, background = mailing.outgoing_mail, mailing.topic.background
    is_told = told.template is Template.AGENT_NOTIFICATION and background is not NO_BACKGROUND
    return is_told and bool(told.text.strip()) and background.proven


def _thread(mailing: MailModel) -> tuple[Field, ...]:
    known = references(mailing.topic.thread)
    if not known:
        return ()
    return (("In-Reply-To", known[-1]), ("References", " ".join(known)))


def _automatic(mailing: MailModel) -> tuple[Field, ...]:
    """Marks of machine mail (RFC 3834 §5); a person's words carry none of them."""
    if not mailing.outgoing_mail.automatic:
        return ()
    if mailing.outgoing_mail.template is Template.APPROVAL:
        # It is waited for: whoever is away must be able to say so, and programs that say it
        # (RFC 5230 §4.6, RFC 3834 §2) keep silent where a mail is marked as a machine's.
        return (("X-Auto-Response-Suppress", "DR, RN, NRN"),)
    marks = (("X-Auto-Response-Suppress", _SUPPRESS),)
    if mailing.outgoing_mail.template in _ANSWERING:
        # Old vacation programs know `Precedence` alone. Mail that waits for somebody's
        # decision goes without: some mailboxes sort bulk mail out of sight.
        return (("Auto-Submitted", "auto-replied"), ("Precedence", "bulk"), *marks)
    return (("Auto-Submitted", "auto-generated"), *marks)


def _ours(mailing: MailModel) -> tuple[Field, ...]:
    ours = (
        ("X-Maildesk-Loop", mailing.house.desk.domain),
        ("x-ms-reactions", "disallow"),  # Outlook then offers no emoji that nobody here would see
    )
    if not mailing.number:
        return ours
    return (*ours, ("X-Maildesk-Ticket", str(mailing.number)), *_to_filter_by(mailing))


def _to_filter_by(mailing: MailModel) -> tuple[Field, ...]:
    """Fields that agents can sort their mail by."""
    ticket = mailing.topic.ticket
    if ticket is None or not mailing.recipient.is_agent:
        return ()
    fields = (
        ("X-Maildesk-Kind", mailing.outgoing_mail.template.value),
        ("X-Maildesk-Team", encoded(clean(ticket.team, SUBJECT_LIMIT))),
        ("X-Maildesk-Priority", encoded(clean(ticket.priority, SUBJECT_LIMIT))),
    )
    return tuple((name, value) for name, value in fields if value)
