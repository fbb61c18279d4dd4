"""Strangers' mail is read in other processes, and no mail holds the desk."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from maildesk.ingest.mime.mail_parser import cut
from maildesk.ingest.reading import worker_protocol
from maildesk.ingest.reading.analyse import read
from maildesk.ingest.reading.pool import PoolError, ReadingPool, Unreadable
from maildesk.model.mail import Disposition, RawMail, Reading, Source

HOSTILE = "tests.ingest.hostile_readers:reader"


def raw_mail(body: str, size: int = 0) -> RawMail:
    lines = (b"x" * 99 + b"\n") * (size // 100)  # the text of a mail is bounded in lines
    raw = b"From: rita@example.org\r\nSubject: s\r\n\r\n" + lines + body.encode()
    return RawMail(
        raw=raw,
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        source=Source.FILE,
        mailbox="desk",
        received_at=datetime(2025, 2, 3, tzinfo=UTC),
    )


def last_words(answers: Iterator[Reading | Unreadable]) -> list[str]:
    return [
        one.reason if isinstance(one, Unreadable) else one.mail.text.split()[-1] for one in answers
    ]


def worker_ids() -> set[int]:
    children = psutil.Process().children()
    return {
        one.pid for one in children if "maildesk.ingest.reading.reader_process" in one.cmdline()
    }


@pytest.fixture(scope="module")
def pool() -> Iterator[ReadingPool]:
    with ReadingPool(1, wall_seconds=3, cpu_seconds=1, reader=HOSTILE) as hostile:
        yield hostile


def test_mails_are_read_in_order(pool: ReadingPool) -> None:
    words = [f"word{n}" for n in range(100)]
    assert last_words(pool.read([raw_mail(word) for word in words])) == words


def test_several_workers_answer_in_order_too() -> None:
    words = [f"word{n}" for n in range(60)]
    with ReadingPool(3) as three:
        assert last_words(three.read([raw_mail(word) for word in words])) == words


def test_large_mails_pass_by_a_file(pool: ReadingPool) -> None:
    answers = pool.read([raw_mail("large", size=1_500_000), raw_mail("small")])
    assert last_words(answers) == ["large", "small"]


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        ("hang", "the reading process took more than 3 s"),
        ("eat", "out of memory"),
        ("die", "the reading process was killed"),
        ("exit", "the reading process ended with status 3"),
        ("raise", "RuntimeError: a fault in a reader"),
        ("lie", "the reading process broke its answer (UnpicklingError)"),
    ],
)
def test_a_harmful_mail_is_unreadable_and_the_others_are_read(
    pool: ReadingPool, harm: str, reason: str
) -> None:
    mails = [raw_mail("before"), raw_mail(harm), raw_mail("after"), raw_mail("later")]
    assert last_words(pool.read(mails)) == ["before", reason, "after", "later"]


def test_a_mail_that_takes_too_much_cpu_time_is_unreadable() -> None:
    with ReadingPool(1, wall_seconds=60, cpu_seconds=1, reader=HOSTILE) as pool:
        answers = last_words(pool.read([raw_mail("spin"), raw_mail("after")]))
    assert answers == ["the reading process took too much CPU time", "after"]


@pytest.mark.parametrize(
    ("harm", "defects"),
    [
        ("hang", ("no-date", "unreadable")),
        ("eat", ("no-date", "unreadable")),
        ("raise", ("no-date", "unreadable")),
        ("die", "the reading process was killed"),  # a header that kills, too
    ],
)
def test_a_harmful_mail_is_read_by_its_header_alone(
    harm: str, defects: tuple[str, ...] | str
) -> None:
    mail = raw_mail(harm, size=200_000 if harm == "hang" else 0)
    heads = "tests.ingest.hostile_readers:head_reader"
    with ReadingPool(1, wall_seconds=3, reader=HOSTILE, head_reader=heads) as pool:
        (answer,) = pool.read([mail], head_only=True)
    if isinstance(answer, Unreadable):
        assert answer.reason == defects
        return
    assert (answer.mail.defects, answer.mail.subject) == (defects, "s")
    (whole,) = answer.mail.attachments
    assert (whole.sha256, whole.size) == (mail.sha256, mail.size)
    described, pieces = cut(mail.raw, whole.index)
    assert (described, b"".join(pieces)) == (whole, mail.raw)


def test_what_was_read_before_a_worker_died_is_not_lost(pool: ReadingPool) -> None:
    answers = pool.read([raw_mail("one"), raw_mail("two"), raw_mail("die"), raw_mail("four")])
    first = next(answers)
    time.sleep(0.3)  # by now the worker is dead, with an answer and a mail left in its socket
    rest = ["two", "the reading process was killed", "four"]
    assert last_words(iter([first, *answers])) == ["one", *rest]


def test_the_next_mails_are_read_while_the_consumer_is_busy(pool: ReadingPool) -> None:
    answers = pool.read([raw_mail("one"), raw_mail("two")])
    assert last_words(iter([next(answers)])) == ["one"]
    time.sleep(0.2)
    started = time.monotonic()
    assert last_words(answers) == ["two"]
    assert time.monotonic() - started < 0.2


def test_a_slow_consumer_is_not_the_fault_of_a_mail() -> None:
    with ReadingPool(1, wall_seconds=2) as hasty:
        answers = hasty.read([raw_mail(f"word{n}", size=60_000) for n in range(10)])
        first = next(answers)
        time.sleep(3)
        assert all(isinstance(one, Reading) for one in [first, *answers])


def test_a_consumer_who_leaves_early_leaves_nothing_behind(pool: ReadingPool) -> None:
    answers = pool.read([raw_mail(f"old{n}") for n in range(50)])
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert last_words(pool.read([raw_mail("new")])) == ["new"]


def test_a_second_consumer_waits_for_the_first(pool: ReadingPool) -> None:
    read_by_other: list[str] = []

    def other() -> None:
        read_by_other.extend(last_words(pool.read([raw_mail("theirs")])))

    answers = pool.read([raw_mail("one"), raw_mail("two")])
    next(answers)
    thread = threading.Thread(target=other)
    thread.start()
    assert not read_by_other
    assert last_words(answers) == ["two"]
    thread.join(10)
    assert read_by_other == ["theirs"]


def test_workers_do_not_hear_ctrl_c(pool: ReadingPool) -> None:
    list(pool.read([raw_mail("one")]))
    (worker,) = worker_ids()
    os.kill(worker, signal.SIGINT)
    assert last_words(pool.read([raw_mail("two")])) == ["two"]
    assert worker_ids() == {worker}


def test_a_worker_is_replaced_after_its_share_of_mails() -> None:
    before = worker_ids()
    with ReadingPool(1, mails_per_worker=3) as short:
        list(short.read([raw_mail("a")]))
        first = worker_ids() - before
        assert last_words(short.read([raw_mail(f"w{n}") for n in range(7)]))[-1] == "w6"
        assert not (worker_ids() - before) & first


def test_closing_ends_the_workers() -> None:
    before = worker_ids()
    with ReadingPool(2) as two:
        list(two.read([raw_mail("a")] * 4))
        assert worker_ids() > before
    assert worker_ids() == before


DAEMON = """
import os, signal
from maildesk.ingest.reading.pool import ReadingPool
from tests.ingest.test_pool import raw_mail, worker_ids
pool = ReadingPool(1)
list(pool.read([raw_mail("a")]))
print(*worker_ids(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_when_the_daemon_is_killed() -> None:
    killed = subprocess.run(
        [sys.executable, "-c", DAEMON], capture_output=True, text=True, check=False
    )
    (worker,) = map(int, killed.stdout.split())
    deadline = time.monotonic() + 10
    while psutil.pid_exists(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(worker)


def test_a_reader_that_does_not_start_is_no_fault_of_a_mail() -> None:
    with (
        ReadingPool(1, reader="tests.ingest.hostile_readers:no_such") as none,
        pytest.raises(PoolError),
    ):
        list(none.read([raw_mail("a")]))


def test_a_worker_knows_nothing_of_the_database() -> None:
    reading = "maildesk.ingest.reading"
    known = f"import sys, {reading}.reader_process, {reading}.analyse; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", known], capture_output=True, text=True, check=True
    )
    assert not {"sqlalchemy", "sqlite3", "pydantic", "maildesk.store"} & set(shown.stdout.split())


class Rebuilt:
    """Pickled as a value of the model with this name and these fields."""

    def __init__(self, *named: object) -> None:
        self.named = named

    def __reduce__(self) -> tuple[Any, ...]:
        return worker_protocol.rebuilt, self.named


NONSENSE = {
    "nothing": b"",
    "cut short": pickle.dumps("text")[:-3],
    "no pickle": b"\x80\x05\xff",
    "a function of the system": pickle.dumps(os.getpid),
    "a class of the model that is in no reading": pickle.dumps(Disposition.HELD),
    "an unknown name": pickle.dumps(Rebuilt("RawMail", b"")),
    "too few fields": pickle.dumps(Rebuilt("Address", "Rita")),
    "too many fields": pickle.dumps(Rebuilt("Address", "Rita", "rita@example.org", 1)),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_from_a_worker_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        worker_protocol.model_value(data)


def test_a_reading_arrives_as_it_was_sent() -> None:
    mail = read(raw_mail("Hello").raw)
    (sent,) = worker_protocol.frames(bytearray(worker_protocol.frame(mail)))
    assert worker_protocol.model_value(sent) == mail
