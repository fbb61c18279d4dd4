"""A decision in the making: the ticket as it would be after the events so far."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from maildesk.lifecycle.policy import Policy
from maildesk.model.approval import Approval
from maildesk.model.decision import (
    Actor,
    Answer,
    Change,
    CommandResults,
    Decision,
    Moving,
    OutgoingMail,
    RelatedChange,
    Template,
)
from maildesk.model.event import ApprovalAsked, Event, TicketOpened
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition, Step
from maildesk.model.message import Message
from maildesk.model.sla.timer import PendingNotification
from maildesk.model.ticket import Ticket, evolve


@dataclass(slots=True)
class DecisionBuilder:
    """Collects events and letters; lives only inside one call of `decide`.

    `before` is the ticket as it was, None for a new one. `descendants` are the tickets below it,
    which may follow it. `number` is reserved for another ticket that may be opened. `rounds` are
    approval rounds that a later one replaced.
    """

    ticket: Ticket
    actor: Actor
    policy: Policy
    now: datetime
    before: Ticket | None = field(init=False)
    events: list[Event] = field(default_factory=list)
    outgoing_mails: list[OutgoingMail] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    related_changes: list[RelatedChange] = field(default_factory=list)
    moving: Moving | None = None
    distrust: int | None = None
    pending_notifications: list[PendingNotification] = field(default_factory=list)
    silent: bool = False
    acknowledges: bool = True
    notes: list[Message] = field(default_factory=list)
    rules_ran: bool = False
    descendants: Mapping[int, Ticket] = field(default_factory=dict)
    number: int = 0
    rounds: list[Approval] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = self.ticket

    @classmethod
    def opening(
        cls,
        event: TicketOpened,
        actor: Actor,
        policy: Policy,
        now: datetime,
        *,
        number: int,
        silent: bool,
    ) -> "DecisionBuilder":
        """A builder whose first event opens the ticket of that reserved number."""
        ticket = evolve(None, event, number=number, at=now)
        builder = cls(ticket, actor, policy, now, events=[event], silent=silent)
        builder.before = None
        return builder

    def add(self, *events: Event) -> None:
        """Let the events happen, in order."""
        for event in events:
            if isinstance(event, ApprovalAsked) and self.ticket.approval:
                self.rounds.append(self.ticket.approval)
            self.ticket = evolve(self.ticket, event, number=self.ticket.number, at=self.now)
            self.events.append(event)

    def write(
        self,
        template: Template,
        *people: int,
        automatic: bool = True,
        text: str = "",
        author: int | None = None,
        note: Message | None = None,
        links: tuple[Purpose, ...] = (),
        own: bool = False,
        results: CommandResults | None = None,
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
                results=results,
            )
            for person in dict.fromkeys(people)
        )

    def tell_agents(self, note: Message, *, text: str = "", author: int | None = None) -> None:
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

    def tell_agents_once(self, note: Message, *, text: str = "", author: int | None = None) -> None:
        """The same, but to nobody who hears of this ticket by another notification."""
        told = {
            one.to for one in self.outgoing_mails if one.template is Template.AGENT_NOTIFICATION
        }
        before = len(self.outgoing_mails)
        self.tell_agents(note, text=text, author=author)
        self.outgoing_mails[before:] = [
            one for one in self.outgoing_mails[before:] if one.to not in told
        ]

    def explain(self, name: str, verdict: str, *evidence: Message | str) -> None:
        """Add a line to the trace."""
        self.steps.append(Step(name, verdict, tuple(evidence)))

    def change(self) -> Change:
        """What happened to the ticket so far."""
        return Change(
            before=self.before,
            after=self.ticket,
            events=tuple(self.events),
            rounds=tuple(self.rounds),
        )

    def decision(
        self,
        answer: Answer,
        disposition: Disposition | None = None,
        message_kind: str = "",
        message_text: str | None = None,
        aside: str = "",
        results: CommandResults | None = None,
    ) -> Decision:
        """The finished decision."""
        return Decision(
            answer=answer,
            actor=self.actor,
            changes=(self.change(),) if self.events else (),
            outgoing_mails=tuple(self.outgoing_mails),
            disposition=disposition,
            message_kind=message_kind,
            message_text=message_text,
            aside=aside,
            results=results,
            notes=tuple(self.notes),
            rules_ran=self.rules_ran,
            why=tuple(self.steps),
            related_changes=tuple(self.related_changes),
            moving=self.moving,
            distrust=self.distrust,
            pending_notifications=tuple(self.pending_notifications),
        )


def _values(builder: DecisionBuilder) -> dict[str, Any]:
    """All that a builder holds, with a copy of each list."""
    values = {one.name: getattr(builder, one.name) for one in fields(builder)}
    return {name: list(one) if isinstance(one, list) else one for name, one in values.items()}


@dataclass(frozen=True, slots=True)
class Savepoint:
    """How far a decision was, so that it can go back there."""

    builder: DecisionBuilder

    @classmethod
    def of(cls, builder: DecisionBuilder) -> "Savepoint":
        """The decision as it is now."""
        kept = copy(builder)
        for name, value in _values(builder).items():
            setattr(kept, name, value)
        return cls(kept)

    def rollback(self, builder: DecisionBuilder) -> None:
        """Restore every field. The trace says nothing about what was rolled back."""
        for name, value in _values(self.builder).items():
            setattr(builder, name, value)

    def speaks_outside(self, builder: DecisionBuilder) -> bool:
        """Whether somebody who is no agent would get a mail by what came since."""
        agents = {agent.id for agent in builder.policy.directory.agents}
        outgoing_mails = builder.outgoing_mails[len(self.builder.outgoing_mails) :]
        related_changes = builder.related_changes[len(self.builder.related_changes) :]
        return any(outgoing_mail.to not in agents for outgoing_mail in outgoing_mails) or any(
            related_change.cause.writes_to_people for related_change in related_changes
        )
