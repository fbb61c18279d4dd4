"""A letter as bytes: text and HTML, threaded, signed, safe whatever a stranger wrote. Pure.

Text of a stranger reaches a mail of ours as subject, as name and as body. `mailing` bounds it,
`fields` cleans it, the templates escape it, and the header block is read back at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.decision import Letter
from maildesk.model.person import Person
from maildesk.outgoing import fields, mime
from maildesk.outgoing.heading import boundary, heading, subject_line
from maildesk.outgoing.mail_templates import MailTemplates
from maildesk.outgoing.mailing import House, Mailing, Topic, disarmed, mailing

__all__ = ["Composed", "Composer", "House", "Topic"]


@dataclass(frozen=True)
class Composed:
    """A finished mail with CRLF, 7-bit but for a local part that is not ASCII (RFC 6532).

    `subject` is decoded, with tag and `Re:`. `fault`: why an override of the template was not used.
    """

    subject: str
    message_id: str
    raw: bytes
    fault: str = ""


class Composer:
    """Every template compiled once. `compose` may be called from several threads."""

    def __init__(self, house: House, overrides: Mapping[str, str] | None = None) -> None:
        """`overrides`: see MailTemplates. Raises jinja2.TemplateError for a malformed one."""
        self._house = house
        self._templates = MailTemplates(overrides)

    def compose(
        self,
        letter: Letter,
        topic: Topic,
        recipient: Person,
        author: Person | None,
        *,
        now: datetime,
        nonce: bytes,
        proven: bool = True,
    ) -> Composed:
        """The letter to this recipient. `nonce` is 10 random bytes, `now` is aware.

        `proven`: whether the recipient is known to be who wrote what is answered. If not,
        an automatic mail carries nothing of it. Raises ValueError for a letter without a
        ticket, unless it says that a mail was refused.
        """
        made = mailing(
            self._house, letter, topic, recipient, author, now=now, nonce=nonce, proven=proven
        )
        made, head = _checked(made)
        template, wanted, reader = letter.template, recipient.language, made.reader
        words = template_words(made, self._templates.language_of(template, wanted, reader))
        page = self._templates.render(template, words, reader, wanted)
        body = mime.alternative(boundary(made), page.text, page.html)
        return Composed(subject_line(made), made.message_id, head + b"\r\n" + body, page.fault)


def _checked(made: Mailing) -> tuple[Mailing, bytes]:
    """The mailing and its header block, with a fixed subject where the block does not read back."""
    every = heading(made)
    head = fields.block(every)
    if fields.intact(head, [name for name, _ in every]):
        return made, head
    safe = disarmed(made)
    return safe, fields.block(heading(safe))


def template_words(made: Mailing, language: str) -> dict[str, object]:
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
        "text": made.letter.text,
        "note": made.letter.note,
        "links": made.links,
        "warnings": made.letter.warnings,
        "report": made.letter.report,
        "until": made.until,
        "marker": made.marker,
        "proven": made.proven,
    }
