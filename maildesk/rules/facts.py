"""The names that a rule's `when` can use: one table declares, explains and reads them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from maildesk.config.schema.people import Organisation
from maildesk.model.cause import Facts
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

Type = Literal["string", "int", "bool", "list(string)"]
Value = str | int | bool | list[str]


# The part of a text that rules see, so that a mail of megabytes does not slow down every rule.
TEXT_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The local time of the service desk, and what its calendar says about it."""

    date: str
    hour: int
    weekday: str
    working_day: bool
    working_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInput:
    """The data that rules see: the mail, the current ticket, the requester and the time."""

    mail: Facts
    ticket: Ticket
    requester: Person
    moment: Moment
    organisation: Organisation = field(default_factory=Organisation)


@dataclass(frozen=True, slots=True)
class Fact:
    """One name, its CEL type, its meaning in one line, and how to read its value."""

    name: str
    type: Type
    meaning: str
    read: Callable[[RuleInput], Value]


def _domain(rule_input: RuleInput) -> str:
    return rule_input.requester.address.rpartition("@")[2].lower()


def _parent(rule_input: RuleInput) -> int:
    return rule_input.ticket.parent or 0


def _lower(addresses: tuple[str, ...]) -> list[str]:
    return [address.lower() for address in addresses]


FACTS: tuple[Fact, ...] = (
    Fact("mail.subject", "string", "the subject", lambda s: s.mail.subject),
    Fact(
        "mail.text",
        "string",
        "the new text, without quotes; its first 65,536 characters",
        lambda s: s.mail.text[:TEXT_CHARACTERS],
    ),
    Fact(
        "mail.from",
        "string",
        "the sender's address, small letters",
        lambda s: s.mail.sender.lower(),
    ),
    Fact("mail.to", "list(string)", "addresses in To, small letters", lambda s: _lower(s.mail.to)),
    Fact("mail.cc", "list(string)", "addresses in CC, small letters", lambda s: _lower(s.mail.cc)),
    Fact("mail.attachments", "list(string)", "file names", lambda s: list(s.mail.attachments)),
    Fact("ticket.number", "int", "1042 of [MD-1042]", lambda s: s.ticket.number),
    Fact("ticket.status", "string", "as in workflow.toml", lambda s: s.ticket.status),
    Fact("ticket.state", "string", "as in workflow.toml", lambda s: s.ticket.state),
    Fact("ticket.category", "string", '"" until set', lambda s: s.ticket.category),
    Fact("ticket.sub_category", "string", '"" until set', lambda s: s.ticket.sub_category),
    Fact("ticket.service", "string", '"" until set', lambda s: s.ticket.service),
    Fact("ticket.impact", "string", "high, medium, low or empty", lambda s: s.ticket.impact),
    Fact("ticket.urgency", "string", "high, medium, low or empty", lambda s: s.ticket.urgency),
    Fact("ticket.priority", "string", "of the matrix; may be empty", lambda s: s.ticket.priority),
    Fact("ticket.team", "string", '"" until set', lambda s: s.ticket.team),
    Fact("ticket.source", "string", "mail, portal, phone, event or api", lambda s: s.ticket.source),
    Fact(
        "ticket.has_assignee",
        "bool",
        "whether an agent has it",
        lambda s: s.ticket.assignee is not None,
    ),
    Fact("ticket.tags", "list(string)", "in the order added", lambda s: list(s.ticket.tags)),
    Fact("ticket.request_type", "string", "as in catalog.toml", lambda s: s.ticket.request_type),
    Fact("ticket.parent", "int", "the ticket that this continues or is a child of, or 0", _parent),
    Fact("ticket.reopened", "int", "how often it was reopened", lambda s: s.ticket.reopened),
    Fact("requester.address", "string", "small letters", lambda s: s.requester.address.lower()),
    Fact("requester.name", "string", "as in people.toml", lambda s: s.requester.name),
    Fact("requester.domain", "string", "behind the @, small letters", _domain),
    Fact("requester.organisation", "string", "may be empty", lambda s: s.requester.organisation),
    Fact(
        "requester.has_manager",
        "bool",
        "whether a reporting manager is known",
        lambda s: s.requester.manager is not None,
    ),
    Fact(
        "requester.language",
        "string",
        "as in people.toml",
        lambda s: s.requester.language,
    ),
    Fact("requester.vip", "bool", "as in people.toml", lambda s: s.requester.vip),
    Fact("organisation.name", "string", "of people.toml, or empty", lambda s: s.organisation.name),
    Fact(
        "organisation.tags",
        "list(string)",
        "of people.toml",
        lambda s: list(s.organisation.tags),
    ),
    Fact("time.date", "string", "2026-12-24, in the desk's time zone", lambda s: s.moment.date),
    Fact("time.hour", "int", "0 to 23, in the desk's time zone", lambda s: s.moment.hour),
    Fact("time.weekday", "string", "monday to sunday", lambda s: s.moment.weekday),
    Fact(
        "calendar.working_day",
        "bool",
        "whether the desk works on this day",
        lambda s: s.moment.working_day,
    ),
    Fact(
        "calendar.working_time",
        "bool",
        "whether the desk works at this hour",
        lambda s: s.moment.working_time,
    ),
)


def values(rule_input: RuleInput) -> dict[str, Value]:
    """Every fact of the input by name."""
    return {fact.name: fact.read(rule_input) for fact in FACTS}
