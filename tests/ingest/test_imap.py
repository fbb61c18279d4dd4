"""The mailbox room against real servers: nothing lost, nothing doubled, whatever breaks."""

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from maildesk.config.schema.settings import Mailbox, Secret, Security
from maildesk.ingest.servers.imap.imap_errors import LineDropped, MailboxTrouble
from maildesk.ingest.servers.imap.poller import MailboxService, Pace
from maildesk.ingest.servers.imap.probe import probe, uids
from maildesk.model.service import WakeSignal
from tests.ingest.journal_fake import JournalFake
from tests.servers import (
    PASSWORD,
    CuttingProxy,
    Dovecot,
    ImapServer,
    free_port,
    imap,
    put,
    silent_server,
    uids_in,
    wait_until,
)


def mail(number: int, size: int = 0) -> bytes:
    text = b"x" * 76 + b"\r\n"
    return (
        b"Subject: %d\r\nFrom: rita@example.org\r\n\r\n" % number + text * (size // 78) + b"End\r\n"
    )


def settings(port: int, **changes: Any) -> Mailbox:
    fields: dict[str, Any] = {
        "name": "desk",
        "host": "127.0.0.1",
        "port": port,
        "security": Security.NONE,
        "user": "desk",
        "password": Secret(env="UNUSED", value=SecretStr(PASSWORD)),
        "timeout_seconds": 10,
    }
    return Mailbox(**(fields | changes))


class Running:
    """A room in a thread, and what it ended with. Starts again after an error if told so."""

    def __init__(self, service: MailboxService, again: bool = False) -> None:
        self.service = service
        self.wake_signal = WakeSignal()
        self.errors: list[Exception] = []
        self._again = again
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while not self.wake_signal.stopping:
            try:
                self.service.run(self.wake_signal)
            except Exception as error:
                self.errors.append(error)
                if not self._again:
                    return
                self.wake_signal.wait(0.05)

    def stop(self) -> None:
        self.wake_signal.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()


@contextmanager
def running(
    box: Mailbox,
    journal: JournalFake,
    *,
    again: bool = False,
    max_mail_bytes: int = 1_000_000,
    pace: Pace | None = None,
    folder: str = "INBOX",
    on_kept: Callable[[], None] = lambda: None,
) -> Iterator[Running]:
    service = MailboxService(
        box,
        folder,
        max_mail_bytes=max_mail_bytes,
        journal=journal,
        on_kept=on_kept,
        pace=pace or Pace(tick=0.1),
    )
    run = Running(service, again)
    try:
        yield run
    finally:
        run.stop()


@pytest.fixture
def journal() -> JournalFake:
    return JournalFake()


@pytest.fixture
def proxy(imap_server: ImapServer) -> Iterator[CuttingProxy]:
    spoiling = CuttingProxy(imap_server.port).start()
    yield spoiling
    spoiling.stop()


def settled(journal: JournalFake, count: int) -> Callable[[], bool]:
    return lambda: len(journal.mails) == count and len(journal.done) == count


# --- the way in ---


def test_mails_are_kept_byte_for_byte_and_then_moved(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    mails = [mail(n, 200 * n) for n in range(7)]
    put(imap_server, *mails)
    with running(settings(imap_server.port, batch_mails=3), journal):
        wait_until(settled(journal, 7))
    assert journal.raws == mails
    assert journal.commits == [3, 3, 1]
    assert uids_in(imap_server) == []
    assert len(uids_in(imap_server, "Processed")) == 7
    assert {(m.mailbox, m.folder, m.size == len(m.raw)) for m in journal.mails} == {
        ("desk", "INBOX", True)
    }


def test_a_batch_is_bounded_by_bytes(imap_server: ImapServer, journal: JournalFake) -> None:
    put(imap_server, *[mail(n, 40_000) for n in range(5)])
    with running(settings(imap_server.port, batch_bytes=90_000), journal):
        wait_until(settled(journal, 5))
    assert journal.commits == [2, 2, 1]


def test_idle_wakes_the_room_within_a_second_or_so(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    kept = threading.Event()
    with running(settings(imap_server.port), journal, on_kept=kept.set):
        time.sleep(1)
        put(imap_server, mail(1))
        assert kept.wait(2)


def test_without_idle_the_room_polls(imap_server: ImapServer, journal: JournalFake) -> None:
    with running(settings(imap_server.port, idle=False, poll_seconds=0.3), journal):
        time.sleep(0.5)
        put(imap_server, mail(1))
        wait_until(settled(journal, 1), 3)


def test_a_ring_makes_the_room_look_at_once(imap_server: ImapServer, journal: JournalFake) -> None:
    with running(settings(imap_server.port, idle=False, poll_seconds=300), journal) as run:
        time.sleep(0.5)
        put(imap_server, mail(1))
        run.wake_signal.wake()
        wait_until(settled(journal, 1), 2)


def test_the_room_stops_within_two_seconds_during_idle(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    with running(settings(imap_server.port), journal) as run:
        time.sleep(1)
        asked = time.monotonic()
        run.stop()
        assert time.monotonic() - asked < 2
    assert run.errors == []


def test_mails_read_or_flagged_by_another_client_are_taken_too(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1), mail(2), mail(3))
    with imap(imap_server) as other:
        first, second, _ = other.search("ALL")
        other.add_flags([first], [rb"\Seen", rb"\Flagged"])
        other.add_flags([second], [rb"\Deleted"])
    with running(settings(imap_server.port), journal):
        wait_until(settled(journal, 3))


def test_taking_a_mail_does_not_mark_it_as_read(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1))
    with running(settings(imap_server.port, settle="flag"), journal):
        wait_until(settled(journal, 1))
    with imap(imap_server) as other:
        assert all(rb"\Seen" not in flags for flags in other.get_flags([1, 101]).values())


def test_an_oversized_mail_is_kept_by_its_headers(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1), mail(2, 50_000), mail(3))
    with running(settings(imap_server.port), journal, max_mail_bytes=20_000):
        wait_until(settled(journal, 3))
    large = next(m for m in journal.mails if m.oversized)
    assert large.raw == b"Subject: 2\r\nFrom: rita@example.org\r\n\r\n"
    assert large.size == len(mail(2, 50_000))
    assert [m.oversized for m in journal.mails].count(True) == 1


def test_several_folders_are_rooms_of_their_own(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    with imap(imap_server, None) as other:
        other.create_folder("Störungen")
    put(imap_server, mail(1), folder="Störungen")
    box = settings(imap_server.port, folders=("INBOX", "Störungen"))
    with running(box, journal, folder="Störungen") as run:
        wait_until(settled(journal, 1))
        assert run.service.name == "imap:desk/Störungen"


# --- ways to settle ---


def test_settle_delete_removes_exactly_the_kept_mails(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1), mail(2))
    with running(settings(imap_server.port, settle="delete"), journal):
        wait_until(settled(journal, 2))
    assert uids_in(imap_server) == []
    assert uids_in(imap_server, "Processed") == []


def test_settle_flag_leaves_the_mails_and_takes_none_again(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1), mail(2))
    box = settings(imap_server.port, settle="flag", poll_seconds=0.2, idle=False)
    with running(box, journal):
        wait_until(settled(journal, 2))
        time.sleep(0.6)
        put(imap_server, mail(3))
        wait_until(settled(journal, 3))
    with running(box, journal):
        time.sleep(0.6)
    assert journal.commits == [2, 1]
    assert journal.raws == [mail(1), mail(2), mail(3)]
    assert len(uids_in(imap_server)) == 3


