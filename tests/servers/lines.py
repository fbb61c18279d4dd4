"""Ports, waiting, and lines that break."""

import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], Any], seconds: float = 10, what: str = "") -> None:
    """Wait until `holds()` is true; fails the test after `seconds`."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s: {what or holds}"
        time.sleep(0.01)


def listens(port: int) -> bool:
    """Whether a connection to the port is taken."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def open_folder(name: str) -> Path:
    """A new folder that a server's children may enter, who are not root.

    Not one of pytest's: every run of pytest closes those of the runs beside it to others.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"maildesk-{name}-"))
    folder.chmod(0o755)
    return folder


class CuttingProxy:
    """Stands between client and server and spoils the line: cuts, delays, rewrites, wraps in TLS.

    Set `cut_after` to close every line after so many bytes from the server; `cut_once` cuts
    only the next line. `rewrite` changes what the server says, piece by piece.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.target = port
        self.cut_after: int | None = None
        self.cut_once: int | None = None
        self.delay = 0.0
        self.rewrite: Callable[[bytes], bytes] = lambda data: data
        self.connections = 0
        self._tls = tls
        self._listener = socket.create_server(("", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lines: list[socket.socket] = []

    def start(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        # shutdown wakes the thread in accept(); close alone does not.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Cut every line there is."""
        lines, self._lines = self._lines, []
        for line in lines:
            _close(line)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            _close(client)
            return
        for line in (client, server):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines += [client, server]
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        self._pump_spoiled(server, client)

    def _pump_spoiled(self, server: socket.socket, client: socket.socket) -> None:
        left = self.cut_after if self.cut_once is None else self.cut_once
        self.cut_once = None
        with suppress(OSError):
            while data := server.recv(65536):
                time.sleep(self.delay)
                data = self.rewrite(data)
                if left is not None:
                    client.sendall(data[:left])
                    left -= len(data)
                    if left <= 0:
                        break
                else:
                    client.sendall(data)
        _close(client)
        _close(server)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _close(sink)


def _close(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield int(listener.getsockname()[1])
