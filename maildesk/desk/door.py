"""The desk as the holder of a link meets it (web.door.Door)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from maildesk.desk.office import Office
from maildesk.desk.record import Matter, Recorder, Said
from maildesk.lifecycle.decide import decide
from maildesk.model.cause import Choice, LinkUsed
from maildesk.model.decision import Actor, ActorKind, Answer
from maildesk.model.event import (
    ApprovalDecided,
    Closed,
    PersonJoined,
    Reopened,
    ResolutionDecided,
    ResolutionGiven,
)
from maildesk.model.page import Decided, Entry, Page, Problem
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.model.token import LinkToken, Purpose, read_link
from maildesk.store import people, tickets
from maildesk.store.tickets import Message, Recorded

_SHOWN = frozenset({"request", "reply", "answer", "resolution", "decision", "comment"})


@dataclass(frozen=True, slots=True)
class DeskDoor:
    """Opens pages and takes decisions. Safe to be used from many threads.

    `on_acted` is called after the commit, to wake whoever sends the mails of a decision.
    """

    office: Office
    on_acted: Callable[[], None] = lambda: None

    def view(self, token: str) -> Page | Problem:
        """What the link shows now. Changes nothing."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        with self.office.store.read() as connection:
            return self._page(connection, link)

    def act(self, token: str, choice: Choice, comment: str) -> tuple[Answer, Page] | Problem:
        """Decide, if this link still may; the page shows the ticket as it is afterwards."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        if choice not in _CHOICES.get(link.purpose, ()):
            return Problem.UNKNOWN
        with self.office.store.write() as connection:
            answer = self._decide(connection, link, choice, comment)
            page = self._page(connection, link)
        self.on_acted()
        return page if isinstance(page, Problem) else (answer, page)

    def _link(self, token: str) -> LinkToken | Problem:
        link = read_link(token, self.office.keys)
        if link is None:
            return Problem.UNKNOWN
        return Problem.EXPIRED if link.expires <= self.office.clock() else link

    def _decide(
        self, connection: Connection, link: LinkToken, choice: Choice, comment: str
    ) -> Answer:
        found = tickets.load(connection, [link.ticket]).get(link.ticket)
        if found is None:
            return Answer.NOT_YOURS
        ticket, subject = found
        known = people.by_ids(connection, (link.person, ticket.requester))
        if link.person not in known:
            return Answer.NOT_YOURS
        now = self.office.clock()
        used = LinkUsed(
            person=known[link.person],
            requester=known[ticket.requester],
            choice=choice,
            round=link.round,
            comment=comment,
            message=self.office.new_id(now),
        )
        decision = decide(ticket, used, self.office.policy_at(connection), now)
        matter = Matter(ticket=ticket, subject=subject, requester=used.requester, cause="link")
        said = Said(id=used.message, author=link.person, text=comment.strip(), proven=True)
        Recorder.on(self.office, connection, now).enact(decision, matter, said)
        return decision.answer

    def _page(self, connection: Connection, link: LinkToken) -> Page | Problem:
        found = tickets.load(connection, [link.ticket], lock=False).get(link.ticket)
        people_ = people.by_ids(connection, [link.person, *([found[0].requester] if found else [])])
        if found is None or link.person not in people_:
            return Problem.UNKNOWN
        ticket, subject = found
        viewer, requester = people_[link.person], people_[ticket.requester]
        history = tickets.history(connection, ticket.number)
        messages = tickets.messages(connection, ticket.number)
        names = people.by_ids(connection, _named(messages, history))
        shown = _shown(messages, history, ticket, viewer)
        choices = _choices(ticket, link)
        decided = None if choices else _decided(history, link, names)
        return Page(
            purpose=link.purpose,
            viewer=viewer.name,
            number=ticket.number,
            subject=subject,
            status=ticket.status,
            state=ticket.state,
            requester=requester.name,
            opened_at=ticket.opened_at,
            conversation=tuple(_entry(message, names) for message in shown),
            resolution=next((m.text for m in shown if m.id == ticket.resolution), ""),
            choices=choices,
            closes_at=ticket.close_due if choices else None,
            decided=decided,
            outdated=not choices and decided is None and link.purpose is not Purpose.VIEW,
        )


_CHOICES = {
    Purpose.RESOLUTION: (Choice.ACCEPT, Choice.REJECT, Choice.KEEP),
    Purpose.APPROVAL: (Choice.APPROVE, Choice.REJECT),
}


def _choices(ticket: Ticket, link: LinkToken) -> tuple[Choice, ...]:
    """What the holder of this link may decide now."""
    if link.round != ticket.round:
        return ()
    approval = ticket.approval
    asked = approval is not None and approval.is_open and approval.approver == link.person
    if link.purpose is Purpose.APPROVAL and asked:
        return _CHOICES[link.purpose]
    resolved = ticket.waits_for_requester and ticket.requester == link.person
    if link.purpose is Purpose.RESOLUTION and resolved:
        return _CHOICES[link.purpose]
    return ()


def _named(messages: tuple[Message, ...], history: tuple[Recorded, ...]) -> set[int]:
    authors = {message.author for message in messages if message.author is not None}
    return authors | {line.actor.person for line in history if line.actor.person is not None}


def _decided(
    history: tuple[Recorded, ...], link: LinkToken, names: dict[int, Person]
) -> Decided | None:
    """What became of the round that the link is of."""
    given = 0
    for line in history:
        event = line.event
        if isinstance(event, ResolutionGiven):
            given = event.round
        choice = _choice_of(event, link, given)
        if choice:
            by_viewer = line.actor.person == link.person
            return Decided(choice, _name_of(line.actor, names), line.at, by_viewer)
    return None


def _name_of(actor: Actor, names: dict[int, Person]) -> str:
    """A name to be read; "" for the clock."""
    if actor.kind is ActorKind.CLOCK:
        return ""
    person = names.get(actor.person or 0)
    return person.name if person else "the service desk"


def _choice_of(event: object, link: LinkToken, given: int) -> str:
    match event:
        case ApprovalDecided(round=link.round, approved=approved) if (
            link.purpose is Purpose.APPROVAL
        ):
            return Choice.APPROVE if approved else Choice.REJECT
        case ResolutionDecided(round=link.round, accepted=accepted) if (
            link.purpose is Purpose.RESOLUTION
        ):
            return Choice.ACCEPT if accepted else Choice.REJECT
        case Reopened() if link.purpose is Purpose.RESOLUTION and given == link.round:
            return "reopened"
        case Closed() if link.purpose is Purpose.RESOLUTION and given == link.round:
            return "closed"
        case _:
            return ""


def _shown(
    messages: tuple[Message, ...],
    history: tuple[Recorded, ...],
    ticket: Ticket,
    viewer: Person,
) -> tuple[Message, ...]:
    """What was said, as far as the viewer may see it: a watcher only what came after joining."""
    since = _sees_from(history, ticket, viewer)
    return tuple(m for m in messages if m.kind in _SHOWN and since is not None and m.at >= since)


def _sees_from(history: tuple[Recorded, ...], ticket: Ticket, viewer: Person) -> datetime | None:
    asked = ticket.approval is not None and ticket.approval.approver == viewer.id
    if viewer.id == ticket.requester or viewer.is_agent or asked:
        return ticket.opened_at
    joined = [line.at for line in history if line.event == PersonJoined(viewer.id)]
    return joined[0] if joined else None


def _entry(message: Message, names: dict[int, Person]) -> Entry:
    author = names.get(message.author or 0)
    name = author.name if author else "Service desk"
    by_agent = message.proven and author is not None and author.is_agent
    return Entry(name, message.at, message.text, by_agent, message.proven)
