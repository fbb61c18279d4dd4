"""Delivery to a real SMTP server that refuses, disconnects and does not answer."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from maildesk.config.schema.settings import Secret, Security, Smtp
from maildesk.model.service import WakeSignal
from maildesk.outgoing.carried_files import CarriedFile
from maildesk.outgoing.delivery.delivery_service import DeliveryService, DeliveryTrouble, probe
from maildesk.outgoing.delivery.smtp_client import obstacle_to, stuffed
from maildesk.outgoing.queue_port import Failed, Leased, Retry, Sent, Uncertain
from tests.outgoing.cast import NOW
from tests.outgoing.queue_fake import RAW, QueueFake, mail
from tests.outgoing.smtp_fake import PASSWORD, Trouble, login, server_context, smtp_server
from tests.servers import free_port, wait_until
from tests.skips import needs


def settings(port: int, **changes: Any) -> Smtp:
    fields = {"port": port, "security": Security.NONE, "timeout_seconds": 5, "dot_seconds": 5}
    return Smtp(**(fields | changes))


def secret(value: str) -> Secret:
    return Secret(env="PASSWORD", value=SecretStr(value))


class Desk:
    """A delivery room in a thread, with a fake queue."""

    def __init__(
        self, smtp: Smtp, *mails: Leased, whole: Callable[[Leased], bytes] = attrgetter("raw")
    ) -> None:
        self.queue = QueueFake(list(mails))
        self.failures: list[tuple[int, str]] = []
        self.wake_signal = WakeSignal()
        self.service = DeliveryService(
            smtp, self.queue, lambda: NOW, Random(1), self._failed, whole
        )
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _failed(self) -> None:
        """Called once the verdict is recorded: then whoever reports it finds it there."""
        self.failures = [
            (id_, verdict.reason)
            for id_, verdict in self.queue.verdicts.items()
            if isinstance(verdict, Failed)
        ]

    def _run(self) -> None:
        try:
            self.service.run(self.wake_signal)
        except Exception as error:
            self.error = error

    @contextmanager
    def running(self) -> Iterator["Desk"]:
        self._thread.start()
        try:
            yield self
        finally:
            self.wake_signal.stop()
            self._thread.join(12)
            assert not self._thread.is_alive(), "the room did not stop"

    def until_done(self, *ids: int) -> None:
        """Wait for a verdict on each of them."""
        wait_until(lambda: self.error or set(ids) <= self.queue.verdicts.keys())
        if self.error:
            raise self.error


def delivered(smtp: Smtp, *mails: Leased) -> Desk:
    """A desk that has tried each of these mails and stopped."""
    desk = Desk(smtp, *mails)
    with desk.running():
        desk.until_done(*(one.id for one in mails))
    return desk


def test_mails_are_sent_over_one_connection() -> None:
    trouble = Trouble()
    with smtp_server(trouble) as port:
        desk = delivered(settings(port), *(mail(n) for n in range(1, 121)))
    assert trouble.connections == 2  # aiosmtpd's own look at the port is one
    assert set(desk.queue.verdicts.values()) == {Sent("250 taken")}
    assert trouble.taken[0].mail_from == "desk+b@example.org"
    assert trouble.taken[0].rcpt_tos == ["rita@example.org"]


FILE = CarriedFile(7, 0, "plan.pdf", "application/pdf", 9_000)


def _whole(one: Leased) -> bytes:
    return one.raw + (b"a file\r\n" * 1_000 if one.files else b"no file\r\n")


@pytest.mark.parametrize("refusal", ["size", "552 5.7.0 Blocked content", "554 5.3.4 Too big"])
def test_a_server_that_refuses_the_files_gets_the_words(refusal: str) -> None:
    trouble = Trouble(refuse_files="" if refusal == "size" else refusal)
    limit = 4_000 if refusal == "size" else None
    with smtp_server(trouble, data_size_limit=limit) as port:
        desk = Desk(settings(port), replace(mail(1), files=(FILE,)), mail(2), whole=_whole)
        with desk.running():
            desk.until_done(1, 2)
    assert set(desk.queue.verdicts.values()) == {Sent("250 taken")}
    assert trouble.contents[-2:] == [RAW + b"no file\r\n", RAW]


def test_files_follow_the_words() -> None:
    trouble = Trouble()
    with smtp_server(trouble) as port:
        desk = Desk(settings(port), replace(mail(1), files=(FILE,)), whole=_whole)
        with desk.running():
            desk.until_done(1)
    assert trouble.contents == [RAW + b"a file\r\n" * 1_000]


def test_the_dot_is_recorded_before_and_the_verdict_right_after_it() -> None:
    with smtp_server(Trouble()) as port:
        desk = delivered(settings(port), mail(1), mail(2))
    assert desk.queue.steps == [("at_dot", 1), ("record", 1), ("at_dot", 2), ("record", 2)]


@pytest.mark.parametrize(
    "raw",
    [
        # dots that end a mail early
        b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\n",
        # a dot in the first place
        b".hidden: x\r\n\r\ny\r\n",
        # large, in many pieces
        b"Subject: x\r\n\r\n" + b"0123456789 abcdef\r\n" * 100_000,
    ],
)
def test_the_bytes_arrive_as_they_are(raw: bytes) -> None:
    trouble = Trouble()
    with smtp_server(trouble, data_size_limit=None) as port:
        delivered(settings(port), mail(1, raw=raw))
    assert trouble.contents == [raw]


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        # as it should be
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        # bare breaks: the end of a mail for some servers, and a second mail behind it
        (b"a\n.\nMAIL FROM:<x>\r\n", b"a\r\n..\r\nMAIL FROM:<x>\r\n"),
        (b"a\r.\rb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        # no break at the end
        (b"a", b"a\r\n"),
        # a dot in the first place
        (b".a\r\n", b"..a\r\n"),
    ],
)
def test_stuffed(raw: bytes, sent: bytes) -> None:
    assert stuffed(raw) == sent


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        # full mailbox: later
        ("452 mailbox full", Retry),
        # unknown: never
        ("550 no such user", Failed),
    ],
)
def test_one_refused_recipient_stops_no_other(answer: str, kind: type) -> None:
    trouble = Trouble(refuse={"gone@example.org": answer})
    with smtp_server(trouble) as port:
        desk = delivered(settings(port), mail(1), mail(2, "gone@example.org"), mail(3))
    assert isinstance(desk.queue.verdicts[2], kind)
    assert desk.queue.verdicts[1] == desk.queue.verdicts[3] == Sent("250 taken")
    assert ("at_dot", 2) not in desk.queue.steps
    assert trouble.resets == 1
    assert len(desk.failures) == (kind is Failed)


def test_refused_content_fails_permanently_and_is_reported() -> None:
    with smtp_server(Trouble(refuse_content="554 no thanks")) as port:
        desk = delivered(settings(port), mail(1))
    assert desk.queue.verdicts[1] == Failed("554 no thanks")
    assert desk.failures == [(1, "554 no thanks")]


def test_a_connection_lost_before_the_dot_is_retried() -> None:
    trouble = Trouble(drop_at_data=1)
    with smtp_server(trouble) as port:
        desk = delivered(settings(port), mail(1, raw=RAW + b"x" * 3_000_000), mail(2))
    assert isinstance(desk.queue.verdicts[1], Retry)
    assert desk.queue.verdicts[2] == Sent("250 taken")
    assert len(trouble.taken) == 1


def test_a_connection_lost_after_the_dot_is_uncertain_once_and_then_waits() -> None:
    trouble = Trouble(drop_after_dot=2)
    with smtp_server(trouble) as port:
        desk = Desk(settings(port), mail(1))
        with desk.running():
            desk.until_done(1)
            first = desk.queue.verdicts[1]
            desk.queue.again(1, mail(1))
            desk.wake_signal.wake()
            desk.until_done(1)
    second = desk.queue.verdicts[1]
    assert isinstance(first, Uncertain)
    assert first.at is not None
    assert isinstance(second, Uncertain)
    assert second.at is None
    assert trouble.contents == [RAW, RAW]


def test_silence_after_the_dot_is_uncertain() -> None:
    with smtp_server(Trouble(silent_after_dot=3)) as port:
        desk = delivered(settings(port, dot_seconds=0.3), mail(1))
    verdict = desk.queue.verdicts[1]
    assert isinstance(verdict, Uncertain)
    assert "no answer within 0.3 s" in verdict.reason


def test_a_mail_with_a_lost_lease_gets_no_dot() -> None:
    trouble = Trouble()
    with smtp_server(trouble) as port:
        desk = Desk(settings(port), mail(1), mail(2))
        desk.queue.ours = lambda row: row != 1
        with desk.running():
            desk.until_done(2)
    assert 1 not in desk.queue.verdicts
    assert len(trouble.taken) == 1


def test_a_server_that_closes_connections_delays_no_mail() -> None:
    trouble = Trouble(mails_per_connection=2)
    with smtp_server(trouble) as port:
        desk = delivered(settings(port), *(mail(n) for n in range(1, 8)))
    assert set(desk.queue.verdicts.values()) == {Sent("250 taken")}
    assert len(trouble.taken) == 7


def test_a_verdict_that_could_not_be_recorded_is_recorded_later() -> None:
    trouble = Trouble()
    with smtp_server(trouble) as port:
        desk = Desk(settings(port), mail(1), mail(2))
        desk.queue.full_disk = 1
        with pytest.raises(RuntimeError, match="disk is full"):
            desk.service.run(desk.wake_signal)
        assert ("give_back", 1) not in desk.queue.steps
        assert ("give_back", 2) in desk.queue.steps
        with desk.running():
            desk.until_done(1)
    assert desk.queue.verdicts == {1: Sent("250 taken")}
    assert len(trouble.taken) == 1


@pytest.mark.parametrize(
    ("recipient", "features", "reason"),
    [
        # fine
        ("rita@example.org", {"size": ""}, ""),
        ("rita@example.org", {"size": "0"}, ""),
        ("rita@example.org", {"size": "1000"}, ""),
        # the server says beforehand that it is too large
        ("rita@example.org", {"size": "10"}, "552 the mail has"),
        # an address that would be a second command
        ("rita@example.org>\r\nRCPT TO:<m@evil.example", {}, "not a mail address"),
        ("rita", {}, "not a mail address"),
        ("", {}, "not a mail address"),
        # beyond ASCII
        ("jürgen@example.org", {}, "SMTPUTF8"),
        ("jürgen@example.org", {"smtputf8": ""}, ""),
        # only the domain: that has an ASCII form
        ("rita@müller.example", {}, ""),
    ],
)
def test_obstacle(recipient: str, features: dict[str, str], reason: str) -> None:
    found = obstacle_to(mail(1, recipient), features)
    assert reason in found
    assert bool(found) is bool(reason)


def test_smtputf8_is_used_if_needed() -> None:
    trouble = Trouble()
    with smtp_server(trouble, enable_SMTPUTF8=True) as port:
        delivered(settings(port), mail(1, "jürgen@example.org"))
        assert "SMTPUTF8" in trouble.options
        delivered(settings(port), mail(1))
        assert "SMTPUTF8" not in trouble.options
    assert trouble.taken[0].rcpt_tos == ["jürgen@example.org"]


def failing(smtp: Smtp) -> DeliveryTrouble:
    """The trouble of a room with two mails; they were given back."""
    desk = Desk(smtp, mail(1), mail(2))
    with pytest.raises(DeliveryTrouble) as caught:
        desk.service.run(desk.wake_signal)
    assert desk.queue.steps == [("give_back", 1), ("give_back", 2)]
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_server_that_is_down_uses_no_attempt() -> None:
    assert "cannot connect to 127.0.0.1" in str(failing(settings(free_port())))


def test_a_server_that_requires_a_login_uses_no_attempt() -> None:
    with smtp_server(Trouble(refuse_sender="530 authenticate first")) as port:
        assert "wants a login" in str(failing(settings(port)))


def test_a_wrong_password_uses_no_attempt_and_is_not_shown() -> None:
    with smtp_server(Trouble(), authenticator=login, auth_require_tls=False) as port:
        wrong = settings(port, user="desk", password=secret("wrong-one"))
        right = settings(port, user="desk", password=secret(PASSWORD))
        problem = failing(wrong)
        assert "refuses the login of desk" in str(problem)
        assert "wrong-one" not in repr(problem) + str(probe(wrong))
        assert delivered(right, mail(1)).queue.verdicts == {1: Sent("250 taken")}
        assert probe(right) == ()


def test_a_server_without_login_gets_its_own_error() -> None:
    with smtp_server(Trouble()) as port:
        smtp = settings(port, user="desk", password=secret(PASSWORD))
        assert "offers no login" in str(failing(smtp))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for localhost that is its own CA, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    files = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]),
        ],
        check=True,
        capture_output=True,
    )
    return files


@needs("openssl")
@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_tls_is_verified(security: Security, certificate: tuple[str, str]) -> None:
    context = server_context(*certificate)
    options = {"tls_context": context, "require_starttls": True}
    if security is Security.TLS:
        options = {"ssl_context": context}
    trouble = Trouble()
    with smtp_server(trouble, **options) as port:
        trusted = settings(port, security=security, ca_file=Path(certificate[0]))
        named = trusted.model_copy(update={"host": "localhost"})
        assert delivered(named, mail(1), mail(2)).queue.verdicts[2] == Sent("250 taken")
        # trusted, but for another name
        assert "is not trusted" in str(failing(trusted))
        # the right name, but nobody vouches for it
        assert "is not trusted" in str(failing(named.model_copy(update={"ca_file": None})))
        (finding,) = probe(trusted)
        assert "ca_file" in finding.remedy
    assert len(trouble.taken) == 2


def test_a_server_without_starttls_is_not_trusted_with_mail() -> None:
    with smtp_server(Trouble()) as port:
        assert "offers no STARTTLS" in str(failing(settings(port, security=Security.STARTTLS)))


def test_plain_text_on_a_tls_port_gets_a_clear_error() -> None:
    with smtp_server(Trouble()) as port:
        assert "no TLS with" in str(failing(settings(port, security=Security.TLS)))


def test_a_stop_finishes_the_current_mail_and_gives_back_the_rest() -> None:
    trouble = Trouble(silent_after_dot=1)
    with smtp_server(trouble) as port:
        desk = Desk(settings(port), mail(1), mail(2), mail(3))
        with desk.running():
            wait_until(lambda: trouble.taken)
    assert desk.queue.verdicts == {1: Sent("250 taken")}
    assert desk.queue.steps[2:] == [("give_back", 2), ("give_back", 3)]


def test_a_stop_does_not_wait_ten_minutes_for_the_dot() -> None:
    trouble = Trouble(silent_after_dot=60)
    with smtp_server(trouble) as port:
        desk = Desk(settings(port, dot_seconds=600), mail(1))
        with desk.running():
            wait_until(lambda: trouble.taken)
            began = time.monotonic()
        assert time.monotonic() - began < 10
    assert isinstance(desk.queue.verdicts[1], Uncertain)


def hung_up(desk: Desk) -> Callable[[], bool]:
    return lambda: desk.service._line is None


def test_an_idle_connection_is_closed_and_opened_again() -> None:
    trouble = Trouble()
    with smtp_server(trouble) as port:
        desk = Desk(settings(port, keep_open_seconds=0.1), mail(1))
        with desk.running():
            desk.until_done(1)
            wait_until(hung_up(desk))
            desk.queue.put(mail(2))
            desk.wake_signal.wake()
            desk.until_done(2)
    assert trouble.connections == 3


def test_a_connection_lost_while_idle_uses_no_attempt() -> None:
    trouble = Trouble()
    with smtp_server(trouble, timeout=0.3) as port:
        desk = Desk(settings(port), mail(1))
        with desk.running():
            desk.until_done(1)
            time.sleep(0.6)
            desk.queue.put(mail(2))
            desk.wake_signal.wake()
            desk.until_done(2)
    assert desk.queue.verdicts[2] == Sent("250 taken")
    assert trouble.connections == 3
