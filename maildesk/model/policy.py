"""The schema of the policy files in config/. Frozen; one class per table.

docs/settings.md is generated from the field descriptions.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from maildesk.model.event import Quorum
from maildesk.model.monitoring import Monitoring
from maildesk.model.schedule import Reports
from maildesk.model.settings import Part
from maildesk.model.sla import ServiceLevels

Expiry = Literal["escalate", "reject", "approve"]
Level = Literal["L1", "L2", "L3", "field"]
Grade = Literal["high", "medium", "low"]
Trigger = Literal[
    "created",
    "replied",
    "reopened",
    "status-changed",
    "approved",
    "rejected",
    "event",
    "waited",
]
Mover = Literal["requester", "agent", "lead", "manager", "rule", "clock", "event"]


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_many)]


# ---- people.toml

LANGUAGE = r"^([a-z]{2,3}(-[A-Z]{2})?)?$"  # BCP 47: language and region


class Absence(Part):
    """A period in which a person is away."""

    begin: date = Field(alias="from", description="first day, such as 2026-12-24")
    until: date = Field(description="last day")


class Team(Part):
    """A team of agents that share a queue."""

    name: str = Field(description="name of the team, used in rules")
    level: Level = Field("L1", description="support level: L1, L2, L3 or field")
    members: tuple[str, ...] = Field(
        (), description="mail addresses of people defined in this file"
    )
    leads: tuple[str, ...] = Field((), description="addresses of the members who lead the team")


class Group(Part):
    """A group of people who approve or get reports. Unlike team members, they are not agents."""

    name: str = Field(description="name of the group, used in approvals.toml and reports.toml")
    members: tuple[str, ...] = Field(
        (), description="mail addresses of people defined in this file"
    )


class PersonEntry(Part):
    """A person known in advance."""

    name: str = Field(description="name of the person, shown in mails")
    address: str = Field(description="mail address; mails are sent to it")
    addresses: tuple[str, ...] = Field((), description="further mail addresses of the person")
    manager: str | None = Field(None, description="mail address of the reporting manager")
    organisation: str = Field("", description="company or department, available in rules")
    vip: bool = Field(False, description="VIP, available in rules and shown to agents")
    language: str = Field(
        "",
        pattern=LANGUAGE,
        description='language of the person, such as "de" or "pt-BR", available in rules and '
        "shown to agents",
    )
    zone: str = Field(
        "",
        description='IANA time zone for times in mails and on pages, such as "Europe/Berlin"; '
        "default: the time zone of the first calendar",
    )
    absence: tuple[Absence, ...] = Field((), description="periods in which the person is away")
    delegate: str | None = Field(
        None, description="address of the substitute who decides approvals while the person is away"
    )


class Organisation(Part):
    """A company or department, available in rules."""

    name: str = Field("", description="name, referred to by `organisation` of a person")
    domains: tuple[str, ...] = Field(
        (), description="mail domains whose people belong to the organisation"
    )
    tags: tuple[str, ...] = Field((), description="tags that rules can use, such as vip")


class Senders(Part):
    """Senders who may open tickets, in addition to the people in this file."""

    domains: tuple[str, ...] = Field(
        (),
        description="mail domains, including their subdomains, that may open tickets; mails from "
        "other "
        "domains are held until `maildesk quarantine replay` admits the sender; empty: all domains",
    )


class People(Part):
    """people.toml"""

    senders: Senders = Field(Senders(), description="senders who may open tickets")

    organisation: tuple[Organisation, ...] = Field((), description="companies and departments")
    team: tuple[Team, ...] = Field((), description="teams; their members are the agents")
    group: tuple[Group, ...] = Field(
        (), description="groups of people who approve or get reports without being agents"
    )
    person: tuple[PersonEntry, ...] = Field((), description="people known in advance")


# ---- catalog.toml


class Category(Part):
    """A category of tickets with its sub-categories."""

    name: str = Field(description="name of the category")
    sub: tuple[str, ...] = Field((), description="names of its sub-categories")


class CatalogService(Part):
    """A service that the desk supports."""

    name: str = Field(description="name of the service")
    service_category: str = Field("", description="service category")


class RequestType(Part):
    """A request type, such as incident or service request, with its closure and approval rules."""

    name: str = Field(description="name of the request type; the first type is the default")
    close_after_days: int = Field(
        5, ge=1, description="days in Waiting for Closure before the ticket closes automatically"
    )
    days: Literal["calendar", "business"] = Field(
        "calendar",
        description="how to count the days: calendar, or business by the team's calendar in "
        "sla.toml",
    )
    remind_before_days: int = Field(
        2, ge=0, description="days before closure to send a reminder; 0 for no reminder"
    )
    managers_approval: bool = Field(
        True, description="agents and rules may request the approval of the reporting manager"
    )
    automatic_approval: bool = Field(
        False,
        description="automatic approval submission: request the approval when the ticket is opened",
    )
    approval: str = Field(
        "manager", description="the [[approval]] of approvals.toml that is requested automatically"
    )


class Catalog(Part):
    """catalog.toml"""

    service: tuple[CatalogService, ...] = Field((), description="services that the desk supports")
    category: tuple[Category, ...] = Field((), description="categories of tickets")
    request_type: tuple[RequestType, ...] = Field(
        (RequestType(name="incident"),), description="request types"
    )
    matrix: dict[str, dict[str, str]] = Field(
        description="priority matrix: [matrix.IMPACT] with URGENCY = PRIORITY"
    )

    def priority(self, impact: str, urgency: str) -> str:
        """The priority of the matrix; "" if one of the two is not set yet."""
        return self.matrix.get(impact, {}).get(urgency, "")

    def type_named(self, name: str) -> RequestType:
        """The request type of that name, or else the first one."""
        return next((t for t in self.request_type if t.name == name), self.request_type[0])


# ---- workflow.toml


class Status(Part):
    """A status and the state to which it belongs."""

    name: str = Field(min_length=1, description="name of the status")
    state: str = Field(description="state: Open, In Progress, On-Hold, Resolved or Closed")


class Move(Part):
    """An allowed change of status."""

    from_: Words = Field(alias="from", description="status before the move, or a list of them")
    to: str = Field(description="status after the move")
    by: tuple[Mover, ...] = Field(
        description="who may make the move: requester, agent, lead, manager, rule, clock, event"
    )
    needs: tuple[str, ...] = Field((), description="ticket fields that must be filled in first")


class Roles(Part):
    """The status that is used for each step in the life of a ticket."""

    new: str = Field("New", description="a reported ticket")
    assigned: str = Field("Assign", description="a classified ticket with a team or an agent")
    working: str = Field("Analysis", description="an agent works on the ticket")
    on_hold: str = Field("Pending", description="the ticket is on hold, also for an approval")
    escalated: str = Field("Escalated", description="the ticket is escalated")
    waiting_for_closure: str = Field(
        "Waiting for Closure", description="the requester is asked to accept the resolution"
    )
    accepted: str = Field("Accepted", description="the requester accepted the resolution")
    rejected: str = Field("Rejected", description="the requester rejected the resolution")
    resolved_by_event: str = Field(
        "Resolved by Event", description="monitoring reported the end of the problem"
    )
    resolved_by_origin: str = Field(
        "Resolved by Origin ticket", description="the parent ticket was resolved"
    )
    closed: str = Field("Completed", description="the ticket is closed")


class Closing(Part):
    """Closure categories and notes: defaults, and the categories that agents can use."""

    categories: tuple[str, ...] = Field(
        ("Solved", "Workaround", "Duplicate", "Not reproducible", "No fault found"),
        description="closure categories for agents: #close <category>",
    )
    accepted_category: str = Field(
        "Solved", description="closure category if the requester accepted"
    )
    accepted_note: str = Field(
        "The requester accepted the resolution.",
        description="closure note if the requester accepted",
    )
    automatic_category: str = Field(
        "No answer", description="closure category if the requester did not answer"
    )
    automatic_note: str = Field(
        "The requester did not answer in time.",
        description="closure note if the requester did not answer",
    )
    silent_note: str = Field(
        "The ticket was resolved, and no problem was reported since.",
        description="closure note if the ticket closed automatically and the requester was not "
        "asked",
    )
    agent_note: str = Field(
        "Closed by the service desk.",
        description="closure note if an agent closed the ticket without a note",
    )
    not_approved_category: str = Field(
        "Not approved", description="closure category if the request was not approved"
    )
    not_approved_note: str = Field(
        "The request was not approved.", description="closure note if the request was not approved"
    )
    withdrawn_category: str = Field(
        "Withdrawn", description="closure category if the requester withdrew the request"
    )
    withdrawn_note: str = Field(
        "The requester withdrew the request.",
        description="closure note if the requester withdrew the request",
    )


class Workflow(Part):
    """workflow.toml"""

    status: tuple[Status, ...] = Field(description="all statuses, in the order of the workflow")
    move: tuple[Move, ...] = Field(description="allowed moves between statuses")
    roles: Roles = Field(Roles(), description="statuses for the steps of a ticket")
    closing: Closing = Field(Closing(), description="closure categories and notes")

    def state_of(self, status: str) -> str:
        """The state to which the status belongs."""
        return next(s.state for s in self.status if s.name == status)


# ---- rules.toml


class RuleMail(Part):
    """A mail that a rule sends."""

    to: Literal["requester", "agents"] = Field(
        "requester", description="recipient: requester, or agents for the assignee or the team"
    )
    text: str | None = Field(None, description="text of the mail")
    template: str | None = Field(
        None, description="name of a [[template]] of answers.toml, instead of `text`"
    )


class Relate(Part):
    """A relation to another open ticket, which is the oldest that matches."""

    as_: Literal["related", "duplicate", "child"] = Field(
        "related",
        alias="as",
        description="relation: related, duplicate, or child (resolved together with the parent)",
    )
    to: Literal["same subject", "named", "tagged"] = Field(
        description="same subject: a ticket of the same requester with the same subject; named: "
        "a ticket "
        "of the same requester that the mail mentions, such as MD-1042; tagged: any ticket with "
        "`tag`"
    )
    tag: str = Field("", description='tag of the other ticket, for `to = "tagged"`')

    def __str__(self) -> str:
        return f"{self.as_} of what is {self.to} {self.tag}".rstrip()


class Then(Part):
    """The actions of a rule."""

    service: str | None = Field(None, description="set a service of catalog.toml")
    category: str | None = Field(None, description="set a category of catalog.toml")
    sub_category: str | None = Field(None, description="set a sub-category of catalog.toml")
    request_type: str | None = Field(None, description="set a request type of catalog.toml")
    impact: Grade | None = Field(None, description="set the impact: high, medium or low")
    urgency: Grade | None = Field(None, description="set the urgency: high, medium or low")
    priority: str | None = Field(
        None, description="set a priority of catalog.toml that overrides the matrix"
    )
    team: str | None = Field(None, description="assign a team of people.toml")
    assignee: str | None = Field(None, description="assign an agent, by mail address")
    assign: Literal["round-robin", "least-load"] | None = Field(
        None, description="assign an agent of the team: in turn, or with the fewest open tickets"
    )
    tag: Words = Field((), description="add a tag or a list of tags")
    watch: Words = Field((), description="add people of people.toml as watchers, by mail address")
    note: str | None = Field(None, description="add a note for agents")
    mail: RuleMail | None = Field(None, description="send a mail")
    status: str | None = Field(None, description="set a status that workflow.toml allows for rules")
    escalate: str | None = Field(None, description="escalate the ticket to this team")
    hold: str | None = Field(None, description="put the ticket on hold for this reason")
    relate: Relate | None = Field(
        None, description="relate the ticket to another open ticket, if one matches"
    )
    ask_approval: str | None = Field(
        None, description="request an [[approval]] of approvals.toml, such as manager"
    )
    drop: str | None = Field(
        None, description="refuse the mail for this reason (only with `on = created`)"
    )
    quarantine: str | None = Field(
        None, description="quarantine the mail for this reason (only with `on = created`)"
    )


class Rule(Part):
    """A rule: its triggers, its condition and its actions."""

    name: str = Field(description="name of the rule, shown in traces")
    on: Annotated[tuple[Trigger, ...], BeforeValidator(_many)] = Field(
        ("created",),
        description="trigger or list of triggers: created, replied, reopened, status-changed, "
        "approved, "
        "rejected, event, waited",
    )
    waited: str | None = Field(
        None,
        pattern=r"^\d{1,4} (business days?|days?|hours?)$",
        description='waiting time for `on = "waited"`: "3 business days", "2 days", "4 hours"',
    )
    in_status: Words = Field((), description='statuses to wait in, for `on = "waited"`')
    when: str = Field("true", description="condition as a CEL expression")
    then: Then = Field(Then(), description="actions of the rule")
    stop: bool = Field(False, description="do not evaluate later rules if this rule fires")


class Expected(Then):
    """The expected outcome of a rule test: keys of `then`, of which those given are compared."""

    fired: tuple[str, ...] | None = Field(
        None, description="names of the rules that fire, in order"
    )


class RuleTest(Part):
    """A rule test with facts and the expected outcome. `maildesk rules check` runs it."""

    name: str = Field(description="name of the test")
    on: Trigger = Field("created", description="trigger")
    facts: dict[str, str | int | bool | tuple[str, ...]] = Field(
        {},
        description='facts by name, such as { "mail.subject" = "VPN down" }; other facts are empty',
    )
    expect: Expected = Field(Expected(), description="expected outcome")


class Rules(Part):
    """rules.toml"""

    rule: tuple[Rule, ...] = Field((), description="rules, evaluated in this order")
    test: tuple[RuleTest, ...] = Field((), description="tests that `maildesk rules check` runs")


# ---- approvals.toml


class ApprovalLevel(Part):
    """A level of an approval; its approvers are asked at the same time."""

    approvers: Words = Field(
        ("manager",),
        description="approver or list of approvers: manager (the requester's reporting manager), "
        "manager's manager, an address of people.toml, or a group or team (all its members)",
    )
    quorum: Quorum = Field(
        "all",
        description="approvals needed: all, any, majority (more than half), or first (first "
        "answer)",
    )


class ApprovalKind(Part):
    """A kind of approval with its approvers, reminders and expiry."""

    name: str = Field(description="name of the approval, used in rules and by #approval")
    level: tuple[ApprovalLevel, ...] = Field(
        (ApprovalLevel(),), min_length=1, description="levels, asked one after the other"
    )
    remind_after_days: int = Field(
        0, ge=0, le=365, description="interval of reminders in business days; 0 for no reminder"
    )
    expire_after_days: int = Field(
        0, ge=0, le=365, description="business days before the approval expires; 0 for never"
    )
    on_expiry: Expiry = Field(
        "escalate",
        description="on expiry: escalate (to the approver's manager or the fallback), reject or "
        "approve",
    )
    ask_again: Literal["when the requester writes", "never"] = Field(
        "when the requester writes",
        description="request the approval again after a change: when the requester writes, or "
        "never",
    )


class Approvals(Part):
    """approvals.toml"""

    fallback: str | None = Field(
        None, description="address of the approver for requesters without a reporting manager"
    )
    approval: tuple[ApprovalKind, ...] = Field(
        (), description="kinds of approval; `manager` with one level always exists"
    )
    link_days: int = Field(30, ge=1, le=365, description="validity of links in mails, in days")

    @property
    def kinds(self) -> tuple[ApprovalKind, ...]:
        """The kinds of the file; `manager` always exists."""
        if any(kind.name == "manager" for kind in self.approval):
            return self.approval
        return (*self.approval, ApprovalKind(name="manager"))

    def kind(self, name: str) -> ApprovalKind | None:
        """The kind of that name, or None."""
        return next((kind for kind in self.kinds if kind.name == name), None)


# ---- answers.toml


class ReadyText(Part):
    """A text that agents insert into their answers by name."""

    name: str = Field(description="name, used by #template or #kb")
    text: str = Field(min_length=1, description="text that replaces the command")


class Answers(Part):
    """answers.toml"""

    template: tuple[ReadyText, ...] = Field((), description="prepared answers, for #template")
    article: tuple[ReadyText, ...] = Field((), description="articles, for #kb")


# ---- sla.toml


def profile_rules(levels: ServiceLevels) -> Rules:
    """The profiles as rules, so that the rule compiler can check and evaluate them."""
    return Rules(rule=tuple(Rule(name=p.name, when=p.when, stop=True) for p in levels.profile))


class PolicyFiles(Part):
    """All policy files. `holidays` are computed for each calendar when the files are read."""

    people: People = People()
    catalog: Catalog
    workflow: Workflow
    rules: Rules = Rules()
    approvals: Approvals = Approvals()
    sla: ServiceLevels = ServiceLevels()
    holidays: dict[str, frozenset[date]] = Field({})
    monitoring: Monitoring = Monitoring()
    answers: Answers = Answers()
    reports: Reports = Reports()