def test_settle_flag_sets_the_keyword(dovecot: Dovecot, journal: JournalFake) -> None:
    put(dovecot, mail(1))
    with running(settings(dovecot.port, settle="flag"), journal):
        wait_until(settled(journal, 1))
    with imap(dovecot) as other:
        assert b"$MaildeskDone" in other.get_flags([1])[1]


@pytest.mark.parametrize(
    ("capability", "left", "processed"),
    [
        ("IMAP4rev1 IDLE MOVE UIDPLUS", 0, 2),
        ("IMAP4rev1 IDLE UIDPLUS", 0, 2),  # COPY, \Deleted, UID EXPUNGE
        ("IMAP4rev1 IDLE", 2, 0),  # the keyword only
    ],
)
def test_a_server_without_move_settles_as_well_as_it_can(
    capability: str, left: int, processed: int, journal: JournalFake
) -> None:
    if Dovecot.missing():
        pytest.skip(Dovecot.missing())
    server = Dovecot(capability).start()
    try:
        put(server, mail(1), mail(2))
        with running(settings(server.port), journal):
            wait_until(settled(journal, 2))
        assert len(uids_in(server)) == left
        assert len(uids_in(server, "Processed")) == processed
    finally:
        server.stop()


def test_a_refused_settle_is_shown_and_mails_are_still_taken(
    dovecot: Dovecot, journal: JournalFake
) -> None:
    put(dovecot, mail(1))
    box = settings(dovecot.port, processed_folder="", idle=False, poll_seconds=0.2)
    with running(box, journal) as run:
        wait_until(lambda: len(journal.mails) == 1)
        wait_until(lambda: run.service.troubles)
        put(dovecot, mail(2))
        wait_until(lambda: len(journal.mails) == 2)
    assert journal.done == set()


