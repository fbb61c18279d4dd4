"""The listener against plain sockets and smtplib: 250 means kept, and nobody holds the door."""

import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from maildesk.config.schema.settings import Desk, Listener
from maildesk.ingest.servers.smtp.listener import ListenerService, ListenerTrouble
from maildesk.model.mail import Source
from maildesk.model.service import WakeSignal
from tests.ingest.journal_fake import JournalFake
from tests.servers import Postfix, free_port, wait_until

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DESK = "desk@desk.example"
TRACE = (
    b"Return-Path: <rita@example.org>\r\n"
    b"Received: from client ([127.0.0.1])\r\n"
    b"\tby mx.desk.example with %s;\r\n"
    b"\tMon, 02 Mar 2026 09:00:00 +0000\r\n"
)


@pytest.fixture
def journal() -> JournalFake:
    return JournalFake()


def ours(address: str) -> bool:
    return address.startswith("desk") and address.endswith("@desk.example")


@contextmanager
def listening(
    journal: JournalFake, *, max_mail_bytes: int = 1_000_000, **fields: Any
) -> Iterator[ListenerService]:
    listener = Listener(name="door", port=0, **({"protocol": "smtp"} | fields))
    service = ListenerService(
        listener,
        max_mail_bytes=max_mail_bytes,
        journal=journal,
        accepts=ours,
        clock=lambda: NOW,
        hostname="mx.desk.example",
    )
    wake_signal = WakeSignal()
    thread = threading.Thread(target=service.run, args=(wake_signal,))
    thread.start()
    try:
        assert service.started.wait(5)
        yield service
    finally:
        wake_signal.stop()
        thread.join(10)
        assert not thread.is_alive()


class Line:
    """A client that says exactly what it is told to."""

    def __init__(self, service: ListenerService) -> None:
        self.socket = socket.socket()
        # A small window, so that a client that does not read is soon felt by the server.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", service.port))
        self._file = self.socket.makefile("rb")

    def send(self, *lines: bytes) -> None:
        self.socket.sendall(b"".join(line + b"\r\n" for line in lines))

    def reply(self) -> str:
        """The next reply's last line; "" where the line is closed."""
        return self.reply_lines()[-1]

    def reply_lines(self) -> list[str]:
        """All lines of the next reply."""
        lines = [self._line()]
        while lines[-1][3:4] == "-":
            lines.append(self._line())
        return lines

    def _line(self) -> str:
        try:
            return self._file.readline().decode().rstrip("\r\n")
        except ConnectionResetError:
            return ""

    def ask(self, line: bytes) -> str:
        self.send(line)
        return self.reply()

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@contextmanager
def line(service: ListenerService, hello: bytes = b"EHLO client") -> Iterator[Line]:
    with closing(Line(service)) as client:
        assert client.reply().startswith("220")
        if hello:
            assert client.ask(hello).startswith("250")
        yield client


def begin_mail(client: Line, *recipients: str) -> None:
    assert client.ask(b"MAIL FROM:<rita@example.org>").startswith("250")
    for recipient in recipients or (DESK,):
        assert client.ask(b"RCPT TO:<%s>" % recipient.encode()).startswith("250")
    assert client.ask(b"DATA").startswith("354")


# --- what is kept ---


def test_a_mail_is_kept_with_its_envelope(journal: JournalFake) -> None:
    with listening(journal) as service, smtplib.SMTP("127.0.0.1", service.port, "client") as client:
        client.sendmail(
            "rita@example.org", [DESK, "desk+token@desk.example"], b"Subject: x\r\n\r\n"
        )
    (mail,) = journal.mails
    assert mail.source is Source.SMTP
    assert mail.mailbox == "door"
    assert mail.envelope_from == "rita@example.org"
    assert mail.envelope_to == (DESK, "desk+token@desk.example")
    assert mail.peer == "127.0.0.1"
    assert mail.helo == "client"
    assert mail.received_at == NOW


