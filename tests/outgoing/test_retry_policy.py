"""The verdict on a mail after each outcome of an attempt, as a table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.outgoing.queue_port import Failed, Retry, Sent, Uncertain, Verdict
from maildesk.outgoing.retry_policy import (
    Accepted,
    LineLost,
    Outcome,
    Refused,
    Unsendable,
    back_off,
    judge,
)
from tests.outgoing.cast import NOW
from tests.outgoing.queue_fake import mail

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "jitter", "wait"),
    [
        # a new mail: the floor
        (timedelta(0), 0.0, MINUTE),
        # a clock that went back does not shorten it
        (-HOUR, 0.0, MINUTE),
        # in between it is as long again as the mail has waited
        (10 * MINUTE, 0.0, 10 * MINUTE),
        # the ceiling
        (HOUR, 0.0, HOUR),
        (3 * DAY, 0.0, HOUR),
        # mails that failed together come back apart, by a tenth at most
        (10 * MINUTE, 1.0, 11 * MINUTE),
        (3 * DAY, 0.5, 63 * MINUTE),
    ],
)
def test_back_off(age: timedelta, jitter: float, wait: timedelta) -> None:
    assert back_off(age, jitter) == wait


@pytest.mark.parametrize(
    ("outcome", "age", "uncertain", "verdict"),
    [
        # taken
        (Accepted("250 ok"), MINUTE, 0, Sent("250 ok")),
        # for now not: full mailbox, greylisting, an overloaded server
        (Refused(452, "full"), MINUTE, 0, Retry(NOW + MINUTE, "452 full")),
        (Refused(421, "busy"), 20 * MINUTE, 0, Retry(NOW + 20 * MINUTE, "421 busy")),
        # after the dot as well: the server says plainly that it did not take it
        (Refused(451, "later"), 2 * HOUR, 0, Retry(NOW + HOUR, "451 later")),
        # for ever not
        (Refused(550, "no such user"), MINUTE, 0, Failed("550 no such user")),
        (Refused(554, "spam"), MINUTE, 0, Failed("554 spam")),
        # tried for five days
        (Refused(452, "full"), 5 * DAY, 0, Failed("given up after 5 days: 452 full")),
        (Refused(452, "full"), 5 * DAY - HOUR, 0, Retry(NOW + HOUR, "452 full")),
        (LineLost(False, "reset"), 6 * DAY, 0, Failed("given up after 6 days: reset")),
        # the line broke before the dot: the server has nothing
        (LineLost(False, "reset"), MINUTE, 0, Retry(NOW + MINUTE, "reset")),
        # after it: wait for evidence, then once more
        (LineLost(True, "silence"), MINUTE, 0, Uncertain(NOW + 10 * MINUTE, "silence")),
        (LineLost(True, "silence"), 2 * HOUR, 0, Uncertain(NOW + 10 * MINUTE, "silence")),
        # and never a third time by itself
        (LineLost(True, "silence"), HOUR, 1, Uncertain(None, "silence")),
        # the second time it was sent, and answered
        (Accepted("250 ok"), HOUR, 1, Sent("250 ok")),
        # the second time it never got to the dot: that one does not count
        (LineLost(False, "reset"), HOUR, 1, Retry(NOW + HOUR, "reset")),
        # refused the second time: the first one may have arrived all the same
        (
            Refused(550, "twice"),
            HOUR,
            1,
            Failed("550 twice (an earlier attempt may have arrived)"),
        ),
        # nothing that this server could ever take
        (Unsendable("552 too large"), MINUTE, 0, Failed("552 too large")),
    ],
)
def test_verdict(outcome: Outcome, age: timedelta, uncertain: int, verdict: Verdict) -> None:
    leased = replace(mail(1), created_at=NOW - age, uncertain=uncertain)
    assert judge(outcome, leased, NOW, jitter=0.0, evidence=10 * MINUTE) == verdict
