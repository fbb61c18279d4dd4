"""A request whose approver is on holiday, and who decides instead."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maildesk.model.cause import Choice
from maildesk.model.decision import Answer
from maildesk.model.links.page import Page
from tests import world as worlds
from tests.world import OutgoingMail, World, one, shipped_policy, to


def _people(**max_: Any) -> dict[str, Any]:
    """Rita, her manager Max, and Will; whatever else is said of Max."""
    whole = shipped_policy().people.model_dump(by_alias=True)
    for person in whole["person"]:
        if person["address"] == "max@example.org":
            person.update(max_)
    will = {"name": "Will Wood", "address": "will@example.org"}
    return whole | {"person": [*whole["person"], will]}


@pytest.fixture
def away(tmp_path: Path) -> Iterator[World]:
    """Will decides while Max is away."""
    policy = shipped_policy(people=_people(delegate="will@example.org"))
    found = worlds.build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    yield found
    found.close()


def _asked(world: World) -> OutgoingMail:
    return one(world.writes("rita", "I need one.", subject="New laptop please"), "max", "approval")


def test_an_automatic_answer_lets_the_delegate_decide(away: World) -> None:
    request = _asked(away)
    headers = {"Auto-Submitted": "auto-replied"}
    outgoing_mails = away.writes("max", "I am out of office.", answering=request, headers=headers)
    assert [(outgoing_mail.to, outgoing_mail.template) for outgoing_mail in outgoing_mails] == [
        ("will@example.org", "approval")
    ]
    assert (
        "I need one." in outgoing_mails[0].text
    )  # the request, though it was not written just now
    assert away.disposition() == "auto-reply"
    assert (
        "note",
        "Max Moreno is away according to an automatic reply, so Will Wood is asked instead.",
    ) in (away.messages(1001))
    page = away.door.view(request.token)
    assert isinstance(page, Page)
    assert page.choices == ()
    acted = away.acts(outgoing_mails[0].token, Choice.APPROVE, "")
    assert isinstance(acted, tuple)
    assert acted[0] is Answer.DONE
    assert away.ticket(1001).status == "Assign"
    assert away.replayed(1001) == away.ticket(1001)


def test_an_automatic_answer_that_nothing_proves_asks_nobody(away: World) -> None:
    request = _asked(away)
    headers = {
        "Auto-Submitted": "auto-replied",
        "In-Reply-To": str(request.message["Message-ID"]),
    }
    assert away.writes("max", "I am out of office.", headers=headers) == []
    assert away.ticket(1001).approval.approvers == (away.people()["max@example.org"],)  # type: ignore[union-attr]


def test_the_manager_passes_it_on_with_one_line(world: World) -> None:
    request = _asked(world)
    outgoing_mails = world.writes("max", "#delegate Lee\n\nI am travelling.", answering=request)
    assert sorted((x.to, x.template) for x in outgoing_mails) == [
        ("lee@example.org", "approval"),
        ("max@example.org", "decision-receipt"),
    ]
    assert (
        "Max Moreno delegated this request to Lee Linden"
        in one(outgoing_mails, "lee", "approval").text
    )
    late = world.writes("max", "approve", answering=request)
    assert "somebody else is asked in your place" in one(late, "max", "confirmation").text
    decided = world.writes("lee", "approve", answering=one(outgoing_mails, "lee", "approval"))
    assert "Lee Linden approved your request" in one(decided, "rita", "update").text
    assert world.ticket(1001).status == "Assign"
    assert world.replayed(1001) == world.ticket(1001)


def test_nobody_passes_it_on_to_the_requester_or_to_a_stranger(world: World) -> None:
    request = _asked(world)
    for whom in ("Rita", "mallory@example.org", "Nobody"):
        outgoing_mails = world.writes("max", f"#delegate {whom}", answering=request)
        assert "The request was not delegated" in one(outgoing_mails, "max", "confirmation").text, (
            whom
        )
    assert world.ticket(1001).approval.waiting == (world.people()["max@example.org"],)  # type: ignore[union-attr]


def test_the_requester_withdraws_with_one_word(world: World) -> None:
    world.writes("rita", "I need one.", subject="New laptop please")
    acknowledged = one(to(world.outgoing_mails(), "rita"), "rita", "acknowledgement")
    outgoing_mails = world.writes("rita", "withdraw\n\nI found one.", answering=acknowledged)
    assert {(x.to, x.template) for x in outgoing_mails} >= {
        ("rita@example.org", "closure"),
        ("max@example.org", "update"),
    }
    assert world.ticket(1001).closure_category == "Withdrawn"


def test_a_day_without_a_decision_is_struck_by_the_clock(world: World) -> None:
    _asked(world)
    world.clock.forward(days=2)
    assert world.desk.tick() == 1
    assert "This is a reminder" in one(world.new_letters(), "max", "approval").text
    assert world.desk.tick() == 0
