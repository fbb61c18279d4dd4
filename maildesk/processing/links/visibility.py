"""What the holder of a link may see of a ticket, and open of its mails."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from maildesk.model.event import PersonJoined
from maildesk.model.mail import WHOLE_MAIL, Attachment
from maildesk.model.page import Enclosed, Enclosures, Entry
from maildesk.model.person import Person
from maildesk.model.redact import redacted
from maildesk.model.ticket import Ticket
from maildesk.model.token import LinkToken
from maildesk.store import attachments, people, tickets
from maildesk.store.tickets import Message, Recorded

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SIGNATURE_MAILS = 3  # what stood in so many mails of one author was not sent to be looked at
_SIGNATURE_BYTES = 150_000

_SHOWN = frozenset({"request", "reply", "answer", "resolution", "decision", "comment"})
_APART = frozenset({"held", "unproven"})


@dataclass(frozen=True, slots=True)
class Visibility:
    """A ticket as one viewer sees it; `shown` are the texts, oldest first."""

    ticket: Ticket
    subject: str
    viewer: Person
    requester: Person
    history: tuple[Recorded, ...]
    shown: tuple[Message, ...]
    names: dict[int, Person]

    def find(self, message: str) -> Message | None:
        """The text of that id, if the viewer may see it and it came as a mail."""
        return next((m for m in self.shown if m.id == message and m.mail is not None), None)

    def may_open(self, message: Message) -> bool:
        """Whether the viewer may read the whole mail, with all that it quotes.

        It quotes what was written before somebody joined, and an agent's own words to the desk and
        commands: so it opens to agents, to its author, and where its text is shown whole anyway.
        """
        author = self.names.get(message.author or 0)
        request = message.kind == "request" and author is not None and not author.is_agent
        whole_anyway = request or message.author == self.viewer.id
        return message.mail is not None and (
            self.viewer.is_agent or (message.proven and whole_anyway)
        )

    def may_have(self, message: Message, one: Attachment) -> bool:
        """What nobody knows the sender of is opened by agents alone."""
        if one.index == WHOLE_MAIL:
            return self.may_open(message)
        return message.proven or self.viewer.is_agent


def visible_ticket(connection: Connection, link: LinkToken) -> Visibility | None:
    """What this link shows; None where its ticket or its holder is not there."""
    found = tickets.load(connection, [link.ticket], lock=False).get(link.ticket)
    if found is None:
        return None
    ticket, subject = found
    history = tickets.history(connection, ticket.number)
    messages = tickets.messages(connection, ticket.number)
    known = {link.person, ticket.requester, *_named(messages, history)}
    known |= {ticket.assignee} if ticket.assignee is not None else set()
    names = people.by_ids(connection, known)
    viewer = names.get(link.person)
    if viewer is None:
        return None
    shown = _shown(messages, history, ticket, viewer)
    return Visibility(ticket, subject, viewer, names[ticket.requester], history, shown, names)


def _named(messages: tuple[Message, ...], history: tuple[Recorded, ...]) -> set[int]:
    authors = {message.author for message in messages if message.author is not None}
    return authors | {line.actor.person for line in history if line.actor.person is not None}


def _shown(
    messages: tuple[Message, ...],
    history: tuple[Recorded, ...],
    ticket: Ticket,
    viewer: Person,
) -> tuple[Message, ...]:
    """What was said, as far as the viewer may see it: a watcher only what came after joining."""
    since = _sees_from(history, ticket, viewer)
    kinds = _SHOWN | _APART if viewer.is_agent else _SHOWN
    return tuple(m for m in messages if m.kind in kinds and since is not None and m.at >= since)


def _sees_from(history: tuple[Recorded, ...], ticket: Ticket, viewer: Person) -> datetime | None:
    asked = ticket.approval is not None and viewer.id in ticket.approval.approvers
    if viewer.id == ticket.requester or viewer.is_agent or asked:
        return ticket.opened_at
    joined = [line.at for line in history if line.event == PersonJoined(viewer.id)]
    return joined[0] if joined else None


def entries(
    connection: Connection, seen: Visibility, messages: tuple[Message, ...], keys: tuple[bytes, ...]
) -> tuple[Entry, ...]:
    """These texts as they stand on a page."""
    of_mail = attachments.of_mails(connection, {m.mail for m in messages if m.mail is not None})
    hashes = {one.sha256 for found in of_mail.values() for one in found if _may_be_signature(one)}
    authors = {m.author for m in messages if m.author is not None}
    again = attachments.repeated(connection, authors, hashes, SIGNATURE_MAILS)
    return tuple(_entry(seen, one, of_mail.get(one.mail or 0, ()), again, keys) for one in messages)


def _is_readable(found: tuple[Attachment, ...]) -> bool:
    """Whether the mail could be read within its limits when it came; else nobody tries again."""
    return all(one.index != WHOLE_MAIL for one in found)


def _entry(
    seen: Visibility,
    message: Message,
    found: tuple[Attachment, ...],
    again: frozenset[tuple[int, str]],
    keys: tuple[bytes, ...],
) -> Entry:
    author = seen.names.get(message.author or 0)
    return Entry(
        author=author.name if author else "Service desk",
        at=message.at,
        text=redacted(message.text, keys),
        by_agent=message.proven and author is not None and author.is_agent,
        proven=message.proven,
        apart=message.kind in _APART,
        id=message.id,
        opens=seen.may_open(message) and _is_readable(found),
        enclosures=_enclosures(seen, message, found, again),
    )


def _may_be_signature(one: Attachment) -> bool:
    return one.seen in PICTURES and one.size <= _SIGNATURE_BYTES


def _enclosures(
    seen: Visibility,
    message: Message,
    found: tuple[Attachment, ...],
    again: frozenset[tuple[int, str]],
) -> Enclosures:
    files: list[Enclosed] = []
    pictures: list[Enclosed] = []
    signature: list[Enclosed] = []
    allowed = [one for one in found if seen.may_have(message, one)]
    for one in allowed:
        if _may_be_signature(one) and (message.author, one.sha256) in again:
            place = signature
        else:
            place = pictures if one.inline and one.seen in PICTURES else files
        place.append(Enclosed(one.index, one.name, one.size))
    withheld = len(found) - len(allowed)
    return Enclosures(tuple(files), tuple(pictures), tuple(signature), withheld)
