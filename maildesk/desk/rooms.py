"""The services that process the journal and the deadlines. The daemon's timer wakes them."""

import time
from collections.abc import Callable

from maildesk.desk.desk import Desk
from maildesk.desk.review import review
from maildesk.desk.steady import Steady
from maildesk.desk.worker import Worker
from maildesk.room import Bell


class WorkRoom:
    """Processes the mails of the journal."""

    name = "work"

    def __init__(self, open_worker: Callable[[], Worker], on_worked: Callable[[], None]) -> None:
        self._open_worker = open_worker
        self._on_worked = on_worked

    def run(self, bell: Bell) -> None:
        """Raises the errors of the database; claimed mails are given back."""
        worker = self._open_worker()
        try:
            while not bell.stopping:
                worked = worker.work(lambda: bell.stopping)
                bell.working()
                if worked:
                    self._on_worked()
                else:
                    bell.wait()
        finally:
            worker.close()


class ClockRoom:
    """Processes the deadlines that have passed."""

    name = "clock"

    def __init__(self, desk: Desk, on_struck: Callable[[], None]) -> None:
        self._desk = desk
        self._on_struck = on_struck
        self._steady = Steady()

    def run(self, bell: Bell) -> None:
        """Raises the errors of the database; a ticket whose deadline fails waits an hour."""
        review(self._desk.office, lambda: bell.stopping)
        while not bell.stopping:
            believed = self._steady.trusts(self._desk.office.clock(), time.monotonic())
            struck = self._desk.tick() if believed else 0
            bell.working()
            if struck:
                self._on_struck()
            else:
                bell.wait()
