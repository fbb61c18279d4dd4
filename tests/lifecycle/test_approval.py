"""Who is asked for an approval, and who may give it."""

from dataclasses import replace
from typing import Any

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.messages.trace import english
from maildesk.model.approval import Approval, Vote
from maildesk.model.cause import Choice, WrongCommand
from maildesk.model.decision import ActorKind
from maildesk.model.event import ApprovalAsked
from maildesk.model.links.token import Purpose
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    ASKED,
    BOSS,
    MAX,
    NOW,
    RITA,
    SHIPPED,
    WAITING,
    after,
    events,
    happened,
    mail,
    policy,
    told,
    unordered,
    with_rules,
)

APPROVE, REJECT, ACCEPT = Choice.APPROVE, Choice.REJECT, Choice.ACCEPT
LAPTOP = "New laptop please"
WRONG = (WrongCommand("#resolv x", "did you mean #resolve?"),)


def _laptop(requester: Person, **options: Any) -> list[str]:
    decision = decide(None, mail(requester, subject=LAPTOP), policy(**options), NOW)
    return [
        outgoing_mail for outgoing_mail in told(decision) if outgoing_mail.startswith("approval")
    ]


def _managed(manager: Person | None) -> Person:
    return replace(RITA, manager=manager.id if manager else None)


@pytest.mark.parametrize(
    ("manager", "fallback", "asked"),
    [
        (MAX, None, ["approval:max"]),
        (MAX, BOSS, ["approval:max"]),  # the manager goes first
        (None, BOSS, ["approval:boss"]),
        (None, None, []),
        # nobody approves the own request
        (RITA, None, []),
        (RITA, BOSS, ["approval:boss"]),
        (None, RITA, []),
        (RITA, RITA, []),
    ],
)
def test_who_is_asked(manager: Person | None, fallback: Person | None, asked: list[str]) -> None:
    assert _laptop(_managed(manager), fallback=fallback) == asked


def test_where_nobody_can_be_asked_the_ticket_does_not_wait() -> None:
    decision = decide(None, mail(_managed(RITA), subject=LAPTOP), SHIPPED, NOW)
    assert not after(None, decision).waits_for_approval
    assert "no reporting manager" in english(decision.outgoing_mails[0].note)


def test_an_agent_who_is_the_manager_approves_like_any_other() -> None:
    asked = _asked_of(ANN)
    decision = decide(asked, mail(ANN, "approve", choice=APPROVE, round=1), SHIPPED, NOW)
    assert happened(decision) == ["MessageAdded", "ApprovalDecided", "-> Assign"]
    assert decision.actor.kind is ActorKind.MANAGER


def test_an_agent_who_is_the_manager_may_command_as_well() -> None:
    asked = _asked_of(ANN)
    decision = decide(asked, mail(ANN, "", commands=[("take", "")]), SHIPPED, NOW)
    assert happened(decision) == ["MessageAdded", "assignee"]
    assert told(decision) == ["transcript:ann"]
    wrong = decide(asked, mail(ANN, "", wrong_commands=WRONG), SHIPPED, NOW)
    assert told(wrong) == ["transcript:ann"]


def test_a_yes_beside_a_command_is_a_yes() -> None:
    answer = mail(ANN, "approve", choice=APPROVE, round=1, commands=[("take", "")])
    decision = decide(_asked_of(ANN), answer, SHIPPED, NOW)
    assert "ApprovalDecided" in happened(decision)


def _asked_of(approver: Person) -> Ticket:
    approval = Approval(votes=(Vote(approver.id),), round=1, asked_at=NOW)
    return replace(ASKED, approval=approval)


@pytest.mark.parametrize(
    ("ticket", "expected", "outgoing_mails"),
    [
        # resolved while the manager was asked: his word is a text like any other
        (replace(WAITING, round=2), ["MessageAdded"], ["agent-notification:ann"]),
        # and also after it was reopened
        (replace(ANALYSIS, round=2), ["MessageAdded"], ["agent-notification:ann"]),
    ],
)
def test_an_answer_to_a_question_that_is_void_decides_nothing(
    ticket: Ticket, expected: list[str], outgoing_mails: list[str]
) -> None:
    ticket = replace(ticket, approval=ASKED.approval)
    decision = decide(ticket, mail(MAX, "approve", choice=APPROVE, round=1), SHIPPED, NOW)
    assert unordered(happened(decision)) == unordered(expected)
    assert unordered(told(decision)) == unordered(outgoing_mails)


def test_a_void_question_is_asked_again_where_a_rule_wants_it() -> None:
    rules = with_rules({"name": "Buy", "on": "reopened", "then": {"ask_approval": "manager"}})
    ticket = replace(WAITING, approval=ASKED.approval, round=2)
    decision = decide(ticket, mail(RITA, "No.", round=2), rules, NOW)
    approval = after(ticket, decision).approval
    assert approval is not None
    assert (approval.waiting, approval.round, approval.asked_at) == ((MAX.id,), 3, NOW)


def test_the_question_carries_the_words_of_the_requester_and_a_link() -> None:
    decision = decide(None, mail(RITA, "I need one.", subject=LAPTOP), SHIPPED, NOW)
    outgoing_mail = decision.outgoing_mails[0]
    assert (outgoing_mail.text, outgoing_mail.author) == ("I need one.", RITA.id)
    assert outgoing_mail.links == (Purpose.APPROVAL,)
    rule = "New hardware or licences need the manager's approval"
    (asked,) = (event for event in events(decision) if isinstance(event, ApprovalAsked))
    assert (asked.approvers, asked.round, asked.rule) == ((MAX.id,), 1, rule)
