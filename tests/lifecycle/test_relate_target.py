"""Which other ticket a rule relates a ticket to; and that no circle comes about."""

from dataclasses import replace
from typing import Any

import pytest

from maildesk.config.schema.rules import Relate
from maildesk.lifecycle.classification.rule_evaluation import rule_input
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Neighbours
from maildesk.lifecycle.relations.relate_target import find
from maildesk.model.cause import Facts
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.event import ParentChanged, Related
from tests.lifecycle.cast import (
    ANALYSIS,
    MAX,
    NOW,
    RITA,
    SHIPPED,
    WILL,
    events,
    happened,
    mail,
    with_rules,
)

AROUND = Neighbours(
    person=RITA.id,
    subject="printer",
    own=((990, "printer"), (995, "chair"), (1001, "printer"), (1005, "printer")),
    tagged={"outage": 980, "late": 1010, "own": 1001},
    below=frozenset({995}),
)
CHILD, SAME, NAMED = {"as": "child"}, {"to": "same subject"}, {"to": "named"}


@pytest.mark.parametrize(
    ("relate", "text", "number", "found"),
    [
        # the oldest of the same subject, never itself and never a newer one
        (SAME, "", 1001, 990),
        (SAME, "", 990, None),
        # a new ticket has no number yet: every other is older
        (SAME, "", 0, 990),
        # what the mail names, of the own ones
        (NAMED, "as in MD-1005 and md-995.", 1001, 995),
        (NAMED, "as in [MD-1005]", 1001, 1005),
        (NAMED, "as in MD-1001", 1001, None),
        (NAMED, "as in MD-980", 1001, None),
        (NAMED, "AMD-990, MD-9900, 990", 1001, None),
        # a tag, whoever's the ticket is
        ({"to": "tagged", "tag": "outage"}, "", 1001, 980),
        ({"to": "tagged", "tag": "own"}, "", 1001, None),
        ({"to": "tagged", "tag": "none"}, "", 1001, None),
        # no child of a newer ticket, nor of one below it
        (CHILD | NAMED, "MD-1005", 1001, None),
        (CHILD | NAMED, "MD-995", 1001, None),
        (CHILD | NAMED, "MD-990", 1001, 990),
        (CHILD | {"to": "tagged", "tag": "late"}, "", 1001, None),
        (CHILD | {"to": "tagged", "tag": "late"}, "", 0, 1010),
    ],
)
def test_the_ticket_that_is_meant(
    relate: dict[str, str], text: str, number: int, found: int | None
) -> None:
    ticket = replace(ANALYSIS, number=number)
    builder = DecisionBuilder(ticket, Actor(ActorKind.REQUESTER, RITA.id), SHIPPED, NOW)
    seen = rule_input(builder, Facts(text=text), RITA)
    assert find(AROUND, seen, Relate.model_validate(relate)) == found


def test_the_tickets_of_one_person_are_no_neighbours_of_anothers() -> None:
    builder = DecisionBuilder(
        replace(ANALYSIS, requester=MAX.id), Actor(ActorKind.REQUESTER, MAX.id), SHIPPED, NOW
    )
    assert find(AROUND, rule_input(builder, Facts(), MAX), Relate.model_validate(SAME)) is None


def rule(*relates: dict[str, Any]) -> Any:
    rules = [
        {"name": f"{place}", "on": "replied", "then": {"relate": one}}
        for place, one in enumerate(relates)
    ]
    return replace(with_rules(*rules), neighbours=AROUND)


def test_a_relation_names_its_rule_and_the_other_ticket_hears_of_it() -> None:
    decision = decide(ANALYSIS, mail(RITA), rule(SAME), NOW)
    assert Related("related", 990, "0") in events(decision)
    (related_change,) = decision.related_changes
    assert related_change.ticket == 990
    counterpart = decide(replace(ANALYSIS, number=990), related_change.cause, SHIPPED, NOW)
    assert events(counterpart) == [Related("related", 1001, "0")]
    assert (counterpart.actor.kind, counterpart.outgoing_mails) == ("rule", ())


def test_what_is_related_already_is_not_again() -> None:
    decision = decide(ANALYSIS, mail(RITA), rule(SAME, SAME), NOW)
    assert happened(decision).count("Related") == len(decision.related_changes) == 1


def test_a_child_has_one_parent_and_the_parent_is_not_touched() -> None:
    outage = CHILD | {"to": "tagged", "tag": "outage"}
    decision = decide(ANALYSIS, mail(WILL), rule(outage, CHILD | SAME), NOW)
    assert [e for e in events(decision) if isinstance(e, ParentChanged)] == [
        ParentChanged(old=None, new=980, rule="0")
    ]
    assert decision.related_changes == ()
