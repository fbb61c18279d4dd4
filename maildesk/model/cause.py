"""Why something happens to a ticket."""

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
    """One `#` line of an agent's mail: the full name of the command and what stood behind it.

    `at_top`: it stood above the text of the mail, not below.
    """

    name: str
    argument: str
    at_top: bool = True


@dataclass(frozen=True, slots=True)
class WrongCommand:
    """A `#` line that is not understood, and what would be right."""

    line: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What rules may look at in a mail."""

    subject: str = ""
    text: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseBase:
    """What every cause says, so that `decide` need not ask which cause it is.

    `requester` is the ticket's, and whoever becomes the requester where there is no ticket yet.
    A `silent` cause is recorded and sends no mail. `descendants` are the tickets below the
    ticket, which may follow it. `number` is reserved for a ticket that the cause may open.
    """

    requester: Person
    silent: bool = False
    descendants: Mapping[int, Ticket] = field(default_factory=dict)
    number: int = 0

    @property
    def rule_facts(self) -> Facts:
        """What rules may look at."""
        return Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestMessage:
    """The newest text of a ticket that no agent wrote."""

    message: str
    author: Person
    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCandidate:
    """A mail that can become a ticket of its own: the one that the agent answers, else the newest.

    `elsewhere` is where the mail stands, if it is gone already.
    """

    latest: LatestMessage
    facts: Facts = Facts()
    elsewhere: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoTarget:
    """What the commands of one mail did, and when; the transcript of it is answered.

    `elsewhere` is what they did to other tickets, `before` how each ticket stood before. `merged`
    is the ticket that the mail was written to, if it went over into this one since.
    """

    at: datetime
    events: tuple[Event, ...]
    elsewhere: Mapping[int, tuple[Event, ...]] = field(default_factory=dict)
    before: Mapping[int, Ticket] = field(default_factory=dict)
    merged: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What an agent's commands may need to know beside the ticket itself.

    `tickets`: those that the commands name, their ancestors, and all descendants of this one.
    `people`: whom a name or an address in a command can mean; `ours`: addresses of the desk itself
    among these. `answered_by`: agents who wrote to
    the requester since the mail that is answered here.
    """

    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    people: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    latest: LatestMessage | None = None
    split_candidate: SplitCandidate | None = None
    undo_target: UndoTarget | None = None
    answered_by: tuple[Person, ...] = ()


class Choice(enum.StrEnum):
    """What a person can decide by link, by page or by reply."""

    APPROVE = "approve"
    REJECT = "reject"
    ACCEPT = "accept"
    KEEP = "keep open"
    WITHDRAW = "withdraw"


class Work(enum.StrEnum):
    """What an agent can do by the link of a notification."""

    RESOLVE = "resolve"
    TAKE = "take it"
    HAND_ON = "hand on"


FLOOD = "flood"
"""The kind of a text that came too fast: kept with the ticket, changing nothing."""


