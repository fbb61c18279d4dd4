"""A service: a part of the daemon that runs in its own thread until it is stopped."""

import threading
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class WakeSignal:
    """Wakes a waiting service early or asks it to stop. All methods are thread-safe."""

    _woken: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _working: threading.Event = field(default_factory=threading.Event)

    def wake(self) -> None:
        """Wake the service, since there may be work."""
        self._woken.set()

    def stop(self) -> None:
        """Ask the service to finish its current work and return."""
        self._stop.set()
        self._woken.set()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def working(self) -> None:
        """The service reports that it works: it has its connection or socket."""
        self._working.set()

    def begin(self) -> None:
        """The service starts or restarts and has not reported that it works."""
        self._working.clear()

    @property
    def is_working(self) -> bool:
        """Whether the service reported that it works since it started."""
        return self._working.is_set()

    def pause(self, seconds: float) -> bool:
        """Sleep for `seconds`, even if woken. Returns whether to continue. For back-off."""
        return not self._stop.wait(seconds)

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep until woken or stopped, or for `seconds`. Returns whether to continue."""
        self._woken.wait(seconds)
        if not self.stopping:
            self._woken.clear()
        return not self.stopping

    def is_woken(self, seconds: float) -> bool:
        """Whether it is woken or stopped within `seconds`; `wait` still sees the signal."""
        return self._woken.wait(seconds)


class ServiceUnavailable(Exception):
    """A service cannot work because of its environment, perhaps only for a time.

    The text is one line for the admin: what, where and what to do. The service is restarted.
    """


class Service(Protocol):
    """A part of the daemon.

    `run` returns after `wake_signal.stop()` and raises if the service fails. The daemon then
    restarts it with back-off and shows the error in /readyz.
    """

    name: str

    def run(self, wake_signal: WakeSignal) -> None:
        """Do the work of this service until `wake_signal.stopping`."""
