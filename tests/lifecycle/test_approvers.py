"""Levels, quorum and who is next in line: everything that does not depend on how one answers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from maildesk.config.schema.people import Absence
from maildesk.lifecycle.approvals.approvers import next_in_line, outcome
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Policy
from maildesk.messages.trace import english
from maildesk.model.approval import Approval, Said, Vote
from maildesk.model.cause import Choice, DeadlineReached, LinkUsed
from maildesk.model.decision import Answer, Decision
from maildesk.model.event import ApprovalPassedOn, Quorum, SubstitutionReason
from maildesk.model.mail import Kind
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    ASKED,
    BOSS,
    CAST,
    LEE,
    MALLORY,
    MAX,
    NOW,
    RITA,
    WILL,
    after,
    events,
    happened,
    mail,
    policy,
    told,
    transcript_text,
    unordered,
)
from tests.world import shipped_policy

AUTO = Kind.AUTO_REPLY
YES, NO = Choice.APPROVE, Choice.REJECT
MANAGED = CAST | {MAX.id: replace(MAX, manager=BOSS.id)}


def desk(
    *levels: dict[str, Any],
    fallback: Person | None = None,
    delegates: dict[int, int] | None = None,
    away: tuple[Person, ...] = (),
    request_type: dict[str, Any] | None = None,
    **kind: Any,
) -> Policy:
    """A desk where every "buy" needs this approval; Max's manager is Boss."""
    asks = {"name": "Buy", "when": 'mail.subject == "buy"', "then": {"ask_approval": "money"}}
    approvals = {"approval": [{"name": "money", "level": levels or ({},)} | kind]}
    changes: dict[str, Any] = {"approvals": approvals, "rules": {"rule": [asks]}}
    if request_type is not None:
        catalog = shipped_policy().catalog.model_dump()
        catalog["request_type"] = [{"name": "incident"} | request_type]
        changes["catalog"] = catalog
    one = policy(shipped_policy(**changes), fallback=fallback)
    absence = Absence.model_validate({"from": date(2026, 11, 1), "until": date(2026, 11, 30)})
    directory = replace(
        one.directory,
        staff=MANAGED,
        delegates=delegates or {},
        absences={person.id: (absence,) for person in away},
        groups={"Buyers": (WILL.id, BOSS.id)},
    )
    return replace(one, directory=directory)


def bought(house: Policy, requester: Person = RITA) -> tuple[Ticket, Decision]:
    decision = decide(None, mail(requester, subject="buy", requester=requester), house, NOW)
    return after(None, decision), decision


def press(
    ticket: Ticket, who: Person, choice: Choice, house: Policy, comment: str = ""
) -> Decision:
    used = LinkUsed(
        person=who,
        requester=CAST[ticket.requester],
        choice=choice,
        round=ticket.round,
        comment=comment,
        message="m-link",
    )
    return decide(ticket, used, house, NOW)


def asked_of(decision: Decision) -> list[str]:
    return [
        outgoing_mail for outgoing_mail in told(decision) if outgoing_mail.startswith("approval")
    ]


# ---- who is asked


@pytest.mark.parametrize(
    ("approvers", "requester", "options", "asked"),
    [
        (["manager"], RITA, {}, ["max"]),
        (["manager's manager"], RITA, {}, ["boss"]),
        (["will@example.org"], RITA, {}, ["will"]),
        (["First line"], RITA, {}, ["ann"]),
        (["First line", "Network", "manager"], RITA, {}, ["ann", "lee", "max"]),
        (["manager", "max@example.org"], RITA, {}, ["max"]),  # one person, one vote
        # nobody approves the own request, in a team neither
        (["First line", "Network"], ANN, {}, ["lee"]),
        (["ann@example.org"], ANN, {"fallback": BOSS}, ["boss"]),
        # no manager known: the fallback, or nobody
        (["manager"], WILL, {"fallback": BOSS}, ["boss"]),
        (["manager's manager"], WILL, {"fallback": BOSS}, ["boss"]),
        (["manager"], WILL, {}, []),
        (["manager"], BOSS, {"fallback": BOSS}, []),
        # away by people.toml: the delegate, or theirs; else who is next in line
        (["manager"], RITA, {"away": (MAX,), "delegates": {MAX.id: WILL.id}}, ["will"]),
        (["manager"], RITA, {"away": (MAX,)}, ["boss"]),
        (["manager"], RITA, {"away": (MAX, WILL), "delegates": {MAX.id: WILL.id}}, ["boss"]),
        (
            ["manager"],
            RITA,
            {"away": (MAX, WILL), "delegates": {MAX.id: WILL.id, WILL.id: MALLORY.id}},
            ["mallory"],
        ),
        (["manager"], RITA, {"away": (MAX, BOSS), "fallback": LEE}, ["lee"]),
        # a delegate of who is next in line
        (["manager"], RITA, {"away": (MAX, BOSS), "delegates": {BOSS.id: WILL.id}}, ["will"]),
        # nobody is left: the question waits for the approver
        (["manager"], RITA, {"away": (MAX, BOSS)}, ["max"]),
        # in a circle of delegates nobody is found
        (
            ["manager"],
            RITA,
            {"away": (MAX, WILL, BOSS), "delegates": {MAX.id: WILL.id, WILL.id: MAX.id}},
            ["max"],
        ),
        # never the requester
        (["manager"], RITA, {"away": (MAX,), "delegates": {MAX.id: RITA.id}}, ["boss"]),
        # a group is all of its members, who are no agents by that
        (["Buyers"], RITA, {}, ["boss", "will"]),
        (["Buyers"], WILL, {}, ["boss"]),
    ],
)
def test_who_is_asked(
    approvers: list[str], requester: Person, options: dict[str, Any], asked: list[str]
) -> None:
    ticket, decision = bought(desk({"approvers": approvers}, **options), requester)
    assert sorted(asked_of(decision)) == [f"approval:{name}" for name in asked]
    assert ticket.waits_for_approval == bool(asked)


