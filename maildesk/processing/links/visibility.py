"""What the holder of a link may see of a ticket, and open of its mails."""

from dataclasses import dataclass

from sqlalchemy import Connection

from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalVoted,
    ApprovalWithdrawn,
    Closed,
    Escalated,
    FieldChanged,
    PersonJoined,
    PersonLeft,
    Reopened,
    ResolutionDecided,
    ResolutionGiven,
)
from maildesk.model.links.page import Enclosed, Enclosures, Entry
from maildesk.model.links.redact import redacted
from maildesk.model.links.token import LinkToken
from maildesk.model.mail import WHOLE_MAIL, Attachment
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.store import attachments, people, tickets
from maildesk.store.queries import conversation
from maildesk.store.queries.conversation import Visible
from maildesk.store.tickets import Message, Recorded

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SIGNATURE_MAILS = 3  # what stood in so many mails of one author was not sent to be looked at
PAGE_TEXTS = 25
_SIGNATURE_BYTES = 150_000

SHOWN = frozenset({"request", "reply", "answer", "resolution", "decision", "comment"})
_APART = frozenset({"held", "unproven"})


# What a page tells of the history, and what it needs to know whether somebody may see a text.
_TOLD_ON_PAGES = (
    *(ApprovalAsked, ApprovalDecided, ApprovalVoted, ApprovalWithdrawn, Closed, Escalated),
    *(FieldChanged, PersonJoined, PersonLeft, Reopened, ResolutionDecided, ResolutionGiven),
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The texts of a page. Those before `earlier`, but for the first one, are left out; `later`:
    there are newer ones."""

    texts: tuple[Message, ...] = ()
    resolution: Message | None = None
    earlier: str = ""
    later: bool = False

    @property
    def every(self) -> tuple[Message, ...]:
        return (*self.texts, self.resolution) if self.resolution else self.texts


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
    page: _Shown

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


def visible_ticket(
    connection: Connection, link: LinkToken, *, before: str = "", message: str = ""
) -> Visibility | None:
    """What this link shows; None where its ticket or its holder is not there.

    The newest texts, or those before the text `before`; or the text `message` alone.
    """
    found = tickets.load(connection, [link.ticket], lock=False).get(link.ticket)
    if found is None:
        return None
    ticket, subject = found
    history = tickets.history(connection, ticket.number, _TOLD_ON_PAGES)
    known = {link.person, ticket.requester}
    known |= {line.actor.person for line in history if line.actor.person is not None}
    known |= {ticket.assignee} if ticket.assignee is not None else set()
    names = people.by_ids(connection, known)
    viewer = names.get(link.person)
    if viewer is None:
        return None
    visible = _visible(history, ticket, viewer)
    if visible is None:
        shown = _Shown()
    elif message:
        one = conversation.one(connection, visible, message)
        shown = _Shown((one,) if one else ())
    else:
        shown = _shown(connection, visible, ticket, before)
    authors = {one.author for one in shown.every if one.author is not None}
    names |= people.by_ids(connection, authors - names.keys()) if authors - names.keys() else {}
    requester = names[ticket.requester]
    return Visibility(ticket, subject, viewer, requester, history, shown.texts, names, shown)


def _visible(history: tuple[Recorded, ...], ticket: Ticket, viewer: Person) -> Visible | None:
    """What was said, as far as the viewer may see it: a participant only what was said between
    joining and leaving."""
    kinds = SHOWN | _APART if viewer.is_agent else SHOWN
    asked = ticket.approval is not None and viewer.id in ticket.approval.approvers
    if viewer.id == ticket.requester or viewer.is_agent or asked:
        return Visible(ticket.number, kinds, ticket.opened_at)
    joined = [line.at for line in history if line.event == PersonJoined(viewer.id)]
    left = [line.at for line in history if line.event == PersonLeft(viewer.id)]
    if not joined:
        return None
    if viewer.id not in ticket.participants and left:
        return Visible(ticket.number, kinds, joined[0], left[-1])
    again = [at for at in joined if not left or at >= left[-1]]
    return Visible(ticket.number, kinds, again[0] if again else joined[-1])


def _shown(connection: Connection, visible: Visible, ticket: Ticket, before: str) -> _Shown:
    """The first text, and the newest ones; what is between is left out."""
    resolution = None
    if ticket.resolution is not None:
        resolution = conversation.one(connection, visible, ticket.resolution)
    texts = conversation.newest(connection, visible, PAGE_TEXTS + 1, before)
    if len(texts) <= PAGE_TEXTS:
        return _Shown(texts, resolution, later=bool(before))
    first = conversation.first(connection, visible)
    if first is None or first.id == texts[0].id:
        return _Shown(texts, resolution, later=bool(before))
    return _Shown((first, *texts[1:]), resolution, earlier=texts[1].id, later=bool(before))


def entries(
    connection: Connection, seen: Visibility, messages: tuple[Message, ...], keys: tuple[bytes, ...]
) -> tuple[Entry, ...]:
    """These texts as they stand on a page."""
    of_mail = attachments.of_mails(connection, {m.mail for m in messages if m.mail is not None})
    hashes = {one.sha256 for found in of_mail.values() for one in found if may_be_signature(one)}
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


def may_be_signature(one: Attachment) -> bool:
    """Whether the picture is small enough to be a logo that its author sends with every mail."""
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
        if may_be_signature(one) and (message.author, one.sha256) in again:
            place = signature
        else:
            place = pictures if one.inline and one.seen in PICTURES else files
        place.append(Enclosed(one.index, one.name, one.size))
    withheld = len(found) - len(allowed)
    return Enclosures(tuple(files), tuple(pictures), tuple(signature), withheld)
