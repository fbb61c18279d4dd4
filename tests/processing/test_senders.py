"""Who may open tickets: everybody, or people of some domains and those who were let in."""

from typing import Any

import pytest

from maildesk.store import journal
from maildesk.store.queries import listings
from tests.world import World, build, shipped_policy, to

STRANGER = "Stan <stan@elsewhere.example>"


@pytest.fixture
def world(database_url: str) -> World:
    """Only people of example.org, and those of people.toml, open tickets."""
    policy = shipped_policy()
    people = policy.people.model_dump(by_alias=True)
    people["person"] += ({"name": "Pat", "address": "pat@partner.example"},)
    senders = {"domains": ["Example.org"]}
    return build(database_url, policy=shipped_policy(people=people | {"senders": senders}))


def waiting(world: World) -> list[Any]:
    with world.store.read() as connection:
        return list(listings.quarantined(connection))


@pytest.mark.parametrize(
    ("sender", "becomes"),
    [
        # of the domain, and below it, whoever they are
        ("New <new@example.org>", "new-ticket"),
        ("New <new@sales.EXAMPLE.org>", "new-ticket"),
        # named in people.toml
        ("Pat <pat@partner.example>", "new-ticket"),
        # nobody knows them; a domain that ends alike is another
        (STRANGER, "held"),
        ("Eve <eve@notexample.org>", "held"),
        ("Eve <eve@example.org.evil.example>", "held"),
    ],
)
def test_who_opens_a_ticket(world: World, sender: str, becomes: str) -> None:
    outgoing_mails = world.writes("rita", "Please help.", sender=sender)
    assert world.disposition() == becomes
    assert bool(outgoing_mails) is (
        becomes == "new-ticket"
    )  # nobody is answered while a mail waits
    world.close()


def test_a_stranger_who_is_let_in_stays_in(world: World) -> None:
    world.writes("rita", "Please help.", sender=STRANGER)
    (held,) = waiting(world)
    assert held["reason"] == (
        "nobody let stan@elsewhere.example in, and people of elsewhere.example may not open tickets"
    )
    with world.store.write() as connection:
        assert journal.replay(connection, held["id"])
    world.work()
    assert world.disposition() == "new-ticket"
    assert (
        next(outgoing_mail.to for outgoing_mail in world.new_letters()) == "stan@elsewhere.example"
    )
    world.writes("rita", "And this, too.", sender=STRANGER, subject="Another")
    assert (world.disposition(), waiting(world)) == ("new-ticket", [])
    world.close()


def test_a_stranger_who_takes_part_in_a_ticket_answers_in_it(world: World) -> None:
    cc = {"Cc": "stan@elsewhere.example"}
    outgoing_mails = world.writes("rita", "Stan knows more.", trusted=True, headers=cc)
    asked = world.writes("ann", "What is it?", answering=to(outgoing_mails, "ann")[0])
    answered = next(
        outgoing_mail for outgoing_mail in asked if outgoing_mail.to == "stan@elsewhere.example"
    )
    world.writes("rita", "The fuser.", sender=STRANGER, answering=answered)
    assert world.disposition() == "follow-up"
    world.close()


def test_a_sender_who_was_called_spam_is_let_in_the_same_way(world: World) -> None:
    outgoing_mails = world.writes("rita", "Buy now.", sender="New <new@example.org>")
    world.writes("ann", "#spam", answering=to(outgoing_mails, "ann")[0])
    world.writes("rita", "Buy more.", sender="New <new@example.org>", subject="More")
    (held,) = waiting(world)
    assert "spam" in held["reason"]
    with world.store.write() as connection:
        journal.replay(connection, held["id"])
    world.work()
    assert world.disposition() == "new-ticket"
    world.close()


def test_a_held_mail_can_be_refused(world: World) -> None:
    world.writes("rita", "Please help.", sender=STRANGER)
    (held,) = waiting(world)
    with world.store.write() as connection:
        dropped = journal.Step("quarantine", "dropped")
        assert journal.refuse(connection, held["id"], dropped)
        assert not journal.replay(connection, held["id"])
    assert (world.disposition(), waiting(world)) == ("refused", [])
    world.close()
