"""Every state and status of the shipped workflow, and how a ticket comes there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maildesk.model.event import StatusMoved, TicketOpened
from maildesk.store import tickets
from tests.world import OutgoingMail, World, build, one, shipped_policy

ICINGA = {"name": "icinga", "address": "icinga@example.org", "format": "icinga"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = build(
        f"sqlite:///{tmp_path}/desk.db", policy=shipped_policy(monitoring={"source": [ICINGA]})
    )
    yield made
    made.close()


def reported(world: World) -> OutgoingMail:
    return one(world.writes("rita", "Help.", subject="A question"), "ann", "agent-notification")


def categorised(world: World) -> OutgoingMail:
    outgoing_mails = world.writes("rita", "It jams.", subject="The printer jams")
    return one(outgoing_mails, "ann", "agent-notification")


def answered(world: World) -> None:
    world.writes("ann", "We look into it.", answering=categorised(world))


def escalated(world: World) -> None:
    world.writes("ann", "#escalate L2 the driver is wrong", answering=categorised(world))


def held(world: World) -> None:
    world.writes("ann", "#hold the part is ordered", answering=categorised(world))


def asked_for_approval(world: World) -> None:
    world.writes("rita", "Mine is dead.", subject="New laptop please")


def resolved(world: World) -> OutgoingMail:
    outgoing_mails = world.writes("ann", "#resolve a new cable", answering=categorised(world))
    return one(outgoing_mails, "rita", "resolution")


def accepted(world: World) -> None:
    world.writes("rita", "accept", answering=resolved(world))


def rejected(world: World) -> None:
    world.writes("rita", "reject it still jams", answering=resolved(world))


def over(world: World) -> None:
    for subject in ("[PROBLEM] disk on web01 is CRITICAL!", "[RECOVERY] disk on web01 is OK!"):
        world.writes("rita", "", sender="icinga@example.org", subject=subject, trusted=True)


def origin_resolved(world: World) -> None:
    child = categorised(world)
    parent = categorised(world)
    world.writes("ann", "#parent 1002", answering=child)
    world.writes("ann", "#resolve a new cable", answering=parent)


def unanswered(world: World) -> None:
    resolved(world)
    for _ in range(2):  # the reminder, then the end
        world.clock.forward(days=5)
        world.desk.tick()


CELLS: list[tuple[str, str, Callable[[World], object]]] = [
    ("Open", "New", reported),
    ("Open", "Assign", categorised),
    ("In Progress", "Analysis", answered),
    ("In Progress", "Escalated", escalated),
    ("On-Hold", "Pending", held),
    ("On-Hold", "Pending", asked_for_approval),
    ("Resolved", "Waiting for Closure", resolved),
    ("Resolved", "Accepted", accepted),  # and closes by itself
    ("Resolved", "Rejected", rejected),  # and reopens by itself
    ("Resolved", "Resolved by Event", over),
    ("Resolved", "Resolved by Origin ticket", origin_resolved),
    ("Closed", "Completed", accepted),
    ("Closed", "Completed", unanswered),
]


def passed(world: World, number: int) -> list[tuple[str, str]]:
    """(state, status) of every station of the ticket."""
    with world.store.read() as connection:
        history = [line.event for line in tickets.history(connection, number)]
    return [
        (event.state, event.status if isinstance(event, TicketOpened) else event.new)
        for event in history
        if isinstance(event, TicketOpened | StatusMoved)
    ]


@pytest.mark.parametrize(("state", "status", "comes_there"), CELLS)
def test_a_ticket_comes_to_every_status(
    world: World, state: str, status: str, comes_there: Callable[[World], object]
) -> None:
    comes_there(world)
    stations = passed(world, 1001)
    assert (state, status) in stations
    ticket = world.ticket(1001)
    assert (ticket.state, ticket.status) == stations[-1]
    assert ticket == world.replayed(1001)
    goes_on = {"Accepted": "Completed", "Rejected": "Analysis"}
    assert ticket.status == goes_on.get(status, status)


def test_the_table_has_every_status_of_the_shipped_workflow(world: World) -> None:
    shipped = {(one.state, one.name) for one in world.runtime.policy.workflow.status}
    assert {(state, status) for state, status, _ in CELLS} == shipped
