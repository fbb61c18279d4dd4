"""No work on a mail, a deadline, a page or a listing looks through a table that grows, or sorts it.

The statements are those that the desk issues at 10,000 tickets, each explained by the database.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from maildesk.model.links.token import LinkToken, Purpose, sign_link
from maildesk.model.mail import Source, Step
from maildesk.model.report import Period
from maildesk.outgoing.queue_port import Sent
from maildesk.processing import report_data
from maildesk.processing.clock.sla_recalculation import SlaRecalculation
from maildesk.store import due_tickets, journal, outgoing_rows, people, tables, tickets
from maildesk.store.outgoing_rows import OutgoingQueue
from maildesk.store.queries import listings, related_candidates, worked_mails
from tests.grown import Size, grown
from tests.servers import PostgreSQL
from tests.store.explained import faults, recorded
from tests.world import ADDRESS, World, one

SIZE = Size(10_000, kept=120, automatic=500)
COPY = 11_999  # the number of an open copy


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A desk of 10,000 tickets, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('grown')}/desk.db"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.new_database()
    world = grown(url, SIZE)
    yield world
    world.close()


def _a_batch_of_waiting_mails(world: World) -> None:
    assert world.worker.work() == 50


def _a_new_mail_and_nothing_else(world: World) -> None:
    while world.worker.work():
        pass
    assert world.writes("rita", "The projector is dark.", subject="Projector")


def _mails_to_a_ticket(world: World) -> None:
    """Of the requester, of an agent with commands, of a stranger; and one that came before."""
    told = one(world.writes("rita", "No sound.", subject="Sound"), "ann", "agent-notification")
    answered = world.writes("ann", "Which room?", answering=told, trusted=True)
    reply = one(answered, "rita", "reply")
    world.writes("rita", "Room 9.", answering=reply)
    world.writes("mallory", "Let me in.", answering=reply)
    twin = world.mail("rita", "The same.", subject="Twice", message_id="<twin@example.org>")
    world.arrives(twin, twin)
    for said in (
        "#priority P2\n#tag sound\n#note heard it",
        "#assign ann@example.org",
        "#split",
        "#link MD-11998",
        "#resolve Plugged it in.",
        "#undo",
    ):
        world.writes("ann", said, answering=told, trusted=True)


def _a_machine_that_answers(world: World) -> None:
    ack = one(world.writes("rita", "Help.", subject="Away"), "rita", "acknowledgement")
    machine = {"Auto-Submitted": "auto-replied"}
    world.writes("rita", "I am away.", answering=ack, headers=machine)


def _an_idle_tick(world: World) -> None:
    assert world.desk.tick() == 0


def _a_tick(world: World) -> None:
    ticket = tables.ticket.c
    with world.store.write() as connection:
        some = ticket.number.between(COPY - 19, COPY)
        past = world.clock.now - timedelta(minutes=1)
        connection.execute(update(tables.ticket).where(some).values(next_due=past))
        failed = update(tables.outgoing).where(tables.outgoing.c.ticket == COPY)
        connection.execute(failed.values(state="failed", reported=False))
    assert world.desk.tick()
    while world.desk.tick():
        pass


def _a_review_of_all_deadlines(world: World) -> None:
    with world.store.write() as connection:
        due_tickets.set_counter(connection, "sla.toml", 1)
    recalculation = SlaRecalculation(world.runtime)
    recalculation.first([COPY])
    assert recalculation.step()


def _link(world: World, purpose: Purpose, who: str, number: int, round_: int = 0) -> str:
    expires = world.clock.now + timedelta(days=30)
    token = LinkToken(purpose, number, _id(world, who), round_, expires)
    return sign_link(token, world.runtime.keys)


def _id(world: World, who: str) -> int:
    with world.store.read() as connection:
        return people.by_address(connection, ADDRESS[who]).id


def _pages(world: World) -> None:
    for number, purpose in ((COPY, Purpose.WORK), (2500, Purpose.VIEW)):
        token = _link(world, purpose, "ann", number)
        page = world.door.view(token)
        first = page.conversation[0].id
        world.door.view(token, first)
        world.door.mail(token, first)
        world.door.enclosure(token, first, 1)


def _a_click(world: World) -> None:
    from maildesk.model.cause import Work

    token = _link(world, Purpose.WORK, "ann", COPY, world.ticket(COPY).round)
    world.door.act(token, Work.RESOLVE, "It works again.")


def _a_delivery(world: World) -> None:
    queue = OutgoingQueue(world.store, "us", world.clock, str, 60)
    assert queue.next_due() is not None
    leased = queue.lease(20)
    assert queue.at_dot(leased[0].id)
    queue.record(leased[0].id, Sent("250 ok"))
    queue.give_back(tuple(one.id for one in leased[1:]))
    with world.store.write() as connection:
        outgoing_rows.bounced(connection, leased[0].id, "550")
        outgoing_rows.by_message_id(connection, leased[0].message_id, leased[0].recipient)


def _a_mailbox(world: World) -> None:
    place = ("support", "INBOX", 7)
    mail = world.mail("rita", "By IMAP.", subject="IMAP")
    kept = {"source": Source.IMAP, "mailbox": "support", "folder": "INBOX", "uid_validity": 7}
    world.desk.position("support", "INBOX")
    world.desk.keep([world.raw(mail, uid=1, **kept)])
    world.desk.known(*place, [1, 2])
    world.desk.unsettled(*place)
    world.desk.settled(*place, [1])
    world.desk.advance(*place, 1)
    world.desk.lease("mailbox", 60)
    world.desk.release("mailbox")


def _listings(world: World) -> None:
    with world.store.read() as connection:
        assert len(list(listings.outbox(connection))) >= 50
        assert len(list(listings.quarantined(connection))) >= 50
        assert len(list(listings.tickets(connection))) >= 150
        assert list(listings.tickets(connection, listings.TicketFilter(unclassified=True)))
        assert list(
            listings.mails_called(connection, str(listings.mail(connection, 1)["message_id"]))
        )
        tickets.messages(connection, COPY)
        tickets.history(connection, COPY)


def _acts_of_the_console(world: World) -> None:
    with world.store.write() as connection:
        waiting = select(tables.raw_mail.c.id).where(tables.AWAITING_PERSON).limit(2)
        some, other = connection.execute(waiting).scalars()
        assert journal.replay(connection, some)
        assert journal.refuse(connection, other, Step("quarantine", "dropped"))
        stuck = next(iter(listings.outbox(connection)))["id"]
        outgoing_rows.retry(connection, stuck, world.clock.now)
        outgoing_rows.drop(connection, stuck, "dropped")


def _rules_that_look_at_other_tickets(world: World) -> None:
    rita = _id(world, "rita")
    with world.store.read() as connection:
        related_candidates.of(connection, rita)
        related_candidates.tagged(connection, {"sound", "outage"})
        tickets.workload(connection)
        tickets.of_problem(connection, "disk full")
        people.teams(connection)


def _a_back_test(world: World) -> None:
    with world.store.read() as connection:
        assert worked_mails.ids_since(connection, world.clock.now - timedelta(hours=3))


def _a_report(world: World) -> None:
    period = Period(world.clock.now - timedelta(hours=3), world.clock.now)
    sla = world.runtime.policy.sla
    with world.store.read() as connection:
        report_data.whole("Daily", sla, connection, period, sla.calendar_named(None).zone)


def _the_work_of_a_day(world: World) -> None:
    world.desk.maintain()


WORK: tuple[Callable[[World], None], ...] = (
    _a_batch_of_waiting_mails,
    _a_new_mail_and_nothing_else,
    _mails_to_a_ticket,
    _a_machine_that_answers,
    _an_idle_tick,
    _a_tick,
    _a_review_of_all_deadlines,
    _pages,
    _a_click,
    _a_delivery,
    _a_mailbox,
    _listings,
    _acts_of_the_console,
    _rules_that_look_at_other_tickets,
    _a_back_test,
    _a_report,
    _the_work_of_a_day,
)


@pytest.mark.parametrize("work", WORK, ids=[work.__name__.strip("_") for work in WORK])
def test_no_query_scans_a_growing_table(desk: World, work: Callable[[World], None]) -> None:
    with recorded(desk.store.engine) as statements:
        work(desk)
    assert "\n".join(faults(desk.store, statements)) == ""
