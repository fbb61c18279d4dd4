"""The effects of a rule, and the port that applies them to a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from maildesk.config.schema.rules import Relate
from maildesk.model.event import Field
from maildesk.model.ticket import Relation, Ticket
from maildesk.rules.facts import RuleInput


@dataclass(frozen=True, slots=True)
class SetField:
    """Set a field. For `assignee` the value is an agent's mail address."""

    field: Field
    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class AddTag:
    """Add a tag that the ticket does not have yet."""

    tag: str
    rule: str


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Ask for an approval of the kind `whom`."""

    whom: str
    rule: str


@dataclass(frozen=True, slots=True)
class RelateTicket:
    """Relate the ticket to another one."""

    relate: Relate
    other: int
    rule: str


Action = Literal[
    "status", "escalate", "hold", "watch", "note", "tell-requester", "tell-agents",
    "no-acknowledgement", "drop", "quarantine",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleAction:
    """An action other than setting a field, with its argument or text.

    `ready`: the value names a prepared text of answers.toml.
    """

    action: Action
    value: str
    rule: str
    ready: bool = False


Effect = SetField | AddTag | AskApproval | RelateTicket | RuleAction


class RuleTarget(Protocol):
    """The ticket that rules change.

    The effects of one rule are applied before the next is evaluated.
    """

    def choose(self, how: str, team: str, /) -> str | None:
        """The mail address of the agent for `assign`; None if there is none.

        `how` is "round-robin" or "least-load".
        """

    def find(self, rule_input: RuleInput, relate: Relate, /) -> int | None:
        """The number of the ticket that `relate` describes; None if there is none."""

    def apply(self, rule: str, effects: Sequence[Effect], /) -> Ticket:
        """Apply the effects of this rule as far as allowed; the ticket afterwards."""


def is_new(ticket: Ticket, relate: Relate, other: int) -> bool:
    """Whether the ticket is not yet related to `other`. A child ticket gets no second parent."""
    if relate.as_ == "child":
        return ticket.parent is None
    return Relation(relate.as_, other) not in ticket.relations
