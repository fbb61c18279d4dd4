"""rules.toml: rules, what they do, and their tests."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from maildesk.config.schema.catalog import Grade
from maildesk.config.schema.part import Part, Words, _many

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
    acknowledge: Literal[False] | None = Field(
        None, description="false: open the ticket without an acknowledgement"
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
