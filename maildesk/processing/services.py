"""The services that process the journal and the deadlines. The daemon's timer wakes them."""

import time
from collections.abc import Callable

from maildesk.model.service import WakeSignal
from maildesk.processing.clock.clock_jump_guard import ClockJumpGuard
from maildesk.processing.clock.sla_recalculation import SlaRecalculation
from maildesk.processing.desk import Desk
from maildesk.processing.worker import Worker

MAINTAIN_SECONDS = 24 * 3600.0


class WorkService:
    """Processes the mails of the journal."""

    name = "work"

    def __init__(self, open_worker: Callable[[], Worker], on_worked: Callable[[], None]) -> None:
        self._open_worker = open_worker
        self._on_worked = on_worked

    def run(self, wake_signal: WakeSignal) -> None:
        """Raises the errors of the database; claimed mails are given back."""
        worker = self._open_worker()
        try:
            while not wake_signal.stopping:
                worked = worker.work(lambda: wake_signal.stopping)
                wake_signal.working()
                if worked:
                    self._on_worked()
                else:
                    wake_signal.wait()
        finally:
            worker.close()


class ClockService:
    """Processes the deadlines that have passed."""

    name = "clock"

    def __init__(self, desk: Desk, on_struck: Callable[[], None]) -> None:
        self._desk = desk
        self._on_struck = on_struck
        self._steady = ClockJumpGuard()
        self._maintained = time.monotonic()  # the upgrade at the start of the daemon did so

    def run(self, wake_signal: WakeSignal) -> None:
        """Raises the errors of the database; a ticket whose deadline fails waits an hour."""
        recalculation = SlaRecalculation(self._desk.runtime)
        while not wake_signal.stopping:
            believed = self._steady.trusts(self._desk.runtime.clock(), time.monotonic())
            struck = self._desk.tick(recalculation.first) if believed else 0
            wake_signal.working()
            if struck:
                self._on_struck()
            self._maintain()
            if not recalculation.step(lambda: wake_signal.stopping) and not struck:
                wake_signal.wait()

    def _maintain(self) -> None:
        if time.monotonic() - self._maintained >= MAINTAIN_SECONDS:
            self._desk.maintain()
            self._maintained = time.monotonic()
