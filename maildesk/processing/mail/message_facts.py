"""What rules may look at in a mail, when it comes or becomes a ticket of its own later."""

from dataclasses import replace

from sqlalchemy import Connection

from maildesk.ingest.content.forward import Forwarded
from maildesk.ingest.reading.analyse import read
from maildesk.model.cause import Facts
from maildesk.model.mail import Mail
from maildesk.model.person import Person
from maildesk.store import journal
from maildesk.store.tickets import Message


def facts_of(mail: Mail, text: str, inner: Forwarded | None = None) -> Facts:
    """What rules may look at in this mail, or in the one that it passes on."""
    author = inner.author.address if inner else mail.senders[0].address if mail.senders else ""
    return Facts(
        subject=inner.subject if inner else mail.subject,
        text=text,
        sender=author,
        to=tuple(to.address for to in mail.to),
        cc=tuple(cc.address for cc in mail.cc),
        attachments=tuple(attachment.name for attachment in mail.attachments),
    )


def facts_of_message(connection: Connection, message: Message, author: Person) -> Facts:
    """Those of the mail that a text came with, as far as there is one."""
    # These bytes were read before, in a process with limits.
    raw = journal.raw(connection, message.mail) if message.mail is not None else b""
    return replace(facts_of(read(raw).mail, message.text), sender=author.address)
