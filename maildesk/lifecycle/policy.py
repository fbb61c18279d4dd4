"""What a decision is made by: the configured policy and who works where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from maildesk.model.mail import address_key
from maildesk.model.monitoring import Monitoring
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
        return next(filter(None, self._circles(ticket)), ())

    def working_beside(self, ticket: Ticket, unreachable: int) -> tuple[int, ...]:
        """Who is told where that person cannot be: the nearest of these with anybody else in it."""
        circles = self._circles(ticket)
        others = (tuple(p for p in circle if p != unreachable) for circle in circles)
        return next(filter(None, others), ())

    def _circles(self, ticket: Ticket) -> tuple[tuple[int, ...], ...]:
        assignee = () if ticket.assignee is None else (ticket.assignee,)
        return assignee, _ids(self.teams.get(ticket.team, ())), _ids(self._agents())


def _ids(people: Iterable[Person]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(person.id for person in people))


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides, compiled and frozen."""

    workflow: Workflow
    catalog: Catalog
    approvals: Approvals
    rules: CompiledRules
    directory: Directory
    monitoring: Monitoring = field(default_factory=Monitoring)
