"""A held mail waits for an agent, who lets its sender in, splits it off or drops it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maildesk.model.event import Release
from maildesk.model.person import Person
from maildesk.model.ticket import Relation
from maildesk.processing.mail.held_mails import held_in, settle
from maildesk.store import people
from maildesk.store.tickets import Message
from tests.world import ADDRESS, World, build, one, shipped_policy, to

WorldWithRules = Callable[..., World]


@pytest.fixture
def world_with_rules(tmp_path: Path) -> Iterator[WorldWithRules]:
    """A desk with these rules, and a team of Ann and Lee."""
    made: list[World] = []

    def one_world(*rules: dict[str, Any]) -> World:
        policy = shipped_policy().people.model_dump()
        both = {"name": "Both", "members": ["ann@example.org", "lee@example.org"]}
        policy["team"] = [*policy["team"], both]
        files = shipped_policy(rules={"rule": list(rules)}, people=policy)
        made.append(build(f"sqlite:///{tmp_path}/desk.db", policy=files))
        return made[-1]

    yield one_world
    for world in made:
        world.close()


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


def _held_at(world: World, subject: str) -> str:
    """A mail of Mallory's that is held on ticket 1001."""
    acknowledgement = one(world.outgoing_mails(), "rita", "acknowledgement")
    reference = {"In-Reply-To": str(acknowledgement.message["Message-ID"])}
    world.writes("mallory", "Mine, too.", subject=subject, headers=reference)
    [held] = _held(world)
    return held.id


def test_a_split_off_mail_is_assigned_by_the_workload_of_the_agents(
    world_with_rules: WorldWithRules,
) -> None:
    world = world_with_rules({"name": "Turns", "then": {"team": "Both", "assign": "round-robin"}})
    world.writes("rita", "No print.")
    held = _held_at(world, "Re: [MD-1001] And mine")
    _settle(world, held, "split")
    names = {member.id: member.name for member in world.runtime.policy.directory.teams["Both"]}
    assignees = [names[world.ticket(number).assignee or 0] for number in (1001, 1002)]
    assert assignees == ["Ann Archer", "Lee Linden"]


def test_a_split_off_mail_is_related_to_the_open_tickets_of_its_sender(
    world_with_rules: WorldWithRules,
) -> None:
    twice = {"name": "Twice", "then": {"relate": {"as": "duplicate", "to": "same subject"}}}
    world = world_with_rules({"name": "Desk", "then": {"team": "Both"}}, twice)
    world.writes("rita", "No print.")
    world.writes("mallory", "It jams.", subject="And mine")
    held = _held_at(world, "And mine")
    _settle(world, held, "split")
    assert world.ticket(1003).relations == (Relation("duplicate", 1002),)
    assert world.ticket(1002).relations == (Relation("duplicate", 1003),)
    assert world.replayed(1003) == world.ticket(1003)
