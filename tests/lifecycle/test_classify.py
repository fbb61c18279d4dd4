"""What rules make of a ticket: its classification, and when they look."""

from dataclasses import replace
from typing import Any

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Directory
from maildesk.model.cause import Choice, MailArrived
from maildesk.model.event import FieldChanged, Tagged
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    ASSIGN,
    LEE,
    MAX,
    NOW,
    RITA,
    SHIPPED,
    TEAMS,
    TICKETS,
    WILL,
    after,
    events,
    happened,
    mail,
    with_rules,
)

APPROVE, REJECT, ACCEPT = Choice.APPROVE, Choice.REJECT, Choice.ACCEPT


REPLY_RULES = with_rules(
    {
        "name": "Money",
        "on": "replied",
        "when": 'mail.text.contains("EUR")',
        "then": {"ask_approval": "manager"},
    },
    {"name": "Retry", "on": "reopened", "then": {"urgency": "high", "tag": "again"}},
    {"name": "Yes", "on": "approved", "then": {"team": "Network"}},
    {"name": "No", "on": "rejected", "then": {"tag": "no-budget", "ask_approval": "manager"}},
)


@pytest.mark.parametrize(
    ("arrived", "name", "expected"),
    [
        # an approval can be needed later on
        (mail(RITA, "20 EUR"), "Analysis", ["MessageAdded", "-> Pending", "ApprovalAsked"]),
        (mail(RITA, "for free"), "Analysis", ["MessageAdded"]),
        # but not where the workflow allows no holding: the links of the resolution stay good
        (mail(WILL, "20 EUR"), "Waiting for Closure", ["MessageAdded"]),
        # one question at a time
        (mail(WILL, "20 EUR"), "asked", ["MessageAdded"]),
        # an old yes does not count for a new question
        (mail(RITA, "20 EUR"), "approved", ["MessageAdded", "-> Pending", "ApprovalAsked"]),
        # reopened by an answer and by a rejection
        (
            mail(RITA, "No.", round=1),
            *("Waiting for Closure",),
            ["MessageAdded", "-> Analysis", "Reopened", "urgency", "Tagged", "priority"],
        ),
        (
            mail(RITA, "reject no", choice=REJECT, reason="no", round=1),
            "Waiting for Closure",
            [
                *("MessageAdded", "ResolutionDecided", "-> Rejected", "-> Analysis", "Reopened"),
                *("urgency", "Tagged", "priority"),
            ],
        ),
        # after a yes
        (
            mail(MAX, "approve", choice=APPROVE, round=1),
            *("asked", ["MessageAdded", "ApprovalDecided", "-> Assign", "team"]),
        ),
        # before the end that a no brings: a closed ticket never changes, nor asks again
        (
            mail(MAX, "reject no", choice=REJECT, reason="no", round=1),
            "asked",
            ["MessageAdded", "Tagged", "ApprovalDecided", "-> Completed", "Closed"],
        ),
    ],
)
def test_rules_look_at_every_cause(arrived: MailArrived, name: str, expected: list[str]) -> None:
    assert happened(decide(TICKETS[name], arrived, REPLY_RULES, NOW)) == expected


def test_a_second_question_begins_a_round_of_its_own() -> None:
    decision = decide(TICKETS["approved"], mail(RITA, "20 EUR"), REPLY_RULES, NOW)
    approval = after(TICKETS["approved"], decision).approval
    assert approval is not None
    assert (approval.waiting, approval.round, approval.asked_at) == ((MAX.id,), 2, NOW)


def test_the_rules_see_the_requester_and_not_who_wrote() -> None:
    rules = with_rules(
        {
            "name": "Rita's",
            "on": "replied",
            "when": 'requester.address == "rita@example.org"',
            "then": {"tag": "hers"},
        }
    )
    assert "Tagged" in happened(decide(ANALYSIS, mail(WILL), rules, NOW))


# ---- classification


def _made(then: dict[str, Any], **changes: Any) -> Ticket:
    """A new ticket after one rule that does this."""
    rules = with_rules({"name": "It", "then": then})
    return after(None, decide(None, mail(RITA, **changes), rules, NOW))


WHOLE = {
    "service": "Workplace",
    "category": "Hardware",
    "impact": "low",
    "urgency": "medium",
    "team": "First line",
}


@pytest.mark.parametrize("missing", ["service", "category", "impact", "urgency", "team"])
def test_a_ticket_with_a_gap_is_not_assigned(missing: str) -> None:
    then = {name: value for name, value in WHOLE.items() if name != missing}
    assert _made(then).status == "New"


