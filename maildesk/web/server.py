"""The web server as a service: uvicorn with limits against slow and greedy clients."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from maildesk.config.schema.settings import Web
from maildesk.model.service import ServiceUnavailable, WakeSignal

_CONNECTIONS = 100
_KEEP_ALIVE_SECONDS = 5
_GRACE_SECONDS = 4  # for running requests; the daemon allows ten seconds for all services
_HEADER_BYTES = 16 * 1024
HEADER_SECONDS = 15.0


class WebTrouble(ServiceUnavailable):
    """The web server cannot start. The text is one line: what, where, and what to do."""


class _HeaderTimeoutProtocol(H11Protocol):
    """Closes a connection whose request line and headers do not arrive in time.

    uvicorn itself has no such limit, and a hundred slow clients would use up all connections.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timeout()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._answering():
            self._cancel_timeout()
        elif self._deadline is None:
            self._start_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timeout()
        super().connection_lost(exc)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_timeout(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _cancel_timeout(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """A uvicorn server that the wake signal stops and that leaves the process's signals alone."""

    def __init__(
        self, config: uvicorn.Config, wake_signal: WakeSignal, started: threading.Event
    ) -> None:
        super().__init__(config)
        self._wake_signal = wake_signal
        self._started = started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started.set()

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._wake_signal.stopping


def _listen(settings: Web) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        made = socket.create_server((settings.host, settings.port), family=family, backlog=128)
        # asyncio sets TCP_NODELAY only on a socket with a protocol, which create_server leaves out.
        # Each further request of a connection would otherwise wait 40 ms for a delayed ACK.
        return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, made.detach())
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise WebTrouble(
            f"web: cannot listen on {settings.host} port {settings.port}: {reason}; "
            "free it, or set another host or port in [web]"
        ) from error


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=_HeaderTimeoutProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,  # it would contain the tokens
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=_HEADER_BYTES,
    )


class WebService:
    """Serves the pages. `port` is the port that is bound once `started` is set."""

    name = "web"

    def __init__(self, app: ASGIApp, settings: Web) -> None:
        self._app = app
        self._settings = settings
        self.port = settings.port
        self.started = threading.Event()

    def run(self, wake_signal: WakeSignal) -> None:
        """Serve until `wake_signal.stopping`. Raises WebTrouble if the address cannot be bound."""
        with _listen(self._settings) as listening:
            self.port = listening.getsockname()[1]
            server = _Server(_config(self._app), wake_signal, self.started)
            try:
                asyncio.run(server.serve(sockets=[listening]))
            finally:
                self.started.clear()
