"""The causes of a change to a ticket: a mail, a click, a command, a deadline, another ticket."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maildesk.model.event import Event, RelationKind, Release
from maildesk.model.mail import Kind
from maildesk.model.message import Message
from maildesk.model.monitoring import Report
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Command:
    """One `#` line of an agent's mail: the full name of the command and its argument.

    `at_top` says that the line is above the text of the mail, not below it.
    """

    name: str
    argument: str
    at_top: bool = True


@dataclass(frozen=True, slots=True)
class WrongCommand:
    """A `#` line that is not a valid command, with a hint how to correct it."""

    line: str
    hint: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The parts of a mail that rules can read."""

    subject: str = ""
    text: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseBase:
    """The fields of every cause, so that `decide` need not know its type.

    `requester` is the ticket's requester, or the future one if the ticket is not open yet. A
    `silent` cause is recorded and sends no mail. `descendants` are the tickets below this one,
    which may follow it. `number` is reserved for a ticket that the cause may open.
    """

    requester: Person
    silent: bool = False
    descendants: Mapping[int, Ticket] = field(default_factory=dict)
    number: int = 0

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestMessage:
    """The newest message of a ticket that was not written by an agent."""

    message: str
    author: Person
    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCandidate:
    """A mail that can become a separate ticket: the one that the agent replies to, else the newest.

    `number` is reserved for the new ticket; `elsewhere` is the ticket that has the mail, if it was
    moved before.
    """

    latest: LatestMessage
    facts: Facts = Facts()
    elsewhere: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoTarget:
    """The changes made by the commands of one mail. The agent replies to the transcript of them.

    `at` is when they were made. `elsewhere` has the events of other tickets, `before` has each
    ticket before the commands ran. `merged` is the ticket that the mail was written to, if it was
    merged into this one later.
    """

    at: datetime
    events: tuple[Event, ...]
    elsewhere: Mapping[int, tuple[Event, ...]] = field(default_factory=dict)
    before: Mapping[int, Ticket] = field(default_factory=dict)
    merged: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """The data that an agent's commands may need in addition to the ticket.

    `tickets` are those that the commands name, their ancestors, and all descendants of this ticket.
    `people` maps a name or an address in a command to the people it can mean; `ours` are the
    service desk's own addresses among these. `answered_by` are agents who wrote to the requester
    after the mail that is answered here.
    """

    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    people: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    latest: LatestMessage | None = None
    split_candidate: SplitCandidate | None = None
    undo_target: UndoTarget | None = None
    answered_by: tuple[Person, ...] = ()


class Choice(enum.StrEnum):
    """The decisions that a person can make by link, on a page or by reply."""

    APPROVE = "approve"
    REJECT = "reject"
    ACCEPT = "accept"
    KEEP = "keep open"
    WITHDRAW = "withdraw"


class Work(enum.StrEnum):
    """The actions that an agent can take with the link of a notification."""

    RESOLVE = "resolve"
    TAKE = "take it"
    HAND_ON = "hand on"


FLOOD = "flood"
"""The kind of a message that came too fast: stored with the ticket, without any effect on it."""


