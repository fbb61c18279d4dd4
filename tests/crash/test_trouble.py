"""Servers, disks and mails that fail: the room says so, the others go on, and it mends itself."""

import smtplib
import sqlite3
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiosmtpd.smtp import AuthResult
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from maildesk.cli import build
from maildesk.cli.console.errors import run
from maildesk.config.load import load
from maildesk.config.schema.settings import Database
from maildesk.daemon.run import Daemon
from maildesk.ingest.servers.smtp.listener import ListenerService
from maildesk.processing.desk import Desk
from maildesk.processing.worker import Worker
from maildesk.store.engine import Store, open_store
from maildesk.store.outgoing_rows import OutgoingQueue
from tests.crash.scene import ENVIRON, Box, RuleInput, outgoing_mail, scene
from tests.crash.warm import Warm
from tests.outgoing.smtp_fake import SmtpServerFake
from tests.servers import CuttingProxy, Pymap, free_port, wait_until
from tests.world import World, one

MAIL = outgoing_mail("rita", "Printer broken", id="one")
LARGE = "x" * 70 + "\n"
CERTIFICATE = Path(__file__).parents[1] / "tls" / "localhost.pem"
READY = {"imap:desk": "", "work": "", "deliver": "", "clock": ""}


@contextmanager
def installed(folder: Path, box: Box, **options: Any) -> Iterator[RuleInput]:
    with scene(folder, f"sqlite:///{folder}/desk.db", box, **options) as here:
        yield here


@contextmanager
def daemon(here: RuleInput, **options: Any) -> Iterator[Daemon]:
    """A daemon in this process."""
    one = Daemon(load(here.folder / "maildesk.toml", ENVIRON), **options)
    one.start()
    try:
        yield one
    finally:
        one.stop()


def troubles(daemon: Daemon) -> dict[str, str]:
    """What /readyz says of each room: "" where it works."""
    return {name: "" if ok else detail for name, ok, detail in daemon.health().parts}


def wait_for_trouble(daemon: Daemon, service: str, words: str, seconds: float = 15) -> None:
    """Wait until /readyz says these words of that room, and of every other that it works."""

    def said() -> bool:
        return words in troubles(daemon)[service] and not daemon.health().ready

    wait_until(said, seconds, f"{words!r} of {service}: {troubles(daemon)}")
    assert "\n" not in troubles(daemon)[service]
    assert troubles(daemon) | {service: ""} == dict.fromkeys(troubles(daemon), "")


def wait_until_ready(daemon: Daemon, seconds: float = 20) -> None:
    wait_until(lambda: daemon.health().ready, seconds, f"ready: {troubles(daemon)}")


# ---- servers


def test_an_smtp_server_that_is_down_is_named_and_mail_goes_out_when_it_is_up(
    tmp_path: Path, box: Box
) -> None:
    port = free_port()
    with installed(tmp_path, box, smtp_port=port) as here, daemon(here) as desk:
        here.arrive(MAIL)
        wait_for_trouble(desk, "deliver", f"cannot connect to 127.0.0.1:{port}")
        wait_until(lambda: here.mails()[0].disposition == "new-ticket")
        assert [row.state for row in here.outgoing()] == ["waiting", "waiting"]
        server = SmtpServerFake(here.sink, {})
        server.port = port
        server.start()
        try:
            here.wait_until_quiet(1)
            wait_until_ready(desk)
        finally:
            server.stop()
        assert set(here.sink.received().values()) == {1}
        assert {(row.state, row.attempts) for row in here.outgoing()} == {("sent", 1)}


def test_an_imap_server_that_is_down_is_named_and_mail_comes_in_when_it_is_up(
    tmp_path: Path,
) -> None:
    server = Pymap()
    box = Box(server.port)
    with installed(tmp_path, box) as here, daemon(here) as desk:
        wait_for_trouble(desk, "imap:desk", f"127.0.0.1:{box.port}: nothing listens there")
        server.start()
        try:
            here.arrive(MAIL)
            here.wait_until_quiet(1)
            wait_until_ready(desk)
        finally:
            desk.stop()
            server.stop()


