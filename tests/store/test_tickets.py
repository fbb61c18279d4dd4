"""Tickets and their histories come out of the tables as they went in, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from sqlalchemy import select

from maildesk.model.decision import Actor, ActorKind
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalPassedOn,
    Closed,
    ClosureScheduled,
    Escalated,
    Event,
    FieldChanged,
    MessageAdded,
    MessageMoved,
    ParentChanged,
    Paused,
    PersonJoined,
    PersonLeft,
    Related,
    Reminded,
    Reopened,
    RequesterChanged,
    ResolutionDecided,
    ResolutionGiven,
    ResolutionWithdrawn,
    StatusMoved,
    Tagged,
    TicketOpened,
    Unrelated,
    Untagged,
)
from maildesk.store import tables, tickets
from maildesk.store.engine import Store
from tests.model.histories import AT, PEOPLE, folded, histories
from tests.rows import write_ticket

LATER = AT + timedelta(hours=1)
OPENED = TicketOpened(
    requester=1, source="mail", status="New", state="Open", request_type="incident"
)

EVERYTHING: list[Event] = [
    OPENED,
    FieldChanged(field="team", old="", new="First line", rule="Printers"),
    FieldChanged(field="assignee", old=None, new=3),
    Tagged("vip", "Printers"),
    Tagged("a"),
    StatusMoved(old="New", new="Pending", state="On-Hold"),
    PersonJoined(6),
    PersonJoined(4),
    PersonJoined(8),
    PersonLeft(8),
    RequesterChanged(old=1, new=7),
    Untagged("a"),
    Paused(message="m0", wake_due=LATER),
    Escalated(message="m0", old="", back_to="First line"),
    Paused(rule="It"),
    Escalated(old="First line", back_to="", rule="It"),
    Related("blocks", 1002),
    Related("related", 1003),
    Unrelated("related", 1003),
    ParentChanged(old=None, new=None),
    MessageMoved("m0"),
    ClosureScheduled(LATER),
    MessageAdded("m1", "request"),
    ApprovalAsked(approvers=(2,), round=1, rule="Laptops"),
    ApprovalDecided(round=1, approved=False),
    ApprovalAsked(approvers=(5,), round=2, quorum="majority", expire_due=LATER),
    ApprovalPassedOn(round=2, approver=5, to=2, why="away"),
    ResolutionGiven(message="m0", round=2, close_due=LATER, remind_due=None),
    ResolutionWithdrawn(2),
    ResolutionGiven(message="m2", round=3, close_due=LATER, remind_due=AT),
    Reminded(),
    ResolutionDecided(round=3, accepted=False),
    Reopened(),
    ResolutionGiven(message="m3", round=4, close_due=LATER, remind_due=None),
    Closed("Solved"),
]


@pytest.fixture(autouse=True)
def _people(store: Store) -> None:
    rows = [{"id": n, "name": f"P{n}", "address": f"{n}@x", "organisation": ""} for n in PEOPLE]
    with store.write() as connection:
        connection.execute(tables.person.insert(), rows)


def test_histories_and_tickets_survive_the_tables(store: Store) -> None:
    """Many tickets in one transaction: all are drawn before the database is asked."""
    actor = Actor(ActorKind.AGENT, 3, "token")
    drawn: list[list[Event]] = []

    @given(histories())
    def draw(events: list[Event]) -> None:
        drawn.append(events)

    draw()
    drawn.append(EVERYTHING)
    with store.write() as connection:
        for number, events in enumerate(drawn, start=1):
            ticket = replace(folded(events), number=number)
            named = {"subject": "Subject", "actor": actor, "cause": "mail 1", "at": LATER}
            write_ticket(connection, None, ticket, events, **named)  # type: ignore[arg-type]
    with store.read() as connection:
        for number, events in enumerate(drawn, start=1):
            ticket = replace(folded(events), number=number)
            lines = tickets.history(connection, number)
            assert [line.event for line in lines] == events
            assert {(line.at, line.actor, line.cause) for line in lines} == {
                (LATER, actor, "mail 1")
            }
            assert all(isinstance(line.actor.kind, ActorKind) for line in lines)
            assert tickets.load_one(connection, number) == (ticket, "Subject")


def test_saving_what_a_history_changed_gives_the_ticket_of_the_history(store: Store) -> None:
    ticket = folded(EVERYTHING[:1])
    with store.write() as connection:
        write_ticket(connection, None, ticket, subject="Subject")
    for count in range(2, len(EVERYTHING) + 1):
        after = folded(EVERYTHING[:count])
        with store.write() as connection:
            write_ticket(connection, ticket, after)
        ticket = after
        with store.read() as connection:
            assert tickets.load_one(connection, 1001)[0] == after
            due = select(tables.ticket.c.next_due)
            assert connection.execute(due).scalar_one() == after.next_due
    with store.read() as connection:  # the first round is still there to be read
        outcomes = select(tables.approval.c.outcome).order_by(tables.approval.c.round)
        assert list(connection.execute(outcomes).scalars()) == ["rejected", "open", "open"]


def test_there_is_no_ticket_of_an_unknown_number(store: Store) -> None:
    with store.read() as connection, pytest.raises(LookupError, match="no ticket 9"):
        tickets.load_one(connection, 9)


def test_numbers_go_up_by_one_and_one_that_was_rolled_back_is_given_again(store: Store) -> None:
    ticket = folded(EVERYTHING[:1])
    with store.write() as connection:
        first = tickets.newest_number(connection) + 1
        write_ticket(connection, None, replace(ticket, number=first))
    with store.trial() as connection:
        assert tickets.newest_number(connection) == first
        write_ticket(connection, None, replace(ticket, number=first + 1))
        assert tickets.newest_number(connection) == first + 1
    with store.read() as connection:
        assert tickets.newest_number(connection) == first