BODIES = {
    "empty": b"",
    "one line": b"Subject: x\r\n",
    "8-bit": "Subject: Störung\r\n\r\n\u20ac\r\n".encode() + b"\xff\xfe\x00\x80\r\n",
    "a line of a megabyte": b"Subject: x\r\n\r\n" + b"y" * 900_000 + b"\r\n",
    "a long line of dots": b"\r\n" + b"." * 200_000 + b"\r\n.\x20\r\n",
    "bare CR and LF": b"Subject: x\r\n\r\na\nb\rc\n.\nd\r.\re\n\r.\r\n\n\r\n",
    "dots": b".\r\n..\r\n...x\r\n.y\r\n",
    "no header": b"\r\n\r\n\r\n",
    "dot over the buffer's edge": b"z" * 65_534 + b"\r\n.\r\n" + b"z" * 65_535 + b"\r\n..\r\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_bytes_are_kept_exactly_as_sent(body: bytes, journal: JournalFake) -> None:
    stuffed = b"\r\n" + body
    stuffed = stuffed.replace(b"\r\n.", b"\r\n..")[2:]
    with listening(journal) as service, line(service) as client:
        begin_mail(client)
        client.socket.sendall(stuffed + b".\r\n")
        assert client.reply().startswith("250")
        assert client.ask(b"NOOP").startswith("250")
    (mail,) = journal.mails
    assert mail.raw == TRACE % b"ESMTP" + body
    assert mail.size == len(mail.raw)


def test_commands_and_mails_may_come_all_at_once(journal: JournalFake) -> None:
    one = [
        b"MAIL FROM:<>",
        b"RCPT TO:<" + DESK.encode() + b">",
        b"DATA",
        b"Subject: x",
        b".",
        b"RSET",
    ]
    with listening(journal) as service, line(service) as client:
        client.send(*one, *one, b"QUIT")
        replies = [client.reply()[:3] for _ in range(11)]
    assert replies == ["250", "250", "354", "250", "250"] * 2 + ["221"]
    assert [mail.envelope_from for mail in journal.mails] == ["", ""]
    assert journal.mails[0].raw.startswith(b"Return-Path: <>\r\n")


def test_what_the_client_calls_itself_cannot_forge_a_header(journal: JournalFake) -> None:
    with listening(journal) as service, line(service, b"EHLO a\rX-Evil: 1;\tb\x00") as client:
        begin_mail(client)
        assert client.ask(b".").startswith("250")
    assert b"from a?X-Evil:?1?" in journal.mails[0].raw


def test_the_250_comes_after_the_commit(journal: JournalFake) -> None:
    may_commit = threading.Event()

    def wait_for_disk() -> None:
        may_commit.wait(10)

    journal.before_keep = wait_for_disk
    with listening(journal) as service, line(service) as client, line(service) as other:
        begin_mail(client)
        client.send(b"Subject: x", b".")
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        assert other.ask(b"NOOP").startswith("250")  # a slow disk keeps nobody else waiting
        assert journal.mails == []
        may_commit.set()
        client.socket.settimeout(5)
        assert client.socket.recv(100).startswith(b"250")
        assert len(journal.mails) == 1


def test_a_full_disk_is_451_and_the_next_try_is_kept(journal: JournalFake) -> None:
    journal.keep_error = OSError(28, "No space left on device")
    with listening(journal) as service, line(service) as client:
        begin_mail(client)
        assert client.ask(b"Subject: x\r\n.").startswith("451")
        journal.keep_error = None
        begin_mail(client)
        assert client.ask(b"Subject: x\r\n.").startswith("250")
    assert len(journal.mails) == 1


# --- what is refused ---


def test_a_recipient_that_is_not_ours_is_refused_at_once(journal: JournalFake) -> None:
    with listening(journal) as service, line(service) as client:
        client.ask(b"MAIL FROM:<rita@example.org>")
        assert client.ask(b"RCPT TO:<other@example.net>").startswith("550 5.1.1")
        assert client.ask(b"RCPT TO:<desk\xff@desk.example>").startswith("550")
        assert client.ask(b"DATA").startswith("503")


@pytest.mark.parametrize(("protocol", "hello"), [("smtp", b"EHLO a"), ("lmtp", b"LHLO a")])
def test_pipelining_and_enhanced_codes_are_announced_and_given(
    protocol: str, hello: bytes, journal: JournalFake
) -> None:
    with listening(journal, protocol=protocol) as service, line(service, b"") as client:
        client.send(hello)
        announced = client.reply_lines()
        assert {"250-PIPELINING", "250-ENHANCEDSTATUSCODES"} <= set(announced)
        assert announced[-1] == "250 HELP"
        for command, code in (
            *((b"NOOP", "250 2."), (b"RSET", "250 2."), (b"MAIL", "501 5."), (b"XYZ", "500 5.")),
            *((b"RCPT TO:<a@b>", "503 5."), (b"VRFY x", "252 2."), (b"QUIT", "221 2.")),
        ):
            assert client.ask(command).startswith(code), command


def test_postmaster_is_accepted() -> None:
    desk = Desk(address="desk@desk.example", aliases=("help@other.example",))
    for address in ("postmaster", "Postmaster@desk.example", "postmaster@other.example"):
        assert desk.receives(address)
    for address in ("postmaster@evil.example", "postmaster+a@desk.example", "root@desk.example"):
        assert not desk.receives(address)
    assert desk.receives("desk+token@desk.example")


def test_a_declared_size_over_the_limit_is_refused_at_once(journal: JournalFake) -> None:
    with listening(journal, max_mail_bytes=1000) as service, line(service, b"") as client:
        client.send(b"EHLO client")
        hello = client.reply_lines()
        assert "250-SIZE 1000" in hello
        assert "250-8BITMIME" in hello
        assert client.ask(b"MAIL FROM:<a@b.example> SIZE=1001").startswith("552")


def test_an_undeclared_size_over_the_limit_is_refused_after_the_dot(journal: JournalFake) -> None:
    with listening(journal, max_mail_bytes=1000) as service, line(service) as client:
        begin_mail(client)
        client.send(*[b"x" * 70] * 2000)
        assert client.ask(b".").startswith("552")
        begin_mail(client)
        assert client.ask(b"small\r\n.").startswith("250")
    assert len(journal.mails) == 1


def test_more_than_a_hundred_recipients_are_put_off(journal: JournalFake) -> None:
    with listening(journal) as service, line(service) as client:
        client.ask(b"MAIL FROM:<rita@example.org>")
        replies = [client.ask(b"RCPT TO:<desk+%d@desk.example>" % n)[:3] for n in range(101)]
    assert replies == ["250"] * 100 + ["452"]


# --- LMTP ---


def test_lmtp_replies_once_for_each_recipient(journal: JournalFake) -> None:
    with listening(journal, protocol="lmtp") as service, line(service, b"LHLO client") as client:
        client.send(b"MAIL FROM:<rita@example.org>", b"RCPT TO:<desk@desk.example>")
        client.send(b"RCPT TO:<nobody@desk.example>", b"RCPT TO:<desk+t@desk.example>", b"DATA")
        assert [client.reply()[:3] for _ in range(5)] == ["250", "250", "550", "250", "354"]
        client.send(b"Subject: x", b".", b"NOOP")
        assert [client.reply() for _ in range(3)] == ["250 2.0.0 Kept"] * 2 + ["250 2.0.0 OK"]
    (mail,) = journal.mails
    assert mail.source is Source.LMTP
    assert mail.raw == TRACE % b"LMTP" + b"Subject: x\r\n"


@pytest.mark.parametrize(("fault", "code"), [("full disk", "451"), ("too large", "552")])
def test_lmtp_refuses_once_for_each_recipient(fault: str, code: str, journal: JournalFake) -> None:
    journal.keep_error = OSError("full") if fault == "full disk" else None
    limit = 10 if fault == "too large" else 1000
    with (
        listening(journal, protocol="lmtp", max_mail_bytes=limit) as service,
        line(service, b"LHLO client") as client,
    ):
        begin_mail(client, DESK, "desk+t@desk.example")
        client.send(b"Subject: a long one", b".", b"NOOP")
        assert [client.reply()[:3] for _ in range(3)] == [code, code, "250"]


def test_lmtp_does_not_know_ehlo_and_smtp_does_not_know_lhlo(journal: JournalFake) -> None:
    with listening(journal, protocol="lmtp") as service, line(service, b"") as client:
        assert client.ask(b"EHLO client").startswith("500")
        assert client.ask(b"HELO client").startswith("500")
    with listening(journal) as service, line(service, b"") as client:
        assert client.ask(b"LHLO client").startswith("500")


@pytest.mark.skipif(bool(Postfix.missing()), reason=Postfix.missing())
def test_postfix_delivers_by_lmtp(journal: JournalFake) -> None:
    with listening(journal, protocol="lmtp") as service:
        postfix = Postfix(lmtp_port=service.port, relay_port=free_port()).start()
        try:
            with smtplib.SMTP("127.0.0.1", postfix.port) as client:
                client.sendmail("rita@example.org", [DESK], b"Subject: x\r\n\r\nHello\r\n")
            wait_until(lambda: journal.mails, 15)
        finally:
            postfix.stop()
    assert journal.mails[0].envelope_to == (DESK,)
    assert journal.mails[0].raw.endswith(b"\r\n\r\nHello\r\n")


# --- slow and greedy clients ---


def cut_within(client: Line, seconds: float) -> str:
    """The last thing said before the line was cut."""
    began = time.monotonic()
    last = ""
    while said := client.reply():
        last = said
    assert time.monotonic() - began < seconds
    return last


def dribble(client: Line, data: bytes, pause: float) -> threading.Thread:
    def run() -> None:
        try:
            for byte in data:
                client.socket.sendall(bytes([byte]))
                time.sleep(pause)
        except OSError:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def in_command(client: Line) -> None:
    pass


def in_data(client: Line) -> None:
    begin_mail(client)


@pytest.mark.parametrize("where", [in_command, in_data])
def test_a_client_that_dribbles_bytes_is_cut(
    where: Callable[[Line], None], journal: JournalFake
) -> None:
    with listening(journal, command_seconds=0.5) as service, line(service) as client:
        where(client)
        dribbling = dribble(client, b"x" * 100, 0.1)
        assert cut_within(client, 3).startswith("421")
        dribbling.join()


def test_a_client_that_sends_line_after_line_for_ever_is_cut(journal: JournalFake) -> None:
    with (
        listening(journal, command_seconds=5, session_seconds=1) as service,
        line(service) as client,
    ):
        begin_mail(client)
        dribbling = dribble(client, b"x\r\n" * 100, 0.05)
        assert cut_within(client, 3).startswith("421")
        dribbling.join()
    assert journal.mails == []


@pytest.mark.parametrize("command", [b"NOOP", b"RSET", b"", b"VRFY x", b"NONSENSE", b"HELP"])
def test_a_client_that_floods_with_commands_is_cut(command: bytes, journal: JournalFake) -> None:
    with listening(journal, max_commands=20) as service, line(service, b"") as client:
        client.send(*[command] * 50)
        assert cut_within(client, 3)[:3] in {"421", "502"}


def test_a_client_that_brings_mails_may_go_on(journal: JournalFake) -> None:
    with listening(journal, max_commands=12) as service, line(service) as client:
        for _ in range(20):
            begin_mail(client)
            assert client.ask(b"Subject: x\r\n.").startswith("250")
    assert len(journal.mails) == 20


def flood(client: Line, data: bytes) -> None:
    """Send without ever reading, until the line breaks."""
    client.socket.settimeout(15)
    while True:
        client.socket.sendall(data)


def test_a_client_that_does_not_read_is_cut(journal: JournalFake) -> None:
    with (
        listening(journal, command_seconds=1, max_commands=10**6) as service,
        line(service) as client,
        pytest.raises((ConnectionResetError, BrokenPipeError)),
    ):
        flood(client, b"HELP\r\n" * 1000)


def test_a_command_without_end_costs_no_memory_and_is_cut(journal: JournalFake) -> None:
    with (
        listening(journal, command_seconds=1) as service,
        line(service) as client,
        pytest.raises((ConnectionResetError, BrokenPipeError)),
    ):
        flood(client, b"x" * 65_536)


def test_a_connection_too_many_is_told_so(journal: JournalFake) -> None:
    with listening(journal, max_connections=2) as service:
        with line(service) as one, line(service):
            with closing(Line(service)) as third:
                assert third.reply().startswith("421")
                assert third.reply() == ""
            one.ask(b"QUIT")
        wait_until(lambda: _greeted(service), 3)


def _greeted(service: ListenerService) -> bool:
    with closing(Line(service)) as client:
        return client.reply().startswith("220")


def test_a_client_that_hangs_up_in_mid_mail_leaves_nothing(journal: JournalFake) -> None:
    with listening(journal) as service:
        with line(service) as client:
            begin_mail(client)
            client.send(b"Subject: half a mail")
        assert _greeted(service)
    assert journal.mails == []


# --- opening and closing ---


def test_stopping_waits_for_a_mail_that_is_being_kept(journal: JournalFake) -> None:
    keeping = threading.Event()

    def slowly() -> None:
        keeping.set()
        time.sleep(0.7)

    journal.before_keep = slowly
    with listening(journal) as service:
        client = Line(service)
        client.reply()
        client.ask(b"EHLO client")
        begin_mail(client)
        client.send(b"Subject: x", b".")
        assert keeping.wait(5)
    with closing(client):
        assert client.reply().startswith("250")
        assert client.reply().startswith("421")
    assert len(journal.mails) == 1


def test_stopping_sends_idle_clients_away_within_two_seconds(journal: JournalFake) -> None:
    with listening(journal) as service:
        client = Line(service)
        client.reply()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with closing(client):
        assert client.reply().startswith("421")


def test_a_taken_port_is_one_clear_line(journal: JournalFake) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        service = ListenerService(
            Listener(name="door", port=taken.getsockname()[1]),
            max_mail_bytes=1000,
            journal=journal,
            accepts=ours,
        )
        with pytest.raises(ListenerTrouble, match=r"listener \"door\" on 127\.0\.0\.1:\d+: "):
            service.run(WakeSignal())