def test_a_login_that_the_smtp_server_refuses_is_named_and_tried_again(
    tmp_path: Path, box: Box
) -> None:
    welcome = threading.Event()

    def login(*_: Any) -> AuthResult:
        return AuthResult(success=welcome.is_set(), handled=False)

    user = 'user = "desk"\npassword = { env = "SMTP_PASSWORD" }'
    with installed(tmp_path, box, smtp=user) as here:
        server = SmtpServerFake(here.sink, {"authenticator": login, "auth_require_tls": False})
        server.start()
        here.configure(smtp_port=server.port)
        try:
            with daemon(here) as desk:
                here.arrive(MAIL)
                wait_for_trouble(desk, "deliver", "refuses the login of desk: 535")
                welcome.set()
                here.wait_until_quiet(1)
                wait_until_ready(desk)
        finally:
            server.stop()
    assert ENVIRON["SMTP_PASSWORD"] not in repr(desk.health())


def test_a_login_that_the_imap_server_refuses_is_named_and_the_others_go_on(
    tmp_path: Path, box: Box
) -> None:
    box.user = "nobody"
    with installed(tmp_path, box) as here, daemon(here) as desk:
        wait_for_trouble(desk, "imap:desk", "user 'nobody' refused")
        assert ENVIRON["IMAP_PASSWORD"] not in repr(desk.health())


