"""Batches, sequence sets, and whether what came back is the mail: tables."""

from datetime import UTC, datetime, timedelta

import pytest

from maildesk.ingest.servers.imap.fetch_plan import (
    FailedFetch,
    Listed,
    batches,
    failed,
    fault_of,
    listed_in,
    runs_of,
    uid_set,
    windows,
)
from maildesk.ingest.servers.imap.imap_errors import said_by, throttle_seconds

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAIL = b"Subject: x\r\n\r\nhello\r\n"


@pytest.mark.parametrize(
    ("sizes", "cut"),
    [
        ([], []),
        ([10, 10, 10], [[10, 10], [10]]),  # at most two
        ([90, 20, 10], [[90], [20, 10]]),  # at most 100 bytes
        ([500, 1], [[500], [1]]),  # larger than the bound: alone
        ([1, 500, 1], [[1], [500], [1]]),
    ],
)
def test_batches_are_bounded_by_bytes_and_number(sizes: list[int], cut: list[list[int]]) -> None:
    mails = [Listed(uid, size) for uid, size in enumerate(sizes, 1)]
    assert [[mail.size for mail in batch] for batch in batches(mails, 100, 2)] == cut


def test_a_uid_set_joins_neighbours() -> None:
    assert uid_set([1, 2, 3, 7, 9, 10]) == ["1:3", "7", "9:10"]
    assert uid_set([]) == []


def test_windows_cover_every_uid_once() -> None:
    assert list(windows(5, 12, 4)) == [(5, 8), (9, 12)]
    assert list(windows(5, 13, 4)) == [(5, 8), (9, 12), (13, 13)]
    assert list(windows(5, 4, 4)) == []
    assert list(runs_of([1, 2, 3], 2)) == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("line", "mail"),
    [
        (b"1 (UID 5 RFC822.SIZE 20)", Listed(5, 20)),
        (
            b'1 (RFC822.SIZE 20 INTERNALDATE " 2-Mar-2026 10:30:00 +0130" UID 5)',
            Listed(5, 20, NOW),
        ),
        (
            b'1 (UID 5 INTERNALDATE "01-mar-2026 23:00:00 -1000" RFC822.SIZE 20)',
            Listed(5, 20, NOW),
        ),
        (b'1 (UID 5 INTERNALDATE "31-Feb-2026 23:00:00 -1000" RFC822.SIZE 20)', Listed(5, 20)),
        (b'1 (UID 5 INTERNALDATE "01-Foo-2026 23:00:00 -1000" RFC822.SIZE 20)', Listed(5, 20)),
        (b'1 (UID 5 INTERNALDATE "01-Jan-0001 00:00:00 +1400" RFC822.SIZE 20)', Listed(5, 20)),
        (b"1 (UID 5 FLAGS (\\Seen))", None),  # news of another client's flags
        (b"1 (FLAGS (\\Seen))", None),
        (b"", None),
    ],
)
def test_a_listed_mail_is_read(line: bytes, mail: Listed | None) -> None:
    assert listed_in(line) == mail


@pytest.mark.parametrize(
    ("body", "size", "fault"),
    [
        (MAIL, len(MAIL), None),
        (MAIL, len(MAIL) - 3, None),  # more than listed: an estimate
        (None, 20, "no data"),
        (b"", 20, "an empty mail"),
        (b"\r\n \r\n", 4, "an empty mail"),
        (MAIL, len(MAIL) + 1, "of 22 bytes"),
        (
            b"From: x\r\nsubject: retrieval using the IMAP4 protocol failed: 5\r\n\r\n",
            5,
            "substitute",
        ),
        (b"Subject: Fwd: Retrieval using the IMAP4 protocol failed\r\n\r\nx", 5, None),
        (b"Subject: x\r\n\r\nSubject: Retrieval using the IMAP4 protocol failed\r\n", 5, None),
    ],
)
def test_what_came_back_is_judged(body: bytes | None, size: int, fault: str | None) -> None:
    found = fault_of(body, size, None)
    assert (found is None) if fault is None else (found is not None and fault in found)


def test_fewer_bytes_are_believed_when_they_come_twice() -> None:
    before = FailedFetch(5, "", 1, NOW, length=len(MAIL))
    assert fault_of(MAIL, 100, before) is None
    assert fault_of(MAIL[:-1], 100, before) is not None


def test_the_wait_doubles_up_to_an_hour() -> None:
    waits = []
    note = None
    for _ in range(14):
        note = failed(5, "no data", None, note, NOW)
        waits.append(note.retry_at - NOW)
    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert waits[-2:] == [timedelta(hours=1)] * 2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Request is throttled. Suggested Backoff Time: 299961 milliseconds", 299.961),
        ("Suggested Backoff Time: 999999999 milliseconds", 3600),
        ("[THROTTLED] Too many", 60),
        ("[UNAVAILABLE] Backend is down", 60),
        ("[LIMIT] Too many bytes", 60),
        ("[AUTHENTICATIONFAILED] No", None),
        ("", None),
    ],
)
def test_a_hint_to_wait_is_understood(said: str, seconds: float | None) -> None:
    assert throttle_seconds(said) == seconds


def test_the_servers_words_are_one_bounded_line() -> None:
    assert said_by(Exception("login failed: b'[X] No\x07\r\n way'")) == "[X] No way"
    assert len(said_by(Exception("y" * 10_000))) == 200
