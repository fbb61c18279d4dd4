"""Families go in no circle, whatever one mail orders or an undo takes back; and holds come back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.world import OutgoingMail, World, one

DAY = datetime(2026, 12, 1, tzinfo=UTC).date()


def _opened(world: World, count: int) -> list[OutgoingMail]:
    """So many tickets from 1001 on; what Ann is told of each."""
    return [
        one(world.writes("rita", "It jams.", subject=f"Printer {n}"), "ann", "agent-notification")
        for n in range(count)
    ]


def _transcript(world: World, text: str, answering: OutgoingMail) -> OutgoingMail:
    return one(world.writes("ann", text, answering=answering), "ann", "transcript")


def _said(outgoing_mail: OutgoingMail) -> str:
    return " ".join(outgoing_mail.text.split())


def _parents(world: World) -> list[int | None]:
    return [world.ticket(number).parent for number in world.numbers()]


def _consistent(world: World) -> None:
    for number in world.numbers():
        assert world.ticket(number) == world.replayed(number)
        seen, above = {number}, world.ticket(number).parent
        while above is not None:
            assert above not in seen, "a circle"
            seen.add(above)
            above = world.ticket(above).parent


CIRCLES = [
    # (one mail to 1001, the parents afterwards, what it says)
    ("#child 1002\n#parent 1002", [None, 1001, None], "MD-1002 is already a child of this ticket."),
    ("#parent 1002\n#child 1002", [1002, None, None], "already a child of MD-1002"),
    ("#child 1002\n#merge 1002", [None, 1001, None], "Merge it into this ticket instead."),
    (
        "#child 1002\n#child 1003\n#parent 1003",
        [None, 1001, 1001],
        "already a child of this ticket",
    ),
    ("#child 1002\n#parent none", [None, 1001, None], "The ticket has no parent now."),
    ("#parent 1002\n#parent 1003", [None, None, None], "has one parent only"),
    ("#merge 1002\n#merge 1003", [None, None, None], "merged into one ticket only"),
]


@pytest.mark.parametrize(("text", "parents", "said"), CIRCLES)
def test_one_mail_makes_no_circle(
    world: World, text: str, parents: list[int | None], said: str
) -> None:
    first, *_ = _opened(world, 3)
    assert said in _said(_transcript(world, text, first))
    assert _parents(world) == parents
    assert world.ticket(1001).merged_into is None
    _consistent(world)


def test_an_undo_makes_no_circle(world: World) -> None:
    first, second = _opened(world, 2)
    _transcript(world, "#parent 1002", first)
    told = _transcript(world, "#parent none", first)
    _transcript(world, "#parent 1001", second)
    said = _said(_transcript(world, "#undo", told))
    assert "changed since: the parent of MD-1001" in said
    assert _parents(world) == [None, 1001]
    _consistent(world)


def test_an_undo_turns_a_family_round_again(world: World) -> None:
    first, _ = _opened(world, 2)
    _transcript(world, "#parent 1002", first)
    told = _transcript(world, "#parent none\n#child 1002", first)
    assert _parents(world) == [None, 1001]
    assert "meanwhile" not in _said(_transcript(world, "#undo", told))
    assert _parents(world) == [1002, None]
    _consistent(world)


ENDED = ["#status Analysis", "#resolve It is here.", "#status Analysis\n#hold another thing"]


@pytest.mark.parametrize("text", ENDED)
def test_what_ended_a_hold_is_taken_back_with_its_day(world: World, text: str) -> None:
    (first,) = _opened(world, 1)
    _transcript(world, "#hold a part until 2026-12-01", first)
    before = world.ticket(1001)
    told = _transcript(world, text, first)
    assert world.ticket(1001).wake_due is None
    said = _said(_transcript(world, "#undo", told))
    assert "Undone. Mails that were already sent cannot be recalled." in said
    after = world.ticket(1001)
    assert (after.status, after.hold, after.wake_due) == ("Pending", before.hold, before.wake_due)
    assert after.wake_due is not None
    assert after.wake_due.date() == DAY
    _consistent(world)
    world.clock.forward(days=9)
    world.desk.tick()
    assert world.ticket(1001).state != "On-Hold"


def test_a_child_on_hold_is_on_hold_again(world: World) -> None:
    first, second = _opened(world, 2)
    _transcript(world, "#hold a part until 2026-12-01", second)
    before = world.ticket(1002)
    _transcript(world, "#child 1002", first)
    told = _transcript(world, "#resolve done", first)
    assert world.ticket(1002).state == "Resolved"
    _transcript(world, "#undo", told)
    after = world.ticket(1002)
    assert (after.status, after.hold, after.wake_due) == ("Pending", before.hold, before.wake_due)
    _consistent(world)


def test_another_day_is_taken_back(world: World) -> None:
    (first,) = _opened(world, 1)
    _transcript(world, "#hold a part until 2026-12-01", first)
    before = world.ticket(1001)
    told = _transcript(world, "#hold a part until 2026-12-31", first)
    assert "#undo" in told.text
    _transcript(world, "#undo", told)
    assert world.ticket(1001).wake_due == before.wake_due
    assert world.ticket(1001).hold == before.hold
    told = _transcript(world, "#hold a part until 2026-12-30", first)
    _transcript(world, "#hold a part until 2026-12-29", first)
    said = _said(_transcript(world, "#undo", told))
    assert "changed since: the hold" in said
    wake = world.ticket(1001).wake_due
    assert wake is not None
    assert wake.day == 29
    _consistent(world)


def test_a_question_is_taken_back(world: World) -> None:
    (first,) = _opened(world, 1)
    told = _transcript(world, "#escalate requester Which?", first)
    _transcript(world, "#undo", told)
    assert (world.ticket(1001).status, world.ticket(1001).hold) == ("Assign", None)
    _consistent(world)


def test_a_merge_and_what_was_done_before_it_are_final(world: World) -> None:
    first, second, third = _opened(world, 3)
    older = _transcript(world, "#prio P1\n#cc max@example.org", first)
    merged = _transcript(world, "#merge 1002", first)
    own = _transcript(world, "#prio P2", second)
    _transcript(world, "#merge 1003", second)
    last = _transcript(world, "#tag x", third)
    before = world.ticket(1003)
    for told, number in ((merged, 1001), (older, 1001), (own, 1002)):
        said = _said(_transcript(world, "#undo", told))
        assert f"MD-{number} was merged into this ticket" in said
        assert replace(world.ticket(1003), updated_at=before.updated_at) == before
    assert world.people()["rita@example.org"] in (before.requester, *before.participants)
    assert "Undone" in _said(_transcript(world, "#undo", last))
    assert world.ticket(1003).tags == ()
    _consistent(world)


def test_what_stays_is_named_in_words(world: World) -> None:
    (first,) = _opened(world, 1)
    told = _transcript(world, "#prio P1\n#tag hot\n#cc max@example.org\n#take", first)
    _transcript(world, "#tag -hot\n#uncc max@example.org\n#prio P2", first)
    said = _said(_transcript(world, "#undo", told))
    assert 'changed since: the tag "hot", priority, the participants. Mails' in said
    assert world.ticket(1001).assignee is None