def test_a_certificate_that_nobody_vouches_for_is_named_and_the_others_go_on(
    tmp_path: Path, box: Box
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    proxy = CuttingProxy(box.port, tls).start()
    try:
        with installed(tmp_path, box, imap_port=proxy.port) as here:
            toml = here.folder / "maildesk.toml"
            toml.write_text(toml.read_text().replace('security = "none"', 'security = "tls"', 1))
            with daemon(here) as desk:
                wait_for_trouble(desk, "imap:desk", "certificate refused")
    finally:
        proxy.stop()


# ---- the database


@dataclass
class Disk:
    """A disk that can be full: SQLite may then take no further page."""

    full: bool = False

    def open(self, database: Database) -> Store:
        store = open_store(database)

        @event.listens_for(store.engine, "begin")
        def _limit(connection: Connection) -> None:
            pages = 1 if self.full else 1 << 30  # never fewer than there are
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        return store


LISTENER = """
[[listener]]
name = "door"
protocol = "smtp"
port = 0
"""


def test_on_a_full_disk_nothing_is_settled_or_acknowledged_and_all_resumes(
    tmp_path: Path, box: Box
) -> None:
    disk = Disk()
    mails = [outgoing_mail("rita", f"Large {n}", id=f"{n}", text=LARGE * 3000) for n in range(3)]
    with (
        installed(tmp_path, box, more=LISTENER) as here,
        daemon(here, open_store=disk.open) as desk,
    ):
        wait_until_ready(desk)
        disk.full = True
        here.arrive(*mails)
        wait_until(lambda: "disk is full" in troubles(desk)["imap:desk"], 15)
        assert troubles(desk)["imap:desk"].startswith("database: ")
        assert here.on_server() == (3, 0)
        assert handed_over(desk, mails[0]) == 451
        assert (here.mails(), here.outgoing(), here.sink.taken) == ([], [], [])

        disk.full = False
        assert handed_over(desk, outgoing_mail("max", "Small", id="4")) == 250
        here.wait_until_quiet(4)
        wait_until_ready(desk)
        assert here.on_server() == (0, 3)
        assert {(row.disposition, row.attempts) for row in here.mails()} == {("new-ticket", 1)}
        assert set(here.sink.received().values()) == {1}


def handed_over(desk: Daemon, raw: bytes) -> int:
    """What the listener answers to the mail."""
    service = desk.service("smtp:door")
    assert isinstance(service, ListenerService)
    assert service.started.wait(5)
    with smtplib.SMTP("127.0.0.1", service.port, timeout=30) as client:
        try:
            client.sendmail("rita@example.org", ["desk@example.org"], raw)
        except smtplib.SMTPDataError as error:
            return error.smtp_code
    return 250


def test_a_disk_that_is_full_while_mails_are_worked_costs_them_no_attempt(
    tmp_path: Path, box: Box
) -> None:
    disk = Disk()
    mails = [outgoing_mail("rita", f"Large {n}", id=f"{n}", text=LARGE * 3000) for n in range(3)]
    with installed(tmp_path, box) as here:
        here.arrive(*mails)
        with daemon(here, only=frozenset({"imap"})):
            wait_until(lambda: all(row.settled_at for row in here.mails()) and here.mails())
        with daemon(here, only=frozenset({"work", "deliver"}), open_store=disk.open) as desk:
            disk.full = True
            wait_for_trouble(desk, "work", "disk is full")
            time.sleep(4)  # as many tries as a mail has attempts
            assert {row.state for row in here.mails()} == {"kept"}
            assert here.sink.taken == []
            disk.full = False
            here.wait_until_quiet(3)
            wait_until_ready(desk)
        assert {(row.disposition, row.attempts) for row in here.mails()} == {("new-ticket", 1)}


def test_a_database_locked_by_another_for_fifteen_seconds_is_waited_for(
    warm: Warm, tmp_path: Path, box: Box
) -> None:
    services = ("imap", "work", "deliver")
    with installed(tmp_path, box) as here, warm.running(tmp_path, *services) as desk:
        here.arrive(MAIL)
        here.wait_until_quiet(1)
        with here.store.write():
            here.arrive(outgoing_mail("max", "VPN is down", id="two"))
            time.sleep(15)
            assert here.on_server() == (1, 1)
            assert len(here.sink.taken) == 2
        here.wait_until_quiet(2)
        assert [row.attempts for row in here.mails()] == [1, 1]
        assert set(here.sink.received().values()) == {1}
        assert desk.stop() == 0


@dataclass(frozen=True, kw_only=True)
class MoodyStore(Store):
    """A database that fails the transactions whose turn is in `failing`."""

    failing: set[int]
    count: list[int] = field(default_factory=lambda: [0])

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self.count[0] += 1
        if self.count[0] in self.failing:
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked"))
        with Store.write(self) as connection:
            yield connection


def moody(world: World, *failing: int) -> MoodyStore:
    return MoodyStore(engine=world.store.engine, failing=set(failing))


def test_a_claim_that_could_not_be_given_back_costs_the_mail_no_attempt(world: World) -> None:
    world.desk.keep([world.raw(world.mail("rita", "It does not print."))])
    # claim; claim ahead; write fails; giving back fails, too
    runtime = replace(world.runtime, store=moody(world, 3, 4))
    worker = Worker(runtime, world.readers)
    with pytest.raises(OperationalError):
        worker.work()
    assert world.mails()[0].worker == runtime.holder
    worker.close()

    again = Worker(runtime, world.readers)
    assert again.work() == 1
    (mail,) = world.mails()
    assert (mail.disposition, mail.attempts) == ("new-ticket", 1)
    again.close()


def test_mails_of_ours_that_could_not_be_given_back_go_out_as_soon_as_the_database_works(
    world: World,
) -> None:
    world.writes("rita", "It does not print.")
    queue = OutgoingQueue(
        moody(world, 2),
        world.runtime.holder,
        world.clock,
        return_path=lambda id_: f"{id_}@example.org",
        evidence_seconds=60,
    )
    first = queue.lease(50)
    assert len(first) == 2
    with pytest.raises(OperationalError):
        queue.give_back(tuple(mail.id for mail in first))
    assert [mail.id for mail in queue.lease(50)] == [mail.id for mail in first]


def test_a_database_that_fails_while_a_deadline_is_worked_is_not_the_tickets_fault(
    world: World,
) -> None:
    for_ann = one(world.writes("rita", "It does not print."), "ann", "agent-notification")
    world.writes("ann", "#resolve Toner.", answering=for_ann)
    world.clock.forward(days=30)
    desk = Desk(replace(world.runtime, store=moody(world, 1)))  # the deadline's
    with pytest.raises(OperationalError):
        desk.tick()
    assert world.ticket(1001).remind_due is not None  # not put off, either
    assert desk.tick() == 1
    assert world.ticket(1001).remind_due is None  # reminded first, however late


# ---- a mail that raises


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("environ")
def test_a_mail_that_kills_its_reader_is_quarantined_and_delays_no_other(
    warm: Warm, tmp_path: Path, box: Box, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    poison = [outgoing_mail("mallory", f"Poison {n}", id=f"{n}", text="exit") for n in (1, 2)]
    services = ("imap", "work", "deliver")
    with installed(tmp_path, box) as here:
        here.arrive(poison[0], MAIL, poison[1], outgoing_mail("max", "VPN is down", id="two"))
        with warm.running(
            tmp_path, *services, reader="tests.ingest.hostile_readers:reader"
        ) as desk:
            here.wait_until_quiet(4)
            assert desk.stop() == 0
        first, rita, second, max_ = here.mails()
        for mail in (first, second):
            assert (mail.state, mail.attempts) == ("quarantined", 3)
            assert mail.reason == "the reading process ended with status 3"
        for mail in (rita, max_):
            assert (mail.disposition, mail.attempts) == ("new-ticket", 1)
            assert mail.worked_at < first.worked_at

        def quarantine(*words: str) -> bytes:
            assert (
                run(
                    build(["quarantine"]),
                    ["--config", f"{tmp_path}/maildesk.toml", "quarantine", *words],
                )
                == 0
            )
            return capfdbinary.readouterr().out

        listed = quarantine("list").decode()
        assert listed.count("the reading process ended with status 3") == 2
        assert quarantine("show", f"{first.id}") == poison[0]
        quarantine("replay", f"{first.id}")
        quarantine("drop", f"{second.id}")
        assert quarantine("list") == b""

        with warm.running(tmp_path, *services):
            here.wait_until_quiet(4)
        assert [row.disposition for row in here.mails()] == ["new-ticket"] * 2 + [
            "refused",
            "new-ticket",
        ]


def test_a_mail_that_raises_within_a_check_is_quarantined_and_delays_no_other(
    world: World,
) -> None:
    answer = one(world.writes("rita", "It does not print."), "rita", "acknowledgement")
    with world.store.write() as connection:
        connection.execute(text("UPDATE ticket SET tags = '7' WHERE number = 1001"))
    spoiled = world.mail("rita", "Any news?", answering=answer)
    world.arrives(spoiled, world.mail("max", "It is down.", subject="VPN"))

    _, related_change, other = world.mails()
    assert (related_change.state, related_change.attempts) == ("quarantined", 3)
    assert related_change.reason.startswith("TypeError: ")
    assert (other.disposition, other.attempts) == ("new-ticket", 1)


# ---- stopping


def test_a_stop_while_mails_are_read_ends_in_time_and_leaves_nothing_half_done(
    warm: Warm, tmp_path: Path, box: Box
) -> None:
    services = ("imap", "work", "deliver")
    mails = [outgoing_mail("rita", f"Question {n}", id=f"{n}") for n in range(3)]
    with installed(tmp_path, box) as here:
        here.arrive(*mails)
        with warm.running(tmp_path, *services, reader="tests.crash.readers:dawdle") as desk:
            wait_until(lambda: here.mails() and here.mails()[0].attempts == 1, 20)
            time.sleep(1)
            readers = psutil.Process(desk.pid).children()
            assert readers
            assert desk.stop(10) == 0
        assert not any(reader.is_running() for reader in readers)
        assert {(row.state, row.attempts, row.worker) for row in here.mails()} == {("kept", 0, "")}
        assert here.outgoing() == []
        with warm.running(tmp_path, *services):
            here.wait_until_quiet(3)
        assert [row.disposition for row in here.mails()] == ["new-ticket"] * 3
