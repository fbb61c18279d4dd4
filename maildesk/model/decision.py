"""What is to be done about a cause: the result of `lifecycle.decide`."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.approval import Approval
from maildesk.model.cause import ParentStateChanged, RelatedTicketChange
from maildesk.model.event import Event
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition, Step
from maildesk.model.message import Message
from maildesk.model.report import Report
from maildesk.model.sla.timer import PendingNotification, SlaWarning
from maildesk.model.ticket import Ticket, evolve


class ActorKind(enum.StrEnum):
    """The role in which somebody acts: the words of `by` in workflow.toml, and the service desk."""

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
    """The person or part of maildesk that caused a change, the role, and the proof of identity."""

    kind: ActorKind
    person: int | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The events of one ticket in order, with the ticket before and after them.

    `before` is None for a new ticket. `rounds` are approval rounds that a later one replaced.
    """

    before: Ticket | None
    after: Ticket
    events: tuple[Event, ...]
    rounds: tuple[Approval, ...] = ()

    @property
    def ticket(self) -> int | None:
        """The number of the ticket; None if it is opened here."""
        return self.before.number if self.before else None

    @classmethod
    def of(cls, before: Ticket, events: Sequence[Event], at: datetime) -> "Change":
        """The change that these events make to the ticket at that time."""
        after = before
        for event in events:
            after = evolve(after, event, number=before.number, at=at)
        return cls(before=before, after=after, events=tuple(events))


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedChange:
    """The consequence for another ticket, applied in the same transaction in the order of numbers.

    `ticket` is None for a ticket that is opened, with `subject` and `requester`.
    """

    ticket: int | None
    cause: RelatedTicketChange | ParentStateChanged
    subject: str = ""
    requester: int | None = None


@dataclass(frozen=True, slots=True)
class Moving:
    """Messages move from the ticket `origin` to the changed ticket: all, or only `message`."""

    origin: int
    message: str | None = None


class Template(enum.StrEnum):
    """The mails that the service desk sends, by the name of their template."""

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


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What became of one line of an agent's mail. `line` is the command, "" for the free text."""

    line: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResults:
    """What an agent's commands did. `undo_minutes` is how long `#undo` works; 0 if it does not."""

    done: tuple[CommandResult, ...] = ()
    failed: tuple[CommandResult, ...] = ()
    undo_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """One mail to one person. `automatic` mails are subject to the rate limit (RFC 3834 §2).

    `note` is one sentence that says why the mail is sent, if the template does not say it. `text`
    is written by `author`; with `own` it comes from the configuration. `warnings` are the SLA
    targets that the mail is about, `report` is the report that it contains, `results` are those of
    the commands that the mail answers.
    """

    template: Template
    to: int
    automatic: bool = True
    text: str = ""
    author: int | None = None
    note: Message | None = None
    links: tuple[Purpose, ...] = ()
    warnings: tuple[SlaWarning, ...] = ()
    report: Report | None = None
    own: bool = False
    results: CommandResults | None = None


class Answer(enum.StrEnum):
    """The result that is shown to the person who acted."""

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
    """The changes, the mails to send, and the reasons. An empty decision changes nothing.

    `message_text` replaces the text that is stored; None stores it as received. `aside` is text of
    the same person for agents only, stored as a note. `notes` are texts for agents that maildesk
    adds. `results` are those of an agent's commands. `rules_ran` says that the rules were already
    evaluated for this cause. `distrust` is a person whose mails are held from now on.
    """

    answer: Answer
    actor: Actor
    changes: tuple[Change, ...] = ()
    outgoing_mails: tuple[OutgoingMail, ...] = ()
    disposition: Disposition | None = None
    message_kind: str = ""
    message_text: str | None = None
    aside: str = ""
    results: CommandResults | None = None
    notes: tuple[Message, ...] = ()
    rules_ran: bool = False
    why: tuple[Step, ...] = ()
    related_changes: tuple[RelatedChange, ...] = ()
    moving: Moving | None = None
    distrust: int | None = None
    pending_notifications: tuple[PendingNotification, ...] = ()
