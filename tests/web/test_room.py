"""The web server as a room: it starts, it stops, and slow or greedy clients do not hold it."""

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
from maildesk.model.page import Page, Problem
from maildesk.model.service import WakeSignal
from maildesk.web import server as web_room
from maildesk.web.server import WebService, WebTrouble
from tests.web import door_fake as links
from tests.web.door_fake import DoorFake
from tests.web.served import application, served


@pytest.fixture
def service(door: DoorFake) -> Iterator[WebService]:
    with served(application(door)) as running:
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


def test_an_answer_is_sent_at_once_and_waits_for_no_acknowledgement() -> None:
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


def test_it_stops_within_seconds_although_a_line_is_kept_open(door: DoorFake) -> None:
    with served(application(door)) as service:
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


class _StuckDoor(DoorFake):
    """A desk whose database does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.let_go = threading.Event(), threading.Event()

    def view(self, token: str, before: str = "") -> Page | Problem:
        self.entered.set()
        self.let_go.wait(30)
        return super().view(token, before)


def test_it_stops_although_the_desk_does_not_answer() -> None:
    door = _StuckDoor()
    with served(application(door)) as service:
        waiting = socket.create_connection(("127.0.0.1", service.port))
        waiting.sendall(f"GET /l/{links.VIEW} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert door.entered.wait(5)
        begun = time.monotonic()
    assert time.monotonic() - begun < 7
    door.let_go.set()
    waiting.close()


def test_it_can_be_started_again(door: DoorFake) -> None:
    app = application(door)
    for _ in range(2):
        with served(app) as service:
            assert _ask(service, "/healthz").status == 200


def test_a_taken_port_is_one_clear_line(service: WebService, door: DoorFake) -> None:
    second = WebService(application(door), Web(port=service.port))
    with pytest.raises(WebTrouble) as trouble:
        second.run(WakeSignal())
    text = str(trouble.value)
    assert "\n" not in text
    assert f"127.0.0.1 port {service.port}: Address already in use" in text
    assert "[web]" in text


def test_a_host_that_is_not_ours_is_one_clear_line(door: DoorFake) -> None:
    with pytest.raises(WebTrouble, match="cannot listen on no-such-host"):
        WebService(application(door), Web(host="no-such-host.invalid")).run(WakeSignal())


def test_the_daemons_signal_handler_stays_as_it_was(door: DoorFake) -> None:
    before = signal.getsignal(signal.SIGTERM)
    wake_signal = WakeSignal()
    service = WebService(application(door), Web(port=0))
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


def test_a_client_that_is_slow_with_its_headers_is_hung_up_on(
    service: WebService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_room, "HEADER_SECONDS", 0.3)
    for first_words in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "):
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as slow:
            slow.sendall(first_words)
            assert slow.recv(1) == b""


def test_an_answer_that_takes_long_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_room, "HEADER_SECONDS", 0.3)
    door = _StuckDoor()
    with served(application(door)) as service:
        threading.Timer(1, door.let_go.set).start()
        assert _ask(service, f"/l/{links.VIEW}").status == 200


def test_headers_without_end_are_refused(service: WebService) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as greedy:
        greedy.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000)
        assert greedy.recv(100).startswith(b"HTTP/1.1 400")


def test_a_body_without_end_is_refused(service: WebService, door: DoorFake) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as greedy:
        greedy.sendall(
            f"POST /l/{links.APPROVAL} HTTP/1.1\r\nHost: x\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        greedy.sendall((b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 5)
        assert greedy.recv(100).startswith(b"HTTP/1.1 413")
    assert door.decisions == []


def test_no_token_reaches_the_log(service: WebService, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        _ask(service, f"/l/{links.APPROVAL}")
        _ask(service, f"/l/{links.BROKEN}")
    assert links.APPROVAL not in caplog.text
    assert links.BROKEN not in caplog.text
