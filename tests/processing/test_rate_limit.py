"""The rate limit ends loops and floods when mails are written, for every cause."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from maildesk.config.schema.settings import Desk, Limits
from maildesk.model.decision import OutgoingMail, Template
from maildesk.model.person import Person
from maildesk.processing.rate_limit import RateLimit
from tests.rows import write_outgoing
from tests.world import MONDAY, World, build, one

DESK = Desk(address="desk@example.org", aliases=("help@example.org", "desk@old.example"))
LIMITS = Limits(automatic_mails_per_hour=3, total_mails_per_hour=5)
AUTOMATIC = OutgoingMail(template=Template.ACKNOWLEDGEMENT, to=1)
BY_A_PERSON = replace(AUTOMATIC, template=Template.REPLY, automatic=False)


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For all tests that roll back what they wrote."""
    one = build(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    yield one
    one.close()


@pytest.fixture
def rate_limit(one_world: World) -> Iterator[RateLimit]:
    with one_world.store.engine.connect() as connection:
        yield RateLimit(connection, DESK, LIMITS, MONDAY)
        connection.rollback()


def person(address: str) -> Person:
    return Person(id=1, name="Somebody", address=address)


def written(
    connection: Connection,
    address: str,
    *,
    minutes_ago: float = 0,
    automatic: bool = True,
    ticket: int | None = None,
) -> None:
    write_outgoing(
        connection,
        ticket=ticket,
        person=1,
        recipient=address,
        template="reply",
        automatic=automatic,
        subject="",
        message_id="<1@x>",
        raw=b"",
        now=MONDAY - timedelta(minutes=minutes_ago),
    )


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("desk@example.org", True),
        # in any case, with any tag, by any alias
        ("DESK@Example.ORG", True),
        (" desk@example.org ", True),
        ("desk+abcdef@example.org", True),
        ("Desk+bounce+7@example.org", True),
        ("desk+@example.org", True),
        ("help@example.org", True),
        ("help+abc@example.org", True),
        ("desk@old.example", True),
        # others' addresses
        ("rita@example.org", False),
        ("desks@example.org", False),
        ("help@old.example", False),
        ("desk@example.org.evil.example", False),
    ],
)
@pytest.mark.parametrize("outgoing_mail", [AUTOMATIC, BY_A_PERSON])
def test_nothing_at_all_goes_to_the_desk_itself(
    rate_limit: RateLimit, address: str, own: bool, outgoing_mail: OutgoingMail
) -> None:
    objection = rate_limit.objection(outgoing_mail, person(address))
    assert objection == (f"{address} is the desk itself" if own else "")


def test_one_address_gets_so_many_automatic_mails_an_hour(rate_limit: RateLimit) -> None:
    for _ in range(3):
        assert rate_limit.objection(AUTOMATIC, person("rita@example.org")) == ""
        written(rate_limit.connection, "rita@example.org")
    objection = rate_limit.objection(AUTOMATIC, person("rita@example.org"))
    assert objection == "3 automatic mails to rita@example.org in the last hour"
    assert rate_limit.objection(AUTOMATIC, person("max@example.org")) == ""


def test_a_busy_hour_takes_no_notification_from_an_agent(rate_limit: RateLimit) -> None:
    ann = replace(person("ann@example.org"), teams=("First line",))
    for _ in range(3):
        written(rate_limit.connection, ann.address)
    assert rate_limit.objection(AUTOMATIC, ann) == ""


def test_what_people_write_is_neither_counted_nor_stopped(rate_limit: RateLimit) -> None:
    for _ in range(9):
        written(rate_limit.connection, "rita@example.org", automatic=False)
    assert rate_limit.objection(AUTOMATIC, person("rita@example.org")) == ""
    for _ in range(9):
        written(rate_limit.connection, "rita@example.org")
    assert rate_limit.objection(BY_A_PERSON, person("rita@example.org")) == ""
    assert rate_limit.objection(BY_A_PERSON, person("max@example.org")) == ""


