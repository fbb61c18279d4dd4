"""The causes of a change to a ticket: a mail, a click, a command, a deadline, another ticket."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maildesk.model.event import Event, RelationKind, Release
from maildesk.model.mail import Kind
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
    hint: str


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
    number: int = 0
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
    """Everything that an agent's commands may need besides the ticket.

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

    words: str
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailArrived:
    """A person (or machine) wrote. `message` is the id that its text will have.

    `text` is the new text without command lines. `silent` mails are recorded and
    answered by nothing. `identity` says how sure the sender's name is. `round` is that of
    the mail of ours which is answered, where a reply token says it. `choice` is the decision
    that the first line speaks; `unclear` that it seems to and cannot be told.
    `thanks`: the new text is a thank-you and nothing else; `chases`: it asks how the request stands
    and changes nothing of it; `withdrawing`: it seems to take the request back.
    `away`: an automatic answer says that the sender is away. `behalf` wrote the `text` that an
    agent passed on, with `words` of the agent's own above it.
    `requester` is the ticket's, and the sender where there is no ticket yet.
    `joining` are people in CC whom a proven sender brings in. `flood`: the sender's mails to this
    ticket come too fast for a person. `family`: the tickets below it, where they may follow it.
    """

    sender: Person
    identity: Identity
    requester: Person
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
    chases: bool = False
    withdrawing: bool = False
    away: bool = False
    commands: tuple[Command, ...] = ()
    wrong_commands: tuple[WrongCommand, ...] = ()
    joining: tuple[int, ...] = ()
    behalf: Person | None = None
    words: str = ""
    silent: bool = False
    flood: Flood | None = None
    command_context: CommandContext = field(default_factory=CommandContext)
    descendants: Mapping[int, Ticket] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUsed:
    """A person pressed the button of a page. The token proved who it is.

    `unclear`: the comment takes a yes back, or makes it depend on something. `family`: the tickets
    below this one.
    """

    person: Person
    requester: Person
    choice: Choice
    round: int
    comment: str
    message: str
    unclear: bool = False
    descendants: Mapping[int, Ticket] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActed:
    """An agent acts from the command line or a page, already known to be that person.

    `round` is that of the link which proved who it is; None at the command line. `family`: the
    tickets below it.
    """

    agent: Person
    message: str
    requester: Person
    text: str = ""
    commands: tuple[Command, ...] = ()
    wrong_commands: tuple[WrongCommand, ...] = ()
    command_context: CommandContext = field(default_factory=CommandContext)
    round: int | None = None
    descendants: Mapping[int, Ticket] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReported:
    """An agent opens a ticket for somebody who called or came in person."""

    agent: Person
    requester: Person
    source: str
    message: str
    text: str
    facts: Facts


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


Order = RelationSet | ParentSet | Absorbing | SplitOff | EventsUndone


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedTicketChange:
    """What an agent did in another ticket has this to do with this one.

    With a `rule`, that rule did it, on something that the `agent` said, who need not be one.
    `requester` is this ticket's; the desk fills it in.
    """

    agent: Person
    proof: str
    origin: int
    order: Order
    rule: str = ""
    requester: Person | None = None

    @property
    def writes_to_people(self) -> bool:
        """Whether this change sends a mail to somebody who is not an agent."""
        return not isinstance(self.order, RelationSet | ParentSet)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentStateChanged:
    """The parent, or one of its parents, was resolved, or is open again.

    Where an `agent` did it by a command, `text` is what that agent said to it, and `proof` how the
    agent is known. `requester` is this ticket's; None where nobody looked, and no rule can.
    """

    origin: int
    resolved: bool
    text: str = ""
    agent: Person | None = None
    proof: str = ""
    requester: Person | None = None

    @property
    def writes_to_people(self) -> bool:
        """Whether this change sends a mail to somebody who is not an agent."""
        return True


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """A deadline of the ticket may have passed. `family`: the tickets below it."""

    requester: Person
    descendants: Mapping[int, Ticket] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed:
    """A mail that we sent could not be delivered."""

    recipient: Person
    template: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldJudged:
    """An agent says what becomes of a held mail. `held` is the message that holds its text.

    `message` is the id that the text will have in a ticket of its own; `proof` says how the
    agent is known.
    """

    agent: Person
    author: Person
    held: str
    release: Release
    message: str
    text: str
    facts: Facts
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReported:
    """A monitoring system said something of the problem `key`.

    `proof` is how sure we are that it did; `rejected` says why it is not surer. `family`: the
    tickets below the problem's.
    """

    reporter: Person
    report: Report
    key: str
    message: str
    text: str
    facts: Facts
    proof: Proof
    rejected: tuple[str, ...] = ()
    silent: bool = False
    descendants: Mapping[int, Ticket] = field(default_factory=dict)


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
