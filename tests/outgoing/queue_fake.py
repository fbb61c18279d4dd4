"""The outgoing rows in memory, with a log of all calls."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from maildesk.outgoing.queue_port import Leased, Retry, Uncertain, Verdict
from tests.outgoing.cast import NOW

RAW = b"From: desk@example.org\r\nTo: rita@example.org\r\nSubject: x\r\n\r\nHello\r\n"


def mail(id: int, recipient: str = "rita@example.org", raw: bytes = RAW) -> Leased:
    """A row that was never tried."""
    return Leased(
        id=id,
        recipient=recipient,
        return_path="desk+b@example.org",
        message_id=f"<{id}@example.org>",
        raw=raw,
        attempts=0,
        uncertain=0,
        created_at=NOW,
    )


@dataclass
class QueueFake:
    """Leases what waits. `steps` records every call that changes a row."""

    waiting: list[Leased] = field(default_factory=list)
    due_later: datetime | None = None
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    steps: list[tuple[str, int]] = field(default_factory=list)
    ours: Callable[[int], bool] = lambda _: True
    full_disk: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, *mails: Leased) -> None:
        """Add mails that are due now."""
        with self._lock:
            self.waiting.extend(mails)

    def lease(self, limit: int) -> tuple[Leased, ...]:
        with self._lock:
            taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return tuple(replace(one, attempts=one.attempts + 1) for one in taken)

    def at_dot(self, id: int) -> bool:
        self.steps.append(("at_dot", id))
        return self.ours(id)

    def record(self, id: int, verdict: Verdict) -> None:
        if self.full_disk:
            self.full_disk -= 1
            raise RuntimeError("database or disk is full")
        self.steps.append(("record", id))
        self.verdicts[id] = verdict

    def give_back(self, ids: tuple[int, ...]) -> None:
        self.steps.extend(("give_back", one) for one in ids)

    def next_due(self) -> datetime | None:
        with self._lock:
            return NOW if self.waiting else self.due_later

    def again(self, id: int, leased: Leased) -> None:
        """Make a mail due that was put off: the clock went on."""
        verdict = self.verdicts.pop(id)
        doubt = 1 if isinstance(verdict, Uncertain) else 0
        assert isinstance(verdict, Retry | Uncertain)
        self.put(replace(leased, uncertain=leased.uncertain + doubt))
