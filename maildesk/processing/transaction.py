"""One use case: load a ticket, build the cause, decide, write.

Mail, click, console, deadline, bounce, monitoring report and related change all go through
`TicketTransaction.apply`. Where tickets come from and where a decision goes is a port: the desk
implements it on the database, a simulation in memory, so neither decides differently.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sla.timers import timer_events
from maildesk.messages.trace import in_english
from maildesk.model.cause import (
    AgentActed,
    Cause,
    HeldJudged,
    MailArrived,
    ProblemReported,
    RelatedTicketChange,
    SplitOff,
    TicketReported,
)
from maildesk.model.decision import Change, Decision, RelatedChange
from maildesk.model.mail import Attachment, Step
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket, evolve


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A ticket as it is now, with its subject and requester; all of it empty where there is none.

    `descendants` are the tickets below it. They are read when they are looked at, and not locked:
    each decides by how it is when the change reaches it.
    """

    ticket: Ticket | None = None
    subject: str = ""
    requester: Person | None = None
    descendants: Mapping[int, Ticket] = field(default_factory=dict)

    @property
    def of_ticket(self) -> tuple[Ticket, Person]:
        """The ticket and its requester. Raises LookupError where there is none."""
        if self.ticket is None or self.requester is None:
            raise LookupError("the cause needs a ticket")
        return self.ticket, self.requester


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingText:
    """The text that came with the cause, before it has a ticket.

    `answers_to` is the Reply-To of its mail where that is not its sender.
    """

    id: str
    author: int
    text: str
    proven: bool
    mail: int | None = None
    message_id: str | None = None
    attachments: tuple[Attachment, ...] = ()
    subject: str = ""
    answers_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a decision is about: its ticket afterwards, the subject, the requester.

    `cause` names what caused it in the history, as "mail 7".
    """

    ticket: Ticket | None
    subject: str
    requester: Person
    cause: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What was decided, the ticket afterwards, and which mails were not sent and why."""

    decision: Decision
    ticket: Ticket | None
    unsent: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The trace of it."""
        return (*map(in_english, self.decision.why), *self.unsent)


class TicketStore(Protocol):
    """Where tickets are loaded from and decisions are written to."""

    @property
    def configured(self) -> Policy:
        """The policy without what rules ask of other tickets."""

    def ticket(self, number: int) -> tuple[Ticket, str]:
        """The ticket and its subject, locked. Raises LookupError."""

    def person(self, id: int) -> Person:
        """The person of that id. Raises LookupError."""

    def descendants(self, number: int, /) -> Mapping[int, Ticket]:
        """The tickets below that one, read when they are looked at."""

    def policy_for(self, ticket: Ticket | None, requester: Person, subject: str, /) -> Policy:
        """The policy for a decision about that ticket, or about a new one of that requester."""

    def next_number(self) -> int:
        """The number of the next new ticket; nobody else gets it before the transaction ends."""

    def write(
        self, decision: Decision, target: Target, text: IncomingText | None, /
    ) -> tuple[Step, ...]:
        """Keep what was decided; which mails are not sent, and why."""


BuildCause = Callable[[Snapshot], Cause]


@dataclass(frozen=True, slots=True)
class TicketTransaction:
    """Applies causes to tickets, all at the moment `now`. `cause` names them in the history."""

    store: TicketStore
    now: datetime
    cause: str

    def apply(
        self, ticket: int | None, build_cause: BuildCause, text: IncomingText | None
    ) -> Applied:
        """Decide about the ticket, or about a new one, and write it with all that follows.

        Raises LookupError where there is no ticket of that number.
        """
        return self._apply(self._load(ticket), build_cause, text)

    def write(
        self, decision: Decision, snapshot: Snapshot, text: IncomingText | None = None
    ) -> Applied:
        """Write what was decided elsewhere. The snapshot says what about, and has a requester."""
        subject, requester = snapshot.subject, snapshot.requester
        assert requester is not None
        changes = tuple(self._with_timers(change) for change in decision.changes)
        after = changes[-1].after if changes else snapshot.ticket
        if after is not None and after.requester != requester.id:
            requester = self.store.person(after.requester)
        target = Target(ticket=after, subject=subject, requester=requester, cause=self.cause)
        unsent = self.store.write(replace(decision, changes=changes), target, text)
        for related in sorted(
            decision.related_changes, key=lambda one: (one.ticket is None, one.ticket)
        ):
            unsent += self._related(related, subject).unsent
        return Applied(decision, after, unsent)

    def _load(self, number: int | None) -> Snapshot:
        if number is None:
            return Snapshot()
        ticket, subject = self.store.ticket(number)
        requester = self.store.person(ticket.requester)
        below = self.store.descendants(number) if not ticket.is_closed else {}
        return Snapshot(ticket, subject, requester, below)

    def _apply(
        self, snapshot: Snapshot, build_cause: BuildCause, text: IncomingText | None
    ) -> Applied:
        ticket, cause = snapshot.ticket, build_cause(snapshot)
        if _may_open(ticket, cause):
            cause = replace(cause, number=self.store.next_number())
        fresh = replace(snapshot, subject=_subject(cause, snapshot), requester=_asks(cause))
        is_fresh = ticket is None or isinstance(cause, HeldJudged)
        policy = self._policy(Snapshot() if is_fresh else snapshot, fresh)
        decision = decide(ticket, cause, policy, self.now)
        opens = any(change.before is None for change in decision.changes)
        return self.write(decision, fresh if opens or ticket is None else snapshot, text)

    def _policy(self, snapshot: Snapshot, fresh: Snapshot) -> Policy:
        """The policy for a ticket, or else for a fresh one."""
        assert fresh.requester is not None
        subject = fresh.subject if snapshot.ticket is None else snapshot.subject
        return self.store.policy_for(snapshot.ticket, fresh.requester, subject)

    def _related(self, related: RelatedChange, subject: str) -> Applied:
        """What the decision means for another ticket."""
        snapshot = self._load(related.ticket)
        if related.ticket is None:
            assert related.requester is not None
            requester = self.store.person(related.requester)
            snapshot = Snapshot(subject=related.subject or subject, requester=requester)
        cause = related.cause

        def build(loaded: Snapshot) -> Cause:
            assert loaded.requester is not None
            return replace(cause, requester=loaded.requester)

        return self._apply(snapshot, build, None)

    def _with_timers(self, change: Change) -> Change:
        """The change with what its events do to the SLA timers of the ticket."""
        after = change.after
        policy = self.store.configured
        requester = self.store.person(after.requester)
        asker = (requester, policy.directory.organisation_of(requester))
        events = timer_events(policy.sla, change.before, after, change.events, asker, self.now)
        for event in events:
            after = evolve(after, event, number=after.number, at=self.now)
        return replace(change, after=after, events=(*change.events, *events))


def _may_open(ticket: Ticket | None, cause: Cause) -> bool:
    """Whether the cause may open a ticket, which then needs a number."""
    match cause:
        case MailArrived(commands=commands):
            over = ticket is None or ticket.is_closed
            return over or any(one.name == "split" for one in commands)
        case AgentActed(commands=commands):
            return any(one.name == "split" for one in commands)
        case TicketReported() | HeldJudged(release="split"):
            return True
        case ProblemReported():
            return ticket is None
        case RelatedTicketChange(order=SplitOff()):
            return True
        case _:
            return False


def _asks(cause: Cause) -> Person:
    """Whose request a new ticket would be."""
    if isinstance(cause, MailArrived) and cause.behalf is not None:
        return cause.behalf
    return cause.requester


def _subject(cause: Cause, snapshot: Snapshot) -> str:
    """The subject of a new ticket."""
    if isinstance(cause, RelatedTicketChange):
        return snapshot.subject
    return cause.rule_facts.subject
