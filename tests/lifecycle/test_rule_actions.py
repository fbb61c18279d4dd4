"""What rules do beyond fields; when they look; and that they cannot go in a circle."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from maildesk.config.schema.people import Absence
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.hand_over import Kind, Reason, hand_over
from maildesk.lifecycle.policy import Policy, Workload
from maildesk.messages.trace import english
from maildesk.model.cause import (
    AgentActed,
    Command,
    DeadlineReached,
    Facts,
    HeldJudged,
    LatestMessage,
    ParentStateChanged,
    RelatedTicketChange,
    SplitOff,
)
from maildesk.model.decision import Actor, ActorKind, Answer
from maildesk.model.event import Escalated, FieldChanged, RuleActed, RulesDue, StatusMoved, Tagged
from maildesk.model.mail import Disposition
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    ASKED,
    ASSIGN,
    HELD_UP,
    LEE,
    MAX,
    NEW,
    NOW,
    RITA,
    SHIPPED,
    WAITING,
    after,
    events,
    happened,
    mail,
    told,
    unordered,
    with_rules,
)


def on_reply(then: dict[str, Any]) -> Policy:
    """One rule that does this when somebody replies; Max can be named by it."""
    rules = with_rules({"name": "It", "on": "replied", "then": then})
    directory = replace(rules.directory, known={"max@example.org": MAX.id})
    return replace(rules, directory=directory)


@pytest.mark.parametrize(
    ("then", "ticket", "expected", "outgoing_mails"),
    [
        # a status that rules may set, and the history names the rule
        ({"status": "Pending"}, ANALYSIS, ["MessageAdded", "-> Pending"], []),
        # one that the workflow does not open to rules changes nothing
        ({"status": "Completed"}, ANALYSIS, ["MessageAdded"], []),
        # a hold is told to agents
        ({"hold": "part ordered"}, ANALYSIS, ["MessageAdded", "-> Pending", "Paused"], []),
        # escalated: another team, and its former agent has it no longer
        (
            {"escalate": "Network"},
            ANALYSIS,
            ["MessageAdded", "-> Escalated", "team", "assignee", "Escalated"],
            ["agent-notification:lee", "update:rita"],
        ),
        # whose it is already is not handed on
        ({"escalate": "First line"}, ANALYSIS, ["MessageAdded"], []),
        # somebody of people.toml takes part from now on, once
        ({"watch": "MAX@example.org"}, ANALYSIS, ["MessageAdded", "PersonJoined", "RuleActed"], []),
        (
            {"watch": "max@example.org"},
            replace(ANALYSIS, participants=(MAX.id,)),
            ["MessageAdded"],
            [],
        ),
        ({"watch": "nobody@example.org"}, ANALYSIS, ["MessageAdded"], []),
        # a note for agents
        ({"note": "look at the log"}, ANALYSIS, ["MessageAdded", "RuleActed"], []),
        # mails
        (
            {"mail": {"text": "We are on it."}},
            ANALYSIS,
            ["MessageAdded", "RuleActed"],
            ["reply:rita"],
        ),
        (
            {"mail": {"template": "need more"}},
            ANALYSIS,
            ["MessageAdded", "RuleActed"],
            ["reply:rita"],
        ),
        (
            {"mail": {"to": "agents", "text": "Hurry."}},
            ANALYSIS,
            ["MessageAdded", "RuleActed"],
            ["agent-notification:ann"],
        ),
    ],
)
def test_what_a_rule_does(
    then: dict[str, Any], ticket: Ticket, expected: list[str], outgoing_mails: list[str]
) -> None:
    decision = decide(ticket, mail(RITA), on_reply(then), NOW)
    assert unordered(happened(decision)) == unordered(expected)
    assert unordered(told(decision)[1:]) == unordered(outgoing_mails)  # before it: Rita answered


def test_a_rule_sends_a_ready_text_by_its_name() -> None:
    policy = on_reply({"mail": {"template": "need more"}})
    decision = decide(ANALYSIS, mail(RITA), policy, NOW)
    ready = {one.name: one.text.strip() for one in policy.answers.template}
    assert decision.outgoing_mails[-1].text == ready["need more"]


def test_a_note_of_a_rule_is_kept_for_agents() -> None:
    assert decide(ANALYSIS, mail(RITA), on_reply({"note": "look"}), NOW).notes == (
        Message.verbatim("look"),
    )
    assert decide(ANALYSIS, mail(RITA), on_reply({"hold": "wait"}), NOW).notes == (
        Message.verbatim("wait"),
    )


def test_every_change_by_a_rule_names_it() -> None:
    then = {"escalate": "Network", "tag": "late", "note": "n"}
    decision = decide(ANALYSIS, mail(RITA), on_reply(then), NOW)
    by_rules = [event for event in events(decision) if hasattr(event, "rule")]
    assert {event.rule for event in by_rules} == {"It"}
    assert {type(event) for event in by_rules} == {
        StatusMoved,
        FieldChanged,
        Tagged,
        Escalated,
        RuleActed,
    }


def test_what_a_rule_escalated_can_be_handed_back() -> None:
    decision = decide(ANALYSIS, mail(RITA), on_reply({"escalate": "Network"}), NOW)
    escalated = after(ANALYSIS, decision)
    assert (escalated.team, escalated.back_to) == ("Network", "First line")
    order = Command("escalate", "back it is the printer")
    cause = AgentActed(agent=LEE, message="m", requester=RITA, commands=(order,))
    back = after(escalated, decide(escalated, cause, SHIPPED, NOW))
    assert (back.team, back.back_to) == ("First line", "")


def test_a_rule_puts_nothing_on_hold_while_somebody_is_asked_to_approve() -> None:
    decision = decide(ASKED, mail(RITA), on_reply({"hold": "wait"}), NOW)
    assert "Paused" not in happened(decision)
    assert decision.notes == ()


def test_the_requester_wakes_what_a_rule_put_on_hold() -> None:
    held = after(ANALYSIS, decide(ANALYSIS, mail(RITA), on_reply({"hold": "wait"}), NOW))
    assert held.hold == ""
    woken = after(held, decide(held, mail(RITA), SHIPPED, NOW))
    assert (woken.status, woken.hold) == ("Assign", None)


# ---- an agent of the team


@pytest.mark.parametrize(
    ("how", "workload", "chosen"),
    [
        # the fewest open tickets
        ("least-load", Workload(open={ANN.id: 2, LEE.id: 1}), LEE),
        ("least-load", Workload(open={ANN.id: 2}), LEE),
        ("least-load", Workload(newest={ANN.id: 9}), ANN),
        # whose newest ticket is the oldest
        ("round-robin", Workload(newest={ANN.id: 9, LEE.id: 8}), LEE),
        ("round-robin", Workload(newest={ANN.id: 8, LEE.id: 9}), ANN),
        ("round-robin", Workload(newest={ANN.id: 9}), LEE),
        # in doubt the first of the team
        ("round-robin", Workload(), ANN),
    ],
)
def test_an_agent_is_chosen(how: str, workload: Workload, chosen: Any) -> None:
    rules = with_rules({"name": "It", "then": {"team": "Both", "assign": how}})
    directory = replace(rules.directory, teams={"Both": (ANN, LEE)}, workload=workload)
    decision = decide(None, mail(RITA), replace(rules, directory=directory), NOW)
    assert after(None, decision).assignee == chosen.id


def test_nobody_is_chosen_from_a_team_without_agents() -> None:
    rules = with_rules({"name": "It", "then": {"team": "First line", "assign": "round-robin"}})
    directory = replace(rules.directory, teams={"First line": ()})
    decision = decide(None, mail(RITA), replace(rules, directory=directory), NOW)
    assert after(None, decision).assignee is None


AWAY = Absence.model_validate({"from": date(2026, 11, 20), "until": date(2026, 11, 30)})


@pytest.mark.parametrize("how", ["round-robin", "least-load"])
@pytest.mark.parametrize(("away", "chosen"), [([ANN], LEE.id), ([ANN, LEE], None)])
def test_nobody_who_is_away_is_chosen(how: str, away: list[Any], chosen: int | None) -> None:
    rules = with_rules({"name": "It", "then": {"team": "Both", "assign": how}})
    absences = {agent.id: (AWAY,) for agent in away}
    directory = replace(rules.directory, teams={"Both": (ANN, LEE)}, absences=absences)
    decision = decide(None, mail(RITA), replace(rules, directory=directory), NOW)
    assert after(None, decision).assignee == chosen


def test_a_priority_that_follows_from_a_rule_names_the_rule() -> None:
    decision = decide(ANALYSIS, mail(RITA), on_reply({"impact": "high"}), NOW)
    changed = {e.field: e for e in events(decision) if isinstance(e, FieldChanged)}
    assert (changed["priority"].new, changed["priority"].rule) == ("P2", "It")


def test_a_rule_sets_another_priority_than_the_matrix_says() -> None:
    decision = decide(ANALYSIS, mail(RITA), on_reply({"impact": "high", "priority": "P1"}), NOW)
    assert happened(decision) == ["MessageAdded", "impact", "priority"]
    assert after(ANALYSIS, decision).priority == "P1"


def test_the_trace_says_which_rules_fired_and_then_what_they_could_not_do() -> None:
    decision = decide(ANALYSIS, mail(RITA), on_reply({"status": "Completed"}), NOW)
    fired, not_done = (step for step in decision.why if step.name == "rules")
    assert fired.evidence == ('rule "It" fired',)
    assert not_done.verdict.startswith("status not done")


# ---- a ticket goes to another team

BOTH = {"First line": (ANN,), "Network": (ANN, LEE)}


@pytest.mark.parametrize(
    ("kind", "team", "assignee"),
    [
        # who works in the new team as well keeps the ticket
        pytest.param("assigned", "Network", ANN.id, id="#team, an agent of both teams"),
        pytest.param("escalated", "Network", ANN.id, id="#escalate, an agent of both teams"),
        pytest.param("handed-back", "Network", ANN.id, id="given back, an agent of both teams"),
        # but nobody keeps what took too long
        pytest.param("overdue", "Network", None, id="a missed SLA target, an agent of both teams"),
        # who does not has it no longer
        pytest.param("assigned", "Third", None, id="#team, an agent of the old team alone"),
        pytest.param("escalated", "Third", None, id="#escalate, an agent of the old team alone"),
        pytest.param("overdue", "Third", None, id="a missed SLA target, of the old team alone"),
    ],
)
def test_who_has_a_ticket_that_goes_to_another_team(
    kind: Kind, team: str, assignee: int | None
) -> None:
    directory = replace(SHIPPED.directory, teams=BOTH | {"Third": (LEE,)})
    policy = replace(SHIPPED, directory=directory)
    builder = DecisionBuilder(ANALYSIS, Actor(ActorKind.CLOCK), policy, NOW)
    hand_over(builder, team, Reason(kind=kind, note=Message.verbatim("yours now")))
    assert (builder.ticket.team, builder.ticket.assignee) == (team, assignee)
    assert builder.ticket.back_to == ("First line" if kind == "escalated" else "")
    mails = [one.to for one in builder.outgoing_mails if english(one.note) == "yours now"]
    expected = [assignee] if assignee else [one.id for one in directory.teams[team]]
    assert mails == expected


# ---- a mail that makes no ticket


@pytest.mark.parametrize(
    ("key", "disposition"),
    [("drop", Disposition.REFUSED), ("quarantine", Disposition.QUARANTINED)],
)
def test_a_mail_that_a_rule_turns_away_makes_no_ticket(key: str, disposition: Disposition) -> None:
    rules = with_rules(
        {"name": "Advertising", "then": {key: "we buy nothing", "tag": "ad"}},
        {"name": "Never", "then": {"mail": {"text": "Hello"}}},
    )
    decision = decide(None, mail(RITA), rules, NOW)
    assert (decision.answer, decision.disposition) == (Answer.RECORDED, disposition)
    assert (decision.changes, decision.outgoing_mails) == ((), ())
    assert decision.why[-1].verdict == "we buy nothing"
    assert "Advertising" in decision.why[-1].evidence[0]


# ---- on a changed status


CHANGED = {"on": "status-changed", "when": 'ticket.status == "Waiting for Closure"'}


def resolved() -> AgentActed:
    command = Command("resolve", "Done.")
    return AgentActed(agent=ANN, message="m", requester=RITA, commands=(command,))


def test_a_changed_status_is_a_cause() -> None:
    rules = with_rules({"name": "Done", "then": {"tag": "done"}, **CHANGED})
    decision = decide(ANALYSIS, resolved(), rules, NOW)
    assert Tagged("done", "Done") in events(decision)
    assert "Tagged" not in happened(decide(ANALYSIS, mail(RITA), rules, NOW))


def test_what_a_rule_changes_fires_no_rule_again() -> None:
    # Would go on for ever: each rule undoes what the other did, and every status change fires both.
    ping = {"name": "Ping", "on": ["replied", "status-changed"], "then": {"status": "Pending"}}
    pong = {
        "name": "Pong",
        "on": "status-changed",
        "when": 'ticket.status == "Pending"',
        "then": {"status": "Escalated"},
    }
    decision = decide(ANALYSIS, mail(RITA), with_rules(ping, pong), NOW)
    assert happened(decision) == ["MessageAdded", "-> Pending"]


def test_one_cause_has_one_pass_even_where_it_changes_the_status_too() -> None:
    # A reply to a resolution reopens the ticket: `reopened` is its pass.
    rules = with_rules(
        {"name": "Once", "on": ["reopened", "status-changed"], "then": {"note": "seen"}},
    )
    decision = decide(WAITING, mail(RITA, "No.", round=1), rules, NOW)
    assert decision.notes == (Message.verbatim("seen"),)


AGAIN = {"name": "Retry", "on": "reopened", "then": {"tag": "again"}}


@pytest.mark.parametrize("order", [("reopen", "why"), ("status", "Analysis")])
def test_an_agent_who_reopens_is_a_cause_as_the_requester_is(order: tuple[str, str]) -> None:
    moved = {"name": "Moved", "on": "status-changed", "then": {"tag": "moved"}}
    cause = AgentActed(agent=ANN, message="m", requester=RITA, commands=(Command(*order),))
    decision = decide(WAITING, cause, with_rules(AGAIN, moved), NOW)
    assert after(WAITING, decision).tags == ("again",)  # one cause, one pass


def test_one_mail_says_that_work_goes_on_and_that_a_rule_asks_for_an_approval() -> None:
    asks = {"name": "Asks", "on": "reopened", "then": {"ask_approval": "manager"}}
    cause = AgentActed(agent=ANN, message="m", requester=RITA, commands=(Command("reopen", "why"),))
    decision = decide(WAITING, cause, with_rules(asks), NOW)
    assert told(decision) == ["update:rita", "approval:max"]
    assert "no longer work" in english(decision.outgoing_mails[0].note)
    assert "needs an approval" in english(decision.outgoing_mails[0].note)


def test_a_child_that_is_resolved_with_its_parent_is_a_changed_status() -> None:
    tagging = with_rules({**CHANGED, "name": "Over", "when": "true", "then": {"tag": "over"}})
    cause = ParentStateChanged(
        origin=1000, resolved=True, text="Done.", agent=ANN, proof="token", requester=RITA
    )
    assert after(ANALYSIS, decide(ANALYSIS, cause, tagging, NOW)).tags == ("over",)


# ---- rules that wait


def waits(waited: str, **then: Any) -> dict[str, Any]:
    return {
        "name": f"after {waited}",
        "on": "waited",
        "waited": waited,
        "in_status": ["Analysis", "Pending"],
        "then": then,
    }


LONG = with_rules(waits("2 days", tag="two"), waits("5 days", hold="nobody answers"))
SINCE = replace(ANALYSIS, status_since=NOW)


def test_a_ticket_that_comes_to_the_status_waits_from_then_on() -> None:
    answer = AgentActed(agent=ANN, message="m", requester=RITA, text="Which room?")
    decision = decide(ASSIGN, answer, LONG, NOW)
    assert events(decision)[-1] == RulesDue(NOW + timedelta(days=2))
    assert after(ASSIGN, decision).next_due == NOW + timedelta(days=2)


def test_each_rule_that_waits_fires_once_and_the_next_is_waited_for() -> None:
    ticket = replace(SINCE, rules_due=NOW + timedelta(days=2))
    first = decide(ticket, DeadlineReached(requester=RITA), LONG, NOW + timedelta(days=2))
    assert happened(first) == ["Tagged", "RulesDue"]
    ticket = after(ticket, first, NOW + timedelta(days=2))
    assert ticket.rules_due == NOW + timedelta(days=5)
    second = decide(ticket, DeadlineReached(requester=RITA), LONG, NOW + timedelta(days=6))
    assert happened(second)[0] == "-> Pending"
    assert "Tagged" not in happened(second)


def test_a_late_clock_fires_all_that_have_come_due() -> None:
    ticket = replace(SINCE, rules_due=NOW + timedelta(days=2))
    late = decide(ticket, DeadlineReached(requester=RITA), LONG, NOW + timedelta(days=9))
    assert happened(late)[:2] == ["Tagged", "-> Pending"]


def test_before_its_time_nothing_happens() -> None:
    ticket = replace(SINCE, rules_due=NOW + timedelta(days=2))
    assert (
        events(decide(ticket, DeadlineReached(requester=RITA), LONG, NOW + timedelta(days=1))) == []
    )


def test_a_rule_that_was_taken_out_of_the_file_only_ends_the_waiting() -> None:
    ticket = replace(SINCE, rules_due=NOW)
    assert events(decide(ticket, DeadlineReached(requester=RITA), with_rules(), NOW)) == [
        RulesDue(None)
    ]


def test_business_days_pass_over_the_weekend() -> None:
    # NOW is a Monday; Friday and one business day is Monday
    friday = NOW + timedelta(days=4)
    answer = AgentActed(agent=ANN, message="m", requester=RITA, text="Which room?")
    decision = decide(NEW, answer, with_rules(waits("1 business day", tag="x")), friday)
    assert RulesDue(friday + timedelta(days=3)) in events(decision)


def test_a_status_nobody_waits_in_has_no_deadline() -> None:
    ticket = replace(HELD_UP, rules_due=NOW + timedelta(days=2))
    assert after(ticket, decide(ticket, mail(RITA), LONG, NOW)).next_due is None


def test_a_ticket_that_was_split_off_waits_from_then_on() -> None:
    in_new = waits("2 hours", tag="late") | {"in_status": "New"}
    latest = LatestMessage(message="m-last", author=RITA, text="And a chair?", kind="reply")
    order = SplitOff(latest, Facts(), "incident", "First line")
    cause = RelatedTicketChange(agent=ANN, proof="token", origin=1001, order=order, requester=RITA)
    decision = decide(None, cause, with_rules(in_new), NOW)
    assert after(None, decision).rules_due == NOW + timedelta(hours=2)


def test_a_held_mail_that_was_split_off_waits_from_then_on() -> None:
    in_new = waits("2 hours", tag="late") | {"in_status": "New"}
    judged = HeldJudged(
        agent=ANN, requester=MAX, held="h", release="split", message="m", text="", facts=Facts(),
        proof="token",
    )  # fmt: skip
    decision = decide(ANALYSIS, judged, with_rules(in_new), NOW)
    settled, opened = decision.changes
    assert not any(isinstance(event, RulesDue) for event in settled.events)
    assert RulesDue(NOW + timedelta(hours=2)) in opened.events
