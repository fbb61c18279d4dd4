"""Every kind of approval, by every way of deciding, through everything that can go wrong."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import Around, Choice, ClockStruck, DeliveryFailed, LinkUsed
from maildesk.model.decision import Answer, Decision
from maildesk.model.event import ApprovalPassedOn, Event, MessageAdded
from maildesk.model.mail import Kind
from maildesk.model.person import Person, Proof
from maildesk.model.ticket import Ticket, evolve
from tests.lifecycle.cast import BOSS, LEE, MALLORY, MAX, NOW, RITA, WILL, events, mail, told
from tests.lifecycle.test_approvers import bought, desk, strike

YES, NO, WITHDRAW = Choice.APPROVE, Choice.REJECT, Choice.WITHDRAW
MAX_AND_WILL: dict[str, Any] = {"approvers": ["manager", "will@example.org"]}

# (levels, who is asked first, whose yes is enough, in this order)
KINDS: dict[str, tuple[list[dict[str, Any]], list[Person], list[Person]]] = {
    "manager": ([{}], [MAX], [MAX]),
    "manager's manager": ([{"approvers": "manager's manager"}], [BOSS], [BOSS]),
    "person": ([{"approvers": "will@example.org"}], [WILL], [WILL]),
    "team": ([{"approvers": "Network"}], [LEE], [LEE]),
    "all": ([MAX_AND_WILL], [MAX, WILL], [MAX, WILL]),
    "any": ([MAX_AND_WILL | {"quorum": "any"}], [MAX, WILL], [WILL]),
    "majority": (
        [{"approvers": ["manager", "will@example.org", "Network"], "quorum": "majority"}],
        *([MAX, WILL, LEE], [LEE, MAX]),
    ),
    "first": ([MAX_AND_WILL | {"quorum": "first"}], [MAX, WILL], [MAX]),
    "two levels": ([{}, {"approvers": "will@example.org"}], [MAX], [MAX, WILL]),
}
WAYS = ("link", "reply", "page")
EVERY = list(product(KINDS, WAYS))
FRIDAY = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@dataclass
class Desk:
    """One request and everybody who decides about it; `house` has its kind of approval."""

    house: Policy
    ticket: Ticket
    way: str
    now: datetime = NOW

    @classmethod
    def with_(cls, kind: str, way: str, **options: Any) -> "Desk":
        house = desk(*KINDS[kind][0], **options)
        return cls(house, bought(house)[0], way)

    def happens(self, decision: Decision) -> Decision:
        for event in events(decision) if not _opens_a_child(decision) else ():
            self.ticket = evolve(self.ticket, event, number=1002, at=self.now)
        return decision

    def says(self, who: Person, choice: Choice, round_: int = 0, **fields: Any) -> Decision:
        """By link without a word where none is needed, by page with one, or by reply."""
        round_ = round_ or self.ticket.round
        words = "as I see it" if self.way == "page" or choice is NO else ""
        if self.way == "reply":
            options = {"choice": choice, "reason": words, "round": round_} | fields
            return self.happens(self._decide(mail(who, f"{choice} {words}", **options)))
        used = LinkUsed(
            person=who,
            requester=RITA,
            choice=choice,
            round=round_,
            comment=words,
            message="m-link",
        )
        return self.happens(self._decide(used))

    def writes(self, who: Person, text: str, **fields: Any) -> Decision:
        return self.happens(self._decide(mail(who, text, round=self.ticket.round, **fields)))

    def bounces(self, who: Person) -> Decision:
        cause = DeliveryFailed(recipient=who, template="approval", reason="550")
        return self.happens(self._decide(cause))

    def time_passes(self) -> Decision:
        self.now = FRIDAY
        return self.happens(strike(self.ticket, self.house, self.now))

    def _decide(self, cause: Any) -> Decision:
        return decide(self.ticket, cause, self.house, self.now)

    @property
    def waiting(self) -> set[int]:
        question = self.ticket.approval
        assert question is not None
        return set(question.waiting) if self.ticket.waits_for_approval else set()


def ids(*people: Person) -> set[int]:
    return {person.id for person in people}


def _opens_a_child(decision: Decision) -> bool:
    """What is said after the end."""
    return any(change.ticket is None for change in decision.changes)


def _changes(decision: Decision) -> list[Event]:
    return [event for event in events(decision) if not isinstance(event, MessageAdded)]


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_the_yes_that_is_needed_is_enough_and_no_less(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, needed = KINDS[kind]
    assert one.waiting == ids(*asked)
    for approver in needed:
        assert one.ticket.waits_for_approval
        decision = one.says(approver, YES)
        assert decision.answer is Answer.DONE
        assert f"decision-receipt:{approver.name.lower()}" in told(decision)
        assert decision.actor.proof == ("token" if way == "reply" else "link")
    assert (one.ticket.waits_for_approval, one.ticket.status) == (False, "Assign")
    assert "update:rita" in told(decision)


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_a_no_needs_a_reason_and_ends_what_it_can_end(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, _ = KINDS[kind]
    for approver in asked:
        if one.ticket.waits_for_approval:
            decision = one.says(approver, NO)
            texts = {x.text for x in decision.letters if x.template == "decision-receipt"}
            assert texts == {"as I see it"}
    assert (one.ticket.closure_category, one.ticket.is_closed) == ("Not approved", True)
    assert "closure:rita" in told(decision)


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_a_second_word_of_the_same_person_changes_nothing(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, _, needed = KINDS[kind]
    round_ = one.ticket.round
    one.says(needed[0], YES)
    before = one.ticket.approval
    again = one.says(needed[0], NO, round_)
    assert (one.ticket.approval, one.ticket.is_closed) == (before, False)
    # an agent's further words are an answer to the requester; others hear that it is decided
    late = one.ticket.round == round_ and needed[0] is not LEE
    assert (again.answer is Answer.ALREADY_DECIDED) is late or way != "reply"


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_a_word_that_comes_after_the_decision_changes_nothing(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, needed = KINDS[kind]
    for approver in needed:
        one.says(approver, YES)
    late = one.says(asked[0], NO)
    assert not one.ticket.is_closed
    assert not any(letter.startswith("closure") for letter in told(late))


@pytest.mark.parametrize(
    ("kind", "way", "who"), [(*each, who) for each in EVERY for who in (MALLORY, RITA)]
)
def test_the_wrong_person_decides_nothing(kind: str, way: str, who: Person) -> None:
    one = Desk.with_(kind, way)
    asked = one.waiting
    one.says(who, YES, held=who is MALLORY) if way == "reply" else one.says(who, YES)
    assert one.waiting == asked


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_without_proof_or_of_another_round_nothing_is_decided(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, _ = KINDS[kind]
    waiting = one.waiting
    if way == "reply":
        one.says(asked[0], YES, proof=Proof.NONE)
    one.says(asked[0], YES, one.ticket.round + 1)
    assert one.waiting == waiting


@pytest.mark.parametrize(
    ("kind", "way", "what"), [(*each, what) for each in EVERY for what in ("away", "bounced")]
)
def test_who_cannot_be_reached_is_stood_in_for_by_the_delegate(
    kind: str, way: str, what: str
) -> None:
    _, asked, needed = KINDS[kind]
    gone = asked[0]
    one = Desk.with_(kind, way, delegates={gone.id: MALLORY.id})
    away = what == "away"
    decision = one.writes(gone, "I am away.", kind=Kind.AUTO_REPLY) if away else one.bounces(gone)
    assert one.waiting == (ids(*asked) - ids(gone)) | ids(MALLORY)
    assert "approval:mallory" in told(decision)
    assert ("delivery-failed:ann" in told(decision)) is not away or gone is LEE
    # whose word counts no more: not by any way
    one.says(gone, YES)
    assert one.ticket.waits_for_approval
    for approver in needed:
        one.says(MALLORY if approver is gone else approver, YES)
    assert one.ticket.status == "Assign"


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_what_expires_goes_up_the_line_and_is_decided_there(kind: str, way: str) -> None:
    one = Desk.with_(kind, way, expire_after_days=4, fallback=MALLORY)
    asked = set(one.waiting)
    one.time_passes()
    passed = {e.to for e in [*_passed(one)]}
    assert passed
    assert passed.isdisjoint(asked)
    assert one.ticket.waits_for_approval


def _passed(one: Desk) -> list[ApprovalPassedOn]:
    question = one.ticket.approval
    assert question is not None
    return [
        ApprovalPassedOn(round=1, approver=vote.instead_of, to=vote.person, why="expired")
        for vote in question.votes
        if vote.instead_of is not None
    ]


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_the_approver_passes_it_on_by_reply(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, needed = KINDS[kind]
    old = asked[0]
    around = Around(people={"mallory": (MALLORY,), "rita": (RITA,)})
    order = [("delegate", "Rita")]
    refused = one.writes(old, "", commands=order, around=around)
    assert ("confirmation:" + old.name.lower() in told(refused), _changes(refused)) == (True, [])
    order = [("delegate", "Mallory")]
    unproven = one.writes(old, "", commands=order, around=around, proof=Proof.NONE)
    assert _changes(unproven) == []
    decision = one.writes(old, "I am off.", commands=order, around=around)
    assert one.waiting == (ids(*asked) - ids(old)) | ids(MALLORY)
    assert {"approval:mallory", f"decision-receipt:{old.name.lower()}"} <= set(told(decision))
    for approver in needed:
        one.says(MALLORY if approver is old else approver, YES)
    assert one.ticket.status == "Assign"


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_the_requester_withdraws_and_no_word_counts_any_more(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, _ = KINDS[kind]
    forged = one.writes(RITA, "withdraw", choice=WITHDRAW, proof=Proof.NONE)
    assert _changes(forged) == []
    decision = one.writes(RITA, "withdraw", choice=WITHDRAW)
    assert (one.ticket.closure_category, one.ticket.is_closed) == ("Withdrawn", True)
    assert {f"update:{person.name.lower()}" for person in asked} <= set(told(decision))
    one.says(asked[0], YES)
    assert one.ticket.closure_category == "Withdrawn"


@pytest.mark.parametrize(
    ("kind", "way", "again"),
    [(*each, again) for each in EVERY for again in ("when the requester writes", "never")],
)
def test_a_request_that_changes_is_asked_about_anew(kind: str, way: str, again: str) -> None:
    one = Desk.with_(kind, way, ask_again=again)
    _, asked, needed = KINDS[kind]
    old = one.ticket.round
    decision = one.writes(RITA, "Make that two.")
    if again == "never":
        assert (one.ticket.round, one.waiting) == (old, ids(*asked))
        return
    assert (one.ticket.round, one.waiting) == (old + 1, ids(*asked))
    letters = [letter for letter in decision.letters if letter.template == "approval"]
    assert {(letter.to, letter.text) for letter in letters} == {
        (person.id, "Make that two.") for person in asked
    }
    one.says(asked[0], YES, old)  # the link, the page and the reply of the old round are dead
    assert one.waiting == ids(*asked)
    for approver in needed:
        one.says(approver, YES)
    assert one.ticket.status == "Assign"


def test_a_tick_that_comes_late_or_twice_strikes_once() -> None:
    house = desk({}, expire_after_days=4, on_expiry="reject")
    ticket, _ = bought(house)
    late = decide(ticket, ClockStruck(RITA), house, FRIDAY + timedelta(days=90))
    assert [type(event).__name__ for event in events(late)][-1] == "Closed"
    closed = ticket
    for event in events(late):
        closed = evolve(closed, event, number=1002, at=FRIDAY)
    assert events(decide(closed, ClockStruck(RITA), house, FRIDAY)) == []