@pytest.mark.parametrize(
    "then",
    [
        WHOLE,
        # an agent is as good as a team
        {**WHOLE, "team": None, "assignee": "lee@example.org"},
        # in any case
        {**WHOLE, "team": None, "assignee": "LEE@Example.org"},
        # a sub-category is not asked for
        {**WHOLE, "sub_category": "Printer"},
    ],
)
def test_a_ticket_that_is_classified_whole_is_assigned(then: dict[str, Any]) -> None:
    made = _made(then)
    assert (made.status, made.state) == ("Assign", "Open")


def test_who_is_no_agent_is_not_assigned_and_the_trace_says_so() -> None:
    rules = with_rules({"name": "It", "then": {"assignee": "rita@example.org"}})
    decision = decide(None, mail(RITA), rules, NOW)
    assert after(None, decision).assignee is None
    assert "rita@example.org is not an agent; nobody was assigned" in [
        s.verdict for s in decision.why
    ]


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        ("high", "high", "P1"),
        ("high", "medium", "P2"),
        ("high", "low", "P3"),
        ("medium", "high", "P2"),
        ("medium", "medium", "P3"),
        ("medium", "low", "P4"),
        ("low", "high", "P3"),
        ("low", "medium", "P4"),
        ("low", "low", "P4"),
        # one alone says nothing
        ("high", None, ""),
        (None, "high", ""),
        (None, None, ""),
    ],
)
def test_the_priority_follows_from_impact_and_urgency(
    impact: str | None, urgency: str | None, priority: str
) -> None:
    assert _made({"impact": impact, "urgency": urgency}).priority == priority


def test_what_is_so_already_is_no_event() -> None:
    same = {"team": "First line", "tag": "again", "impact": "low"}
    rules = with_rules({"name": "It", "on": "replied", "then": same})
    once = after(ASSIGN, decide(ASSIGN, mail(RITA), rules, NOW))
    assert once.tags == ("again",)
    assert happened(decide(once, mail(RITA), rules, NOW)) == ["MessageAdded"]


def test_who_has_the_ticket_already_is_not_assigned_again() -> None:
    rules = with_rules({"name": "It", "on": "replied", "then": {"assignee": ANN.address}})
    assert happened(decide(ANALYSIS, mail(RITA), rules, NOW)) == ["MessageAdded"]


def test_each_change_names_the_rule_and_both_values() -> None:
    rules = with_rules({"name": "Net", "on": "replied", "then": {"team": "Network", "tag": "t"}})
    decision = decide(ASSIGN, mail(RITA), rules, NOW)
    assert FieldChanged(field="team", old="First line", new="Network", rule="Net") in events(
        decision
    )
    assert Tagged("t", "Net") in events(decision)


def test_the_trace_tells_which_rules_fired_and_which_did_not() -> None:
    step = next(s for s in decide(None, mail(RITA), SHIPPED, NOW).why if s.name == "rules")
    assert step.verdict == "1 fired"
    assert step.evidence == ('rule "Printers" fired',)
    assert len(step.rejected) == 4


# ---- who is told of news


@pytest.mark.parametrize(
    ("team", "assignee", "told_of_it"),
    [
        # the assignee alone, whatever the team
        ("Network", ANN.id, (ANN.id,)),
        ("", LEE.id, (LEE.id,)),
        # else the team
        ("First line", None, (ANN.id,)),
        ("Network", None, (LEE.id,)),
        # else every agent: nobody's ticket is everybody's
        ("", None, (ANN.id, LEE.id)),
        ("Long gone", None, (ANN.id, LEE.id)),
        ("Empty", None, (ANN.id, LEE.id)),
    ],
)
def test_who_works_on_a_ticket(
    team: str, assignee: int | None, told_of_it: tuple[int, ...]
) -> None:
    directory = Directory({**TEAMS, "Empty": ()})
    ticket = replace(ANALYSIS, team=team, assignee=assignee)
    assert directory.working_on(ticket) == told_of_it


def test_an_agent_of_two_teams_is_told_once() -> None:
    directory = Directory({"A": (ANN, LEE), "B": (ANN,)})
    assert directory.working_on(replace(ANALYSIS, team="", assignee=None)) == (ANN.id, LEE.id)


@pytest.mark.parametrize("missing", ["service", "category", "impact", "urgency"])
def test_what_is_missing_is_named(missing: str) -> None:
    assert ASSIGN.unclassified == ()
    assert replace(ASSIGN, **{missing: ""}).unclassified == (missing,)
    assert not replace(ASSIGN, **{missing: ""}).is_classified
