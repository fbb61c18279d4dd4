"""Hard or soft: whether another mail to the address would fail, too."""

import time

import pytest

from maildesk.ingest.intent.bounce_permanence import permanence
from maildesk.model.mail import Permanence

HARD, SOFT, NONE = Permanence.HARD, Permanence.SOFT, Permanence.NONE


@pytest.mark.parametrize(
    ("action", "status", "said", "expected"),
    [
        # only what failed can be hard or soft
        ("delayed", "4.4.1", "user unknown", NONE),
        ("delivered", "2.0.0", "", NONE),
        ("complaint", "", "user unknown", NONE),
        # words go before codes: 5.1.1 is said of full mailboxes and blocked senders, too
        ("failed", "5.1.1", "552 5.2.2 Mailbox is full", SOFT),
        ("failed", "5.1.1", "550 5.7.1 IP address blacklisted by recipient", SOFT),
        ("failed", "5.7.1", "550 5.7.1 <max@example.org>: no such user here", HARD),
        ("failed", "5.0.0", "550 Host unknown", HARD),
        ("failed", "5.0.0", "Recipient address rejected: Access denied", HARD),
        # class 4 is soft whatever is said
        ("failed", "4.1.1", "450 4.1.1 User unknown", SOFT),
        ("failed", "4.4.7", "", SOFT),
        # an address that was taken and refused after the mail was there is one that exists
        ("failed", "5.0.0", "error after end of data: 550 user unknown", SOFT),
        ("failed", "5.1.1", "error after end of data: 550 user unknown", HARD),
        # 5.2 is about a mailbox that is there
        ("failed", "5.2.1", "550 5.2.1 user unknown", SOFT),
        ("failed", "5.2.1", "error after RCPT command: 5.2.1 user unknown", HARD),
        # 5.1.8 is about the sender
        ("failed", "5.1.8", "553 domain of sender address does not exist", SOFT),
        # where nothing is said in words, the code alone
        ("failed", "5.1.1", "", HARD),
        ("failed", "5.1.2", "", HARD),
        ("failed", "5.1.6", "", HARD),
        ("failed", "5.1.10", "", HARD),
        ("failed", "5.4.4", "", HARD),
        ("failed", "5.1.15", "", SOFT),
        ("failed", "5.2.2", "", SOFT),
        ("failed", "5.7.1", "", SOFT),
        # in doubt soft
        ("failed", "5.0.0", "", SOFT),
        ("failed", "", "It did not arrive.", SOFT),
    ],
)
def test_whether_another_mail_would_fail(
    action: str, status: str, said: str, expected: Permanence
) -> None:
    assert permanence(action, status, said) is expected


def test_the_nearest_word_counts() -> None:
    assert permanence("failed", "5.0.0", "user unknown", "another's mailbox is full") is HARD
    assert permanence("failed", "5.0.0", "mailbox full", "user unknown") is SOFT


@pytest.mark.parametrize("piece", ["user ", "mailbox is ", "a" * 80 + " ", "over the "])
def test_its_time_is_bounded(piece: str) -> None:
    started = time.process_time()
    permanence("failed", "5.0.0", piece * 100_000)
    assert time.process_time() - started < 0.2
