"""Runs the tests of rules.toml: evaluates rules for given facts and compares the outcome."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, assert_never

from maildesk.config.schema.people import Organisation
from maildesk.config.schema.rules import Expected, RuleTest
from maildesk.model.cause import Facts
from maildesk.model.event import Field
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import CompiledRules
from maildesk.rules.effects import (
    AddTag,
    AskApproval,
    RelateTicket,
    RuleAction,
    RuleTarget,
    SetField,
)
from maildesk.rules.engine import Outcome, run
from maildesk.rules.facts import FACTS, Moment, RuleInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: dict[str, type] = {"string": str, "int": int, "bool": bool, "list(string)": tuple}
_FIELDS: tuple[Field, ...] = (
    *("service", "category", "sub_category", "request_type"),
    *("impact", "urgency", "priority", "team"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One result that is not as the test expects."""

    test: str
    key: str
    expected: Any
    came: Any

    def __str__(self) -> str:
        return f"{self.test!r}: {self.key} is {self.came!r}, expected {self.expected!r}"


def try_out(
    compiled: CompiledRules, test: RuleTest, target: Callable[[RuleInput], RuleTarget]
) -> tuple[Difference, ...]:
    """The differences of one test, evaluated on the target for its facts; empty if it passes."""
    wrong = tuple(_wrong_facts(test))
    if wrong:
        return wrong
    rule_input = input_of(test.facts)
    came = outcome_by_key(run(compiled, test.on, rule_input, target(rule_input)))
    return tuple(
        Difference(test.name, key, expected, came.get(key))
        for key, expected in _expected(test.expect)
        if came.get(key) != expected
    )


def _wrong_facts(test: RuleTest) -> Iterator[Difference]:
    types = {fact.name: fact.type for fact in FACTS}
    for name, value in test.facts.items():
        if name not in types:
            near = get_close_matches(name[:80], types, n=1)
            yield Difference(test.name, "facts", near[0] if near else "a known fact", name)
        elif type(value) is not _TYPES[types[name]]:
            yield Difference(test.name, name, types[name], value)


def _expected(expect: Expected) -> Iterator[tuple[str, Any]]:
    for key in expect.model_fields_set:
        value = getattr(expect, key)
        if key in ("tag", "watch"):
            value = tuple(sorted(value))
        yield key, (value.template or value.text if key == "mail" and value else value)


def outcome_by_key(outcome: Outcome) -> dict[str, Any]:
    """The outcome by the keys of `then`, with `fired` and `priority`."""
    came: dict[str, Any] = {name: getattr(outcome.ticket, name) for name in _FIELDS}
    came["fired"] = outcome.fired
    came["tag"] = tuple(sorted(e.tag for e in outcome.effects if isinstance(e, AddTag)))
    came["watch"] = tuple(
        sorted(
            e.value for e in outcome.effects if isinstance(e, RuleAction) and e.action == "watch"
        )
    )
    for effect in outcome.effects:
        match effect:
            case SetField(field="assignee", value=value):
                came["assignee"] = value
            case RelateTicket(relate=relate):
                came["relate"] = relate
            case AskApproval(whom=whom):
                came["ask_approval"] = whom
            case RuleAction(action="tell-agents" | "tell-requester", value=value):
                came["mail"] = value
            case RuleAction(action="no-acknowledgement"):
                came["acknowledge"] = False
            case RuleAction(action=action, value=value):
                came.setdefault(action, value)  # `watch` has all its values already
            case SetField() | AddTag():
                pass  # the ticket's fields and the tags are above
            case _:
                assert_never(effect)
    return came


def input_of(facts: Mapping[str, Any]) -> RuleInput:
    """An input with these facts; facts that are not named are empty."""

    def fact(name: str, default: Any) -> Any:
        return facts.get(name, default)

    address = fact("requester.address", fact("mail.from", ""))
    if not address and "requester.domain" in facts:
        address = f"somebody@{facts['requester.domain']}"
    return RuleInput(
        mail=Facts(
            subject=fact("mail.subject", ""),
            text=fact("mail.text", ""),
            sender=fact("mail.from", address),
            to=fact("mail.to", ()),
            cc=fact("mail.cc", ()),
            attachments=fact("mail.attachments", ()),
        ),
        ticket=_ticket(facts),
        requester=Person(
            id=1,
            name=fact("requester.name", ""),
            address=address,
            manager=2 if fact("requester.has_manager", False) else None,
            organisation=fact("requester.organisation", ""),
            vip=fact("requester.vip", False),
            language=fact("requester.language", ""),
        ),
        moment=Moment(
            date=fact("time.date", ""),
            hour=fact("time.hour", 0),
            weekday=fact("time.weekday", ""),
            working_day=fact("calendar.working_day", True),
            working_time=fact("calendar.working_time", True),
        ),
        organisation=Organisation(
            name=fact("organisation.name", fact("requester.organisation", "")),
            tags=fact("organisation.tags", ()),
        ),
    )


def _ticket(facts: Mapping[str, Any]) -> Ticket:
    plain = {name: facts.get(f"ticket.{name}", "") for name in _FIELDS if name != "request_type"}
    return Ticket(
        number=facts.get("ticket.number", 1),
        requester=1,
        source=facts.get("ticket.source", "mail"),
        status=facts.get("ticket.status", "New"),
        state=facts.get("ticket.state", "Open"),
        request_type=facts.get("ticket.request_type", ""),
        opened_at=_EPOCH,
        updated_at=_EPOCH,
        parent=facts.get("ticket.parent") or None,
        assignee=3 if facts.get("ticket.has_assignee") else None,
        tags=facts.get("ticket.tags", ()),
        reopened=facts.get("ticket.reopened", 0),
        **plain,
    )
