"""`maildesk ledger` on real servers: a mail deleted from the journal, and one never fetched."""

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.installation import install
from maildesk.cli import build
from maildesk.cli.console.errors import run
from maildesk.config.load import load
from maildesk.ingest.servers.imap.connection import Session
from maildesk.ingest.servers.imap.folder import FolderReader
from maildesk.processing.desk import Desk
from maildesk.processing.runtime import open_runtime
from maildesk.store import migrate
from maildesk.store.engine import open_store
from tests.servers import ImapServer, free_port, put, uids_in

Ledger = Callable[..., tuple[int, str, str]]


def outgoing_mail(number: int) -> bytes:
    return (
        f"From: rita@example.org\r\nTo: desk@example.org\r\nSubject: Number {number}\r\n"
        f"Message-ID: <{number}@example.org>\r\n\r\nText {number}.\r\n"
    ).encode()


def look(folder: Path) -> None:
    """What the mailbox's room does once: keep all that is there and settle it."""
    config = load(folder / "maildesk.toml", {})
    store = open_store(config.settings.database)
    migrate.upgrade(store)
    desk = Desk(open_runtime(config.settings, config.policy, store))
    (box,) = config.settings.mailbox
    reader = FolderReader(
        box,
        "INBOX",
        max_mail_bytes=1_000_000,
        journal=desk,
        on_kept=lambda: None,
        clock=desk.runtime.clock,
        compare_seconds=3600,
    )
    with Session(box) as session:
        reader.look(session, lambda: True)
    store.close()


def delete(folder: Path, subject: bytes) -> int:
    """Delete a mail from the journal by hand; its id."""
    with sqlite3.connect(folder / "desk.db") as database:
        query = "SELECT raw_mail_id FROM raw_bytes WHERE instr(data, ?)"
        (id_,) = database.execute(query, (subject,)).fetchone()
        database.execute("DELETE FROM raw_bytes WHERE raw_mail_id = ?", (id_,))
        database.execute("DELETE FROM raw_mail WHERE id = ?", (id_,))
    database.close()
    return int(id_)


@pytest.fixture
def desk_folder(tmp_path: Path, imap_server: ImapServer) -> Path:
    """An installation whose mailbox has been looked at while it was empty."""
    url = f"sqlite:///{tmp_path}/desk.db"
    install(tmp_path, imap_port=imap_server.port, user=imap_server.user, database=url)
    look(tmp_path)
    time.sleep(1.1)  # INTERNALDATE has whole seconds
    return tmp_path


@pytest.fixture
def ledger(desk_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Ledger:
    def command(*words: str) -> tuple[int, str, str]:
        arguments = ["--config", f"{desk_folder}/maildesk.toml", "ledger", *words]
        status = run(build(["ledger"]), arguments)
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return command


def test_it_finds_a_mail_deleted_from_the_journal_and_one_never_fetched(
    desk_folder: Path, ledger: Ledger, imap_server: ImapServer
) -> None:
    put(imap_server, *(outgoing_mail(number) for number in range(4)))
    look(desk_folder)
    status, out, _ = ledger()
    assert (status, "NOT" in out, "DELETED" in out) == (0, False, False)
    assert "desk/INBOX: 0 on the server, 4 in the journal" in out

    delete(desk_folder, b"Number 2")
    put(imap_server, outgoing_mail(9))
    status, out, _ = ledger()
    assert status == 1
    processed, waiting = uids_in(imap_server, "Processed"), uids_in(imap_server)
    assert f"desk/INBOX: NOT in the journal: UID {waiting[0]}\n" in out
    assert f"desk/Processed: DELETED from the journal: UID {processed[2]}\n" in out
    sheet, journal = map(json.loads, ledger("--json")[1].splitlines())
    assert (sheet["never_fetched"], sheet["deleted"]) == (waiting, [processed[2]])
    assert journal == {"journal": {"deleted": [], "without_bytes": []}}

    look(desk_folder)
    assert json.loads(ledger("--json")[1].splitlines()[0])["never_fetched"] == []


def test_older_mails_in_the_processed_folder_are_not_reported(
    desk_folder: Path, ledger: Ledger, imap_server: ImapServer
) -> None:
    put(imap_server, outgoing_mail(1))
    look(desk_folder)
    with sqlite3.connect(desk_folder / "desk.db") as database:
        database.execute("UPDATE mailbox_position SET first_seen_at = '2099-01-01 00:00:00.000000'")
    database.close()
    delete(desk_folder, b"Number 1")
    assert ledger()[0] == 0


def test_a_deleted_mail_that_the_database_refers_to_is_reported_without_a_server(
    desk_folder: Path, ledger: Ledger, imap_server: ImapServer
) -> None:
    put(imap_server, outgoing_mail(1), outgoing_mail(2))
    look(desk_folder)
    with sqlite3.connect(desk_folder / "desk.db") as database:
        database.execute("DELETE FROM raw_mail WHERE id = 1")
        database.execute("DELETE FROM raw_bytes WHERE raw_mail_id = 2")
    database.close()
    toml = desk_folder / "maildesk.toml"
    toml.write_text(toml.read_text().replace(f"{imap_server.port}", f"{free_port()}", 1))
    status, out, err = ledger()
    assert status == 1
    assert "journal: DELETED, but messages or raw bytes still refer to: mail 1\n" in out
    assert "journal: the raw bytes are missing: mail 2\n" in out
    assert "start the server" in err
