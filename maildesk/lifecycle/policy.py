"""What a decision is made by: the configured policy and who works where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from maildesk.config.schema.answers import Answers
from maildesk.config.schema.approvals import Approvals
from maildesk.config.schema.catalog import Catalog
from maildesk.config.schema.monitoring import Monitoring
from maildesk.config.schema.people import Absence, Organisation
from maildesk.config.schema.policy_files import PolicyFiles, profile_rules
from maildesk.config.schema.workflow import Workflow
from maildesk.lifecycle.classification.rule_time import office_hours
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.lifecycle.sla.sla_policy import SlaPolicy
from maildesk.model.mail import address_key
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import CompiledRules, compile_rules

_LEVELS = ("L1", "L2", "L3", "field")


@dataclass(frozen=True, slots=True)
class Workload:
    """How many open tickets each agent has, and the newest ticket each was ever given."""

    open: Mapping[int, int] = field(default_factory=dict)
    newest: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Other open tickets that rules may relate this one to; filled in only where a rule asks.

    `own`: (number, subject) of those of `person`, the requester, oldest first; `subject` is this
    ticket's. `tagged`: the oldest with each tag that a rule names. `below`: all descendants.
    """

    person: int | None = None
    subject: str = ""
    own: tuple[tuple[int, str], ...] = ()
    tagged: Mapping[str, int] = field(default_factory=dict)
    below: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Directory:
    """The agents of every team, who leads them, who approves for people without a manager.

    `known` are people that teams, rules and approvals name, by address in small letters. `staff`
    is everybody of people.toml or of an import. `workload` is filled in only where a rule chooses
    an agent. `groups` are people who approve or are told together, agents or not. `zone`: where the
    days of an absence begin for whoever has no zone of their own. `domains`: whose people may open
    tickets besides them; all where there is none.
    """

    teams: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    fallback_approver: int | None = None
    leads: frozenset[tuple[str, int]] = frozenset()
    known: Mapping[str, int] = field(default_factory=dict)
    organisations: tuple[Organisation, ...] = ()
    workload: Workload = Workload()
    levels: Mapping[str, str] = field(default_factory=dict)
    absences: Mapping[int, tuple[Absence, ...]] = field(default_factory=dict)
    staff: Mapping[int, Person] = field(default_factory=dict)
    delegates: Mapping[int, int] = field(default_factory=dict)
    domains: tuple[str, ...] = ()
    no_acknowledgement: frozenset[str] = frozenset()
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    zone: tzinfo = UTC

    def agent(self, address: str) -> Person | None:
        """The agent with that address."""
        key = address_key(address)
        return next((a for a in self.agents if address_key(a.address) == key), None)

    def is_unacknowledged(self, sender: str, came_to: Iterable[str]) -> bool:
        """Whether new tickets of this sender, or of mail to these addresses, are opened without an
        acknowledgement."""
        domain = sender.rpartition("@")[2].casefold()
        found = {domain, *map(address_key, (sender, *came_to))}
        return not found.isdisjoint(self.no_acknowledgement)

    def admits(self, person: Person) -> bool:
        """Whether the person may open tickets: listed, or of a domain that may (or below it)."""
        domain = person.address.rpartition("@")[2].casefold()
        ours = any(domain == one or domain.endswith(f".{one}") for one in self.domains)
        return not self.domains or ours or person.listed or person.is_agent

    def meant_by(self, words: Iterable[str]) -> tuple[int, ...]:
        """Each person once, in this order: addresses of people.toml, and groups and teams, who are
        all of their members."""
        return tuple(dict.fromkeys(person for word in words for person in self._meant(word)))

    def _meant(self, word: str) -> tuple[int, ...]:
        if "@" not in word:
            return self.groups.get(word) or _ids(self.teams.get(word, ()))
        person = self.known.get(address_key(word))
        return () if person is None else (person,)

    def manager_of(self, person: int | None) -> int | None:
        """The reporting manager of somebody of the directory."""
        found = self.staff.get(person) if person is not None else None
        return found.manager if found else None

    def named(self, team: str) -> str:
        """A team as people are told of it: `Network (L2)`."""
        level = self.levels.get(team, "")
        return f"{team} ({level})" if level else team

    def leads_team(self, person: int | None, team: str) -> bool:
        """Whether the person leads the team."""
        return (team, person) in self.leads

    def organisation_of(self, person: Person) -> Organisation:
        """By the name in people.toml, else by the mail domain; an empty one where none fits."""
        domain = person.address.rpartition("@")[2].casefold()
        for one in self.organisations:
            domains = {other.casefold() for other in one.domains}
            if one.name == person.organisation or (not person.organisation and domain in domains):
                return one
        return Organisation(name=person.organisation)

    def choose(self, how: str, team: str, now: datetime) -> str | None:
        """An agent's address: whose newest ticket is the oldest (`round-robin`), or who has the
        fewest open tickets (`least-load`); in doubt the first of the team. Nobody who is away."""
        members = [one for one in self.teams.get(team, ()) if self._is_there(one.id, now)]
        load = self.workload.open if how == "least-load" else self.workload.newest
        chosen = min(members, key=lambda member: load.get(member.id, 0), default=None)
        return chosen.address if chosen else None

    @property
    def agents(self) -> tuple[Person, ...]:
        """Every agent; who is in two teams stands there twice."""
        return tuple(agent for members in self.teams.values() for agent in members)

    def away_until(self, agent: int, now: datetime) -> date | None:
        """The last day on which the agent is away, None where the agent is there."""
        today = now.astimezone(self.zone_of(agent)).date()
        days = [
            one.until for one in self.absences.get(agent, ()) if one.begin <= today <= one.until
        ]
        return max(days, default=None)

    def away_from(self, person: int, now: datetime) -> datetime | None:
        """When the person's next absence begins: at midnight, where the person is."""
        zone = self.zone_of(person)
        begins = (
            datetime.combine(one.begin, time(), zone).astimezone(UTC)
            for one in self.absences.get(person, ())
        )
        return min((begin for begin in begins if begin > now), default=None)

    def zone_of(self, person: int) -> tzinfo:
        """Where the person looks at the clock."""
        own = self.staff[person].zone if person in self.staff else ""
        return ZoneInfo(own) if own else self.zone

    def at_work(self, person: int | None, now: datetime) -> int | None:
        """The person; else the delegate, or theirs who is away too; None where all are away."""
        seen: set[int] = set()
        while person is not None and person not in seen:
            if self._is_there(person, now):
                return person
            seen.add(person)
            person = self.delegates.get(person)
        return None

    def reachable(self, people: Iterable[int], now: datetime) -> tuple[int, ...]:
        """Those who are there; in the place of who is away the delegate, else the manager."""
        found = (self.at_work(p, now) or self.at_work(self.manager_of(p), now) for p in people)
        return tuple(dict.fromkeys(person for person in found if person is not None))

    def working_on(self, ticket: Ticket, now: datetime | None = None) -> tuple[int, ...]:
        """Who is told of news: the assignee, else the team, else everybody who is an agent. An
        assignee who is no agent any more is nobody.

        While an assignee is away the team is told as well, and its leads while all of it is.
        """
        circle: tuple[int, ...] = next(filter(None, self._circles(ticket)), ())
        if now is None or not circle or any(self._is_there(one, now) for one in circle):
            return tuple(one for one in circle if now is None or self._is_there(one, now))
        team = _ids(self.teams.get(ticket.team, ()))
        there = tuple(one for one in team if self._is_there(one, now))
        return tuple(dict.fromkeys((*circle, *(there or self._leads(ticket.team)))))

    def _leads(self, team: str) -> tuple[int, ...]:
        return tuple(sorted(person for named, person in self.leads if named == team))

    def _is_there(self, agent: int, now: datetime) -> bool:
        return self.away_until(agent, now) is None

    def working_beside(self, ticket: Ticket, unreachable: int) -> tuple[int, ...]:
        """Who is told where that person cannot be: the nearest of these with anybody else in it."""
        circles = self._circles(ticket)
        others = (tuple(p for p in circle if p != unreachable) for circle in circles)
        return next(filter(None, others), ())

    def leads_of(self, team: str) -> tuple[int, ...]:
        """Who leads the team."""
        return tuple(sorted(person for of, person in self.leads if of == team))

    def teams_above(self, team: str) -> tuple[str, ...]:
        """The teams of the next level."""
        at = _LEVELS.index(self.levels.get(team, "L1"))
        return tuple(one for one, level in self.levels.items() if _LEVELS.index(level) == at + 1)

    def above(self, team: str) -> tuple[int, ...]:
        """Who leads the teams of the next level; all of them where nobody does."""
        above = self.teams_above(team)
        leads = tuple(dict.fromkeys(lead for name in above for lead in self.leads_of(name)))
        return leads or _ids(agent for name in above for agent in self.teams.get(name, ()))

    def managers(self, ticket: Ticket) -> tuple[int, ...]:
        """The assignee's reporting manager, else those of the team's leads."""
        who = {ticket.assignee} if ticket.assignee is not None else {*self.leads_of(ticket.team)}
        found = {a.manager for a in self.agents if a.id in who and a.manager is not None}
        return tuple(sorted(found))

    def _circles(self, ticket: Ticket) -> tuple[tuple[int, ...], ...]:
        everybody = _ids(self.agents)
        assignee = tuple(one for one in everybody if one == ticket.assignee)
        return assignee, _ids(self.teams.get(ticket.team, ())), everybody


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
    calendar: Calendar
    monitoring: Monitoring = field(default_factory=Monitoring)
    answers: Answers = field(default_factory=Answers)
    sla: SlaPolicy = field(default_factory=SlaPolicy)
    neighbours: Neighbours = field(default_factory=Neighbours)

    @classmethod
    def of(cls, files: PolicyFiles, rules: CompiledRules, directory: Directory) -> "Policy":
        """The configured policy with these rules, and the people of this directory."""
        return cls(
            files.workflow,
            files.catalog,
            files.approvals,
            rules,
            directory,
            office_hours(files),
            files.monitoring,
            files.answers,
            SlaPolicy.of(files.sla, files.holidays, compile_rules(profile_rules(files.sla))),
        )
