"""Timeouts of an SMTP connection, which end early when the daemon stops."""

import select
import socket
import time
from collections.abc import Callable
from ssl import SSLSocket

STOP_SECONDS = 7.0  # the daemon has 10 s to stop; QUIT and the commits need some of them
_SLICE = 0.25  # seconds between two checks for a stop
_CHUNK = 65_536


class SmtpTimeouts:
    """The waits of one connection. After a stop, all of them together last STOP_SECONDS."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._stop_at: float | None = None

    def until_readable(self, sock: socket.socket, seconds: float) -> None:
        """Wait until the server has sent something. Raises TimeoutError."""
        if isinstance(sock, SSLSocket) and sock.pending():
            return
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        while not poll.poll(_SLICE * 1000):
            self._check(deadline, seconds)

    def send_all(self, sock: socket.socket, data: bytes, seconds: float) -> None:
        """Send the data in pieces; `seconds` is the longest time without progress.

        `sendall` would limit the time of the whole mail, which 25 MB on a slow line exceed. Raises
        TimeoutError and OSError.
        """
        before = sock.gettimeout()
        sock.settimeout(_SLICE)
        try:
            self._send_pieces(sock, memoryview(data), seconds)
        finally:
            sock.settimeout(before)

    def _send_pieces(self, sock: socket.socket, rest: memoryview, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while rest:
            try:
                sent = sock.send(rest[:_CHUNK])
            except TimeoutError:
                self._check(deadline, seconds)
                continue
            rest = rest[sent:]
            deadline = time.monotonic() + seconds

    def _check(self, deadline: float, seconds: float) -> None:
        now = time.monotonic()
        if now >= deadline:
            raise TimeoutError(f"no answer within {seconds:g} s")
        if self._stopping():
            self._stop_at = self._stop_at or now + STOP_SECONDS
            if now >= self._stop_at:
                raise TimeoutError("no answer before maildesk stopped")
