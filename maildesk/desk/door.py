"""The desk as the holder of a link meets it (web.door.Door)."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from maildesk.desk.office import Office
from maildesk.desk.opened import bytes_of, enclosure, whole
from maildesk.desk.record import Matter, Recorder, Said
from maildesk.desk.redact import redacted
from maildesk.desk.sight import entries, sight
from maildesk.lifecycle.decide import decide
from maildesk.model.cause import Choice, LinkUsed
from maildesk.model.decision import Actor, ActorKind, Answer
from maildesk.model.event import (
    ApprovalDecided,
    ApprovalVoted,
    ApprovalWithdrawn,
    Closed,
    Reopened,
    ResolutionDecided,
    ResolutionGiven,
)
from maildesk.model.mail import Attachment
from maildesk.model.page import Decided, Enclosure, Page, Problem, WholeMail
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.model.token import LinkToken, Purpose, read_link
from maildesk.store import attachments, people, tickets
from maildesk.store.tickets import Recorded


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
        seen = sight(connection, link)
        if seen is None:
            return Problem.UNKNOWN
        ticket = seen.ticket
        choices = _choices(ticket, link)
        decided = None if choices else _decided(seen.history, link, seen.names)
        said = entries(connection, seen, seen.shown, self.office.keys)
        return Page(
            purpose=link.purpose,
            viewer=seen.viewer.name,
            number=ticket.number,
            subject=seen.subject,
            status=ticket.status,
            state=ticket.state,
            requester=seen.requester.name,
            opened_at=ticket.opened_at,
            conversation=said,
            resolution=next((one.text for one in said if one.id == ticket.resolution), ""),
            choices=choices,
            closes_at=ticket.close_due if choices else None,
            decided=decided,
            outdated=not choices and decided is None and link.purpose is not Purpose.VIEW,
        )

    def mail(self, token: str, message: str) -> WholeMail | Problem:
        """The whole mail of a text that the link shows. Changes nothing."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        keys = self.office.keys
        with self.office.store.read() as connection:
            seen = sight(connection, link)
            found = seen.find(message) if seen else None
            if seen is None or found is None or found.mail is None:
                return Problem.UNKNOWN
            (entry,) = entries(connection, seen, (found,), keys)
            if not entry.opens:
                return Problem.UNKNOWN
            listed = _listed(connection, found.mail)
            raw = bytes_of(connection, found.mail)
        text, shown = whole(raw, listed)
        return WholeMail(
            number=seen.ticket.number,
            subject=seen.subject,
            entry=entry,
            text=redacted(text, keys),
            html=redacted(shown.html, keys) if shown else None,
            left_out=shown.left_out if shown else 0,
        )

    def enclosure(self, token: str, message: str, index: int) -> Enclosure | Problem:
        """An attachment of a text that the link shows. Changes nothing."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        with self.office.store.read() as connection:
            seen = sight(connection, link)
            found = seen.find(message) if seen else None
            if seen is None or found is None or found.mail is None:
                return Problem.UNKNOWN
            listed = {one.index: one for one in _listed(connection, found.mail)}
            wanted = listed.get(index)
            if wanted is None or not seen.may_have(found, wanted):
                return Problem.UNKNOWN
            raw = bytes_of(connection, found.mail)
        return enclosure(raw, wanted) or Problem.UNKNOWN


def _listed(connection: Connection, mail: int) -> tuple[Attachment, ...]:
    return attachments.of_mails(connection, [mail]).get(mail, ())


_CHOICES = {
    Purpose.RESOLUTION: (Choice.ACCEPT, Choice.REJECT, Choice.KEEP),
    Purpose.APPROVAL: (Choice.APPROVE, Choice.REJECT),
}


def _choices(ticket: Ticket, link: LinkToken) -> tuple[Choice, ...]:
    """What the holder of this link may decide now."""
    if link.round != ticket.round:
        return ()
    approval = ticket.approval
    asked = approval is not None and link.person in approval.waiting
    if link.purpose is Purpose.APPROVAL and asked:
        return _CHOICES[link.purpose]
    resolved = ticket.waits_for_requester and ticket.requester == link.person
    if link.purpose is Purpose.RESOLUTION and resolved:
        return _CHOICES[link.purpose]
    return ()


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
        case ApprovalVoted(round=link.round, person=link.person, approved=approved) if (
            link.purpose is Purpose.APPROVAL
        ):
            return Choice.APPROVE if approved else Choice.REJECT
        case ApprovalWithdrawn(round=link.round) if link.purpose is Purpose.APPROVAL:
            return "withdrawn"
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
