"""Statuses of an admin's own, and moves of rules: what belongs to their state happens too."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from maildesk.config.schema.people import Absence
from maildesk.config.schema.rules import Rules
from maildesk.config.schema.workflow import Workflow
from maildesk.lifecycle.classification.rule_evaluation import (
    apply_rules,
    evaluate_rules,
    rule_input,
)
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import AgentActed, Command, DeadlineReached, Facts
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import compile_rules
from maildesk.rules.engine import Outcome
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    LEE,
    NOW,
    RITA,
    SHIPPED,
    TICKETS,
    WAITING,
    after,
    happened,
    mail,
    told,
)

MORE = (
    {"from": ["New", "Analysis", "Pending"], "to": "Cancelled", "by": ["agent", "rule"]},
    {"from": ["Analysis", "Pending"], "to": "Replaced", "by": ["agent", "rule"]},
    {"from": "Replaced", "to": "Analysis", "by": ["agent"]},
    {"from": "Replaced", "to": "Completed", "by": ["clock"]},
)


def _flow() -> Workflow:
    """The shipped workflow with a second end and a second way to be resolved."""
    data = SHIPPED.workflow.model_dump(by_alias=True)
    own = ({"name": "Cancelled", "state": "Closed"}, {"name": "Replaced", "state": "Resolved"})
    data["status"], data["move"] = (*data["status"], *own), (*data["move"], *MORE)
    return Workflow.model_validate(data)


AWAY = Absence.model_validate({"from": date(2026, 11, 20), "until": date(2026, 11, 30)})
OWN = replace(SHIPPED, workflow=_flow())


def with_rule(then: dict[str, Any], *more: dict[str, Any]) -> Policy:
    first = {"name": "It", "on": "replied", "then": then}
    rules = Rules.model_validate({"rule": [first, *more]})
    return replace(OWN, rules=compile_rules(rules))


def ordered(status: str) -> AgentActed:
    return AgentActed(agent=ANN, message="m", requester=RITA, commands=(Command("status", status),))


def test_a_second_status_of_the_state_closed_is_an_end_as_the_first_is() -> None:
    decision = decide(ANALYSIS, ordered("Cancelled"), OWN, NOW)
    assert happened(decision) == ["MessageAdded", "-> Cancelled", "Closed"]
    assert "closure:rita" in told(decision)
    closed = after(ANALYSIS, decision)
    assert (closed.status, closed.closed_at, closed.next_due) == ("Cancelled", NOW, None)
    assert closed.closure_category == "Cancelled"
    assert closed.closure_note == OWN.workflow.closing.agent_note


def test_a_rule_ends_a_ticket_whole_and_no_rule_looks_at_it_any_more() -> None:
    never = {"name": "Never", "on": "replied", "then": {"tag": "late"}}
    then = {"status": "Cancelled", "tag": "over", "note": "n", "mail": {"text": "Good bye."}}
    decision = decide(ANALYSIS, mail(RITA), with_rule(then, never), NOW)
    assert happened(decision)[-2:] == ["-> Cancelled", "Closed"]
    assert told(decision)[-2:] == ["reply:rita", "closure:rita"]
    closed = after(ANALYSIS, decision)
    assert (closed.closure_category, closed.tags) == ("Cancelled", ("over",))
    assert any('"Never": not looked at' in no for step in decision.why for no in step.rejected)


def test_a_rule_closes_what_waits_for_an_answer_as_the_clock_does() -> None:
    due = NOW - timedelta(hours=1)
    waited = {"on": "waited", "waited": "1 hours", "in_status": WAITING.status}
    rule = {"name": "It", **waited, "then": {"status": "Completed"}}
    policy = replace(OWN, rules=compile_rules(Rules.model_validate({"rule": [rule]})))
    ticket = replace(WAITING, status_since=due, rules_due=NOW)
    decision = decide(ticket, DeadlineReached(requester=RITA), policy, NOW)
    closed = after(ticket, decision)
    closing = OWN.workflow.closing
    assert told(decision) == ["closure:rita"]
    assert closed.closure_category == closing.automatic_category
    assert (closed.closure_note, closed.next_due) == (closing.automatic_note, None)


@pytest.mark.parametrize("status", ["Resolved by Event", "Resolved by Origin ticket", "Replaced"])
def test_what_a_rule_resolves_closes_by_itself(status: str) -> None:
    decision = decide(ANALYSIS, mail(RITA), with_rule({"status": status}), NOW)
    resolved = after(ANALYSIS, decision)
    assert resolved.status == status
    assert resolved.close_due is not None
    assert told(decision)[-1] == "update:rita"
    due = resolved.close_due
    assert after(
        resolved, decide(resolved, DeadlineReached(requester=RITA), OWN, due), due
    ).is_closed


def test_work_that_goes_on_takes_the_closing_away() -> None:
    resolved = after(ANALYSIS, decide(ANALYSIS, ordered("Replaced"), OWN, NOW))
    decision = decide(resolved, ordered("Analysis"), OWN, NOW)
    assert happened(decision) == ["MessageAdded", "-> Analysis", "Reopened"]
    assert after(resolved, decision).close_due is None


@pytest.mark.parametrize(
    ("then", "status", "team"),
    [({"status": "Cancelled"}, "Cancelled", ""), ({"escalate": "Network"}, "Escalated", "Network")],
)
def test_what_a_rule_ends_or_hands_on_is_not_taken_back_to_where_its_parent_was(
    then: dict[str, Any], status: str, team: str
) -> None:
    rules = Rules.model_validate({"rule": [{"name": "It", "on": "created", "then": then}]})
    policy = replace(OWN, rules=compile_rules(rules))
    parent = TICKETS["Completed"]
    child = after(None, decide(parent, mail(RITA), policy, NOW))
    assert (child.status, child.team) == (status, team or parent.team)


# ---- what the next rule sees is what there will be

THEN: tuple[dict[str, Any], ...] = (
    {"assignee": "lee@example.org"},
    {"assignee": "nobody@example.org"},
    {"team": "Network", "assign": "round-robin"},
    {"hold": "wait"},
    {"escalate": "Network"},
    {"escalate": "First line"},
    {"status": "Pending"},
    {"status": "Completed"},
    {"status": "Cancelled"},
    {"status": "Replaced", "tag": "new"},
    {"status": "Analysis"},
    {"impact": "high"},
    {"impact": "high", "urgency": "low", "priority": "P1"},
    {"priority": "P2", "request_type": "service request"},
)


def _named(then: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in then.items())


def _is(ticket: Ticket) -> str:
    """A question that holds for this ticket alone."""
    words = ("status", "state", "team", "category", "priority", "request_type", "impact", "urgency")
    parts = [f"ticket.{name} == {json.dumps(getattr(ticket, name))}" for name in words]
    parts.append(f"ticket.has_assignee == {json.dumps(ticket.assignee is not None)}")
    parts.append(f"ticket.tags == {json.dumps(ticket.tags)}")
    parts.append(f"ticket.reopened == {ticket.reopened}")
    return " && ".join(parts)


def _ruled(policy: Policy, ticket: Ticket) -> tuple[Ticket, Outcome]:
    builder = DecisionBuilder(ticket, Actor(ActorKind.REQUESTER, RITA.id), policy, NOW)
    outcome = apply_rules(builder, "replied", Facts(), RITA)
    return builder.ticket, outcome


@pytest.mark.parametrize("then", THEN, ids=_named)
@pytest.mark.parametrize("name", ["Analysis", "New", "asked", "Pending", "Waiting for Closure"])
def test_a_rule_sees_the_ticket_as_those_before_it_have_left_it(
    then: dict[str, Any], name: str
) -> None:
    left, _ = _ruled(with_rule(then, {"name": "End", "on": "replied"}), TICKETS[name])
    second = {"name": "Second", "on": "replied", "when": _is(left), "then": {"note": "seen"}}
    _, outcome = _ruled(with_rule(then, second), TICKETS[name])
    assert outcome.steps[1].fired is not left.is_closed
    assert outcome.steps[1].looked_at is not left.is_closed


@pytest.mark.parametrize(
    ("then", "absent", "seen"),
    [
        pytest.param(
            {"escalate": "Network", "assign": "round-robin"},
            [LEE],
            'ticket.team == "Network" && !ticket.has_assignee',
            id="nobody is chosen who is away, and the agent of the old team has it no longer",
        ),
        pytest.param(
            {"escalate": "Network", "assign": "round-robin"},
            [],
            'ticket.team == "Network" && ticket.has_assignee',
            id="who is chosen from the new team keeps it",
        ),
        pytest.param(
            {"assignee": "max@example.org"},
            [],
            "ticket.has_assignee",
            id="who is no agent takes it from nobody",
        ),
        pytest.param(
            {"status": "Rejected"},
            [],
            'ticket.status == "Analysis"',
            id="what the workflow forbids has not happened",
        ),
        pytest.param(
            {"ask_approval": "manager"},
            [],
            'ticket.status == "Analysis"',
            id="an approval is asked for when the pass is over",
        ),
    ],
)
def test_what_could_not_be_done_is_not_seen(
    then: dict[str, Any], absent: list[Person], seen: str
) -> None:
    second = {"name": "Second", "on": "replied", "when": seen, "then": {"note": "seen"}}
    rules = with_rule(then, second)
    absences = {agent.id: (AWAY,) for agent in absent}
    policy = replace(rules, directory=replace(rules.directory, absences=absences))
    _, outcome = _ruled(policy, ANALYSIS)
    assert outcome.fired == ("It", "Second")


def test_no_approval_is_asked_for_a_ticket_that_a_rule_closes() -> None:
    # Nobody could be asked, which agents are told of as long as the ticket is open.
    alone = replace(RITA, manager=None)
    policy = with_rule({"status": "Cancelled", "ask_approval": "manager"})
    decision = decide(ANALYSIS, mail(alone, requester=alone), policy, NOW)
    assert after(ANALYSIS, decision).is_closed
    assert not any(step.name == "approval" for step in decision.why)
    assert sorted(told(decision)) == ["agent-notification:ann", "closure:rita"]


def test_a_trial_does_what_the_pass_does_and_leaves_nothing_behind() -> None:
    policy = with_rule({"escalate": "Network", "tag": "late", "note": "n"})
    builder = DecisionBuilder(ANALYSIS, Actor(ActorKind.REQUESTER, RITA.id), policy, NOW)
    tried = evaluate_rules(policy, "replied", rule_input(builder, Facts(), RITA), NOW)
    assert (builder.ticket, builder.events, builder.outgoing_mails, builder.steps) == (
        ANALYSIS,
        [],
        [],
        [],
    )
    assert apply_rules(builder, "replied", Facts(), RITA) == tried
