"""What a decision is made by: the configured policy and who works where."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maildesk.model.mail import address_key
from maildesk.model.person import Person
from maildesk.model.policy import Approvals, Catalog, Workflow
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import CompiledRules


@dataclass(frozen=True, slots=True)
class Directory:
    """The agents of every team, and who approves for people without a manager."""

    teams: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    fallback_approver: int | None = None

    def agent(self, address: str) -> Person | None:
        """The agent with that address."""
        key = address_key(address)
        return next((a for a in self._agents() if address_key(a.address) == key), None)

    def _agents(self) -> tuple[Person, ...]:
        return tuple(agent for members in self.teams.values() for agent in members)

    def working_on(self, ticket: Ticket) -> tuple[int, ...]:
        """Who is told of news: the assignee, else the team, else everybody who is an agent."""
        if ticket.assignee is not None:
            return (ticket.assignee,)
        members = self.teams.get(ticket.team) or self._agents()
        return tuple(dict.fromkeys(member.id for member in members))


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides, compiled and frozen."""

    workflow: Workflow
    catalog: Catalog
    approvals: Approvals
    rules: CompiledRules
    directory: Directory