def test_one_ticket_sends_one_address_so_many_automatic_mails_an_hour(world: World) -> None:
    """An agent's mailbox, too: a program may sit there."""
    world.writes("rita", "It does not print.")
    limits = Limits(automatic_mails_per_hour_of_a_ticket=3)
    ann = replace(person("ann@example.org"), teams=("First line",))
    with world.store.write() as connection:
        rate_limit = RateLimit(connection, DESK, limits, MONDAY + timedelta(minutes=5))
        for _ in range(2):  # beside the first notification
            assert rate_limit.objection(AUTOMATIC, ann, world.ticket(1001)) == ""
            written(connection, ann.address, ticket=1001)
        objection = rate_limit.objection(AUTOMATIC, ann, world.ticket(1001))
        assert objection == "3 automatic mails about this ticket to ann@example.org"
        assert rate_limit.objection(BY_A_PERSON, ann, world.ticket(1001)) == ""
        assert rate_limit.objection(AUTOMATIC, ann) == ""


@pytest.mark.parametrize(("minutes_ago", "stopped"), [(0, True), (60, True), (60.1, False)])
def test_the_hour_moves_on(rate_limit: RateLimit, minutes_ago: float, stopped: bool) -> None:
    for _ in range(3):
        written(rate_limit.connection, "rita@example.org", minutes_ago=minutes_ago)
    assert bool(rate_limit.objection(AUTOMATIC, person("rita@example.org"))) is stopped


def test_there_is_a_bound_over_all_addresses(rate_limit: RateLimit) -> None:
    """Counted once for a transaction; what that transaction allows is added."""
    for number in range(3):
        written(rate_limit.connection, f"{number}@example.org")
    assert rate_limit.objection(AUTOMATIC, person("3@example.org")) == ""
    assert rate_limit.objection(AUTOMATIC, person("4@example.org")) == ""
    objection = rate_limit.objection(AUTOMATIC, person("5@example.org"))
    assert objection == "5 automatic mails in the last hour"
    assert rate_limit.objection(BY_A_PERSON, person("5@example.org")) == ""


def test_what_is_stopped_is_not_counted(rate_limit: RateLimit) -> None:
    for _ in range(3):
        written(rate_limit.connection, "rita@example.org")
    for _ in range(9):
        assert rate_limit.objection(AUTOMATIC, person("rita@example.org"))
    assert rate_limit.objection(AUTOMATIC, person("max@example.org")) == ""


def test_a_flood_of_one_sender_is_acknowledged_as_often_as_allowed_and_the_trace_says_why(
    world: World,
) -> None:
    """The tickets are there all the same: it is the answers that stop."""
    limit = world.runtime.settings.limits.automatic_mails_per_hour
    flood = [world.mail("mallory", "Hello.", subject=f"No. {n}") for n in range(limit + 2)]
    world.arrives(*flood)
    answers = [x for x in world.outgoing_mails() if x.to == "mallory@example.org"]
    assert len(answers) == limit
    assert len(world.numbers()) == limit + 2
    trace = world.mails()[-1].trace
    stopped = [step for step in trace if step["name"] == "loop-breaker"]
    assert {"acknowledgement not sent"} <= {step["verdict"] for step in stopped}


def test_a_letter_to_a_person_whose_address_is_the_desks_is_not_written(world: World) -> None:
    mine = world.mail("rita", "Hello.", sender="Desk <help@example.org>")
    world.arrives(mine)
    assert world.outgoing_mails() == []
    assert world.disposition() == "loop"


def test_an_approval_request_that_is_stopped_is_told_to_the_agents(world: World) -> None:
    limit = world.runtime.settings.limits.automatic_mails_per_hour
    for number in range(limit):
        world.writes("rita", f"One {number}.", subject=f"New laptop please {number}")
        world.clock.forward(seconds=-50)
    outgoing_mails = world.writes(
        "mallory", "One more.", subject="New laptop", sender="rita@example.org"
    )
    told = one(outgoing_mails, "ann", "delivery-failed")
    assert "The approval request to Max Moreno <max@example.org>" in told.text
