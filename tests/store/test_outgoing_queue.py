"""The outgoing rows: each in one state, each with one holder, on both databases."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from maildesk.outgoing.queue_port import Failed, Leased, Retry, Sent, State, Uncertain, Verdict
from maildesk.store import outgoing_rows, tables
from maildesk.store.engine import Store, open_engine
from maildesk.store.lease import this_process
from maildesk.store.outgoing_rows import OutgoingQueue
from tests.rows import write_outgoing

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
EVIDENCE, LEASE = timedelta(seconds=1800), timedelta(seconds=900)
ELSEWHERE = "elsewhere/1/1"


@dataclass
class Outbox:
    """The rows, a clock, and queues of as many daemons as one likes."""

    store: Store
    now: datetime = NOW
    _names: dict[int, str] = field(default_factory=dict)

    def queue(self, holder: str = ELSEWHERE, store: Store | None = None) -> OutgoingQueue:
        return OutgoingQueue(
            store or self.store,
            holder,
            lambda: self.now,
            lambda id_: f"desk+{id_}@example.org",
            evidence_seconds=EVIDENCE.total_seconds(),
        )

    def add(
        self, recipient: str = "rita@example.org", *, at: datetime = NOW, automatic: bool = True
    ) -> int:
        with self.store.write() as connection:
            return write_outgoing(
                connection,
                ticket=None,
                person=1,
                recipient=recipient,
                template="reply",
                automatic=automatic,
                subject="Hello",
                message_id=f"<{recipient}>",
                raw=b"Subject: Hello\r\n\r\nHello.\r\n",
                now=at,
            )

    def row(self, id_: int) -> Any:
        with self.store.read() as connection:
            return outgoing_rows.row(connection, id_)

    def state(self, id_: int) -> tuple[str, datetime | None, int, int]:
        """state, next try, attempts, uncertain"""
        row = self.row(id_)
        return row.state, row.next_try, row.attempts, row.uncertain

    def write(self, act: Callable[..., Any], *values: Any) -> Any:
        with self.store.write() as connection:
            return act(connection, *values)


@pytest.fixture
def outbox(store: Store) -> Outbox:
    with store.write() as connection:
        rita = {"id": 1, "name": "Rita", "address": "rita@example.org", "organisation": ""}
        connection.execute(tables.person.insert().values(**rita))
    return Outbox(store)


# ---- leasing


def test_a_new_mail_is_due_at_once_and_leased_with_all_that_delivery_needs(outbox: Outbox) -> None:
    id_ = outbox.add()
    assert outbox.queue().next_due() == NOW
    assert outbox.queue().lease(10) == (
        Leased(
            id=id_,
            recipient="rita@example.org",
            return_path=f"desk+{id_}@example.org",
            message_id="<rita@example.org>",
            raw=b"Subject: Hello\r\n\r\nHello.\r\n",
            attempts=1,
            uncertain=0,
            created_at=NOW,
        ),
    )
    assert outbox.state(id_) == ("leased", None, 1, 0)
    assert outbox.row(id_).leased_until == NOW + LEASE
    assert outbox.queue().next_due() is None


def test_what_is_leased_nobody_else_leases(outbox: Outbox) -> None:
    outbox.add()
    assert len(outbox.queue("a/1/1").lease(10)) == 1
    assert outbox.queue("b/1/1").lease(10) == ()
    # who asks for more has nothing in hand, and could not give it back before
    assert len(outbox.queue("a/1/1").lease(10)) == 1


def test_the_oldest_come_first_and_no_more_than_asked_for(outbox: Outbox) -> None:
    ids = [outbox.add(at=NOW - timedelta(minutes=minutes)) for minutes in (1, 3, 2, 3)]
    leased = [mail.id for mail in outbox.queue().lease(3)]
    assert leased == [ids[1], ids[3], ids[2]]


@pytest.mark.parametrize(("due", "leased"), [(NOW, 1), (NOW + timedelta(seconds=1), 0)])
def test_a_mail_is_not_sent_before_its_time(outbox: Outbox, due: datetime, leased: int) -> None:
    outbox.add(at=due)
    assert len(outbox.queue().lease(10)) == leased
    assert outbox.queue().next_due() == (None if leased else due)


def test_two_holders_at_once_never_lease_the_same_row(outbox: Outbox, migrated_url: str) -> None:
    ids = {outbox.add() for _ in range(60)}
    stores = [Store(open_engine(migrated_url)) for _ in range(4)]

    def lease_all(number: int) -> list[int]:
        queue, mine = outbox.queue(f"elsewhere/{number}/1", stores[number]), []
        while batch := queue.lease(4):
            mine += [mail.id for mail in batch]
            for mail in batch:
                queue.record(mail.id, Sent("250 ok"))
        return mine

    with ThreadPoolExecutor(4) as pool:
        leased = [id_ for mine in pool.map(lease_all, range(4)) for id_ in mine]
    assert sorted(leased) == sorted(ids)
    for one in stores:
        one.close()


# ---- what became of an attempt


@pytest.mark.parametrize(
    ("verdict", "state", "next_try", "uncertain"),
    [
        (Sent("250 ok"), State.SENT, None, 0),
        (Retry(LATER, "450 busy"), State.WAITING, LATER, 0),
        (Failed("550 no such user"), State.FAILED, None, 0),
        # the first time it is sent once more, later
        (Uncertain(LATER, "no answer"), State.UNCERTAIN, LATER, 1),
        # the second time a person must look
        (Uncertain(None, "no answer"), State.UNCERTAIN, None, 1),
    ],
)
def test_a_verdict_ends_the_lease_and_says_where_the_mail_is(
    outbox: Outbox, verdict: Verdict, state: State, next_try: datetime | None, uncertain: int
) -> None:
    id_ = outbox.add()
    outbox.queue().lease(1)
    outbox.now = NOW + timedelta(seconds=5)
    outbox.queue().record(id_, verdict)
    assert outbox.state(id_) == (state, next_try, 1, uncertain)
    row = outbox.row(id_)
    assert (row.leased_by, row.leased_until) == ("", None)
    assert row.reason == (verdict.answer if isinstance(verdict, Sent) else verdict.reason)
    assert row.sent_at == (outbox.now if state is State.SENT else None)


@pytest.mark.parametrize("verdict", [Sent("250 ok"), Failed("550"), Uncertain(None, "no answer")])
def test_what_is_over_is_never_sent_again_by_itself(outbox: Outbox, verdict: Verdict) -> None:
    id_ = outbox.add()
    outbox.queue().lease(1)
    outbox.queue().record(id_, verdict)
    outbox.now += timedelta(days=365)
    assert outbox.queue().lease(10) == ()
    assert outbox.queue().next_due() is None


def test_an_uncertain_mail_is_sent_once_more_and_then_waits_for_a_person(outbox: Outbox) -> None:
    id_ = outbox.add()
    queue = outbox.queue()
    queue.lease(1)
    queue.record(id_, Uncertain(LATER, "no answer"))
    outbox.now = LATER
    (again,) = queue.lease(1)
    assert (again.attempts, again.uncertain, again.message_id) == (2, 1, "<rita@example.org>")
    queue.record(id_, Uncertain(None, "no answer"))
    assert outbox.state(id_) == ("uncertain", None, 2, 2)


def test_a_verdict_of_one_who_lost_the_lease_is_not_heard(outbox: Outbox) -> None:
    id_ = outbox.add()
    outbox.queue("a/1/1").lease(1)
    outbox.now += LEASE
    assert len(outbox.queue("b/1/1").lease(1)) == 1
    assert outbox.queue("a/1/1").at_dot(id_) is False
    outbox.queue("a/1/1").record(id_, Sent("250 ok"))
    assert outbox.state(id_) == ("leased", None, 2, 0)
    assert outbox.queue("b/1/1").at_dot(id_) is True


def test_a_verdict_after_the_verdict_is_not_heard(outbox: Outbox) -> None:
    id_ = outbox.add()
    outbox.queue().lease(1)
    outbox.queue().record(id_, Sent("250 ok"))
    outbox.queue().record(id_, Failed("550"))
    assert outbox.queue().at_dot(id_) is False
    assert outbox.row(id_).state == "sent"


def test_at_the_dot_the_moment_is_recorded_and_the_next_attempt_forgets_it(outbox: Outbox) -> None:
    id_ = outbox.add()
    queue = outbox.queue()
    queue.lease(1)
    outbox.now = LATER
    assert queue.at_dot(id_)
    assert outbox.row(id_).dot_at == LATER
    queue.record(id_, Retry(LATER, "451 later"))
    queue.lease(1)
    assert outbox.row(id_).dot_at is None


# ---- given back


def test_a_mail_that_was_not_tried_is_due_and_the_attempt_is_not_counted(outbox: Outbox) -> None:
    id_, other = outbox.add(), outbox.add()
    queue = outbox.queue()
    queue.lease(2)
    queue.give_back((id_,))
    assert outbox.state(id_) == ("waiting", NOW, 0, 0)
    row = outbox.row(id_)
    assert (row.leased_by, row.leased_until) == ("", None)
    assert outbox.row(other).state == "leased"


def test_nobody_gives_back_what_another_has_or_what_is_done(outbox: Outbox) -> None:
    id_, done = outbox.add(), outbox.add()
    queue = outbox.queue()
    queue.lease(2)
    queue.record(done, Sent("250 ok"))
    outbox.queue("b/1/1").give_back((id_,))
    queue.give_back((done,))
    queue.give_back(())
    assert (outbox.row(id_).state, outbox.row(done).state) == ("leased", "sent")


def test_a_mail_past_the_dot_is_not_given_back_as_if_it_were_untried(outbox: Outbox) -> None:
    id_ = outbox.add()
    queue = outbox.queue()
    queue.lease(1)
    queue.at_dot(id_)
    queue.give_back((id_,))
    assert queue.lease(1) == ()
    assert outbox.state(id_) == ("uncertain", outbox.now + EVIDENCE, 1, 1)


# ---- lost leases


def _dead() -> str:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()
    return f"{this_process().host}/{child.pid}/1"


LIVING = str(this_process())
REBORN = f"{this_process().host}/{os.getpid()}/1"
MOMENT, LONG = timedelta(seconds=1), LEASE


@pytest.mark.parametrize(
    ("holder", "passed", "lost"),
    [
        # a process of this host that is gone loses it at once
        (_dead(), MOMENT, True),
        (REBORN, MOMENT, True),
        # one that lives, or of whom nobody can tell, when it runs out
        (LIVING, MOMENT, False),
        (LIVING, LONG, True),
        (ELSEWHERE, LONG - MOMENT, False),
        (ELSEWHERE, LONG, True),
        # our own, of a room that was started anew in this process
        ("b/1/1", MOMENT, True),
    ],
    ids=("dead", "reborn", "living", "living-long", "elsewhere", "elsewhere-long", "our-own"),
)
@pytest.mark.parametrize("at_dot", [False, True])
def test_when_a_lease_is_lost_and_what_becomes_of_the_mail(
    outbox: Outbox, holder: str, passed: timedelta, lost: bool, at_dot: bool
) -> None:
    id_ = outbox.add()
    outbox.queue(holder).lease(1)
    if at_dot:
        outbox.queue(holder).at_dot(id_)
    outbox.now += passed
    leased = outbox.queue("b/1/1").lease(10)
    if not lost:
        assert leased == ()
        assert outbox.row(id_).leased_by == holder
    elif at_dot:  # it may have arrived: wait for evidence
        assert leased == ()
        assert outbox.state(id_) == ("uncertain", outbox.now + EVIDENCE, 1, 1)
        assert "after the final dot" in outbox.row(id_).reason
    else:  # it did not: send it now
        assert [mail.attempts for mail in leased] == [2]
        assert outbox.row(id_).leased_by == "b/1/1"


def test_the_second_time_that_a_daemon_stops_at_the_dot_a_person_must_look(outbox: Outbox) -> None:
    id_ = outbox.add()
    for _ in range(2):
        holder = _dead()
        assert len(outbox.queue(holder).lease(1)) == 1
        outbox.queue(holder).at_dot(id_)
        outbox.queue().lease(1)
        outbox.now += EVIDENCE
    assert outbox.state(id_) == ("uncertain", None, 2, 2)
    outbox.now += timedelta(days=30)
    assert outbox.queue().lease(1) == ()


# ---- what a person or a bounce says


STATES = {state: state.value for state in State}


@pytest.mark.parametrize(
    ("act", "may", "becomes"),
    [
        (outgoing_rows.retry, {"waiting", "uncertain", "failed", "bounced"}, "waiting"),
        (outgoing_rows.drop, {"waiting", "uncertain", "failed"}, "failed"),
        (outgoing_rows.bounced, {"waiting", "uncertain", "sent"}, "bounced"),
    ],
)
@pytest.mark.parametrize("state", STATES.values())
def test_which_rows_a_person_or_a_bounce_may_change(
    outbox: Outbox, act: Callable[..., Any], may: set[str], becomes: str, state: str
) -> None:
    id_ = outbox.add()
    outbox.write(lambda connection: connection.execute(update(tables.outgoing).values(state=state)))
    argument = LATER if act is outgoing_rows.retry else "a reason"
    answer = outbox.write(act, id_, argument)
    assert bool(answer) == (state in may)
    assert outbox.row(id_).state == (becomes if state in may else state)


def test_a_retry_begins_anew(outbox: Outbox) -> None:
    id_ = outbox.add()
    queue = outbox.queue()
    queue.lease(1)
    queue.at_dot(id_)
    queue.record(id_, Uncertain(None, "no answer"))
    assert outbox.write(outgoing_rows.retry, id_, LATER)
    assert outbox.state(id_) == ("waiting", LATER, 1, 0)
    assert outbox.row(id_).dot_at is None


def test_a_dropped_or_bounced_mail_is_never_due(outbox: Outbox) -> None:
    dropped, bounced = outbox.add(), outbox.add()
    outbox.write(outgoing_rows.drop, dropped, "Ann said so")
    row = outbox.write(outgoing_rows.bounced, bounced, "550 no such user")
    assert (row.ticket, row.person_id, row.template) == (None, 1, "reply")
    assert outbox.queue().next_due() is None
    assert outbox.row(dropped).reason == "Ann said so"
    assert outbox.row(bounced).reason == "550 no such user"


def test_a_failure_is_reported_once_and_again_if_a_retry_fails(outbox: Outbox) -> None:
    id_, dropped = outbox.add(), outbox.add()
    outbox.write(outgoing_rows.drop, dropped, "Ann knows")

    def fails() -> None:
        outbox.queue().lease(1)
        outbox.queue().record(id_, Failed("550"))

    fails()
    assert outbox.write(outgoing_rows.take_unreported).id == id_
    assert outbox.write(outgoing_rows.take_unreported) is None
    outbox.write(outgoing_rows.retry, id_, NOW)
    fails()
    assert outbox.write(outgoing_rows.take_unreported).id == id_


@pytest.mark.parametrize(
    ("message_id", "recipient", "found"),
    [
        ("<rita@example.org>", "rita@example.org", True),
        ("<rita@example.org>", "RITA@Example.org", True),
        ("<rita@example.org>", "max@example.org", False),
        ("<max@example.org>", "rita@example.org", False),
    ],
)
def test_a_bounce_finds_its_mail_by_message_id_and_recipient(
    outbox: Outbox, message_id: str, recipient: str, found: bool
) -> None:
    id_ = outbox.add()
    with outbox.store.read() as connection:
        answer = outgoing_rows.by_message_id(connection, message_id, recipient)
    assert answer == (id_ if found else None)


# ---- counting for the breaker


def test_automatic_mails_are_counted_from_a_moment_on(outbox: Outbox) -> None:
    outbox.add("rita@example.org", at=NOW)
    outbox.add("rita@example.org", at=NOW - timedelta(minutes=30))
    outbox.add("max@example.org", at=NOW - timedelta(minutes=30))
    outbox.add("rita@example.org", at=NOW - timedelta(minutes=31))
    outbox.add("rita@example.org", at=NOW, automatic=False)
    since = NOW - timedelta(minutes=30)
    with outbox.store.read() as connection:
        assert outgoing_rows.automatic_since(connection, since) == 3
        assert outgoing_rows.automatic_to(connection, since, "rita@example.org", 9) == 2
        assert outgoing_rows.automatic_to(connection, since, "ann@example.org", 9) == 0


def test_automatic_mails_to_one_address_are_counted_up_to_the_limit_alone(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.add("rita@example.org")
    with outbox.store.read() as connection:
        assert outgoing_rows.automatic_to(connection, NOW, "rita@example.org", 2) == 2


def test_the_sum_of_automatic_mails_is_counted_from_the_whole_minute_on(outbox: Outbox) -> None:
    outbox.add(at=NOW - timedelta(minutes=30))
    with outbox.store.read() as connection:
        since = NOW - timedelta(minutes=29, seconds=1)
        assert outgoing_rows.automatic_since(connection, since) == 1
        assert outgoing_rows.automatic_since(connection, since + timedelta(seconds=1)) == 0


def test_an_automatic_mail_that_was_rolled_back_is_not_counted(outbox: Outbox) -> None:
    outbox.add()
    with outbox.store.trial() as connection:
        values = {"ticket": None, "person": 1, "recipient": "max@example.org", "subject": ""}
        values |= {"template": "reply", "automatic": True, "message_id": "<1@x>", "raw": b""}
        write_outgoing(connection, now=NOW, **values)
        assert outgoing_rows.automatic_since(connection, NOW) == 2
    with outbox.store.read() as connection:
        assert outgoing_rows.automatic_since(connection, NOW) == 1


def test_counts_of_minutes_that_have_passed_are_forgotten(outbox: Outbox) -> None:
    for hours in (0, 1, 2):
        outbox.add(at=NOW - timedelta(hours=hours))
    with outbox.store.write() as connection:
        outgoing_rows.forget_rate(connection, NOW - timedelta(hours=1))
        assert outgoing_rows.automatic_since(connection, NOW - timedelta(hours=9)) == 2


def test_a_lease_may_be_of_another_length(outbox: Outbox) -> None:
    id_ = outbox.add()
    replace(outbox.queue(), lease_seconds=60).lease(1)
    assert outbox.row(id_).leased_until == NOW + timedelta(seconds=60)
