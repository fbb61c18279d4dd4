"""Two daemons on one mailbox and one database: no mail twice, also when one of them is killed."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from maildesk.store import tables
from tests.crash.scene import Box, RuleInput, outgoing_mail, scene
from tests.crash.warm import Running, Warm
from tests.servers import wait_until

ROOMS = ("imap", "work", "deliver")
MAILS = 200
BURST = 20
LETTERS = [outgoing_mail(f"asker{n}", f"Question {n}", id=f"question-{n}") for n in range(MAILS)]
LEASES = {"imap:desk/INBOX", "work"}


@contextmanager
def two_daemons(
    warm: Warm, folder: Path, url: str, box: Box
) -> Iterator[tuple[RuleInput, Running, Running]]:
    """Both begin at the same moment, on an empty database."""
    with (
        scene(folder, url, box) as here,
        warm.running(folder, *ROOMS, name="first") as first,
        warm.running(folder, *ROOMS, name="second") as second,
    ):
        yield here, first, second


def arrive(here: RuleInput) -> Iterator[None]:
    """All the mails, a burst at a time."""
    for start in range(0, MAILS, BURST):
        here.arrive(*LETTERS[start : start + BURST])
        yield


def holders(here: RuleInput) -> dict[str, int]:
    """The process that holds each lease."""
    with here.store.read() as connection:
        rows = connection.execute(select(tables.lease.c.name, tables.lease.c.holder)).all()
    return {row.name: int(re.split("/", row.holder)[1]) for row in rows}


def doubles(here: RuleInput) -> int:
    """Each mail became one ticket and was answered; how many answers went out twice."""
    journal, ours, received = here.mails(), here.outgoing(), here.sink.received()
    assert Counter(row.disposition for row in journal) == {"new-ticket": MAILS}
    assert len({row.ticket for row in journal}) == len(here.rows(tables.ticket)) == MAILS
    assert len({row.raw_mail_id for row in here.rows(tables.message)}) == MAILS
    acknowledged = [row.recipient for row in ours if row.template == "acknowledgement"]
    assert sorted(acknowledged) == sorted(f"asker{n}@example.org" for n in range(MAILS))
    assert received.keys() == {row.message_id for row in ours}
    assert {row.state for row in ours} == {"sent"}
    for row in ours:
        assert received[row.message_id] in (1, 1 + row.uncertain)
    assert here.on_server() == (0, MAILS)
    return received.total() - len(ours)


def test_two_daemons_share_a_mailbox_and_a_database_and_no_mail_is_handled_twice(
    warm: Warm, tmp_path: Path, database_url: str, some_box: Box
) -> None:
    with two_daemons(warm, tmp_path, database_url, some_box) as (here, first, second):
        for _ in arrive(here):
            pass
        here.wait_until_quiet(MAILS, 60)
        assert (first.stop(), second.stop()) == (0, 0)
        assert doubles(here) == 0


def test_the_other_takes_over_where_the_one_that_holds_the_leases_is_killed(
    warm: Warm, tmp_path: Path, database_url: str, some_box: Box
) -> None:
    with two_daemons(warm, tmp_path, database_url, some_box) as (here, first, second):
        burst = arrive(here)
        for _ in range(3):
            next(burst)
        wait_until(lambda: len(here.mails()) >= BURST and holders(here).keys() >= LEASES, 30)
        held = Counter(holders(here).values())
        leader, other = sorted((first, second), key=lambda one: -held[one.pid])
        next(burst)
        leader.kill()
        for _ in burst:
            pass
        here.wait_until_quiet(MAILS, 60)
        assert set(holders(here).values()) == {other.pid}
        assert other.stop() == 0
        assert doubles(here) <= sum(row.uncertain for row in here.outgoing()) <= 1
