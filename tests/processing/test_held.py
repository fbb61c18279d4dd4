"""A held mail waits for an agent, who lets its sender in, splits it off or drops it."""

import pytest

from maildesk.model.event import Release
from maildesk.model.person import Person
from maildesk.processing.mail.held_mails import held_in, settle
from maildesk.store import people
from maildesk.store.tickets import Message
from tests.world import ADDRESS, World, one, to


def _ann(world: World) -> Person:
    with world.store.read() as connection:
        return people.by_address(connection, ADDRESS["ann"])


def _held(world: World) -> tuple[Message, ...]:
    with world.store.read() as connection:
        return held_in(connection, 1001)


def _mallory_is_held(world: World) -> str:
    acknowledgement = one(world.writes("rita", "No print."), "rita", "acknowledgement")
    reference = {"In-Reply-To": str(acknowledgement.message["Message-ID"])}
    world.writes(
        "mallory",
        "Mine, too.",
        subject="Re: [MD-1001] And mine",
        headers=reference,
        message_id="<hers@example.org>",
    )
    assert world.disposition() == "held"
    [held] = _held(world)
    return held.id


def _settle(world: World, held: str, release: Release) -> None:
    settle(world.runtime, 1001, held, release, _ann(world))
    assert world.replayed(1001) == world.ticket(1001)


def test_who_is_let_in_is_heard_and_gets_what_comes_from_then_on(world: World) -> None:
    held = _mallory_is_held(world)
    _settle(world, held, "added")
    assert world.messages(1001)[-1] == ("reply", "Mine, too.")
    assert _held(world) == ()
    assert to(world.new_letters(), "mallory") == []
    for_ann = next(
        outgoing_mail
        for outgoing_mail in world.outgoing_mails()
        if outgoing_mail.to == ADDRESS["ann"]
    )
    outgoing_mails = world.writes("ann", "Look now.", answering=for_ann)
    assert one(outgoing_mails, "mallory", "reply")
    world.writes("mallory", "Works.", headers={"In-Reply-To": "<hers@example.org>"})
    assert world.messages(1001)[-1] == ("reply", "Works.")


def test_a_mail_that_is_split_off_becomes_a_ticket_and_leaves_the_first_alone(
    world: World,
) -> None:
    held = _mallory_is_held(world)
    _settle(world, held, "split")
    assert one(world.new_letters(), "mallory", "acknowledgement").subject.endswith("And mine")
    assert world.messages(1001)[-1] == ("split-off", "Mine, too.")
    assert world.messages(1002) == [("request", "Mine, too.")]
    assert world.ticket(1001).participants == ()
    world.writes("mallory", "Well?", headers={"In-Reply-To": "<hers@example.org>"})
    assert world.messages(1002)[-1] == ("reply", "Well?")


def test_a_dropped_mail_leads_nobody_into_the_ticket(world: World) -> None:
    held = _mallory_is_held(world)
    _settle(world, held, "dropped")
    assert world.new_letters() == []
    assert world.messages(1001)[-1] == ("dropped", "Mine, too.")
    world.writes("mallory", "Well?", headers={"In-Reply-To": "<hers@example.org>"})
    assert world.disposition() == "new-ticket"


@pytest.mark.parametrize("release", ["added", "split", "dropped"])
def test_the_second_agent_finds_nothing_held(world: World, release: Release) -> None:
    held = _mallory_is_held(world)
    _settle(world, held, "dropped")
    with pytest.raises(LookupError, match=r"no mail .* is held in ticket 1001"):
        _settle(world, held, release)
    assert world.numbers() == [1001]


def test_nothing_but_a_held_mail_can_be_judged(world: World) -> None:
    world.writes("rita", "No print.")
    with world.store.read() as connection:
        assert held_in(connection, 1001) == ()
    with pytest.raises(LookupError):
        settle(world.runtime, 1001, "nothing", "added", _ann(world))
    with pytest.raises(LookupError):
        settle(world.runtime, 999, "nothing", "added", _ann(world))
