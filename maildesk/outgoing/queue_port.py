"""The port through which delivery uses the outgoing rows, implemented by the store."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maildesk.outgoing.carried_files import CarriedFile


class State(enum.StrEnum):
    """The state of an outgoing mail, which is in exactly one."""

    WAITING = "waiting"
    LEASED = "leased"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A mail that only this process may send now.

    `attempts` includes the current one. `uncertain` counts earlier attempts whose final dot was not
    answered. The bytes of `files` follow `raw`.
    """

    id: int
    recipient: str
    return_path: str
    message_id: str
    raw: bytes
    attempts: int
    uncertain: int
    created_at: datetime
    files: tuple[CarriedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The server accepted the mail."""

    answer: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not accepted now; try again at `at`."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Rejected permanently, or tried for too long."""

    reason: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The final dot was sent and the server did not answer.

    At `at` it is sent once more if no evidence turns up; None if that was done before, and a person
    has to decide.
    """

    at: datetime | None
    reason: str


Verdict = Sent | Retry | Failed | Uncertain


class Queue(Protocol):
    """The outgoing rows as delivery sees them. Every method is one transaction."""

    def lease(self, limit: int) -> tuple[Leased, ...]:
        """Lease mails that are due, oldest first, and count the attempt.

        A row whose lease expired before the dot is due again; one whose lease expired after
        `at_dot` becomes uncertain.
        """

    def at_dot(self, id: int) -> bool:
        """Record that the final dot is sent next; False if the lease was lost."""

    def record(self, id: int, verdict: Verdict) -> None:
        """Record the result of the attempt and end the lease."""

    def give_back(self, ids: tuple[int, ...]) -> None:
        """End the lease of mails that were not tried (stop, server down), uncounted."""

    def next_due(self) -> datetime | None:
        """When the next mail is due; None if none is waiting."""
