"""A rule target without a runtime: fields, tags and statuses change as the rules say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from maildesk.config.schema.rules import Relate
from maildesk.model.ticket import Ticket
from maildesk.rules.effects import AddTag, Effect, RuleAction, SetField
from maildesk.rules.facts import RuleInput

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(slots=True)
class FakeTarget:
    """Does what rules want, and keeps whose turn it was. `agent` is whom `assign` chooses, `other`
    the ticket that `relate` finds."""

    ticket: Ticket
    priority: Callable[[str, str], str]
    agent: str | None = None
    other: int | None = None
    applied: list[str] = field(default_factory=list)

    def choose(self, _how: str, _team: str, /) -> str | None:
        """One agent for every team."""
        return self.agent

    def find(self, _rule_input: RuleInput, _relate: Relate, /) -> int | None:
        """One ticket for every question."""
        return self.other

    def apply(self, rule: str, effects: Sequence[Effect], /) -> Ticket:
        """The ticket after this rule; a status "Closed" ends it."""
        self.applied.append(rule)
        for effect in effects:
            match effect:
                case SetField(field="assignee"):
                    self.ticket = replace(self.ticket, assignee=3)
                case SetField(field=name, value=value):
                    self.ticket = replace(self.ticket, **{name: value})  # type: ignore[arg-type]
                case AddTag(tag=tag):
                    self.ticket = replace(self.ticket, tags=(*self.ticket.tags, tag))
                case RuleAction(action="status", value=status):
                    closed_at = NOON if status == "Closed" else None
                    self.ticket = replace(self.ticket, status=status, closed_at=closed_at)
        follows = self.priority(self.ticket.impact, self.ticket.urgency)
        if follows and self.ticket.priority != follows:
            self.ticket = replace(self.ticket, priority=follows)
        return self.ticket