@dataclass(frozen=True, slots=True)
class Flood:
    """Mails of one sender to one ticket come too fast. `begins` marks the first such mail."""

    message: Message
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailArrived(CauseBase):
    """A person or a machine wrote a mail. `message` is the id that its text will have.

    `text` is the new text without command lines. `identity` says how certain the sender is. `round`
    is that of our mail which is answered, if a reply token names it. `choice` is the decision in
    the first line; `unclear`: there seems to be one that cannot be read for sure. `thanks`: the new
    text only says thank you; `chases`: it only asks about the status; `withdrawing`: it seems to
    withdraw the request. `away`: an automatic reply says that the sender is away. `behalf` is the
    author of the `text` if an agent forwarded it, and `words` is what the agent wrote above it.
    `joining` are people in CC whom a proven sender adds. `flood`: the sender's mails to this ticket
    come too fast for a person. `reaction`: it is an emoji only, sent by a mail
    program. `acknowledged`: the sender of a new request gets its number.
    `encrypted`: nobody here can read the mail.
    """

    sender: Person
    identity: Identity
    kind: Kind
    message: str
    text: str
    facts: Facts
    held: bool = False
    round: int | None = None
    choice: Choice | None = None
    reason: str = ""
    unclear: bool = False
    thanks: bool = False
    reaction: bool = False
    chases: bool = False
    withdrawing: bool = False
    away: bool = False
    commands: tuple[Command, ...] = ()
    wrong_commands: tuple[WrongCommand, ...] = ()
    joining: tuple[int, ...] = ()
    behalf: Person | None = None
    words: str = ""
    acknowledged: bool = True
    encrypted: bool = False
    flood: Flood | None = None
    command_context: CommandContext = field(default_factory=CommandContext)

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return self.facts


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUsed(CauseBase):
    """A person pressed a button of a page; the link token proved the identity.

    `unclear`: the comment retracts an approval or makes it conditional.
    """

    person: Person
    choice: Choice
    round: int
    comment: str
    message: str
    unclear: bool = False

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return Facts(text=self.comment, sender=self.person.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActed(CauseBase):
    """An agent acts on the command line or a page, which proved the identity.

    `round` is that of the link that was used; None on the command line.
    """

    agent: Person
    message: str
    text: str = ""
    commands: tuple[Command, ...] = ()
    wrong_commands: tuple[WrongCommand, ...] = ()
    command_context: CommandContext = field(default_factory=CommandContext)
    round: int | None = None

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return Facts(text=self.text, sender=self.agent.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReported(CauseBase):
    """An agent opens a ticket for somebody who called or came in person."""

    agent: Person
    source: str
    message: str
    text: str
    facts: Facts

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return self.facts


@dataclass(frozen=True, slots=True)
class RelationSet:
    """Another ticket was related to this one, or the relation was removed (`off`).

    `kind` is the relation as seen from this ticket.
    """

    kind: RelationKind
    off: bool = False


@dataclass(frozen=True, slots=True)
class ParentSet:
    """The other ticket became this one's parent."""


@dataclass(frozen=True, slots=True)
class Absorbing:
    """The other ticket is merged into this one, with its messages and participants."""

    merged: Ticket


@dataclass(frozen=True, slots=True)
class SplitOff:
    """A message of the other ticket becomes a separate ticket."""

    latest: LatestMessage
    facts: Facts
    request_type: str
    team: str


@dataclass(frozen=True, slots=True)
class EventsUndone:
    """These events are to be undone as far as possible. `before` is the ticket before them."""

    events: tuple[Event, ...]
    before: Ticket | None = None


NOBODY = Person(id=0, name="", address="")
"""The requester of a related change, until the transaction knows whose ticket that is."""

Order = RelationSet | ParentSet | Absorbing | SplitOff | EventsUndone


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedTicketChange(CauseBase):
    """The consequence for this ticket of what an agent did in another one.

    With a `rule`, that rule did it because of something that `agent` wrote, who may be a requester.
    The transaction fills in this ticket's `requester`.
    """

    agent: Person
    proof: str
    origin: int
    order: Order
    rule: str = ""
    requester: Person = NOBODY

    @property
    def writes_to_people(self) -> bool:
        """Whether this change sends a mail to somebody who is not an agent."""
        return not isinstance(self.order, RelationSet | ParentSet)

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return Facts(sender=self.agent.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentStateChanged(CauseBase):
    """The parent, or an ancestor, was resolved or reopened.

    If an `agent` did it by a command, `text` is what the agent wrote and `proof` how the agent is
    known. The transaction fills in this ticket's `requester`.
    """

    origin: int
    resolved: bool
    text: str = ""
    agent: Person | None = None
    proof: str = ""
    requester: Person = NOBODY

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return Facts(text=self.text, sender=self.agent.address) if self.agent else Facts()

    @property
    def writes_to_people(self) -> bool:
        """Whether this change sends a mail to somebody who is not an agent."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineReached(CauseBase):
    """A deadline of the ticket may have passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(CauseBase):
    """A mail that we sent could not be delivered."""

    recipient: Person
    template: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldJudged(CauseBase):
    """An agent decides about a held mail. `held` is the message with its text.

    `requester` is the author of that mail. `message` is the id that the text will have in a
    separate ticket; `proof` says how the agent is known.
    """

    agent: Person
    held: str
    release: Release
    message: str
    text: str
    facts: Facts
    proof: str

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return self.facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReported(CauseBase):
    """A monitoring system reported something about the problem `key`.

    `requester` is that system. `proof` says how certain that is, `rejected` why it is not more
    certain.
    """

    report: Report
    key: str
    message: str
    text: str
    facts: Facts
    proof: Proof
    rejected: tuple[str, ...] = ()

    @property
    def rule_facts(self) -> Facts:
        """The facts that rules can read."""
        return self.facts


Cause = (
    MailArrived
    | LinkUsed
    | AgentActed
    | TicketReported
    | RelatedTicketChange
    | ParentStateChanged
    | HeldJudged
    | DeadlineReached
    | DeliveryFailed
    | ProblemReported
)
