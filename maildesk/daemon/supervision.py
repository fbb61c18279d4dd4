"""Runs each service in its own thread and restarts it with back-off if it fails."""

import random
import threading
import time
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError

from maildesk.model.service import Service, ServiceUnavailable, WakeSignal

log = structlog.get_logger()

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 120.0
CALM_SECONDS = 60.0  # a service that ran at least this long restarts after the first pause
HEALED_SECONDS = 2.0  # after a restart it counts as working after this time and twice its last run


@dataclass(slots=True)
class SupervisedService:
    """One service with its thread and its last error. /readyz shows `detail`."""

    service: Service
    wake_signal: WakeSignal = field(default_factory=WakeSignal)
    trouble: str = ""
    _runs_since: float | None = None
    _last_run: float = 0.0
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Run the service in its own thread."""
        self._thread = threading.Thread(
            target=self._keep_running, name=self.service.name, daemon=True
        )
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait at most `seconds` for the service to end after a stop. Returns whether it ended."""
        if self._thread is not None:
            self._thread.join(max(0.0, seconds))
        return self._thread is None or not self._thread.is_alive()

    @property
    def ok(self) -> bool:
        """Whether the service works: it said so since its last failure, or has run long enough."""
        return not self.trouble or self.wake_signal.is_working or self._has_healed

    @property
    def _has_healed(self) -> bool:
        since = self._runs_since
        return since is not None and time.monotonic() - since > max(
            HEALED_SECONDS, 2 * self._last_run
        )

    @property
    def detail(self) -> str:
        """The error in one line, or the problems that a working service reports."""
        if not self.ok:
            return self.trouble
        return "; ".join(getattr(self.service, "troubles", ()))

    def _keep_running(self) -> None:
        pause = FIRST_PAUSE
        while not self.wake_signal.stopping:
            self._runs_since = began = time.monotonic()
            self.wake_signal.begin()
            try:
                self.service.run(self.wake_signal)
                self.trouble = ""
            except Exception as error:
                self._runs_since, self._last_run = None, time.monotonic() - began
                if self._last_run > CALM_SECONDS:
                    pause = FIRST_PAUSE
                self._failed(error, pause)
                self.wake_signal.begin()
                self.wake_signal.pause(pause * random.uniform(0.8, 1.2))
                pause = min(pause * 2, LONGEST_PAUSE)

    def _failed(self, error: Exception, pause: float) -> None:
        self.trouble = _in_one_line(error)
        expected = isinstance(error, ServiceUnavailable | DBAPIError)
        log.error(
            "service failed",
            service=self.service.name,
            why=self.trouble,
            again_in=round(pause, 1),
            exc_info=None if expected else error,
        )


def _in_one_line(error: Exception) -> str:
    """The error for /readyz and the log; the message of a database comes without its statement."""
    if isinstance(error, DBAPIError):
        return f"database: {' '.join(str(error.orig).split())}"
    return " ".join(str(error).split()) or type(error).__name__


def stop(watched: list[SupervisedService], seconds: float) -> list[str]:
    """Stop every service. Returns the names of those that did not end in time."""
    for one in watched:
        one.wake_signal.stop()
    until = time.monotonic() + seconds
    return [one.service.name for one in watched if not one.join(until - time.monotonic())]