# --- what breaks ---


def test_a_crash_between_keep_and_settle_is_mended_by_the_next_start(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1), mail(2))
    journal.settled_error = SystemError("killed before it was written down")
    with running(settings(imap_server.port), journal) as run:
        wait_until(lambda: run.errors)
    journal.settled_error = None
    with running(settings(imap_server.port), journal):
        wait_until(settled(journal, 2))
    assert len(uids_in(imap_server, "Processed")) == 2


def test_kept_but_unmoved_mails_are_moved_later(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1), mail(2))
    with running(settings(imap_server.port, settle="flag"), journal):
        wait_until(settled(journal, 2))
    journal.done.clear()
    with running(settings(imap_server.port), journal):
        wait_until(settled(journal, 2))
    assert uids_in(imap_server) == []
    assert len(uids_in(imap_server, "Processed")) == 2


def test_nothing_is_settled_while_the_disk_is_full_and_all_is_taken_after(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1), mail(2))
    journal.keep_error = OSError(28, "No space left on device")
    with running(settings(imap_server.port), journal, again=True) as run:
        wait_until(lambda: len(run.errors) > 2)
        assert all(isinstance(error, OSError) for error in run.errors)
        assert len(uids_in(imap_server)) == 2
        journal.keep_error = None
        wait_until(settled(journal, 2))
    assert journal.raws == [mail(1), mail(2)]


@pytest.mark.parametrize("cut_after", [700, 20_000, 61_000, 150_000])
def test_a_line_dropped_in_mid_fetch_loses_and_doubles_nothing(
    cut_after: int, imap_server: ImapServer, proxy: CuttingProxy, journal: JournalFake
) -> None:
    mails = [mail(n, 20_000) for n in range(12)]
    put(imap_server, *mails)
    proxy.cut_once = cut_after
    with running(settings(proxy.port, batch_mails=5), journal, again=True) as run:
        wait_until(settled(journal, 12), 20)
    assert sorted(journal.raws) == sorted(mails)
    assert len(run.errors) == 1
    assert isinstance(run.errors[0], MailboxTrouble)
    assert len(uids_in(imap_server, "Processed")) == 12


def test_a_line_that_breaks_all_the_time_still_brings_every_mail(
    imap_server: ImapServer, proxy: CuttingProxy, journal: JournalFake
) -> None:
    mails = [mail(n, 5_000) for n in range(6)]
    put(imap_server, *mails)
    proxy.cut_after = 16_000
    with running(settings(proxy.port), journal, again=True):
        wait_until(settled(journal, 6), 30)
    assert sorted(journal.raws) == sorted(mails)


def test_a_line_dropped_during_idle_raises_one_clear_line(
    proxy: CuttingProxy, journal: JournalFake
) -> None:
    with running(settings(proxy.port), journal) as run:
        time.sleep(0.7)
        proxy.drop()
        wait_until(lambda: run.errors, 3)
    assert isinstance(run.errors[0], LineDropped)
    assert "\n" not in str(run.errors[0])


def test_one_mail_at_which_the_line_always_breaks_holds_up_no_other(
    imap_server: ImapServer, proxy: CuttingProxy, journal: JournalFake
) -> None:
    put(imap_server, mail(1), b"Subject: poison\r\n\r\nPOISON\r\n", mail(3))

    def cut_at_poison(data: bytes) -> bytes:
        if b"POISON" in data:
            proxy.drop()
            raise OSError("cut")
        return data

    proxy.rewrite = cut_at_poison
    with running(settings(proxy.port), journal, again=True) as run:
        wait_until(settled(journal, 2), 20)
        wait_until(lambda: any("UID" in trouble for trouble in run.service.troubles))
        proxy.rewrite = lambda data: data
        wait_until(settled(journal, 3), 20)
        wait_until(lambda: not run.service.troubles)


