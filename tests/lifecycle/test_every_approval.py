"""Every kind of approval, by every way of deciding, through everything that can go wrong.

A reply is read from its words (ingest.decisions), a link is pressed without one where none is
needed, and the page carries a comment. Pages as people see them:
tests/processing/test_approval_pages.py.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from maildesk.ingest.intent.commands import read_commands
from maildesk.ingest.intent.decisions import read_decision
from maildesk.ingest.intent.status_inquiry import only_chases
from maildesk.ingest.intent.thanks import is_thanks
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Policy
from maildesk.messages.trace import english
from maildesk.model.approval import Approval
from maildesk.model.cause import (
    Choice,
    CommandContext,
    DeadlineReached,
    DeliveryFailed,
    LinkUsed,
    MailArrived,
)
from maildesk.model.decision import Answer, Decision
from maildesk.model.event import ApprovalDecided, Event, MessageAdded
from maildesk.model.mail import Kind
from maildesk.model.person import Person, Proof
from maildesk.model.ticket import Ticket, evolve
from tests.lifecycle.cast import (
    BOSS,
    CAST,
    LEE,
    MALLORY,
    MAX,
    NOW,
    RITA,
    WILL,
    events,
    mail,
    told,
)
from tests.lifecycle.test_approvers import bought, desk, strike

YES, NO = Choice.APPROVE, Choice.REJECT
MAX_AND_WILL: dict[str, Any] = {"approvers": ["manager", "will@example.org"]}

# (levels, who is asked first, whose yes is enough, in this order)
KINDS: dict[str, tuple[list[dict[str, Any]], list[Person], list[Person]]] = {
    "manager": ([{}], [MAX], [MAX]),
    "manager's manager": ([{"approvers": "manager's manager"}], [BOSS], [BOSS]),
    "person": ([{"approvers": "will@example.org"}], [WILL], [WILL]),
    "team": ([{"approvers": "Network"}], [LEE], [LEE]),
    "group": ([{"approvers": "Buyers"}], [WILL, BOSS], [WILL, BOSS]),
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
# What is written in a reply: word for word, as people do.
WORDS = {YES: "Hi,\napprove\n\nKind regards", NO: "I reject this: as I see it"}
NAMES = {person.name.lower(): (person,) for person in CAST.values()}


@dataclass
class Desk:
    """One request and everybody who decides about it; `house` has its kind of approval."""

    house: Policy
    ticket: Ticket
    way: str
    now: datetime = NOW
    opened: list[Decision] = field(default_factory=list)

    @classmethod
    def with_(cls, kind: str, way: str, **options: Any) -> "Desk":
        house = desk(*KINDS[kind][0], **options)
        return cls(house, bought(house)[0], way)

    def happens(self, decision: Decision) -> Decision:
        if any(change.ticket is None for change in decision.changes):
            self.opened.append(decision)  # a ticket of its own
            return decision
        for event in events(decision):
            self.ticket = evolve(self.ticket, event, number=1002, at=self.now)
        return decision

    def says(self, who: Person, choice: Choice, round_: int = 0, **fields: Any) -> Decision:
        """By link without a word where none is needed, by page with one, or in a reply."""
        round_ = round_ or self.ticket.round
        if self.way == "reply":
            return self.writes(who, WORDS[choice], round_, **fields)
        comment = "as I see it" if self.way == "page" or choice is NO else ""
        used = LinkUsed(
            person=who,
            requester=RITA,
            choice=choice,
            round=round_,
            comment=comment,
            message="m-link",
        )
        return self.happens(self._decide(used))

    def writes(self, who: Person, text: str, round_: int = 0, **fields: Any) -> Decision:
        return self.happens(self._decide(written(self.ticket, who, text, round_, **fields)))

    def is_away(self, who: Person) -> Decision:
        return self.writes(who, "I am out of office.", kind=Kind.AUTO_REPLY, away=True)

    def bounces(self, who: Person, template: str = "approval") -> Decision:
        cause = DeliveryFailed(requester=RITA, recipient=who, template=template, reason="550")
        return self.happens(self._decide(cause))

    def time_passes(self, until: datetime = FRIDAY) -> Decision:
        self.now = until
        return self.happens(strike(self.ticket, self.house, self.now))

    def _decide(self, cause: Any) -> Decision:
        return decide(self.ticket, cause, self.house, self.now)

    def all_say_yes(self, kind: str, instead: dict[Person, Person] | None = None) -> Decision:
        """Those whose yes is needed, in their order; others in the place of some."""
        for approver in KINDS[kind][2]:
            last = self.says((instead or {}).get(approver, approver), YES)
        return last

    @property
    def question(self) -> Approval:
        assert self.ticket.approval is not None
        return self.ticket.approval

    @property
    def waiting(self) -> set[int]:
        return set(self.question.waiting) if self.ticket.waits_for_approval else set()


def written(ticket: Ticket, who: Person, text: str, round_: int, **fields: Any) -> MailArrived:
    """A mail as intake reads it; who is asked can pass it on."""
    spoken, read = read_decision(text, who.name), read_commands(text)
    question = ticket.approval
    asked = question is not None and who.id in question.waiting
    orders = [(one.name, one.argument) for one in read.commands] if asked else []
    options = {
        "choice": spoken.choice,
        "reason": spoken.reason,
        "unclear": spoken.unclear,
        "withdrawing": spoken.withdrawing,
        "thanks": is_thanks(text),
        "chases": only_chases(text, "buy", who.name),
        "commands": orders,
        "round": round_ or ticket.round,
        "command_context": CommandContext(people=NAMES),
    }
    return mail(who, read.text if orders else text, **(options | fields))


def ids(*people: Person) -> set[int]:
    return {person.id for person in people}


def outgoing_mails(decision: Decision, template: str) -> set[str]:
    """To whom letters of that template go."""
    found = (outgoing_mail.split(":") for outgoing_mail in told(decision))
    return {name for what, name in found if what == template}


def names(*people: Person) -> set[str]:
    return {person.name.lower() for person in people}


def _changes(decision: Decision) -> list[Event]:
    return [event for event in events(decision) if not isinstance(event, MessageAdded)]


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_the_yes_that_is_needed_is_enough_and_no_less(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, needed = KINDS[kind]
    assert one.waiting == ids(*asked)
    for approver in needed:
        assert one.ticket.waits_for_approval
        open_, decision = one.waiting, one.says(approver, YES)
        assert decision.answer is Answer.DONE
        assert outgoing_mails(decision, "decision-receipt") == names(approver)
        assert decision.actor.proof == ("token" if way == "reply" else "link")
    assert (one.ticket.waits_for_approval, one.ticket.status) == (False, "Assign")
    # the requester, and whoever was asked as well and is not needed any more
    others = open_ - ids(needed[-1])
    assert outgoing_mails(decision, "update") == {"rita"} | names(*(CAST[one] for one in others))


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_a_no_needs_a_reason_and_ends_what_it_can_end(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, _ = KINDS[kind]
    for approver in asked:
        if one.ticket.waits_for_approval:
            decision = one.says(approver, NO)
            texts = {x.text for x in decision.outgoing_mails if x.template == "decision-receipt"}
            assert texts == {"as I see it"}
    assert (one.ticket.closure_category, one.ticket.is_closed) == ("Not approved", True)
    assert outgoing_mails(decision, "closure") == {"rita"}


@pytest.mark.parametrize(
    "text", ["reject", "reject it", "Reject, thanks", "reject\n\nRegards\nMax"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_no_without_a_reason_is_asked_for_one(kind: str, text: str) -> None:
    one = Desk.with_(kind, "reply")
    _, asked, _ = KINDS[kind]
    signed = text.replace("Max", asked[0].name)
    decision = one.writes(asked[0], signed)
    assert (decision.answer, _changes(decision)) == (Answer.REASON_MISSING, [])
    assert outgoing_mails(decision, "confirmation") == names(asked[0])


@pytest.mark.parametrize("text", ["Approve?", "approve, but only one", "Looks fine to me.", "OK"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_neither_yes_nor_no_is_asked_back(kind: str, text: str) -> None:
    one = Desk.with_(kind, "reply")
    _, asked, _ = KINDS[kind]
    decision = one.writes(asked[0], text)
    assert (_changes(decision), one.waiting) == ([], ids(*asked))
    assert outgoing_mails(decision, "approval") == names(asked[0])


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
    _, asked, _ = KINDS[kind]
    one.all_say_yes(kind)
    before = one.ticket.approval
    late = one.says(asked[0], NO)
    assert (one.ticket.approval, one.ticket.is_closed) == (before, False)
    assert outgoing_mails(late, "closure") == set()


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_a_word_that_comes_after_the_end_opens_no_ticket(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, _ = KINDS[kind]
    round_ = one.ticket.round
    for approver in asked:
        if one.ticket.waits_for_approval:
            one.says(approver, NO)
    closed = one.ticket
    for approver in asked:
        late = one.says(approver, YES, round_)
        assert (_changes(late), one.opened) == ([], [])
        assert late.answer is Answer.ALREADY_DECIDED
        if way == "reply":
            assert outgoing_mails(late, "confirmation") == names(approver)
            assert "rejected this request on" in english(late.outgoing_mails[0].note)
    assert (one.ticket.approval, one.ticket.closed_at) == (closed.approval, closed.closed_at)


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
    _, asked, _ = KINDS[kind]
    gone = asked[0]
    one = Desk.with_(kind, way, delegates={gone.id: MALLORY.id})
    away = what == "away"
    decision = one.is_away(gone) if away else one.bounces(gone)
    assert one.waiting == (ids(*asked) - ids(gone)) | ids(MALLORY)
    assert "approval:mallory" in told(decision)
    assert ("delivery-failed:ann" in told(decision)) is not away or gone is LEE
    # whose word counts no more: not by any way
    one.says(gone, YES)
    assert one.ticket.waits_for_approval
    one.all_say_yes(kind, {gone: MALLORY})
    assert one.ticket.status == "Assign"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["receipt", "acknowledgement", "list", "unproven"])
def test_an_answer_that_is_no_absence_passes_nothing_on(kind: str, what: str) -> None:
    _, asked, _ = KINDS[kind]
    one = Desk.with_(kind, "reply", delegates={asked[0].id: MALLORY.id})
    away = what in ("list", "unproven")
    proof = Proof.NONE if what == "unproven" else Proof.TOKEN
    machine = Kind.LIST if what == "list" else Kind.AUTO_REPLY
    one.writes(asked[0], "Your mail was received.", kind=machine, away=away, proof=proof)
    assert one.waiting == ids(*asked)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bounce_of_another_mail_passes_nothing_on(kind: str) -> None:
    _, asked, _ = KINDS[kind]
    one = Desk.with_(kind, "link", delegates={asked[0].id: MALLORY.id})
    one.bounces(asked[0], "update")
    assert one.waiting == ids(*asked)


@pytest.mark.parametrize("kind", KINDS)
def test_agents_hear_where_an_approver_is_away_and_nobody_is_left(kind: str) -> None:
    one = Desk.with_(kind, "reply")
    for _ in CAST:  # each who is asked says it in turn, until nobody stands in any more
        decisions = [one.is_away(CAST[person]) for person in sorted(one.waiting)]
    assert one.waiting
    notes = [
        english(x.note)
        for d in decisions
        for x in d.outgoing_mails
        if x.template == "agent-notification"
    ]
    assert notes
    assert all("there is nobody else to ask" in note for note in notes)


@pytest.mark.parametrize("kind", KINDS)
def test_where_everybody_is_away_those_are_asked_who_should_be(kind: str) -> None:
    one = Desk.with_(kind, "reply", away=tuple(CAST.values()))
    assert one.waiting == ids(*KINDS[kind][1])


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_what_expires_goes_up_the_line_and_is_decided_there(kind: str, way: str) -> None:
    one = Desk.with_(kind, way, expire_after_days=4, remind_after_days=4, fallback=MALLORY)
    _, asked, _ = KINDS[kind]
    decision = one.time_passes()
    instead = {CAST[v.instead_of]: CAST[v.person] for v in one.question.votes if v.instead_of}
    assert instead
    assert set(instead) <= set(asked)
    assert outgoing_mails(decision, "approval") == names(*instead.values())
    assert {"ann", "lee"} & outgoing_mails(decision, "agent-notification")
    # who is asked now has the whole time, and is not reminded at once
    assert one.question.remind_due == one.question.expire_due == FRIDAY + timedelta(days=6)
    for old in instead:
        one.says(old, YES)  # too late
    assert one.ticket.waits_for_approval
    for person in sorted(one.waiting):
        if one.ticket.round == 1 and one.ticket.waits_for_approval:
            one.says(CAST[person], YES)
    if kind == "two levels":
        one.says(WILL, YES)
    assert (one.ticket.status, one.waiting) == ("Assign", set())


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_is_above_agents_hear_that_it_expired(kind: str) -> None:
    one = Desk.with_(kind, "link", expire_after_days=4)
    for _ in CAST:
        if one.question.expire_due is not None:
            last = one.time_passes(one.question.expire_due)
    assert one.question.expire_due is None
    notes = [english(x.note) for x in last.outgoing_mails if x.template == "agent-notification"]
    assert any("There is no other approver to ask" in note for note in notes)


@pytest.mark.parametrize(("kind", "way"), EVERY)
@pytest.mark.parametrize("first", ["nobody", "one"])
@pytest.mark.parametrize("on_expiry", ["approve", "reject"])
def test_what_expires_is_decided_by_the_clock(
    kind: str, way: str, first: str, on_expiry: str
) -> None:
    one = Desk.with_(kind, way, expire_after_days=4, on_expiry=on_expiry)
    _, asked, needed = KINDS[kind]
    if first == "one" and len(needed) > 1 and kind != "two levels":
        one.says(needed[0], YES)
    open_ = one.waiting
    decision = one.time_passes()
    (decided,) = [e for e in events(decision) if isinstance(e, ApprovalDecided)]
    assert (decided.person, decided.approved) == (None, on_expiry == "approve")
    assert names(*(CAST[p] for p in open_)) <= outgoing_mails(decision, "update")
    if on_expiry == "reject":
        assert one.ticket.closure_category == "Not approved"
    elif kind == "two levels":
        assert one.waiting == ids(WILL)  # the next level is asked
    else:
        assert one.ticket.status == "Assign"
    # a word that comes afterwards changes nothing
    before = one.question
    one.says(asked[0], NO, before.round)
    assert (one.question, one.opened) == (before, [])


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_the_approver_passes_it_on_by_reply(kind: str, way: str) -> None:
    one = Desk.with_(kind, way, remind_after_days=4, expire_after_days=4)
    _, asked, _ = KINDS[kind]
    old = asked[0]
    refused = one.writes(old, "#delegate Rita")
    assert (outgoing_mails(refused, "confirmation"), _changes(refused)) == (names(old), [])
    assert _changes(one.writes(old, "#delegate Mallory", proof=Proof.NONE)) == []
    assert _changes(one.writes(old, "#delegate Mallory", one.ticket.round + 1)) == []
    one.now = NOW + timedelta(days=2)
    decision = one.writes(old, "#delegate Mallory\n\nI am off.")
    assert one.waiting == (ids(*asked) - ids(old)) | ids(MALLORY)
    assert outgoing_mails(decision, "approval") == {"mallory"}
    assert outgoing_mails(decision, "decision-receipt") == names(old)
    # four business days from Wednesday
    assert one.question.expire_due == FRIDAY + timedelta(days=4)
    one.all_say_yes(kind, {old: MALLORY})
    assert one.ticket.status == "Assign"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_of_an_old_round_passes_nothing_on(kind: str) -> None:
    one = Desk.with_(kind, "reply")
    _, asked, _ = KINDS[kind]
    old = one.ticket.round
    one.writes(RITA, "Make that two.")
    assert one.ticket.round == old + 1
    decision = one.writes(asked[0], "#delegate Mallory", old)
    assert (decision.answer, one.waiting) == (Answer.UNPROVEN, ids(*asked))


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_the_requester_withdraws_and_no_word_counts_any_more(kind: str, way: str) -> None:
    one = Desk.with_(kind, way)
    _, asked, _ = KINDS[kind]
    assert _changes(one.writes(RITA, "withdraw", proof=Proof.NONE)) == []
    decision = one.writes(RITA, "Please withdraw this request.")
    assert (one.ticket.closure_category, one.ticket.is_closed) == ("Withdrawn", True)
    assert names(*asked) <= outgoing_mails(decision, "update")
    late = one.says(asked[0], YES)
    assert (one.ticket.closure_category, one.opened, _changes(late)) == ("Withdrawn", [], [])


@pytest.mark.parametrize(
    ("kind", "way", "again"),
    [(*each, again) for each in EVERY for again in ("when the requester writes", "never")],
)
def test_a_request_that_changes_is_asked_about_anew(kind: str, way: str, again: str) -> None:
    one = Desk.with_(kind, way, ask_again=again)
    _, asked, _ = KINDS[kind]
    old = one.ticket.round
    decision = one.writes(RITA, "Make that two.")
    if again == "never":
        assert (one.ticket.round, one.waiting) == (old, ids(*asked))
        return
    assert (one.ticket.round, one.waiting) == (old + 1, ids(*asked))
    found = [
        outgoing_mail
        for outgoing_mail in decision.outgoing_mails
        if outgoing_mail.template == "approval"
    ]
    assert {(outgoing_mail.to, outgoing_mail.text) for outgoing_mail in found} == {
        (person.id, "Make that two.") for person in asked
    }
    one.says(asked[0], YES, old)  # the link, the page and the reply of the old round are dead
    assert one.waiting == ids(*asked)
    one.all_say_yes(kind)
    assert one.ticket.status == "Assign"


@pytest.mark.parametrize("text", ["Thanks!", "Any news?", "Thank you very much\n\nRita"])
@pytest.mark.parametrize("kind", KINDS)
def test_thanks_and_asking_how_it_stands_change_no_request(kind: str, text: str) -> None:
    one = Desk.with_(kind, "reply")
    question = one.question
    one.writes(RITA, text)
    assert one.question == question


@pytest.mark.parametrize("way", WAYS)
def test_a_change_at_the_second_level_asks_again_from_the_first(way: str) -> None:
    one = Desk.with_("two levels", way)
    one.says(MAX, YES)
    assert (one.question.level, one.waiting) == (1, ids(WILL))
    decision = one.writes(RITA, "Make that two.")
    assert (one.question.level, one.waiting) == (0, ids(MAX))
    assert outgoing_mails(decision, "update") == {"will"}  # whose decision is not needed now
    one.all_say_yes("two levels")
    assert one.ticket.status == "Assign"


def test_a_tick_that_comes_late_or_twice_strikes_once() -> None:
    house = desk({}, expire_after_days=4, on_expiry="reject")
    ticket, _ = bought(house)
    late = decide(ticket, DeadlineReached(requester=RITA), house, FRIDAY + timedelta(days=90))
    assert [type(event).__name__ for event in events(late)][-1] == "Closed"
    closed = ticket
    for event in events(late):
        closed = evolve(closed, event, number=1002, at=FRIDAY)
    assert events(decide(closed, DeadlineReached(requester=RITA), house, FRIDAY)) == []
