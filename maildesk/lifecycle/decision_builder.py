"""A decision in the making: the ticket as it would be after the events so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from maildesk.lifecycle.policy import Policy
from maildesk.model.decision import (
    Actor,
    Answer,
    Change,
    Decision,
    Moving,
    OutgoingMail,
    RelatedChange,
    Template,
)
from maildesk.model.event import Event, TicketOpened
from maildesk.model.mail import Disposition, Step
from maildesk.model.sla_timer import PendingNotification
from maildesk.model.ticket import Ticket, evolve
from maildesk.model.token import Purpose

UNNUMBERED = 0


@dataclass(slots=True)
class DecisionBuilder:
    """Collects events and letters; lives only inside one call of `decide`.

    `descendants` are the tickets below this one, which may follow it.
    """

    ticket: Ticket
    actor: Actor
    policy: Policy
    now: datetime
    is_new: bool = False
    events: list[Event] = field(default_factory=list)
    outgoing_mails: list[OutgoingMail] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    related_changes: list[RelatedChange] = field(default_factory=list)
    moving: Moving | None = None
    distrust: int | None = None
    pending_notifications: list[PendingNotification] = field(default_factory=list)
    silent: bool = False
    notes: list[str] = field(default_factory=list)
    rules_ran: bool = False
    descendants: Mapping[int, Ticket] = field(default_factory=dict)

    @classmethod
    def opening(
        cls, event: TicketOpened, actor: Actor, policy: Policy, now: datetime, *, silent: bool
    ) -> "DecisionBuilder":
        """A builder whose first event makes the ticket; its number is given when it is stored."""
        ticket = evolve(None, event, number=UNNUMBERED, at=now)
        return cls(ticket, actor, policy, now, is_new=True, events=[event], silent=silent)

    def add(self, *events: Event) -> None:
        """Let the events happen, in order."""
        for event in events:
            self.ticket = evolve(self.ticket, event, number=self.ticket.number, at=self.now)
            self.events.append(event)

    def write(
        self,
        template: Template,
        *people: int,
        automatic: bool = True,
        text: str = "",
        author: int | None = None,
        note: str = "",
        links: tuple[Purpose, ...] = (),
        own: bool = False,
    ) -> None:
        """Send one letter to each of these people but the one who acts on behalf of nobody."""
        if self.silent:
            return
        self.outgoing_mails.extend(
            OutgoingMail(
                template=template,
                to=person,
                automatic=automatic,
                text=text,
                author=author,
                note=note,
                links=links,
                own=own,
            )
            for person in dict.fromkeys(people)
        )

    def tell_agents(self, note: str, *, text: str = "", author: int | None = None) -> None:
        """Notify who works on the ticket, except the one who acts."""
        people = self.policy.directory.working_on(self.ticket, self.now)
        others = [person for person in people if person != self.actor.person]
        self.write(
            Template.AGENT_NOTIFICATION,
            *others,
            text=text,
            author=author,
            note=note,
            links=(Purpose.WORK,),
        )

    def tell_agents_once(self, note: str, *, text: str = "", author: int | None = None) -> None:
        """The same, but to nobody who hears of this ticket by another notification."""
        told = {
            one.to for one in self.outgoing_mails if one.template is Template.AGENT_NOTIFICATION
        }
        before = len(self.outgoing_mails)
        self.tell_agents(note, text=text, author=author)
        self.outgoing_mails[before:] = [
            one for one in self.outgoing_mails[before:] if one.to not in told
        ]

    def explain(self, name: str, verdict: str, *evidence: str) -> None:
        """Add a line to the trace."""
        self.steps.append(Step(name, verdict, tuple(evidence)))

    def decision(
        self,
        answer: Answer,
        disposition: Disposition | None = None,
        message_kind: str = "",
        message_text: str | None = None,
        aside: str = "",
    ) -> Decision:
        """The finished decision."""
        number = None if self.is_new else self.ticket.number
        changes = (Change(number, tuple(self.events)),) if self.events else ()
        return Decision(
            answer=answer,
            actor=self.actor,
            changes=changes,
            outgoing_mails=tuple(self.outgoing_mails),
            disposition=disposition,
            message_kind=message_kind,
            message_text=message_text,
            aside=aside,
            notes=tuple(self.notes),
            rules_ran=self.rules_ran,
            why=tuple(self.steps),
            related_changes=tuple(self.related_changes),
            moving=self.moving,
            distrust=self.distrust,
            pending_notifications=tuple(self.pending_notifications),
        )


def _values(builder: DecisionBuilder) -> dict[str, Any]:
    return {one.name: getattr(builder, one.name) for one in fields(builder)}


def _lists(builder: DecisionBuilder) -> dict[str, Any]:
    """A copy of each list of the builder."""
    return {name: list(one) for name, one in _values(builder).items() if isinstance(one, list)}


@dataclass(frozen=True, slots=True)
class Savepoint:
    """How far a decision was, so that it can go back there."""

    builder: DecisionBuilder

    @classmethod
    def of(cls, builder: DecisionBuilder) -> "Savepoint":
        """The decision as it is now."""
        return cls(replace(builder, **_lists(builder)))

    def rollback(self, builder: DecisionBuilder) -> None:
        """Restore every field. The trace says nothing about what was rolled back."""
        was = _values(self.builder) | _lists(self.builder)
        for name, value in was.items():
            setattr(builder, name, value)

    def speaks_outside(self, builder: DecisionBuilder) -> bool:
        """Whether somebody who is no agent would get a mail by what came since."""
        agents = {agent.id for agent in builder.policy.directory.agents}
        outgoing_mails = builder.outgoing_mails[len(self.builder.outgoing_mails) :]
        related_changes = builder.related_changes[len(self.builder.related_changes) :]
        return any(outgoing_mail.to not in agents for outgoing_mail in outgoing_mails) or any(
            related_change.cause.writes_to_people for related_change in related_changes
        )
