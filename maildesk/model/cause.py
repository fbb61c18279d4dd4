"""Why something happens to a ticket."""

import enum
from dataclasses import dataclass

from maildesk.model.event import Release
from maildesk.model.mail import Kind
from maildesk.model.monitoring import Report
from maildesk.model.person import Identity, Person, Proof


@dataclass(frozen=True, slots=True)
class Command:
    """One `#` line of an agent's mail: the full name of the command and what stood behind it."""

    name: str
    argument: str


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


class Choice(enum.StrEnum):
    """What a person can decide by link, by page or by reply."""

    APPROVE = "approve"
    REJECT = "reject"
    ACCEPT = "accept"
    KEEP = "keep open"


FLOOD = "flood"
"""The kind of a text that came too fast: kept with the ticket, changing nothing."""


@dataclass(frozen=True, slots=True)
class Flood:
    """Mails of one sender to one ticket come too fast. `begins`: this is the first such mail."""

    words: str
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailArrived:
    """A person (or machine) wrote. `message` is the id that its text will have.

    `text` is the new text without command lines. `silent` mails are recorded and
    answered by nothing. `identity` says how sure the sender's name is. `round` is that of
    the mail of ours which is answered, where a reply token says it. `choice` is the decision
    that the first line speaks; `unclear` that it seems to and cannot be told.
    `thanks`: the new text is a thank-you and nothing else.
    `requester` is the ticket's, and the sender where there is no ticket yet.
    `joining` are people in CC whom a proven sender brings in. `flood`: the sender's mails to this
    ticket come too fast for a person.
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
    commands: tuple[Command, ...] = ()
    wrong_commands: tuple[WrongCommand, ...] = ()
    joining: tuple[int, ...] = ()
    silent: bool = False
    flood: Flood | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUsed:
    """A person pressed the button of a page. The token proved who it is."""

    person: Person
    requester: Person
    choice: Choice
    round: int
    comment: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActed:
    """An agent acts from the command line or a page, already known to be that agent."""

    agent: Person
    message: str
    requester: Person
    text: str = ""
    commands: tuple[Command, ...] = ()
    wrong_commands: tuple[WrongCommand, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockStruck:
    """A deadline of the ticket may have passed."""

    requester: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed:
    """A mail of ours did not arrive."""

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

    `proof` is how sure we are that it did; `rejected` says why it is not surer.
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


Cause = (
    MailArrived
    | LinkUsed
    | AgentActed
    | HeldJudged
    | ClockStruck
    | DeliveryFailed
    | ProblemReported
)