# ---- what several words come to


@pytest.mark.parametrize(
    ("quorum", "said", "comes_to"),
    [
        ("all", "yy", True),
        ("all", "y.", None),
        ("all", ".n", False),
        ("any", ".y", True),
        ("any", "n.", None),
        ("any", "nn", False),
        ("majority", "y..", None),
        ("majority", "yy.", True),
        ("majority", "yn.", None),
        ("majority", "nn.", False),
        ("majority", "yn", False),  # half is no majority
        ("majority", "n.", False),  # nor can it become one
        ("first", "..", None),
        ("first", "y.", True),
        ("first", "n.", False),
        # whoever passed it on does not count
        ("all", "py", True),
        ("majority", "pyn", False),
    ],
)
def test_what_the_words_come_to(quorum: Quorum, said: str, comes_to: bool | None) -> None:
    words: dict[str, Said] = {"y": "approved", "n": "rejected", ".": "open", "p": "passed-on"}
    votes = tuple(Vote(person, words[word]) for person, word in enumerate(said, start=1))
    approval = Approval(votes=votes, round=1, asked_at=NOW, quorum=quorum)
    assert outcome(approval) is comes_to


def test_one_of_two_says_yes_and_the_other_one_is_waited_for() -> None:
    house = desk({"approvers": ["manager", "will@example.org"]})
    ticket, _ = bought(house)
    first = press(ticket, MAX, YES, house)
    assert (happened(first), told(first)) == (["ApprovalVoted"], ["decision-receipt:max"])
    waiting = after(ticket, first)
    assert (waiting.waits_for_approval, waiting.status) == (True, "Pending")
    assert press(waiting, MAX, NO, house, "no").answer is Answer.ALREADY_DECIDED
    second = press(waiting, WILL, YES, house)
    assert happened(second) == ["ApprovalDecided", "-> Assign"]
    assert "update:rita" in told(second)
    assert press(after(waiting, second), MAX, NO, house, "no").answer is Answer.ALREADY_DECIDED


def test_the_first_no_of_all_ends_it_and_the_others_hear_that_it_was_decided() -> None:
    house = desk({"approvers": ["manager", "will@example.org"]})
    ticket, _ = bought(house)
    closed = after(ticket, press(ticket, WILL, NO, house, "too dear"))
    assert (closed.closure_category, closed.is_closed) == ("Not approved", True)
    assert press(closed, MAX, YES, house).answer is Answer.ALREADY_DECIDED


def test_levels_are_asked_one_after_the_other() -> None:
    house = desk({"approvers": ["manager"]}, {"approvers": ["will@example.org"]})
    ticket, first = bought(house)
    assert asked_of(first) == ["approval:max"]
    second = press(ticket, MAX, YES, house)
    assert happened(second) == ["ApprovalDecided", "ApprovalAsked"]
    assert asked_of(second) == ["approval:will"]
    ticket = after(ticket, second)
    assert (ticket.round, ticket.status) == (2, "Pending")
    assert press(ticket, MAX, NO, house, "no").answer is Answer.NOT_YOURS
    third = press(ticket, WILL, YES, house)
    assert happened(third) == ["ApprovalDecided", "-> Assign"]
    assert not after(ticket, third).waits_for_approval


def test_a_level_that_nobody_can_give_is_told_and_never_passes() -> None:
    house = desk({"approvers": ["manager"]}, {"approvers": ["manager's manager"]})
    house = replace(house, directory=replace(house.directory, staff=CAST))
    ticket, _ = bought(house)
    decision = press(ticket, MAX, YES, house)
    assert after(ticket, decision).status == "Pending"
    assert any(
        "Nobody can be asked for level 2 of 2" in english(outgoing_mail.note)
        for outgoing_mail in decision.outgoing_mails
    )


# ---- the two switches of a request type


@pytest.mark.parametrize(
    ("switches", "subject", "asks"),
    [
        ({}, "buy", True),
        ({}, "Printer", False),
        ({"automatic_approval": True, "approval": "money"}, "Printer", True),
        ({"managers_approval": False}, "buy", False),
    ],
)
def test_the_switches_of_a_request_type(switches: dict[str, Any], subject: str, asks: bool) -> None:
    house = desk(request_type=switches)
    ticket = after(None, decide(None, mail(RITA, subject=subject), house, NOW))
    assert ticket.waits_for_approval is asks


