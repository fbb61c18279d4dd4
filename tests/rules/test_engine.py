"""Rules run in order, once, and see what the rules before them did."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from maildesk.config.schema.rules import Rule, Rules, Trigger
from maildesk.model.cause import Facts
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import compile_rules
from maildesk.rules.effects import AddTag, AskApproval, Effect, RelateTicket, SetField
from maildesk.rules.engine import Outcome, run
from maildesk.rules.facts import Moment, RuleInput
from tests.rules.target import NOON, FakeTarget

RITA = Person(
    id=1, name="Rita", address="Rita@Example.com", manager=2, organisation="Sales", vip=True
)
FRESH = Ticket(
    number=1042,
    requester=1,
    source="mail",
    status="New",
    state="Open",
    request_type="incident",
    opened_at=NOON,
    updated_at=NOON,
)
MOMENT = Moment(date="2026-03-02", hour=12, weekday="monday", working_day=True, working_time=True)
MAIL = Facts(
    subject="VPN is down",
    text="Since this morning.",
    sender="Rita@Example.com",
    to=("Desk@example.com",),
    cc=(),
    attachments=("log.txt",),
)


def rule(
    name: str, when: str = "true", on: str = "created", stop: bool = False, **then: str
) -> Rule:
    return Rule.model_validate(
        {"name": name, "when": when, "on": on, "stop": stop, "then": then}, strict=False
    )


def play(
    *rules: Rule, on: Trigger = "created", mail: Facts = MAIL, ticket: Ticket = FRESH
) -> Outcome:
    target = FakeTarget(ticket, lambda impact, urgency: f"{impact}/{urgency}")
    return play_on(target, *rules, on=on, mail=mail)


def play_on(
    target: FakeTarget, *rules: Rule, on: Trigger = "created", mail: Facts = MAIL
) -> Outcome:
    rule_input = RuleInput(mail=mail, ticket=target.ticket, requester=RITA, moment=MOMENT)
    return run(compile_rules(Rules(rule=rules)), on, rule_input, target)


def fired(outcome: Outcome) -> list[str]:
    return [step.rule for step in outcome.steps if step.fired]


ANSWERS = (
    # words of the mail, in any case
    ('mail.subject.matches("(?i)\\\\bvpn\\\\b")', True),
    ('mail.text.contains("evening")', False),
    # addresses come in small letters
    ('mail.from == "rita@example.com" && mail.to == ["desk@example.com"]', True),
    ('mail.attachments.exists(name, name.endsWith(".txt"))', True),
    ("mail.cc.size() == 0", True),
    # the ticket
    ('ticket.number == 1042 && ticket.status == "New" && ticket.state == "Open"', True),
    ('ticket.team == "" && ticket.tags.size() == 0 && ticket.reopened == 0', True),
    # the requester
    ('requester.domain == "example.com" && requester.organisation == "Sales"', True),
    ("requester.has_manager", True),
    ("requester.vip", True),
)


@pytest.mark.parametrize(("when", "holds"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_a_rule_fires_if_its_condition_holds(when: str, holds: bool) -> None:
    (step,) = play(rule("asked", when)).steps
    assert step.fired is holds
    assert when in step.reason


def test_a_rule_is_evaluated_only_on_its_triggers() -> None:
    outcome = play(rule("first"), rule("later", on="replied", tag="again"), on="replied")
    assert fired(outcome) == ["later"]
    assert outcome.steps[0].reason == "looks on created, not on replied"


def test_a_rule_sees_the_ticket_as_the_rules_before_it_left_it() -> None:
    outcome = play(
        rule("network", 'mail.subject.contains("VPN")', team="Network", tag="vpn"),
        rule("sees the tag", '"vpn" in ticket.tags', category="Access"),
        rule("catch-all", 'ticket.team == ""', team="First line"),
    )
    assert outcome.effects == (
        SetField("team", "Network", "network"),
        AddTag("vpn", "network"),
        SetField("category", "Access", "sees the tag"),
    )


def test_a_rule_sees_the_priority_that_follows_from_earlier_rules() -> None:
    outcome = play(
        rule("grades", impact="high", urgency="low"),
        rule("sees it", 'ticket.priority == "high/low"', tag="seen"),
    )
    assert fired(outcome) == ["grades", "sees it"]
    assert SetField("urgency", "low", "grades") in outcome.effects


def test_no_rule_after_one_that_stops_is_evaluated() -> None:
    outcome = play(rule("last", stop=True), rule("never", tag="x"))
    assert (fired(outcome), outcome.effects) == (["last"], ())
    assert outcome.steps[1].reason == "not looked at: 'last' stops"


def test_each_rule_is_applied_before_the_next_is_evaluated() -> None:
    # The target may not do what a rule wants, or do more: only what it says counts.
    class Stubborn(FakeTarget):
        def apply(self, rule: str, _effects: Sequence[Effect], /) -> Ticket:
            self.applied.append(rule)
            self.ticket = replace(self.ticket, team="Network")
            return self.ticket

    target = Stubborn(FRESH, lambda _impact, _urgency: "")
    outcome = play_on(
        target,
        rule("to First line", team="First line"),
        rule("as wanted", 'ticket.team == "First line"', tag="wrong"),
        rule("as done", 'ticket.team == "Network"', tag="right"),
    )
    assert target.applied == fired(outcome) == ["to First line", "as done"]
    assert outcome.ticket is target.ticket


def test_a_rule_that_does_not_hold_is_not_applied() -> None:
    target = FakeTarget(FRESH, lambda _impact, _urgency: "")
    play_on(target, rule("no", "false", tag="x"), rule("later", on="replied", tag="x"))
    assert target.applied == []


def test_no_rule_is_evaluated_after_the_ticket_closes() -> None:
    outcome = play(rule("ends it", status="Closed"), rule("never", tag="x"))
    assert fired(outcome) == ["ends it"]
    assert outcome.steps[1].reason == "not looked at: 'ends it' stops"


def test_the_target_chooses_the_assignee_and_the_related_ticket() -> None:
    then: dict[str, Any] = {"assign": "round-robin", "relate": {"to": "same subject"}}
    meant = Rule.model_validate({"name": "It", "then": then})
    target = FakeTarget(FRESH, lambda _i, _u: "", agent="ann@example.com", other=7)
    chosen, related = play_on(target, meant).effects
    assert chosen == SetField("assignee", "ann@example.com", "It")
    assert isinstance(related, RelateTicket)
    assert related.other == 7
    # where there is nobody to choose and no other ticket, nothing is wanted
    assert play(meant).effects == ()


def test_a_rule_that_does_not_hold_stops_nothing() -> None:
    assert fired(play(rule("no", "false", stop=True), rule("yes"))) == ["yes"]


def test_a_change_by_a_rule_fires_no_rule() -> None:
    # Two rules that would undo each other for ever if there were a second pass.
    outcome = play(
        rule("to B", 'ticket.team != "B"', team="B"), rule("to A", 'ticket.team != "A"', team="A")
    )
    assert [effect.value for effect in outcome.effects if isinstance(effect, SetField)] == [
        "B",
        "A",
    ]


def test_a_value_that_is_already_set_is_no_effect() -> None:
    outcome = play(
        rule("same type", request_type="incident"),
        rule("tag", tag="x"),
        rule("tag again", tag="x"),
        rule("ask", ask_approval="manager"),
        rule("ask again", ask_approval="manager"),
    )
    assert outcome.effects == (AddTag("x", "tag"), AskApproval("manager", "ask"))


def test_an_assignee_is_given_by_address() -> None:
    outcome = play(rule("to Ann", assignee="ann@example.com"))
    assert outcome.effects == (SetField("assignee", "ann@example.com", "to Ann"),)


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        # there is no third recipient
        ('mail.to[2] == "x"', "Index error"),
        ("1 / ticket.reopened == 1", "divide by zero"),
        # a pattern made of the ticket's own words, which is none
        ('mail.text.matches("(" + ticket.team)', "invalid regular expression"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_does_not_fire_and_the_others_run(
    when: str, reason: str
) -> None:
    outcome = play(rule("broken", when, tag="x", stop=True), rule("next", tag="y"))
    assert fired(outcome) == ["next"]
    assert outcome.steps[0].reason.startswith("could not be answered")
    assert reason in outcome.steps[0].reason
    assert outcome.effects == (AddTag("y", "next"),)


def test_a_hostile_mail_does_not_slow_down_a_pattern() -> None:
    # Needs 2 ** 50,000 steps in an engine that backtracks; RE2 is linear.
    mail = Facts(text="a" * 50_000 + "!")
    assert fired(play(rule("evil", 'mail.text.matches("^(a+)+$")'), mail=mail)) == []
