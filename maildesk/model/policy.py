"""What config/*.toml says: the policy of the desk. Frozen; one class a table.

A field's description is its documentation, as in settings.py.
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
    """Days on which somebody is away."""

    begin: date = Field(alias="from", description="the first day, as in 2026-12-24")
    until: date = Field(description="the last day")


class Team(Part):
    """Agents who share a queue."""

    name: str = Field(description="the team's name, as rules use it")
    level: Level = Field("L1", description="L1, L2, L3 or field")
    members: tuple[str, ...] = Field((), description="mail addresses of people in this file")
    leads: tuple[str, ...] = Field((), description="members who lead the team")


class Group(Part):
    """People who approve or get reports together. No agents by it, as the members of a team are."""

    name: str = Field(description="the group's name, as approvals.toml and reports.toml use it")
    members: tuple[str, ...] = Field((), description="mail addresses of people in this file")


class PersonEntry(Part):
    """Somebody known in advance."""

    name: str = Field(description="the person's name, as mails show it")
    address: str = Field(description="the mail address; mails go there")
    addresses: tuple[str, ...] = Field((), description="further addresses of the same person")
    manager: str | None = Field(None, description="address of the reporting manager")
    organisation: str = Field("", description="company or department; rules can ask for it")
    vip: bool = Field(False, description="rules can ask for it, and agents are told")
    language: str = Field(
        "",
        pattern=LANGUAGE,
        description='the language to write in, as "de" or "pt-BR": rules can ask for it, and '
        "agents are told",
    )
    zone: str = Field(
        "",
        description='IANA time zone, as "Europe/Berlin": times in mails and on pages are local to '
        "it; without it to the first calendar",
    )
    absence: tuple[Absence, ...] = Field((), description="days on which the person is away")
    delegate: str | None = Field(
        None, description="address of who decides about approvals while the person is away"
    )


class Organisation(Part):
    """A company or department: rules can ask for it."""

    name: str = Field("", description="its name, as persons name it under `organisation`")
    domains: tuple[str, ...] = Field((), description="people of these mail domains belong to it")
    tags: tuple[str, ...] = Field((), description="words that rules ask for, as vip")


class Senders(Part):
    """Who may open tickets besides the people who are named."""

    domains: tuple[str, ...] = Field(
        (),
        description="mail domains, and those below them; mails of others are held until "
        "`maildesk quarantine replay` lets their sender in. Without any, everybody may",
    )


class People(Part):
    """people.toml"""

    senders: Senders = Field(Senders(), description="who may open tickets besides them")

    organisation: tuple[Organisation, ...] = Field((), description="companies and departments")
    team: tuple[Team, ...] = Field((), description="the teams; their members are the agents")
    group: tuple[Group, ...] = Field(
        (), description="people who approve or get reports together, without being agents"
    )
    person: tuple[PersonEntry, ...] = Field((), description="people known in advance")


# ---- catalog.toml


class Category(Part):
    """A category of tickets and the sub-categories under it."""

    name: str = Field(description="the category's name")
    sub: tuple[str, ...] = Field((), description="its sub-categories")


class CatalogService(Part):
    """Something the desk looks after."""

    name: str = Field(description="the service's name")
    service_category: str = Field("", description="the service category it belongs to")


class RequestType(Part):
    """Incident or service request: how long each waits for closure."""

    name: str = Field(description="the request type's name; the first one is the default")
    close_after_days: int = Field(5, ge=1, description="days in Waiting for Closure")
    days: Literal["calendar", "business"] = Field(
        "calendar", description="which days count: all, or those of the team's calendar in sla.toml"
    )
    remind_before_days: int = Field(2, ge=0, description="reminder so long before; 0 for none")
    managers_approval: bool = Field(
        True, description="the reporting manager's approval: an agent or a rule may ask for it"
    )
    automatic_approval: bool = Field(
        False, description="automatic approval submission: it is asked when the ticket is made"
    )
    approval: str = Field(
        "manager", description="the [[approval]] of approvals.toml that is asked automatically"
    )


class Catalog(Part):
    """catalog.toml"""

    service: tuple[CatalogService, ...] = Field((), description="what the desk looks after")
    category: tuple[Category, ...] = Field((), description="categories of tickets")
    request_type: tuple[RequestType, ...] = Field(
        (RequestType(name="incident"),), description="kinds of request"
    )
    matrix: dict[str, dict[str, str]] = Field(
        description="priority by [matrix.IMPACT] URGENCY = PRIORITY"
    )

    def priority(self, impact: str, urgency: str) -> str:
        """The priority of the matrix; "" where one of the two is not set yet."""
        return self.matrix.get(impact, {}).get(urgency, "")

    def type_named(self, name: str) -> RequestType:
        """The request type of that name, else the first one."""
        return next((t for t in self.request_type if t.name == name), self.request_type[0])


# ---- workflow.toml


class Status(Part):
    """One status and the state it belongs to."""

    name: str = Field(min_length=1, description="the status's name")
    state: str = Field(description="Open, In Progress, On-Hold, Resolved or Closed")


class Move(Part):
    """A legal change of status."""

    from_: Words = Field(alias="from", description="one status or a list of them")
    to: str = Field(description="the status after the move")
    by: tuple[Mover, ...] = Field(
        description="who may: requester, agent, lead, manager, rule, clock, event"
    )
    needs: tuple[str, ...] = Field((), description="ticket fields that must be filled in first")


class Roles(Part):
    """Which status plays which part in the life of a ticket."""

    new: str = Field("New", description="of a ticket just reported")
    assigned: str = Field("Assign", description="of a ticket that has a team or an agent")
    working: str = Field("Analysis", description="while an agent works on it")
    on_hold: str = Field("Pending", description="while it is held, also for an approval")
    escalated: str = Field("Escalated", description="when it is handed on")
    waiting_for_closure: str = Field(
        "Waiting for Closure", description="when the requester is asked"
    )
    accepted: str = Field("Accepted", description="when the requester accepts")
    rejected: str = Field("Rejected", description="when the requester rejects")
    resolved_by_event: str = Field(
        "Resolved by Event", description="when monitoring says that it is over"
    )
    resolved_by_origin: str = Field(
        "Resolved by Origin ticket", description="when the parent was resolved"
    )
    closed: str = Field("Completed", description="at the end")


class Closing(Part):
    """What is filled in when nobody says otherwise, and what agents can say."""

    categories: tuple[str, ...] = Field(
        ("Solved", "Workaround", "Duplicate", "Not reproducible", "No fault found"),
        description="closure categories that an agent can give: #close <category>",
    )
    accepted_category: str = Field("Solved", description="closure category: the requester accepted")
    accepted_note: str = Field(
        "The requester accepted the resolution.", description="closure note: the requester accepted"
    )
    automatic_category: str = Field(
        "No answer", description="closure category: the clock closed it"
    )
    automatic_note: str = Field(
        "The requester was asked and did not answer in time.",
        description="closure note: the clock closed it",
    )
    silent_note: str = Field(
        "It was resolved, and nothing has come up since.",
        description="closure note: the clock closed what nobody was asked about",
    )
    agent_note: str = Field(
        "Closed by the service desk.", description="closure note: an agent closed it without a word"
    )
    not_approved_category: str = Field(
        "Not approved", description="closure category: the manager said no"
    )
    not_approved_note: str = Field(
        "The request was not approved.", description="closure note: the manager said no"
    )
    withdrawn_category: str = Field(
        "Withdrawn", description="closure category: the requester took it back"
    )
    withdrawn_note: str = Field(
        "The requester withdrew the request.",
        description="closure note: the requester took it back",
    )


class Workflow(Part):
    """workflow.toml"""

    status: tuple[Status, ...] = Field(description="every status, in the order of a ticket's life")
    move: tuple[Move, ...] = Field(description="the legal moves between them")
    roles: Roles = Field(Roles(), description="which status plays which part")
    closing: Closing = Field(Closing(), description="closure categories where nobody names one")

    def state_of(self, status: str) -> str:
        """The state that the status belongs to."""
        return next(s.state for s in self.status if s.name == status)


# ---- rules.toml


class RuleMail(Part):
    """A mail that a rule sends."""

    to: Literal["requester", "agents"] = Field(
        "requester", description="requester, or agents: who works on the ticket"
    )
    text: str | None = Field(None, description="what the mail says")
    template: str | None = Field(
        None, description="instead of `text`: the name of a [[template]] of answers.toml"
    )


class Relate(Part):
    """Another open ticket that a rule relates this one to: the oldest that fits."""

    as_: Literal["related", "duplicate", "child"] = Field(
        "related",
        alias="as",
        description="related, duplicate, or child: it is resolved together with that ticket",
    )
    to: Literal["same subject", "named", "tagged"] = Field(
        description="same subject: of the same requester, under the same subject; named: of the "
        "same requester, named in the mail as in MD-1042; tagged: whoever's, with that `tag`"
    )
    tag: str = Field("", description='for `to = "tagged"`: the tag, as of an outage')

    def __str__(self) -> str:
        return f"{self.as_} of what is {self.to} {self.tag}".rstrip()


class Then(Part):
    """What a rule does."""

    service: str | None = Field(None, description="a service of catalog.toml")
    category: str | None = Field(None, description="a category of catalog.toml")
    sub_category: str | None = Field(None, description="a sub-category of catalog.toml")
    request_type: str | None = Field(None, description="a request type of catalog.toml")
    impact: Grade | None = Field(None, description="high, medium or low")
    urgency: Grade | None = Field(None, description="high, medium or low")
    priority: str | None = Field(
        None, description="another priority of catalog.toml than the matrix says"
    )
    team: str | None = Field(None, description="a team of people.toml")
    assignee: str | None = Field(None, description="mail address of an agent")
    assign: Literal["round-robin", "least-load"] | None = Field(
        None, description="an agent of the team: in turn, or who has the fewest open tickets"
    )
    tag: Words = Field((), description="one tag or a list of them")
    watch: Words = Field((), description="addresses of people.toml who take part from now on")
    note: str | None = Field(None, description="a note that agents see")
    mail: RuleMail | None = Field(None, description="a mail to send")
    status: str | None = Field(None, description="a status of workflow.toml that rules may set")
    escalate: str | None = Field(None, description="a team that the ticket is handed on to")
    hold: str | None = Field(None, description="the reason why the ticket is put on hold")
    relate: Relate | None = Field(
        None, description="another open ticket that this one belongs to, if there is such a one"
    )
    ask_approval: str | None = Field(
        None, description="an [[approval]] of approvals.toml that must be given, as manager"
    )
    drop: str | None = Field(
        None, description="the reason why the mail makes no ticket (`on = created` alone)"
    )
    quarantine: str | None = Field(
        None, description="the reason why the mail waits in quarantine (`on = created` alone)"
    )


class Rule(Part):
    """One rule: when it looks, what must hold, what it does."""

    name: str = Field(description="the rule's name; it stands in every trace")
    on: Annotated[tuple[Trigger, ...], BeforeValidator(_many)] = Field(
        ("created",),
        description="one or a list of: created, replied, reopened, status-changed, approved, "
        "rejected, event, waited",
    )
    waited: str | None = Field(
        None,
        pattern=r"^\d{1,4} (business days?|days?|hours?)$",
        description='for `on = "waited"`: how long, as "3 business days", "2 days", "4 hours"',
    )
    in_status: Words = Field((), description='for `on = "waited"`: the statuses it waits in')
    when: str = Field("true", description="a CEL expression")
    then: Then = Field(Then(), description="what the rule does")
    stop: bool = Field(False, description="no rule after this one is looked at")


class Expected(Then):
    """What a rule test wants to see: keys of `then`, compared where they are given."""

    fired: tuple[str, ...] | None = Field(None, description="the rules that fire, in order")


class RuleTest(Part):
    """A rule test: facts in, outcome out. `maildesk rules check` runs it."""

    name: str = Field(description="what the test shows")
    on: Trigger = Field("created", description="the cause")
    facts: dict[str, str | int | bool | tuple[str, ...]] = Field(
        {}, description='facts by name, as { "mail.subject" = "VPN down" }; the others are empty'
    )
    expect: Expected = Field(Expected(), description="what must come of it")


class Rules(Part):
    """rules.toml"""

    rule: tuple[Rule, ...] = Field((), description="looked at in this order")
    test: tuple[RuleTest, ...] = Field((), description="what `maildesk rules check` tries")


# ---- approvals.toml


class ApprovalLevel(Part):
    """Those who are asked at once."""

    approvers: Words = Field(
        ("manager",),
        description="one or a list of: manager (the requester's reporting manager), manager's "
        "manager, an address of people.toml, or a group or team, which is all its members",
    )
    quorum: Quorum = Field(
        "all",
        description="all, any, majority (more than half), or first: the first word decides",
    )


class ApprovalKind(Part):
    """A kind of approval: who must give it, and what if nobody does."""

    name: str = Field(description="its name, as rules and #approval use it")
    level: tuple[ApprovalLevel, ...] = Field(
        (ApprovalLevel(),), min_length=1, description="asked one after the other, in this order"
    )
    remind_after_days: int = Field(
        0, ge=0, le=365, description="business days, again and again; 0 for no reminder"
    )
    expire_after_days: int = Field(
        0, ge=0, le=365, description="business days until `on_expiry` happens; 0 for never"
    )
    on_expiry: Expiry = Field(
        "escalate",
        description="escalate (to the approver's manager, else the fallback), reject or approve",
    )
    ask_again: Literal["when the requester writes", "never"] = Field(
        "when the requester writes",
        description="a request that changes is asked about anew: when the requester writes, never",
    )


class Approvals(Part):
    """approvals.toml"""

    fallback: str | None = Field(
        None, description="address of who decides where the requester has no reporting manager"
    )
    approval: tuple[ApprovalKind, ...] = Field(
        (), description="the kinds of approval; without one there is manager, with one level"
    )
    link_days: int = Field(30, ge=1, le=365, description="how long links in mails are good")

    @property
    def kinds(self) -> tuple[ApprovalKind, ...]:
        """Those of the file; the reporting manager's is always there."""
        if any(kind.name == "manager" for kind in self.approval):
            return self.approval
        return (*self.approval, ApprovalKind(name="manager"))

    def kind(self, name: str) -> ApprovalKind | None:
        """The kind of that name."""
        return next((kind for kind in self.kinds if kind.name == name), None)


# ---- answers.toml


class ReadyText(Part):
    """A text that agents put into their answers by name."""

    name: str = Field(description="the name behind #template or #kb")
    text: str = Field(min_length=1, description="the text, put in where the command stood")


class Answers(Part):
    """answers.toml"""

    template: tuple[ReadyText, ...] = Field((), description="ready answers, for #template")
    article: tuple[ReadyText, ...] = Field((), description="articles, for #kb")


# ---- sla.toml


def profile_rules(levels: ServiceLevels) -> Rules:
    """The profiles as rules, for the rules room to check and to ask."""
    return Rules(rule=tuple(Rule(name=p.name, when=p.when, stop=True) for p in levels.profile))


class PolicyFiles(Part):
    """All of config/*.toml. `holidays` are those of each calendar, computed when it is read.

    `mail_templates` are the texts of the files in config/templates/mail, by name.
    """

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
    mail_templates: dict[str, str] = Field({})
