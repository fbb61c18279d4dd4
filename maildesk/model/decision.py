"""What is to be done about a cause: the answer of `lifecycle.decide`."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.approval import Approval
from maildesk.model.cause import ParentStateChanged, RelatedTicketChange
from maildesk.model.event import Event
from maildesk.model.mail import Disposition, Step
from maildesk.model.message import Message
from maildesk.model.report import Report
from maildesk.model.sla_timer import PendingNotification, SlaWarning
from maildesk.model.ticket import Ticket, evolve
from maildesk.model.token import Purpose


class ActorKind(enum.StrEnum):
    """In which part somebody acts; the words of `by` in workflow.toml, and the desk itself."""

    REQUESTER = "requester"
    AGENT = "agent"
    MANAGER = "manager"
    LEAD = "lead"
    RULE = "rule"
    CLOCK = "clock"
    EVENT = "event"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused a change, in which part, and by which proof."""

    kind: ActorKind
    person: int | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Events of one ticket, in order, and the ticket after them; `before` is None for a new one.

    `rounds`: approval rounds that a later one replaced, as they ended.
    """

    before: Ticket | None
    after: Ticket
    events: tuple[Event, ...]
    rounds: tuple[Approval, ...] = ()

    @property
    def ticket(self) -> int | None:
        """The number of the ticket; None for one that is opened here."""
        return self.before.number if self.before else None

    @classmethod
    def of(cls, before: Ticket, events: Sequence[Event], at: datetime) -> "Change":
        """These events, all of that moment."""
        after = before
        for event in events:
            after = evolve(after, event, number=before.number, at=at)
        return cls(before=before, after=after, events=tuple(events))


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedChange:
    """What follows for another ticket; worked in the same transaction, in the order of numbers.

    `ticket` is None for one that is opened; then `subject` and `requester` are its own.
    """

    ticket: int | None
    cause: RelatedTicketChange | ParentStateChanged
    subject: str = ""
    requester: int | None = None


@dataclass(frozen=True, slots=True)
class Moving:
    """Texts go from that ticket to the one that changes; all of them, or one."""

    origin: int
    message: str | None = None


class Template(enum.StrEnum):
    """The mails that the desk sends; a file for each format in templates/mail."""

    ACKNOWLEDGEMENT = "acknowledgement"
    AGENT_NOTIFICATION = "agent-notification"
    REPLY = "reply"
    RESOLUTION = "resolution"
    REMINDER = "reminder"
    UPDATE = "update"
    CLOSURE = "closure"
    APPROVAL = "approval"
    DECISION_RECEIPT = "decision-receipt"
    CONFIRMATION = "confirmation"
    TRANSCRIPT = "transcript"
    DELIVERY_FAILED = "delivery-failed"
    SLA_WARNING = "sla-warning"
    SLA_DIGEST = "sla-digest"
    REPORT = "report"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """One mail to one person. `automatic` mails stand under the loop breaker (RFC 3834).

    `note` says in one sentence why the letter is sent where the template leaves it open.
    `text` is a person's text that the letter carries; `author` wrote it; or the desk's `own`, out
    of its configuration. `warnings` are the SLA targets in the mail, and `report` is what it
    reports.
    """

    template: Template
    to: int
    automatic: bool = True
    text: str = ""
    author: int | None = None
    note: Message | str = ""
    links: tuple[Purpose, ...] = ()
    warnings: tuple[SlaWarning, ...] = ()
    report: Report | None = None
    own: bool = False


class Answer(enum.StrEnum):
    """What the one who acted is told."""

    DONE = "done"
    RECORDED = "recorded"
    ALREADY_DECIDED = "already-decided"
    OLD_ROUND = "old-round"
    NOT_YOURS = "not-yours"
    REASON_MISSING = "reason-missing"
    UNCLEAR = "unclear"
    UNPROVEN = "unproven"
    HELD = "held"
    ILLEGAL = "illegal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What changes, which mails go out, and why. An empty one changes nothing.

    `message_text` is what is kept of what was said; None: the text as it came. `aside` is what the
    same person said to agents alone, kept as a note beside it. `notes` are texts that the desk
    itself adds for agents. `rules_ran`: the rules had their one pass.
    `distrust` is a person whose mails are held from now on.
    """

    answer: Answer
    actor: Actor
    changes: tuple[Change, ...] = ()
    outgoing_mails: tuple[OutgoingMail, ...] = ()
    disposition: Disposition | None = None
    message_kind: str = ""
    message_text: str | None = None
    aside: str = ""
    notes: tuple[str, ...] = ()
    rules_ran: bool = False
    why: tuple[Step, ...] = ()
    related_changes: tuple[RelatedChange, ...] = ()
    moving: Moving | None = None
    distrust: int | None = None
    pending_notifications: tuple[PendingNotification, ...] = ()
