"""The web server starts, stops, and limits slow or greedy clients."""

import asyncio
import http.client
import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from maildesk.config.schema.settings import Web
from maildesk.model.links.page import Page, Problem
from maildesk.model.service import WakeSignal
from maildesk.web import server as web_room
from maildesk.web.server import WebService, WebTrouble
from tests.web import link_pages_fake as links
from tests.web.link_pages_fake import LinkPagesFake
from tests.web.served import application, served


@pytest.fixture
def service(link_pages: LinkPagesFake) -> Iterator[WebService]:
    with served(application(link_pages)) as running:
        yield running


def _ask(service: WebService, path: str) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    line.request("GET", path)
    response = line.getresponse()
    response.read()
    line.close()
    return response


def test_the_pages_are_served_and_the_port_is_known(service: WebService) -> None:
    assert service.port != 0
    assert _ask(service, "/healthz").status == 200
    response = _ask(service, f"/l/{links.APPROVAL}")
    assert response.status == 200
    assert response.getheader("server") is None


def test_a_response_is_sent_without_waiting_for_a_tcp_acknowledgement() -> None:
    """A second request of the same connection would wait 40 ms for a delayed ACK otherwise."""
    assert asyncio.run(_no_delay()) == 1


async def _no_delay() -> int:
    """TCP_NODELAY of a connection that asyncio took from the socket we listen on."""
    taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        taken.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with web_room._listen(Web(port=0)) as listening:
        server = await asyncio.start_server(connected, sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        found = await taken
        writer.close()
        server.close()
    return found


def test_it_stops_within_seconds_despite_an_open_connection(link_pages: LinkPagesFake) -> None:
    with served(application(link_pages)) as service:
        kept = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
        kept.request("GET", "/healthz")
        kept.getresponse().read()
        silent = socket.create_connection(("127.0.0.1", service.port))
        silent.sendall(b"GET / HTTP/1.1\r\nHost:")
        begun = time.monotonic()
    assert time.monotonic() - begun < 3
    kept.close()
    silent.close()
    assert not service.started.is_set()


class _StuckDoor(LinkPagesFake):
    """A desk whose database does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.let_go = threading.Event(), threading.Event()

    def view(self, token: str, before: str = "") -> Page | Problem:
        self.entered.set()
        self.let_go.wait(30)
        return super().view(token, before)


def test_it_stops_while_a_request_is_hanging() -> None:
    link_pages = _StuckDoor()
    with served(application(link_pages)) as service:
        waiting = socket.create_connection(("127.0.0.1", service.port))
        waiting.sendall(f"GET /l/{links.VIEW} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert link_pages.entered.wait(5)
        begun = time.monotonic()
    assert time.monotonic() - begun < 7
    link_pages.let_go.set()
    waiting.close()


def test_it_can_be_restarted(link_pages: LinkPagesFake) -> None:
    app = application(link_pages)
    for _ in range(2):
        with served(app) as service:
            assert _ask(service, "/healthz").status == 200


def test_a_taken_port_is_one_clear_line(service: WebService, link_pages: LinkPagesFake) -> None:
    second = WebService(application(link_pages), Web(port=service.port))
    with pytest.raises(WebTrouble) as trouble:
        second.run(WakeSignal())
    text = str(trouble.value)
    assert "\n" not in text
    assert f"127.0.0.1 port {service.port}: Address already in use" in text
    assert "[web]" in text


def test_an_unknown_host_is_one_clear_line(link_pages: LinkPagesFake) -> None:
    with pytest.raises(WebTrouble, match="cannot listen on no-such-host"):
        WebService(application(link_pages), Web(host="no-such-host.invalid")).run(WakeSignal())


def test_the_daemons_signal_handler_is_not_replaced(link_pages: LinkPagesFake) -> None:
    before = signal.getsignal(signal.SIGTERM)
    wake_signal = WakeSignal()
    service = WebService(application(link_pages), Web(port=0))
    seen = []

    def stop_when_started() -> None:
        service.started.wait(10)
        seen.append(signal.getsignal(signal.SIGTERM))
        wake_signal.stop()

    stopper = threading.Thread(target=stop_when_started)
    stopper.start()
    service.run(wake_signal)  # in the main thread, where uvicorn would take the signals
    stopper.join()
    assert seen == [before]


def test_a_client_that_sends_headers_slowly_is_disconnected(
    service: WebService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_room, "HEADER_SECONDS", 0.3)
    for first_words in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "):
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as slow:
            slow.sendall(first_words)
            assert slow.recv(1) == b""


def test_a_slow_response_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_room, "HEADER_SECONDS", 0.3)
    link_pages = _StuckDoor()
    with served(application(link_pages)) as service:
        threading.Timer(1, link_pages.let_go.set).start()
        assert _ask(service, f"/l/{links.VIEW}").status == 200


def test_endless_headers_are_rejected(service: WebService) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as greedy:
        greedy.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000)
        assert greedy.recv(100).startswith(b"HTTP/1.1 400")


def test_an_endless_body_is_rejected(service: WebService, link_pages: LinkPagesFake) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as greedy:
        greedy.sendall(
            f"POST /l/{links.APPROVAL} HTTP/1.1\r\nHost: x\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        greedy.sendall((b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 5)
        assert greedy.recv(100).startswith(b"HTTP/1.1 413")
    assert link_pages.decisions == []


def test_no_token_reaches_the_log(service: WebService, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        _ask(service, f"/l/{links.APPROVAL}")
        _ask(service, f"/l/{links.BROKEN}")
    assert links.APPROVAL not in caplog.text
    assert links.BROKEN not in caplog.text
