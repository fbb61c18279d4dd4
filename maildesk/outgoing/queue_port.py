"""What delivery needs of the outgoing rows. The store's is the real one; tests have a fake."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class State(enum.StrEnum):
    """Where an outgoing mail is. It is in exactly one of these."""

    WAITING = "waiting"
    LEASED = "leased"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A mail that this process alone may send now.

    `attempts` counts this one. `uncertain` counts how often the final dot was sent
    before and no answer came.
    """

    id: int
    recipient: str
    return_path: str
    message_id: str
    raw: bytes
    attempts: int
    uncertain: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took the mail."""

    answer: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not taken now; try again at `at`."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Refused for good, or tried for too long."""

    reason: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The final dot was sent and no answer came.

    `at` is when it is sent once more if no evidence turns up, or None where that was done
    before: then it waits for a person.
    """

    at: datetime | None
    reason: str


Verdict = Sent | Retry | Failed | Uncertain


class Queue(Protocol):
    """The outgoing rows as delivery sees them. Every method is one transaction."""

    def lease(self, limit: int) -> tuple[Leased, ...]:
        """Take mails that are due, count the attempt, oldest first.

        A row whose lease ran out before the dot is due again; one whose lease ran out after
        `at_dot` becomes uncertain.
        """

    def at_dot(self, id: int) -> bool:
        """Record that the final dot goes out next; False where the row is no longer ours."""

    def record(self, id: int, verdict: Verdict) -> None:
        """Record what became of the attempt and end the lease."""

    def give_back(self, ids: tuple[int, ...]) -> None:
        """End the lease of mails not tried (stopping, server down); the attempt is not counted."""

    def next_due(self) -> datetime | None:
        """When the next mail is due, or None."""
