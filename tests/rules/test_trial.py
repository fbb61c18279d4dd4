"""The tests in rules.toml: which of them pass, and how a difference is reported."""

from typing import Any

import pytest

from maildesk.config.schema.rules import Rules, RuleTest
from maildesk.rules.compile import compile_rules
from maildesk.rules.facts import FACTS, RuleInput, values
from maildesk.rules.trial import input_of, try_out
from tests.rules.target import FakeTarget

RULES = compile_rules(
    Rules.model_validate(
        {
            "rule": [
                {
                    "name": "VPN",
                    "when": 'mail.subject.contains("VPN") && organisation.name != "Plant"',
                    "then": {"team": "Network", "tag": ["b", "a"], "impact": "high"},
                },
                {"name": "Night", "when": "time.hour < 6", "then": {"hold": "until morning"}},
                {"name": "Ask", "on": "reopened", "then": {"mail": {"template": "need more"}}},
                {"name": "Quiet", "when": "time.hour == 8", "then": {"acknowledge": False}},
                {"name": "Later", "on": "replied", "then": {"note": "look"}},
            ]
        }
    )
)


def differs(expect: dict[str, Any], on: str = "created", **facts: Any) -> list[str]:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    test = RuleTest.model_validate({"name": "t", "on": on, "facts": named, "expect": expect})
    return [str(one) for one in try_out(RULES, test, target)]


def target(rule_input: RuleInput) -> FakeTarget:
    return FakeTarget(rule_input.ticket, lambda impact, _urgency: "P1" if impact == "high" else "")


DAY = {"time__hour": 9}


@pytest.mark.parametrize(
    ("expect", "facts", "difference"),
    [
        # what is named is compared, the rest is not
        ({"team": "Network"}, {"mail__subject": "VPN"}, []),
        ({"fired": ["VPN"]}, {"mail__subject": "VPN"}, []),
        ({"priority": "P1"}, {"mail__subject": "VPN"}, []),
        ({"tag": ["a", "b"]}, {"mail__subject": "VPN"}, []),
        ({"fired": []}, {"mail__subject": "VPN", "organisation__name": "Plant"}, []),
        ({"hold": "until morning"}, {"time__hour": 3}, []),
        ({"acknowledge": False}, {"time__hour": 8}, []),
        # what came otherwise
        ({"acknowledge": False}, {}, ["'t': acknowledge is None, expected False"]),
        ({"team": "L1"}, {"mail__subject": "VPN"}, ["'t': team is 'Network', expected 'L1'"]),
        ({"hold": "x"}, {}, ["'t': hold is None, expected 'x'"]),
        ({"tag": ["a"]}, {}, ["'t': tag is (), expected ('a',)"]),
        ({"fired": ["Later"]}, {}, ["'t': fired is (), expected ('Later',)"]),
        # a fact that is none, and one of another type
        ({}, {"mail__subjct": "x"}, ["'t': facts is 'mail.subjct', expected 'mail.subject'"]),
        ({}, {"mail__subject": 7}, ["'t': mail.subject is 7, expected 'string'"]),
    ],
)
def test_a_test_of_rules(
    expect: dict[str, Any], facts: dict[str, Any], difference: list[str]
) -> None:
    assert differs(expect, **(DAY | facts)) == difference


def test_a_mail_is_compared_by_its_text_or_its_template() -> None:
    assert differs({"mail": {"template": "need more"}}, on="reopened", **DAY) == []
    assert differs({"mail": {"text": "x"}}, on="reopened", **DAY) == [
        "'t': mail is 'need more', expected 'x'"
    ]


def test_a_rule_test_has_a_trigger() -> None:
    assert differs({"note": "look", "fired": ["Later"]}, on="replied", **DAY) == []


SAMPLES = {"string": "x@y.example", "int": 7, "bool": True, "list(string)": ("x",)}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_can_be_given(fact: Any) -> None:
    given = "y.example" if fact.name == "requester.domain" else SAMPLES[fact.type]
    came = values(input_of({fact.name: given}))[fact.name]
    assert (tuple(came) if isinstance(came, list) else came) == given
