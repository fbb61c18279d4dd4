"""A letter as bytes: text and HTML, threaded, signed, safe whatever a stranger wrote. Pure.

Text of a stranger reaches a mail of ours as subject, as name and as body. `mailing` bounds it,
`fields` cleans it, the templates escape it, and the header block is read back at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.decision import OutgoingMail
from maildesk.model.person import Person
from maildesk.outgoing import header_fields, mime_body
from maildesk.outgoing.carried_files import NO_FILES, CarriedFiles
from maildesk.outgoing.headers import boundary, boundary_of_files, heading, subject_line
from maildesk.outgoing.mail_model import MailModel, SenderIdentity, ThreadContext, disarmed, mailing
from maildesk.outgoing.templating.mail_templates import MailTemplates

__all__ = ["Composed", "Composer", "SenderIdentity", "ThreadContext"]


@dataclass(frozen=True)
class Composed:
    """A finished mail with CRLF, 7-bit but for a local part that is not ASCII (RFC 6532).

    `subject` is decoded, with tag and `Re:`. `fault`: why an override of the template was not used.
    """

    subject: str
    message_id: str
    raw: bytes
    fault: str = ""
    files: CarriedFiles = NO_FILES


class Composer:
    """Every template compiled once. `compose` may be called from several threads."""

    def __init__(self, house: SenderIdentity, overrides: Mapping[str, str] | None = None) -> None:
        """`overrides`: see MailTemplates. Raises jinja2.TemplateError for a malformed one."""
        self._house = house
        self._templates = MailTemplates(overrides)

    def compose(
        self,
        outgoing_mail: OutgoingMail,
        topic: ThreadContext,
        recipient: Person,
        author: Person | None,
        *,
        now: datetime,
        nonce: bytes,
        proven: bool = True,
        files: CarriedFiles = NO_FILES,
    ) -> Composed:
        """The letter to this recipient. `nonce` is 10 random bytes, `now` is aware.

        `proven`: whether the recipient is known to be who wrote what is answered. If not,
        an automatic mail carries nothing of it. Where files are attached, the bytes end before
        them: they are read when the mail is sent. Raises ValueError for a letter without a ticket,
        unless it says that a mail was refused.
        """
        made = mailing(
            self._house,
            outgoing_mail,
            topic,
            recipient,
            author,
            now=now,
            nonce=nonce,
            proven=proven,
            files=files,
        )
        made, head = _checked(made)
        template, wanted, reader = outgoing_mail.template, recipient.language, made.reader
        words = template_words(made, self._templates.language_of(template, wanted, reader))
        page = self._templates.render(template, words, reader, wanted)
        body = mime_body.alternative(boundary(made), page.text, page.html)
        if made.files.attached:
            body = mime_body.open_mixed(boundary_of_files(made.nonce), boundary(made), body)
        raw = head + b"\r\n" + body
        return Composed(subject_line(made), made.message_id, raw, page.fault, made.files)


def _checked(made: MailModel) -> tuple[MailModel, bytes]:
    """The mailing and its header block, with a fixed subject where the block does not read back."""
    every = heading(made)
    head = header_fields.block(every)
    if header_fields.intact(head, [name for name, _ in every]):
        return made, head
    safe = disarmed(made)
    return safe, header_fields.block(heading(safe))


def template_words(made: MailModel, language: str) -> dict[str, object]:
    """What a template may name; docs/templates.md lists the same."""
    return {
        "language": language,
        "desk": made.house.desk,
        "number": made.number,
        "subject": made.subject,
        "ticket": made.topic.ticket,
        "requester": made.topic.requester,
        "recipient": made.recipient,
        "author": made.author,
        "text": made.outgoing_mail.text if made.outgoing_mail.text.strip() else "",
        "note": made.note,
        "links": made.links,
        "warnings": made.outgoing_mail.warnings,
        "report": made.outgoing_mail.report,
        "results": made.results,
        "files": made.file_names,
        "background": made.topic.background,
        "pages": made.pages,
        "until": made.until,
        "marker": made.marker,
        "proven": made.proven,
    }
