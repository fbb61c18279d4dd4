"""What a rule wants done to a ticket, and the port by which it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from maildesk.config.schema.rules import Relate
from maildesk.model.event import Field
from maildesk.model.ticket import Relation, Ticket
from maildesk.rules.facts import RuleInput


@dataclass(frozen=True, slots=True)
class SetField:
    """A field gets a value. For `assignee` the value is an agent's mail address."""

    field: Field
    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class AddTag:
    """A tag that the ticket does not have yet."""

    tag: str
    rule: str


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Somebody must approve first."""

    whom: str
    rule: str


@dataclass(frozen=True, slots=True)
class RelateTicket:
    """The ticket belongs to another one."""

    relate: Relate
    other: int
    rule: str


Action = Literal[
    "status", "escalate", "hold", "watch", "note", "tell-requester", "tell-agents",
    "drop", "quarantine",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleAction:
    """Something is done that is more than a field: what, and with which word or text.

    `ready`: the value names a ready text of answers.toml.
    """

    action: Action
    value: str
    rule: str
    ready: bool = False


Effect = SetField | AddTag | AskApproval | RelateTicket | RuleAction


class RuleTarget(Protocol):
    """The ticket that rules work on. What one rule wants is done before the next one is asked."""

    def choose(self, how: str, team: str, /) -> str | None:
        """Whom `assign` means: (round-robin or least-load, team) -> an agent's address."""

    def find(self, rule_input: RuleInput, relate: Relate, /) -> int | None:
        """The number of the ticket that `relate` means; None where there is none."""

    def apply(self, rule: str, effects: Sequence[Effect], /) -> Ticket:
        """Do what this rule wants, as far as it may be done; the ticket as it is then."""


def is_new(ticket: Ticket, relate: Relate, other: int) -> bool:
    """Whether the ticket does not belong to that one yet. A child of one is no other's."""
    if relate.as_ == "child":
        return ticket.parent is None
    return Relation(relate.as_, other) not in ticket.relations
