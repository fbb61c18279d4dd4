"""A room: one part of the daemon that runs in a thread of its own until told to stop."""

import threading
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class WakeSignal:
    """Wakes a waiting room early, and tells it to stop. Safe to ring from any thread."""

    _rung: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _working: threading.Event = field(default_factory=threading.Event)

    def ring(self) -> None:
        """There may be something to do."""
        self._rung.set()

    def stop(self) -> None:
        """Finish what is begun and return."""
        self._stop.set()
        self._rung.set()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def working(self) -> None:
        """The room says that it has what it needs (a connection, a socket) and works."""
        self._working.set()

    def begin(self) -> None:
        """The room starts (again) and has yet to say that it works."""
        self._working.clear()

    @property
    def is_working(self) -> bool:
        """Whether the room said so since it started."""
        return self._working.is_set()

    def pause(self, seconds: float) -> bool:
        """Sleep for `seconds`, whoever rings; whether to go on. For back-off."""
        return not self._stop.wait(seconds)

    def wait(self, seconds: float) -> bool:
        """Sleep until rung, stopped or `seconds` have passed; whether to go on."""
        self._rung.wait(seconds)
        if not self.stopping:
            self._rung.clear()
        return not self.stopping

    def heard(self, seconds: float) -> bool:
        """Whether it is rung or stopped within `seconds`; leaves the ring for `wait`."""
        return self._rung.wait(seconds)


class RoomTrouble(Exception):
    """The world outside is not as a room needs it. The text is one line for the admin: what,
    where, what to do. It may pass by itself; the room is started again."""


class Service(Protocol):
    """One part of the daemon. `run` returns when the bell says stop and raises when it fails;
    the daemon then starts it again with back-off and shows the error in /readyz."""

    name: str

    def run(self, wake_signal: WakeSignal) -> None:
        """Do this room's work until `bell.stopping`."""