def test_a_substitute_mail_of_exchange_is_a_failed_fetch(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    substitute = (
        b"Subject: Retrieval using the IMAP4 protocol failed for the following message: 5\r\n"
        b"From: Microsoft Exchange Server\r\n\r\nThe server couldn't retrieve it.\r\n"
    )
    put(imap_server, mail(1), substitute, mail(3))
    with running(settings(imap_server.port), journal) as run:
        wait_until(settled(journal, 2))
        wait_until(lambda: run.service.troubles)
        assert "Exchange" in run.service.troubles[0]
    assert len(uids_in(imap_server)) == 1
    ((_, position),) = journal.positions.values()
    assert position < uids_in(imap_server)[0]


def test_throttling_is_obeyed_and_shown(
    imap_server: ImapServer, proxy: CuttingProxy, journal: JournalFake
) -> None:
    put(imap_server, mail(1))
    throttled = threading.Event()

    def throttle(data: bytes) -> bytes:
        said = re.search(rb"(?im)^(\w+) OK [^\r]*search[^\r]*\r\n", data)
        if said is None or throttled.is_set():
            return data
        throttled.set()
        return said[1] + b" NO Request is throttled. Suggested Backoff Time: 1500 milliseconds\r\n"

    proxy.rewrite = throttle
    began = time.monotonic()
    with running(settings(proxy.port), journal) as run:
        wait_until(lambda: run.service.troubles)
        assert "throttled" in run.service.troubles[0]
        wait_until(settled(journal, 1))
        assert time.monotonic() - began > 1.5
        assert run.errors == []


# --- UIDVALIDITY ---


def test_another_uidvalidity_makes_every_mail_be_read_again(
    dovecot: Dovecot, journal: JournalFake
) -> None:
    put(dovecot, mail(1), mail(2))
    with running(settings(dovecot.port, settle="flag"), journal):
        wait_until(settled(journal, 2))
    dovecot.mailbox("update", "--uid-validity", "4711", "INBOX")
    put(dovecot, mail(3))
    with running(settings(dovecot.port, settle="flag"), journal):
        wait_until(settled(journal, 5))
    assert [m.raw for m in journal.mails if m.uid_validity == 4711] == [mail(1), mail(2), mail(3)]


def test_uidvalidity_may_change_under_a_live_session(
    dovecot: Dovecot, journal: JournalFake
) -> None:
    put(dovecot, mail(1), mail(2))
    box = settings(dovecot.port, settle="flag", poll_seconds=0.5)
    with running(box, journal, again=True):
        wait_until(settled(journal, 2))
        dovecot.mailbox("update", "--uid-validity", "4711", "INBOX")
        put(dovecot, mail(3))
        wait_until(lambda: sum(m.uid_validity == 4711 for m in journal.mails) == 3, 20)
    again = {m.uid: m.raw for m in journal.mails if m.uid_validity == 4711}
    assert sorted(again.values()) == [mail(1), mail(2), mail(3)]
    assert len(uids_in(dovecot)) == 3


# --- two daemons ---


def test_of_two_rooms_on_one_folder_one_works_and_the_other_takes_over(
    imap_server: ImapServer, proxy: CuttingProxy, journal: JournalFake
) -> None:
    pace = Pace(lease=1, tick=0.1)
    put(imap_server, *[mail(n) for n in range(20)])
    with running(settings(imap_server.port), journal, pace=pace) as one:
        wait_until(settled(journal, 20))
        with running(settings(proxy.port), journal, pace=pace):
            put(imap_server, mail(98))
            wait_until(settled(journal, 21))
            time.sleep(1.5)  # longer than a lease that is not renewed
            assert proxy.connections == 0
            one.stop()
            put(imap_server, mail(99))
            wait_until(settled(journal, 22))
            assert proxy.connections == 1
    assert sorted(journal.raws) == sorted(mail(n) for n in (*range(20), 98, 99))
    assert len(uids_in(imap_server, "Processed")) == 22


# --- clear lines ---


def trouble_of(box: Mailbox, journal: JournalFake, folder: str = "INBOX") -> str:
    service = MailboxService(box, folder, max_mail_bytes=1000, journal=journal)
    with pytest.raises(MailboxTrouble) as raised:
        service.run(WakeSignal())
    text = str(raised.value)
    assert "\n" not in text
    assert PASSWORD not in text
    return text


def test_a_wrong_password_is_one_clear_line(imap_server: ImapServer, journal: JournalFake) -> None:
    wrong = Secret(env="UNUSED", value=SecretStr("wröng"))
    text = trouble_of(settings(imap_server.port, password=wrong), journal)
    assert "user 'desk' refused" in text
    assert "check `user` and `password`" in text


def test_a_missing_folder_names_those_that_exist(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    text = trouble_of(settings(imap_server.port), journal, "Nowhere")
    assert "no folder 'Nowhere'; there are INBOX" in text


def test_a_server_that_is_down_is_one_clear_line(journal: JournalFake) -> None:
    assert "nothing listens there" in trouble_of(settings(free_port()), journal)


def test_an_unknown_host_is_one_clear_line(journal: JournalFake) -> None:
    box = settings(993, host="no-such-host.invalid")
    assert "host not found" in trouble_of(box, journal)


def test_a_silent_server_is_given_up_after_the_timeout(journal: JournalFake) -> None:
    with silent_server() as port:
        text = trouble_of(settings(port, timeout_seconds=0.5), journal)
    assert "no answer within 0.5 s" in text


def test_no_tls_where_tls_is_asked_for_is_one_clear_line(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    text = trouble_of(settings(imap_server.port, security=Security.TLS), journal)
    assert "no TLS on this port" in text


def test_no_starttls_where_it_is_asked_for_is_one_clear_line(
    imap_server: ImapServer, journal: JournalFake
) -> None:
    text = trouble_of(settings(imap_server.port, security=Security.STARTTLS), journal)
    assert "STARTTLS" in text


TLS_PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"


@pytest.fixture
def tls_proxy(imap_server: ImapServer) -> Iterator[CuttingProxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS_PEM)
    spoiling = CuttingProxy(imap_server.port, tls=context).start()
    yield spoiling
    spoiling.stop()


def test_a_certificate_nobody_vouches_for_is_refused_in_one_clear_line(
    tls_proxy: CuttingProxy, journal: JournalFake
) -> None:
    text = trouble_of(settings(tls_proxy.port, security=Security.TLS), journal)
    assert "certificate refused" in text
    assert "set `ca_file`" in text


def test_a_certificate_for_another_host_is_refused(
    tls_proxy: CuttingProxy, journal: JournalFake
) -> None:
    box = settings(tls_proxy.port, security=Security.TLS, ca_file=TLS_PEM, host="127.0.0.2")
    text = trouble_of(box, journal)
    assert "certificate refused" in text


def test_mail_comes_over_tls_where_the_ca_file_vouches_for_the_server(
    tls_proxy: CuttingProxy, imap_server: ImapServer, journal: JournalFake
) -> None:
    put(imap_server, mail(1, 30_000))
    box = settings(tls_proxy.port, security=Security.TLS, ca_file=TLS_PEM)
    with running(box, journal):
        wait_until(settled(journal, 1))
        time.sleep(0.5)
        put(imap_server, mail(2))
        wait_until(settled(journal, 2), 3)


def test_an_unreadable_ca_file_is_one_clear_line(journal: JournalFake) -> None:
    box = settings(993, security=Security.TLS, ca_file=Path("/nowhere/ca.pem"))
    assert "cannot read `ca_file` /nowhere/ca.pem" in trouble_of(box, journal)


# --- probe and ledger ---


def test_probe_finds_nothing_wrong_where_nothing_is(imap_server: ImapServer) -> None:
    findings = probe(settings(imap_server.port))
    assert all(finding.good for finding in findings), findings
    assert "logged in as desk" in findings[0].what


def test_probe_says_how_to_mend_each_finding(imap_server: ImapServer) -> None:
    findings = probe(settings(imap_server.port, folders=("INBOX", "Nowhere")))
    (bad,) = [finding for finding in findings if not finding.good]
    assert "no folder 'Nowhere'" in bad.what
    assert bad.mend == "check `folders`"


def test_probe_names_the_rights_that_are_missing(dovecot: Dovecot) -> None:
    put(dovecot, mail(1))
    rights = dovecot.folder / "mail" / dovecot.user / "dovecot-acl"
    rights.write_text("owner lrwsi\n")
    bad = [finding for finding in probe(settings(dovecot.port)) if not finding.good]
    assert [finding.what for finding in bad] == ["folder INBOX: rights te are missing (RFC 4314)"]
    assert "grant them" in bad[0].mend


def test_probe_of_a_server_that_is_down_is_one_finding() -> None:
    (finding,) = probe(settings(free_port()))
    assert not finding.good
    assert "start the server" in finding.mend


def test_the_ledger_gets_every_uid(imap_server: ImapServer) -> None:
    put(imap_server, mail(1), mail(2))
    validity, found = uids(settings(imap_server.port), "INBOX")
    assert validity > 0
    assert found == set(uids_in(imap_server))
