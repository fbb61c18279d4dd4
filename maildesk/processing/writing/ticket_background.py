"""What mails to agents tell of a ticket besides the words that cause them."""

from collections.abc import Iterable, Iterator, Mapping

from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.outgoing import header_fields
from maildesk.outgoing.background import EARLIER, Background, EarlierMessage
from maildesk.processing.links.visibility import SHOWN
from maildesk.processing.transaction import IncomingText, Target
from maildesk.store.tickets import Message

NEWEST = EARLIER + 1  # messages that are read: the one that causes the mail may be among them
_READ = SHOWN | {"note"}


def people_of(ticket: Ticket | None, earlier: Iterable[Message]) -> set[int]:
    """The people whom a background names."""
    if ticket is None:
        return set()
    authors = {one.author for one in earlier if one.author is not None}
    assignee = {ticket.assignee} if ticket.assignee is not None else set()
    return authors | assignee | set(ticket.participants)


def background_of(
    target: Target,
    text: IncomingText | None,
    earlier: Iterable[Message],
    known: Mapping[int, Person],
) -> Background:
    """The background of the ticket, for agents alone. `earlier` are its messages, newest first."""
    ticket = target.ticket
    if ticket is None:
        return Background()
    return Background(
        earlier=tuple(_earlier(text, earlier, known)),
        readers=tuple(known[one] for one in ticket.participants if one in known),
        assignee=known.get(ticket.assignee) if ticket.assignee is not None else None,
        came_as=_other_subject(target.subject, text),
        answers_to=text.answers_to if text is not None else "",
        proven=text is None or text.proven,
    )


def _earlier(
    text: IncomingText | None, messages: Iterable[Message], known: Mapping[int, Person]
) -> Iterator[EarlierMessage]:
    causing = text.id if text is not None else ""
    for one in messages:
        if one.id == causing or one.kind not in _READ or not one.text.strip():
            continue
        author = known.get(one.author) if one.author is not None else None
        yield EarlierMessage(author, one.at, one.text, one.kind == "note", one.proven)


def _other_subject(subject: str, text: IncomingText | None) -> str:
    """The subject under which the words came, unless it is the ticket's."""
    if text is None:
        return ""
    came = header_fields.bare_subject(text.subject)
    ours = header_fields.bare_subject(subject)
    return "" if ours.casefold() in came.casefold() else came
