"""Checks that everything the policy files refer to exists."""

import re
from collections.abc import Iterator
from typing import get_args

from maildesk.config.checks.installation import doubles, outside_address_fault
from maildesk.config.checks.name_references import named_once, unknown, zone_faults
from maildesk.config.error_messages import circle_words, near, quoted
from maildesk.config.errors import Fault
from maildesk.config.schema.answers import Answers
from maildesk.config.schema.approvals import Approvals
from maildesk.config.schema.catalog import Catalog, Grade, RequestType
from maildesk.config.schema.people import People, Senders
from maildesk.config.schema.reports import Reports
from maildesk.config.schema.settings import Desk
from maildesk.config.schema.sla import ServiceLevels
from maildesk.config.schema.workflow import Workflow
from maildesk.config.toml_positions import KeyPath
from maildesk.lifecycle.approvals.approvers import MANAGER, MANAGERS_MANAGER
from maildesk.lifecycle.workflow.workflow_check import flaws
from maildesk.model.directory import circles

_DOMAIN = re.compile(r"[^\s@.]+(\.[^\s@.]+)*")
STATES = ("Open", "In Progress", "On-Hold", "Resolved", "Closed")

# The state that the status of each role must belong to.
ROLE_STATES = {
    "new": "Open",
    "assigned": "Open",
    "working": "In Progress",
    "escalated": "In Progress",
    "on_hold": "On-Hold",
    "waiting_for_closure": "Resolved",
    "accepted": "Resolved",
    "rejected": "Resolved",
    "resolved_by_event": "Resolved",
    "resolved_by_origin": "Resolved",
    "closed": "Closed",
}

# Ticket fields that start empty; a move may require them.
NEEDS = (
    "resolution", "closure_category", "closure_note", "service", "category", "sub_category",
    "impact", "urgency", "priority", "team", "assignee",
)  # fmt: skip


def people_faults(people: People, desk: Desk | None) -> Iterator[Fault]:
    """people.toml: addresses are unique, and every person that is referred to exists."""
    yield from _addresses(people, desk)
    yield from named_once("team", (team.name for team in people.team))
    yield from _groups(people)
    known = [person.address for person in people.person]
    for i, team in enumerate(people.team):
        for j, member in enumerate(team.members):
            yield from unknown_person(("team", i, "members", j), member, known)
        for j, lead in enumerate(team.leads):
            yield from unknown(("team", i, "leads", j), "member", lead, team.members)
    yield from _domains(people.senders)
    for i, person in enumerate(people.person):
        yield from zone_faults(("person", i, "zone"), person.zone)
        if person.manager is not None:
            yield from unknown_person(("person", i, "manager"), person.manager, known)
        if person.delegate is not None:
            yield from unknown_person(("person", i, "delegate"), person.delegate, known)
    yield from _manager_cycles(people)


def catalog_faults(catalog: Catalog, approvals: Approvals | None = None) -> Iterator[Fault]:
    """catalog.toml: names are unique, and each pair of impact and urgency has a priority."""
    for i, kind in enumerate(catalog.request_type):
        yield from _approval_switches(("request_type", i), kind, approvals)
    yield from named_once("service", (service.name for service in catalog.service))
    yield from named_once("category", (category.name for category in catalog.category))
    yield from named_once("request_type", (kind.name for kind in catalog.request_type))
    if not catalog.request_type:
        yield Fault(("request_type",), "there is no request type", "add a [[request_type]]")
    for i, kind in enumerate(catalog.request_type):
        if kind.remind_before_days >= kind.close_after_days:
            problem = "the reminder would be due before the resolution"
            remedy = f"use less than close_after_days, which is {kind.close_after_days}"
            yield Fault(("request_type", i, "remind_before_days"), problem, remedy)
    yield from _matrix(catalog.matrix)


def _approval_switches(
    path: KeyPath, kind: RequestType, approvals: Approvals | None
) -> Iterator[Fault]:
    if kind.automatic_approval and not kind.managers_approval:
        problem = "automatic approval is on, but the manager's approval is not allowed"
        yield Fault((*path, "automatic_approval"), problem, "set managers_approval = true")
    if approvals is not None:
        names = [one.name for one in approvals.kinds]
        yield from unknown((*path, "approval"), "approval", kind.approval, names)


def workflow_faults(workflow: Workflow) -> Iterator[Fault]:
    """workflow.toml: roles and moves refer to existing statuses, each role in its state."""
    statuses = [status.name for status in workflow.status]
    yield from named_once("status", statuses)
    for i, status in enumerate(workflow.status):
        yield from unknown(("status", i, "state"), "state", status.state, STATES)
    for i, move in enumerate(workflow.move):
        for j, origin in enumerate(move.from_):
            yield from unknown(("move", i, "from", j), "status", origin, statuses)
        yield from unknown(("move", i, "to"), "status", move.to, statuses)
        for j, need in enumerate(move.needs):
            yield from unknown(("move", i, "needs", j), "field of a ticket", need, NEEDS)
    yield from _roles(workflow, {status.name: status.state for status in workflow.status})
    if _is_whole(workflow):
        for flaw in flaws(workflow):
            yield Fault((flaw.table, flaw.place), flaw.problem, flaw.remedy)


def _is_whole(workflow: Workflow) -> bool:
    """Whether every status that it refers to exists, so that its paths can be checked."""
    names = {status.name for status in workflow.status}
    roles = [getattr(workflow.roles, role) for role in ROLE_STATES]
    ends = [name for move in workflow.move for name in (*move.from_, move.to)]
    return names.issuperset([*roles, *ends])


