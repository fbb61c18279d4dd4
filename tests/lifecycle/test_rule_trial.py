"""The tests beside the rules run on the real workflow and the people of people.toml."""

from typing import Any

import pytest

from maildesk.config.schema.rules import Rules
from maildesk.lifecycle.classification.rule_trial import differences
from maildesk.rules.compile import compile_rules
from tests.world import shipped_policy


def _differs(*rules: dict[str, Any], facts: dict[str, Any], expect: dict[str, Any]) -> list[str]:
    test = {"name": "t", "on": "replied", "facts": facts, "expect": expect}
    named = [{"name": f"rule {n}", "on": "replied", **one} for n, one in enumerate(rules)]
    files = shipped_policy(rules={"rule": named, "test": [test]})
    return [str(one) for one in differences(files, compile_rules(files.rules))]


def test_the_tests_beside_the_shipped_rules_pass() -> None:
    files = shipped_policy()
    assert files.rules.test
    assert differences(files, compile_rules(files.rules)) == []


ANALYSIS = {"ticket.status": "Analysis", "ticket.state": "In Progress", "ticket.team": "First line"}


@pytest.mark.parametrize(
    ("then", "seen", "facts"),
    [
        pytest.param(
            {"escalate": "Network"},
            'ticket.status == "Escalated" && ticket.team == "Network"',
            ANALYSIS,
            id="a move that the workflow opens to rules",
        ),
        pytest.param(
            {"status": "Analysis"},
            'ticket.status == "Waiting for Closure"',
            {"ticket.status": "Waiting for Closure", "ticket.state": "Resolved"},
            id="a move that it does not",
        ),
        pytest.param(
            {"status": "Pending"},
            'ticket.status == "no such status"',
            {"ticket.status": "no such status"},
            id="a status that the workflow does not know",
        ),
        pytest.param(
            {"assignee": "ann@example.org"},
            "ticket.has_assignee",
            ANALYSIS,
            id="an agent of people.toml",
        ),
        pytest.param(
            {"assign": "round-robin"},
            "!ticket.has_assignee",
            ANALYSIS,
            id="whose turn it is nobody knows",
        ),
        pytest.param(
            {"relate": {"as": "child", "to": "same subject"}},
            "ticket.parent != 0",
            ANALYSIS,
            id="some ticket to relate to",
        ),
        pytest.param(
            {"impact": "high", "urgency": "high"},
            'ticket.priority == "P1"',
            ANALYSIS,
            id="the priority of the matrix",
        ),
    ],
)
def test_a_later_rule_sees_what_the_earlier_one_did(
    then: dict[str, Any], seen: str, facts: dict[str, Any]
) -> None:
    second = {"when": seen, "then": {"note": "seen"}}
    assert _differs({"then": then}, second, facts=facts, expect={"note": "seen"}) == []


def test_what_a_rule_wants_is_compared_as_it_is_written() -> None:
    relate = {"as": "child", "to": "tagged", "tag": "outage"}
    then = {"relate": relate, "watch": "max@example.org", "ask_approval": "manager", "hold": "wait"}
    assert _differs({"then": then}, facts=ANALYSIS, expect=then) == []
    assert _differs({"then": {"hold": "wait"}}, facts=ANALYSIS, expect={"hold": "no"}) == [
        "'t': hold is 'wait', expected 'no'"
    ]


def test_the_result_is_the_same_for_any_number_of_tests() -> None:
    # Each test has a ticket of its own: what one does is not seen by the next.
    rule = {"name": "It", "when": '!("x" in ticket.tags)', "then": {"tag": "x"}}
    test = {"name": "t", "expect": {"tag": ["x"]}}
    files = shipped_policy(rules=Rules.model_validate({"rule": [rule], "test": [test, test]}))
    assert differences(files, compile_rules(files.rules)) == []
