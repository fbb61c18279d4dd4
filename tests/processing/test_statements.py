"""How many SQL statements a use case costs: a bound for each, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from maildesk.model.cause import Choice
from maildesk.model.decision import Answer
from tests.world import OutgoingMail, World, one

BATCH = 50
_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """What is sent to the database meanwhile. An executemany is one statement; what begins and
    ends a transaction is none."""
    seen: list[str] = []

    def on_statement(*arguments: Any) -> None:
        statement = str(arguments[2])
        if not statement.startswith(_TRANSACTION):
            seen.append(statement)

    event.listen(world.store.engine, "before_cursor_execute", on_statement)
    yield seen
    event.remove(world.store.engine, "before_cursor_execute", on_statement)


def worked(world: World, *mails: bytes) -> list[str]:
    """The statements of the transaction that works these mails, without the claim before it."""
    world.desk.keep([world.raw(one) for one in mails])
    with statements(world) as every:
        world.worker.work()
    begins = max(place for place, one in enumerate(every) if " raw_bytes" in one)
    return every[begins + 1 :]


def with_children(world: World, count: int) -> OutgoingMail:
    """Ticket 1001 of Rita's with so many below it; its acknowledgement."""
    acknowledgement = one(world.writes("rita", "No print."), "rita", "acknowledgement")
    world.arrives(
        *(world.mail("max", "Here, too.", subject=f"Printer {n}") for n in range(count)),
    )
    world.clock.forward(minutes=1)
    agent_mail = (
        world.mail("ann", "#parent 1001", subject=f"[MD-{number}] x", trusted=True)
        for number in world.numbers()
        if number != 1001
    )
    world.arrives(*agent_mail)
    assert sum(world.ticket(n).parent == 1001 for n in world.numbers()) == count
    world.clock.forward(minutes=1)
    return acknowledgement


def test_new_mails_of_known_people_cost_less_than_a_statement_each(world_on_each: World) -> None:
    world = world_on_each
    world.writes("rita", "No print.")
    mails = [world.mail("rita", f"Number {n}.", subject=f"Thing {n}") for n in range(BATCH)]
    sent = worked(world, *mails)
    assert len(world.numbers()) == BATCH + 1
    assert len(sent) <= 4 * BATCH
    assert len(sent) <= 20, "\n".join(sent)


def test_new_mails_of_strangers_cost_no_more(world_on_each: World) -> None:
    world = world_on_each
    mails = [
        world.mail("rita", "Hello.", subject=f"Thing {n}", sender=f"New <new{n}@example.org>")
        for n in range(BATCH)
    ]
    sent = worked(world, *mails)
    assert len(world.numbers()) == BATCH
    assert len(sent) <= 22, "\n".join(sent)


def test_one_new_mail_alone(world_on_each: World) -> None:
    world = world_on_each
    world.writes("rita", "No print.")
    sent = worked(world, world.mail("rita", "Another.", subject="Another"))
    assert len(sent) <= 14, "\n".join(sent)


@pytest.mark.parametrize("children", [0, 30])
def test_a_reply_costs_the_same_however_many_tickets_are_below(
    world_on_each: World, children: int
) -> None:
    world = world_on_each
    acknowledgement = with_children(world, children)
    sent = worked(world, world.mail("rita", "It smokes.", answering=acknowledgement))
    assert world.disposition() == "follow-up"
    assert len(sent) <= 12, "\n".join(sent)


def test_an_accepting_click_costs_the_same_however_many_tickets_are_below(
    world_on_each: World,
) -> None:
    world = world_on_each
    with_children(world, 30)
    outgoing_mails = world.writes("ann", "#resolve Toner.", subject="[MD-1001] x", trusted=True)
    link = one(outgoing_mails, "rita", "resolution").token
    with statements(world) as sent:
        assert world.door.act(link, Choice.ACCEPT, "") is Answer.DONE
    assert world.ticket(1001).is_closed
    assert len(sent) <= 15, "\n".join(sent)


def test_a_click_that_is_refused_opens_the_page_after_it_and_not_before(world: World) -> None:
    """A click that was done is answered by a redirect: no page is made for it."""
    outgoing_mails = world.writes("rita", "No print.")
    link = one(outgoing_mails, "rita", "acknowledgement").token
    with statements(world) as acted:
        world.door.act(link, Choice.ACCEPT, "")
    assert not any(" ticket_event" in one for one in acted), "\n".join(acted)