def approvals_faults(approvals: Approvals, people: People | None) -> Iterator[Fault]:
    """approvals.toml: approvers and the fallback exist, as far as people.toml could be read."""
    yield from named_once("approval", (kind.name for kind in approvals.approval))
    if people is None:
        return
    known = [person.address for person in people.person]
    if approvals.fallback is not None:
        yield from unknown_person(("fallback",), approvals.fallback, known)
    for i, kind in enumerate(approvals.approval):
        for j, level in enumerate(kind.level):
            for k, word in enumerate(level.approvers):
                path = ("approval", i, "level", j, "approvers", k)
                if word not in (MANAGER, MANAGERS_MANAGER):
                    yield from _unknown_people(path, word, people)


def answers_faults(answers: Answers) -> Iterator[Fault]:
    """answers.toml: names are unique."""
    yield from named_once("template", (one.name for one in answers.template))
    yield from named_once("article", (one.name for one in answers.article))


def reports_faults(
    reports: Reports, people: People | None, levels: ServiceLevels | None
) -> Iterator[Fault]:
    """reports.toml: names are unique, and recipients and calendars exist."""
    yield from named_once("report", (one.name for one in reports.report))
    for i, report in enumerate(reports.report):
        if people is not None:
            for j, word in enumerate(report.to):
                yield from _unknown_people(("report", i, "to", j), word, people)
        if levels is not None and report.calendar is not None:
            calendars = [one.name for one in levels.calendar]
            yield from unknown(("report", i, "calendar"), "calendar", report.calendar, calendars)


def _unknown_people(path: KeyPath, word: str, people: People) -> Iterator[Fault]:
    """A fault unless the word is an address, a group or a team of people.toml."""
    if "@" in word:
        yield from unknown_person(path, word, [person.address for person in people.person])
    else:
        names = [*(group.name for group in people.group), *(team.name for team in people.team)]
        yield from unknown(path, "group or team", word, names)


def unknown_person(path: KeyPath, address: str, known: list[str]) -> Iterator[Fault]:
    """A fault unless a person in people.toml has the address."""
    if address.casefold() not in {other.casefold() for other in known}:
        remedy = f"add a [[person]], or {near(address, known)}"
        yield Fault(path, f"no person in people.toml has the address {quoted(address)}", remedy)


def _groups(people: People) -> Iterator[Fault]:
    """Names of groups differ from those of teams, and the members exist."""
    yield from named_once("group", (group.name for group in people.group))
    teams = {team.name for team in people.team}
    known = [person.address for person in people.person]
    for i, group in enumerate(people.group):
        if group.name in teams:
            problem = f"{quoted(group.name)} is the name of a team"
            yield Fault(("group", i, "name"), problem, "give the group another name")
        for j, member in enumerate(group.members):
            yield from unknown_person(("group", i, "members", j), member, known)


def _addresses(people: People, desk: Desk | None) -> Iterator[Fault]:
    entries: list[tuple[KeyPath, str]] = []
    for i, person in enumerate(people.person):
        entries.append((("person", i, "address"), person.address))
        entries += [(("person", i, "addresses", j), a) for j, a in enumerate(person.addresses)]
    for path, address in entries:
        yield from outside_address_fault(path, address, desk)
    for path, address in doubles(entries):
        problem = f"{quoted(address)} belongs to another person above"
        yield Fault(path, problem, "use each address for one person only")


def _domains(senders: Senders) -> Iterator[Fault]:
    for i, domain in enumerate(senders.domains):
        if not _DOMAIN.fullmatch(domain):
            problem, remedy = (
                f"{quoted(domain)} is not a mail domain",
                'write, for example, "example.org"',
            )
            yield Fault(("senders", "domains", i), problem, remedy)


def _manager_cycles(people: People) -> Iterator[Fault]:
    """One fault per cycle of managers, at the first person in the cycle."""
    boss = {p.address.casefold(): (p.manager or "").casefold() for p in people.person}
    place = {p.address.casefold(): i for i, p in enumerate(people.person)}
    for circle in circles(boss):
        problem, remedy = circle_words(circle)
        yield Fault(("person", place[circle[0]], "manager"), problem, remedy)


def _matrix(matrix: dict[str, dict[str, str]]) -> Iterator[Fault]:
    grades = get_args(Grade)
    for impact, row in matrix.items():
        yield from unknown(("matrix", impact), "grade", impact, grades)
        for urgency in row:
            yield from unknown(("matrix", impact, urgency), "grade", urgency, grades)
    for impact in grades:
        missing = [urgency for urgency in grades if not matrix.get(impact, {}).get(urgency)]
        if missing:
            problem = f"the urgency {', '.join(missing)} has no priority"
            yield Fault(("matrix", impact), problem, f'add, for example, {missing[0]} = "P1"')


def _roles(workflow: Workflow, states: dict[str, str]) -> Iterator[Fault]:
    for role, state in ROLE_STATES.items():
        status = getattr(workflow.roles, role)
        yield from unknown(("roles", role), "status", status, states)
        if states.get(status, state) in set(STATES) - {state}:
            problem = f"{quoted(status)} belongs to the state {quoted(states[status])}"
            yield Fault(("roles", role), problem, f"use a status of the state {quoted(state)}")
