"""The link pages of the service desk (web.links.link_pages.LinkPages)."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from maildesk.ingest.intent.decisions import takes_back
from maildesk.lifecycle.commands import agent_link
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.cause import AgentActed, Choice, LinkUsed, Work
from maildesk.model.decision import Actor, ActorKind, Answer
from maildesk.model.links.page import Enclosure, Page, Problem, WholeMail
from maildesk.model.links.redact import redacted
from maildesk.model.links.token import LinkToken, Purpose, read_link
from maildesk.model.mail import Attachment
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.processing.command_context import load_command_context
from maildesk.processing.links.link_state import (
    CHOICES,
    handed_on,
    open_choices,
    taken,
    what_became,
)
from maildesk.processing.links.mail_content import bytes_of, enclosure, whole
from maildesk.processing.links.visibility import Visibility, entries, visible_ticket
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import IncomingText, Snapshot
from maildesk.processing.unit_of_work import UnitOfWork, unit_of_work
from maildesk.store import attachments, people


@dataclass(frozen=True, slots=True)
class LinkService:
    """Opens pages and takes decisions. Safe to be used from many threads.

    `on_acted` is called after the commit, to wake whoever sends the mails of a decision.
    """

    runtime: Runtime
    on_acted: Callable[[], None] = lambda: None

    def view(self, token: str, before: str = "") -> Page | Problem:
        """What the link shows now; `before`: with the texts before that one. Changes nothing."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        with self.runtime.store.read() as connection:
            return self._page(connection, link, before)

    def act(self, token: str, choice: Choice | Work, comment: str) -> Answer | Problem:
        """Decide, if this link still may; `view` shows the ticket as it is afterwards."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        if choice not in CHOICES[link.purpose]:
            return Problem.UNKNOWN
        answer = self._decide(link, choice, comment)
        self.on_acted()
        return answer

    def _link(self, token: str) -> LinkToken | Problem:
        link = read_link(token, self.runtime.keys)
        if link is None:
            return Problem.UNKNOWN
        return Problem.EXPIRED if link.expires <= self.runtime.clock() else link

    def _decide(self, link: LinkToken, choice: Choice | Work, comment: str) -> Answer:
        with unit_of_work(self.runtime) as work:
            if link.ticket not in work.tickets([link.ticket]):
                return Answer.NOT_YOURS
            person = work.people.by_ids([link.person]).get(link.person)
            if person is None:
                return Answer.NOT_YOURS
            text = IncomingText(
                id=self.runtime.new_id(work.now),
                author=person.id,
                text=comment.strip(),
                proven=True,
            )

            def acted(snapshot: Snapshot) -> LinkUsed | AgentActed:
                return self._cause(work, link, person, snapshot, choice, comment, text.id)

            # An agent's click has a name of its own, so that #undo finds what it did.
            cause = f"link {text.id}" if isinstance(choice, Work) else "link"
            return work.transaction(cause).apply(link.ticket, acted, text).decision.answer

    def _cause(
        self,
        work: UnitOfWork,
        link: LinkToken,
        person: Person,
        snapshot: Snapshot,
        choice: Choice | Work,
        comment: str,
        message: str,
    ) -> LinkUsed | AgentActed:
        """What the button means."""
        ticket, requester = snapshot.of_ticket
        if isinstance(choice, Choice):
            return LinkUsed(
                person=person,
                requester=requester,
                choice=choice,
                round=link.round,
                comment=comment,
                message=message,
                unclear=choice in (Choice.ACCEPT, Choice.APPROVE) and takes_back(comment),
                descendants=snapshot.descendants,
            )
        commands = agent_link.commands(choice, comment.strip())
        return AgentActed(
            agent=person,
            message=message,
            requester=requester,
            commands=commands,
            round=link.round,
            command_context=load_command_context(
                work, ticket, person, commands, self.runtime.settings.desk
            ),
            descendants=snapshot.descendants,
        )

    def _page(self, connection: Connection, link: LinkToken, before: str = "") -> Page | Problem:
        seen = visible_ticket(connection, link, before=before)
        if seen is None:
            return Problem.UNKNOWN
        works = link.purpose is Purpose.WORK
        if works and not seen.viewer.is_agent:
            return Problem.NOT_YOURS
        ticket = seen.ticket
        hindrance, next_team = None, ""
        if works and link.round == ticket.round:
            builder = self._draft(seen)
            next_team = agent_link.next_team(builder)
            hindrance = agent_link.hindrance(builder)
        choices = open_choices(ticket, link, hindrance, next_team)
        decided = None if choices else what_became(seen.history, link, ticket, seen.names)
        says = bool(choices or decided or hindrance) or link.purpose is Purpose.VIEW
        said = entries(connection, seen, seen.shown, self.runtime.keys)
        resolution = seen.page.resolution
        page = Page(
            purpose=link.purpose,
            viewer=seen.viewer.name,
            number=ticket.number,
            subject=seen.subject,
            status=ticket.status,
            state=ticket.state,
            requester=seen.requester.name,
            opened_at=ticket.opened_at,
            conversation=said,
            earlier=seen.page.earlier,
            later=seen.page.later,
            resolution=redacted(resolution.text, self.runtime.keys) if resolution else "",
            choices=choices,
            closes_at=ticket.close_due if choices else None,
            decided=decided,
            outdated=not says,
            taken=taken(seen.history, ticket, seen.viewer, seen.names) if works else None,
            hindrance=hindrance,
            team=ticket.team if works else "",
            next_team=next_team,
            handed_on=handed_on(seen.history, ticket, seen.names) if works else None,
            waits_for=_waits_for(connection, ticket),
            language=seen.viewer.language,
        )
        return page.local(self._zone_of(seen.viewer))

    def _zone_of(self, viewer: Person) -> ZoneInfo:
        """Where the viewer looks at the clock, as in mails."""
        own = viewer.zone
        return ZoneInfo(own) if own else self.runtime.policy.sla.calendar_named(None).zone

    def _draft(self, seen: Visibility) -> DecisionBuilder:
        """What this agent could do by a link now is asked of it."""
        actor = Actor(ActorKind.AGENT, seen.viewer.id, "link")
        return DecisionBuilder(seen.ticket, actor, self.runtime.policy, self.runtime.clock())

    def mail(self, token: str, message: str) -> WholeMail | Problem:
        """The whole mail of a text that the link shows. Changes nothing."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        keys = self.runtime.keys
        with self.runtime.store.read() as connection:
            seen = visible_ticket(connection, link, message=message)
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
            entry=entry.local(self._zone_of(seen.viewer)),
            text=redacted(text, keys),
            html=redacted(shown.html, keys) if shown else None,
            left_out=shown.left_out if shown else 0,
            language=seen.viewer.language,
        )

    def enclosure(self, token: str, message: str, index: int) -> Enclosure | Problem:
        """An attachment of a text that the link shows. Changes nothing."""
        link = self._link(token)
        if isinstance(link, Problem):
            return link
        with self.runtime.store.read() as connection:
            seen = visible_ticket(connection, link, message=message)
            found = seen.find(message) if seen else None
            if seen is None or found is None or found.mail is None:
                return Problem.UNKNOWN
            listed = {one.index: one for one in _listed(connection, found.mail)}
            wanted = listed.get(index)
            if wanted is None or not seen.may_have(found, wanted):
                return Problem.UNKNOWN
            raw = bytes_of(connection, found.mail)
        return enclosure(raw, wanted) or Problem.UNKNOWN


def _waits_for(connection: Connection, ticket: Ticket) -> tuple[str, ...]:
    """The names of those who have yet to decide about an approval."""
    if ticket.approval is None or not ticket.waits_for_approval:
        return ()
    waiting = ticket.approval.waiting
    known = people.by_ids(connection, waiting)
    return tuple(known[one].name or known[one].address for one in waiting if one in known)


def _listed(connection: Connection, mail: int) -> tuple[Attachment, ...]:
    return attachments.of_mails(connection, [mail]).get(mail, ())
