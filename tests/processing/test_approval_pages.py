"""The page of an approval as its holder meets it: by every way a question can end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from maildesk.messages.translator import translator
from maildesk.model.cause import Choice
from maildesk.model.decision import Answer
from maildesk.model.links.page import Page
from maildesk.web.links.words import outcome
from tests.approving import asks, desk, kind, newest, people, ticks, waiting
from tests.world import OutgoingMail, World, one

YES, NO = Choice.APPROVE, Choice.REJECT
BOTH = {"approvers": ["manager", "will@example.org"]}
Happens = Callable[[World, OutgoingMail], Any]


def writes(who: str, text: str, **options: Any) -> Happens:
    return lambda world, request: world.writes(who, text, answering=request, **options)


def is_away(world: World, request: OutgoingMail) -> None:
    headers = {"Auto-Submitted": "auto-replied"}
    world.writes("max", "I am out of office.", answering=request, headers=headers)


def bounces(world: World, request: OutgoingMail) -> None:
    text = f"""From: mailer-daemon@example.org
To: {request.message["Return-Path"] or "desk@example.org"}
Subject: Undelivered
Message-ID: <b1@example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; max@example.org
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: {request.message["Message-ID"]}

--b--
"""
    world.arrives(text.replace("\n", "\r\n").encode(), envelope_from="")


def expires(world: World, _request: OutgoingMail) -> None:
    ticks(world, days=4)


def changes(world: World, _request: OutgoingMail) -> None:
    ack = newest(world, "rita", "acknowledgement")
    world.writes("rita", "Make that ten.", answering=ack)


def withdraws(world: World, _request: OutgoingMail) -> None:
    ack = newest(world, "rita", "acknowledgement")
    world.writes("rita", "withdraw", answering=ack)


def is_spam(world: World, _request: OutgoingMail) -> None:
    world.writes("ann", "#spam", subject="[MD-1001] x", trusted=True)


@dataclass(frozen=True)
class Case:
    """What happens after Max was asked, what his link answers then, and what the page says."""

    happens: Happens
    answer: Answer
    headline: str
    approvals: Any = None


OF_THREE = {"expire_after_days": 3}
CASES = {
    "double": Case(writes("max", "approve"), Answer.ALREADY_DECIDED, "You approved this request"),
    "rejected before": Case(
        *(writes("max", "reject too dear"), Answer.ALREADY_DECIDED, "You rejected this request")
    ),
    "late, after another's word": Case(
        lambda world, _: world.writes("will", "approve", answering=newest(world, "will")),
        *(Answer.ALREADY_DECIDED, "Will Wood approved this request"),
        kind(BOTH | {"quorum": "any"}),
    ),
    "out of office": Case(is_away, Answer.NOT_YOURS, "There is nothing to decide now"),
    "bounced": Case(bounces, Answer.NOT_YOURS, "There is nothing to decide now"),
    "delegated": Case(
        *(writes("max", "#delegate Will"), Answer.NOT_YOURS, "There is nothing to decide now")
    ),
    "withdrawn": Case(withdraws, Answer.ALREADY_DECIDED, "Rita Rossi withdrew this request"),
    "changed request": Case(changes, Answer.OLD_ROUND, "There is nothing to decide now"),
    "spam": Case(is_spam, Answer.ALREADY_DECIDED, "Ann Archer closed this ticket"),
    "expired, escalated": Case(
        *(expires, Answer.NOT_YOURS, "There is nothing to decide now"), kind(**OF_THREE)
    ),
    "expired, approved": Case(
        *(expires, Answer.ALREADY_DECIDED, "This request is approved"),
        kind(**OF_THREE, on_expiry="approve"),
    ),
    "expired, rejected": Case(
        *(expires, Answer.ALREADY_DECIDED, "This request is not approved"),
        kind(**OF_THREE, on_expiry="reject"),
    ),
}


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def builds(**changes: Any) -> World:
        made.append(desk(tmp_path, **changes))
        return made[-1]

    yield builds
    for world in made:
        world.close()


def acts(
    world: World, outgoing_mail: OutgoingMail, choice: Choice, comment: str
) -> tuple[Answer, Page]:
    found = world.acts(outgoing_mail.token, choice, comment)
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_page_says_when_its_question_is_over(
    build: Callable[..., World], case: Case
) -> None:
    world = build(**({"approvals": case.approvals} if case.approvals else {}))
    asks(world)
    request = newest(world, "max")
    case.happens(world, request)
    before = world.ticket(1001)
    page = world.door.view(request.token)
    assert isinstance(page, Page)
    assert (page.choices, translator("en", None).text(outcome(page).headline)) == (
        (),
        case.headline,
    )
    for choice, comment in ((YES, "as I see it"), (NO, "too dear")):
        answer, shown = acts(world, request, choice, comment)
        assert (answer, shown.choices) == (case.answer, ())
    assert world.ticket(1001) == before
    assert world.replayed(1001) == before


@pytest.mark.parametrize(
    ("case", "who"),
    [
        ("out of office", "boss"),
        ("bounced", "boss"),
        ("delegated", "will"),
        ("expired, escalated", "boss"),
        ("changed request", "max"),
    ],
)
def test_who_is_asked_instead_decides_on_a_page(
    build: Callable[..., World], case: str, who: str
) -> None:
    approvals = CASES[case].approvals
    world = build(**({"approvals": approvals} if approvals else {}))
    asks(world)
    CASES[case].happens(world, newest(world, "max"))
    assert waiting(world) == [who]
    answer, page = acts(world, newest(world, who), YES, "as I see it")
    assert (answer, page.decided and page.decided.by_viewer) == (Answer.DONE, True)
    assert world.ticket(1001).status == "Assign"
    assert "as I see it" in one(world.new_letters(), who, "decision-receipt").text


def test_a_no_on_a_page_needs_its_reason(build: Callable[..., World]) -> None:
    world = build(people=people())
    asks(world)
    request = newest(world, "max")
    answer, page = acts(world, request, NO, "  ")
    assert (answer, page.choices) == (Answer.REASON_MISSING, (YES, NO))
    answer, page = acts(world, request, NO, "Too dear.")
    assert (answer, page.choices) == (Answer.DONE, ())
    assert world.ticket(1001).closure_category == "Not approved"


def test_nobody_but_who_was_asked_finds_anything_to_decide(build: Callable[..., World]) -> None:
    world = build()
    outgoing_mails = asks(world)
    page = world.door.view(one(outgoing_mails, "rita", "acknowledgement").token)
    assert isinstance(page, Page)
    assert page.choices == ()
