"""Decides when a failed delivery is tried again and when it is given up. No I/O.

As in Postfix, the wait grows with the age of the mail: a mail that has waited an hour is tried
again after an hour, one that is a minute old after a minute.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from maildesk.outgoing.queue_port import Failed, Leased, Retry, Sent, Uncertain, Verdict

FLOOR = timedelta(minutes=1)
CEILING = timedelta(hours=1)
LIFETIME = timedelta(days=5)  # RFC 5321 §4.5.4.1: the give-up time is at least 4 to 5 days
_SPREAD = 0.1  # part of the wait, so that mails that failed together are not retried together


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server answered the final dot with 2xx."""

    answer: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server answered 4xx or 5xx (RFC 5321 §4.2.1), before or after the dot."""

    code: int
    answer: str


@dataclass(frozen=True, slots=True)
class LineLost:
    """The connection broke or timed out. `after_dot`: the server may have accepted the mail."""

    after_dot: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Unsendable:
    """This server can never accept this mail."""

    reason: str


Outcome = Accepted | Refused | LineLost | Unsendable


def back_off(age: timedelta, jitter: float) -> timedelta:
    """The wait before the next attempt. `jitter` in 0..1 adds up to a tenth."""
    wait = min(max(age, FLOOR), CEILING)
    return wait * (1 + _SPREAD * jitter)


def judge(
    outcome: Outcome, leased: Leased, now: datetime, *, jitter: float, evidence: timedelta
) -> Verdict:
    """The verdict on the mail after this attempt.

    `evidence` is how long a mail whose final dot was not answered waits for a bounce.
    """
    match outcome:
        case Accepted(answer):
            return Sent(answer)
        case Unsendable(reason):
            return Failed(reason)
        case Refused(code, answer) if code >= 500:
            return Failed(_refusal(code, answer, leased))
        case Refused(code, answer):
            return _retry_or_fail(_refusal(code, answer, leased), leased, now, jitter)
        case LineLost(after_dot, reason):
            if after_dot:
                return _uncertain(reason, leased, now, evidence)
            return _retry_or_fail(reason, leased, now, jitter)


def _retry_or_fail(reason: str, leased: Leased, now: datetime, jitter: float) -> Retry | Failed:
    age = now - leased.created_at
    if age >= LIFETIME:
        return Failed(f"given up after {age.days} days: {reason}")
    return Retry(now + back_off(age, jitter), reason)


def _uncertain(reason: str, leased: Leased, now: datetime, evidence: timedelta) -> Uncertain:
    if leased.uncertain:
        # It was sent twice, which is the limit without a person's decision.
        return Uncertain(None, reason)
    return Uncertain(now + evidence, reason)


def _refusal(code: int, answer: str, leased: Leased) -> str:
    doubt = " (an earlier attempt may have arrived)" if leased.uncertain else ""
    return f"{code} {answer}{doubt}"