@pytest.mark.parametrize(
    ("order", "switches", "answer"),
    [
        ("money", {}, ""),
        ("", {}, ""),  # the reporting manager's, which is always there
        ("gold", {}, 'There is no approval "gold". Known: money, manager.'),
        ("", {"managers_approval": False}, 'Tickets of the type "incident" need no approval'),
    ],
)
def test_an_agent_asks(order: str, switches: dict[str, Any], answer: str) -> None:
    house = desk(request_type=switches)
    decision = decide(ANALYSIS, mail(ANN, "", commands=[("approval", order)]), house, NOW)
    assert asked_of(decision) == ([] if answer else ["approval:max"])
    assert answer in transcript_text(decision)


def test_one_question_at_a_time() -> None:
    decision = decide(bought(desk())[0], mail(ANN, "", commands=[("approval", "")]), desk(), NOW)
    assert (asked_of(decision), happened(decision)) == ([], ["MessageAdded"])


# ---- deadlines

FRIDAY = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


def strike(ticket: Ticket, house: Policy, now: datetime) -> Decision:
    return decide(ticket, DeadlineReached(requester=CAST[ticket.requester]), house, now)


def test_reminders_come_again_and_again_by_business_days() -> None:
    house = desk(remind_after_days=4)
    ticket, _ = bought(house)
    assert ticket.next_due == FRIDAY  # four business days after Monday
    early = strike(ticket, house, FRIDAY - timedelta(minutes=1))
    assert early.changes == ()
    decision = strike(ticket, house, FRIDAY)
    assert asked_of(decision) == ["approval:max"]
    assert after(ticket, decision, FRIDAY).next_due == FRIDAY + timedelta(days=6)  # over a weekend


@pytest.mark.parametrize(
    ("on_expiry", "options", "expected", "outgoing_mails"),
    [
        (
            *("reject", {}, ["ApprovalDecided", "-> Completed", "Closed"]),
            ["closure:rita", "update:max"],
        ),
        ("approve", {}, ["ApprovalDecided", "-> Assign"], ["update:rita", "update:max"]),
        ("escalate", {}, ["ApprovalPassedOn", "ApprovalExpired"], ["approval:boss"]),
        # nobody above, nor a fallback: the agents are told, and it expires no more
        ("escalate", {"alone": True}, ["ApprovalExpired"], []),
    ],
)
def test_what_happens_where_nobody_decides(
    on_expiry: str, options: dict[str, Any], expected: list[str], outgoing_mails: list[str]
) -> None:
    house = desk(expire_after_days=4, remind_after_days=4, on_expiry=on_expiry)
    if options:
        house = replace(house, directory=replace(house.directory, staff=CAST))
    ticket, _ = bought(house)
    decision = strike(ticket, house, FRIDAY)
    assert unordered(happened(decision)) == unordered(expected)
    assert [
        one for one in told(decision) if one.split(":")[1] not in ("ann", "lee")
    ] == outgoing_mails
    again = after(ticket, decision, FRIDAY)
    assert again.approval is not None
    assert again.approval.expire_due != ticket.next_due


# ---- next in line


@pytest.mark.parametrize(
    ("why", "options", "next_"),
    [
        ("away", {"delegates": {MAX.id: WILL.id}}, WILL),
        ("away", {}, BOSS),  # the approver's manager
        ("away", {"away": (BOSS,), "fallback": LEE}, LEE),
        ("away", {"away": (BOSS,)}, None),
        ("bounced", {"delegates": {MAX.id: WILL.id}}, WILL),
        ("bounced", {"delegates": {MAX.id: RITA.id}}, BOSS),  # never the requester
        ("bounced", {"delegates": {MAX.id: MAX.id}}, BOSS),  # nor in a circle
        ("expired", {"delegates": {MAX.id: WILL.id}}, BOSS),
        ("absent", {}, BOSS),
        ("absent", {"away": (BOSS,)}, None),
    ],
)
def test_who_is_next_in_line(
    why: SubstitutionReason, options: dict[str, Any], next_: Person | None
) -> None:
    found = next_in_line(desk(**options).directory, ASKED, MAX.id, why, NOW)
    assert found == (next_.id if next_ else None)


def test_two_who_stand_in_for_each_other_go_in_no_circle() -> None:
    house = desk(delegates={MAX.id: WILL.id, WILL.id: MAX.id})
    ticket, _ = bought(house)
    for who, expected in ((MAX, [WILL.id]), (WILL, []), (WILL, []), (MALLORY, [])):
        answer = mail(who, "I am away.", kind=AUTO, away=True, round=1)
        decision = decide(ticket, answer, house, NOW)
        passed = [e.to for e in events(decision) if isinstance(e, ApprovalPassedOn)]
        assert passed == expected, who
        ticket = after(ticket, decision)
    assert ticket.approval is not None
    assert ticket.approval.waiting == (WILL.id,)
