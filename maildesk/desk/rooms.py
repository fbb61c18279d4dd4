"""The desk's own rooms: the one that works the journal, and the one that heeds the clock."""

import time
from collections.abc import Callable

from maildesk.desk.desk import Desk
from maildesk.desk.review import Review
from maildesk.desk.steady import Steady
from maildesk.desk.worker import Worker
from maildesk.room import Bell

WORK_SECONDS = 5.0
CLOCK_SECONDS = 60.0
MAINTAIN_SECONDS = 24 * 3600.0


class WorkRoom:
    """Works mails from the journal as long as there are any."""

    name = "work"

    def __init__(self, open_worker: Callable[[], Worker], on_worked: Callable[[], None]) -> None:
        self._open_worker = open_worker
        self._on_worked = on_worked

    def run(self, bell: Bell) -> None:
        """Raises the database's errors; what was claimed is given back."""
        worker = self._open_worker()
        try:
            while not bell.stopping:
                worked = worker.work(lambda: bell.stopping)
                bell.working()
                if worked:
                    self._on_worked()
                else:
                    bell.wait(WORK_SECONDS)
        finally:
            worker.close()


class ClockRoom:
    """Works deadlines that have passed."""

    name = "clock"

    def __init__(self, desk: Desk, on_struck: Callable[[], None]) -> None:
        self._desk = desk
        self._on_struck = on_struck
        self._steady = Steady()
        self._maintained = time.monotonic()  # the upgrade at the start of the daemon did so

    def run(self, bell: Bell) -> None:
        """Raises the database's errors; a ticket whose deadline fails is put off by an hour."""
        review = Review(self._desk.office)
        while not bell.stopping:
            believed = self._steady.trusts(self._desk.office.clock(), time.monotonic())
            struck = self._desk.tick(review.first) if believed else 0
            bell.working()
            if struck:
                self._on_struck()
            self._maintain()
            if not review.step(lambda: bell.stopping) and not struck:
                bell.wait(CLOCK_SECONDS)

    def _maintain(self) -> None:
        if time.monotonic() - self._maintained >= MAINTAIN_SECONDS:
            self._desk.maintain()
            self._maintained = time.monotonic()