@dataclass(frozen=True, slots=True)
class Flood:
    """Mails of one sender to one ticket come too fast. `begins`: this is the first such mail."""

    words: str
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailArrived(CauseBase):
    """A person (or machine) wrote. `message` is the id that its text will have.

    `text` is the new text without command lines. `silent` mails are recorded and
    answered by nothing. `identity` says how sure the sender's name is. `round` is that of
    the mail of ours which is answered, where a reply token says it. `choice` is the decision
    that the first line speaks; `unclear` that it seems to and cannot be told.
    `thanks`: the new text is a thank-you and nothing else; `chases`: it asks how the request stands
    and changes nothing of it; `withdrawing`: it seems to take the request back.
    `away`: an automatic answer says that the sender is away. `behalf` wrote the `text` that an
    agent passed on, with `words` of the agent's own above it.
    `joining` are people in CC whom a proven sender brings in. `flood`: the sender's mails to this
    ticket come too fast for a person.
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
    chases: bool = False
    withdrawing: bool = False
    away: bool = False
    commands: tuple[Command, ...] = ()
    wrong_commands: tuple[WrongCommand, ...] = ()
    joining: tuple[int, ...] = ()
    behalf: Person | None = None
    words: str = ""
    flood: Flood | None = None
    command_context: CommandContext = field(default_factory=CommandContext)

    @property
    def rule_facts(self) -> Facts:
        """What rules may look at."""
        return self.facts


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUsed(CauseBase):
    """A person pressed the button of a page. The token proved who it is.

    `unclear`: the comment takes a yes back, or makes it depend on something.
    """

    person: Person
    choice: Choice
    round: int
    comment: str
    message: str
    unclear: bool = False

    @property
    def rule_facts(self) -> Facts:
        """What rules may look at."""
        return Facts(text=self.comment, sender=self.person.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActed(CauseBase):
    """An agent acts from the command line or a page, already known to be that person.

    `round` is that of the link which proved who it is; None at the command line.
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
        """What rules may look at."""
        return Facts(text=self.text, sender=self.agent.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReported(CauseBase):
    """An agent opens a ticket for somebody who called, or stood at the desk."""

    agent: Person
    source: str
    message: str
    text: str
    facts: Facts

    @property
    def rule_facts(self) -> Facts:
        """What rules may look at."""
        return self.facts


@dataclass(frozen=True, slots=True)
class RelationSet:
    """The other ticket has to do with this one, in this way as seen from here; or no more."""

    kind: RelationKind
    off: bool = False


@dataclass(frozen=True, slots=True)
class ParentSet:
    """The other ticket became this one's parent."""


@dataclass(frozen=True, slots=True)
class Absorbing:
    """The other ticket goes over into this one, with its texts and its people."""

    merged: Ticket


@dataclass(frozen=True, slots=True)
class SplitOff:
    """A text of the other ticket becomes a ticket of its own."""

    latest: LatestMessage
    facts: Facts
    request_type: str
    team: str


@dataclass(frozen=True, slots=True)
class EventsUndone:
    """These events are to be taken back, as far as they still can be. `before`: how the ticket
    stood before them."""

    events: tuple[Event, ...]
    before: Ticket | None = None


NOBODY = Person(id=0, name="", address="")
"""The requester of a related change, until the transaction knows whose ticket that is."""

Order = RelationSet | ParentSet | Absorbing | SplitOff | EventsUndone


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedTicketChange(CauseBase):
    """What an agent did in another ticket has this to do with this one.

    With a `rule`, that rule did it, on something that the `agent` said, who need not be one.
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
        """Whether somebody who is no agent gets a mail by it."""
        return not isinstance(self.order, RelationSet | ParentSet)

    @property
    def rule_facts(self) -> Facts:
        """What rules may look at."""
        return Facts(sender=self.agent.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentStateChanged(CauseBase):
    """The parent, or one of its parents, was resolved, or is open again.

    Where an `agent` did it by a command, `text` is what that agent said to it, and `proof` how the
    agent is known. The transaction fills in this ticket's `requester`.
    """

    origin: int
    resolved: bool
    text: str = ""
    agent: Person | None = None
    proof: str = ""
    requester: Person = NOBODY

    @property
    def rule_facts(self) -> Facts:
        """What rules may look at."""
        return Facts(text=self.text, sender=self.agent.address) if self.agent else Facts()

    @property
    def writes_to_people(self) -> bool:
        """Whether somebody who is no agent gets a mail by it."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineReached(CauseBase):
    """A deadline of the ticket may have passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(CauseBase):
    """A mail of ours did not arrive."""

    recipient: Person
    template: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldJudged(CauseBase):
    """An agent says what becomes of a held mail. `held` is the message that holds its text.

    `requester` is the author of that mail. `message` is the id that the text will have in a ticket
    of its own; `proof` says how the agent is known.
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
        """What rules may look at."""
        return self.facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReported(CauseBase):
    """A monitoring system said something of the problem `key`.

    `requester` is that system. `proof` is how sure we are that it did; `rejected` says why it is
    not surer.
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
        """What rules may look at."""
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
