"""One run each: of the floor, of the desk, of the whole daemon. Each in processes of its own."""

import json
import random
import signal
import smtplib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select

from bench import installation, memory
from bench.mails import DESK, mail
from maildesk.config.schema.settings import Database
from maildesk.store import migrate, tables
from maildesk.store.engine import Store, choose_sqlite, open_store
from tests.servers import PASSWORD, Dovecot, ImapServer, free_port, put, uids_in, wait_until

ROOT = Path(__file__).resolve().parents[1]
SAMPLED = 0.1  # seconds
SAMPLED_FINELY = 0.01


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run said of itself, and the memory that was seen beside it."""

    said: dict[str, Any]
    peak_mb: float


def server_name(server: ImapServer) -> str:
    """`Dovecot`, or `pymap`, where Dovecot is missing."""
    return type(server).__name__


def fill(server: ImapServer, mails: Sequence[bytes]) -> None:
    """Empty the mailbox and put the mails there, written to disk where the server has one."""
    if isinstance(server, Dovecot):
        server.clear()
        server.add(*mails)
    else:
        put(server, *mails)


def new_store(url: str) -> Store:
    """A database at the newest level."""
    store = open_store(Database(url=url))
    migrate.upgrade(store)
    return store


def floor(server: ImapServer, folder: Path, rows: Path) -> Ran:
    """The floor on an empty SQLite database with the desk's tables, `rows` being a worked one."""
    choice = choose_sqlite()
    new_store(f"sqlite:///{folder}/floor.db").close()
    return _ran(
        "bench.floor",
        *("--port", str(server.port), "--user", server.user, "--password", PASSWORD),
        *("--database", f"{folder}/floor.db", "--rows", str(rows)),
        *("--sqlite", choice.module.__name__, "--journal", "WAL" if choice.wal else "DELETE"),
        sampled=SAMPLED,
    )


def desk(
    server: ImapServer,
    folder: Path,
    database: str,
    count: int,
    *,
    agent: bool = False,
    stages: bool = False,
    sampled: float = SAMPLED,
) -> Ran:
    """The desk on an empty database, until each of the `count` mails is worked and settled."""
    installation.install(
        folder, imap_port=server.port, user=server.user, database=database, agent=agent
    )
    options = ("--stages",) if stages else ()
    ran = _ran("bench.desk", str(folder), str(count), *options, sampled=sampled)
    verify(server, database, count, outgoing_mails=2 if agent else 1)
    return ran


def verify(server: ImapServer, database: str, count: int, *, outgoing_mails: int) -> None:
    """Each mail made one ticket and its letters, and is settled. Raises AssertionError."""
    out, raw = tables.outgoing, tables.raw_mail
    store = open_store(Database(url=database))
    with store.read() as connection:
        found = [
            connection.execute(query).scalar_one()
            for query in (
                select(func.count()).select_from(tables.ticket),
                select(func.count()).where(out.c.template == "acknowledgement"),
                select(func.count()).select_from(out),
                select(func.count()).where(
                    raw.c.disposition == "new-ticket", raw.c.settled_at.is_not(None)
                ),
            )
        ]
    store.close()
    assert found == [count, count, outgoing_mails * count, count], (
        f"tickets, letters, settled: {found}"
    )
    if isinstance(server, Dovecot):
        here = (len(uids_in(server)), len(uids_in(server, "Processed")))
        assert here == (0, count), f"left in INBOX, and moved: {here}"


def _ran(module: str, *arguments: str, sampled: float) -> Ran:
    with _process(module, *arguments) as process, memory.Sampler(process.pid, sampled) as sampler:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{module} did not start")
        process.stdin.write("\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    return Ran(json.loads(answer), sampler.peak_mb)


@contextmanager
def _process(module: str, *arguments: str, out: IO[str] | int = subprocess.PIPE) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=out,
        text=True,
        cwd=ROOT,
        env=installation.environment(),
    )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        if out is not subprocess.PIPE:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


class Sink:
    """Takes the desk's mail and notes when each came, by the address it goes to."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        self._changed = threading.Condition()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """aiosmtpd: the mail is here."""
        with self._changed:
            self.came.setdefault(envelope.rcpt_tos[0], time.perf_counter())
            self._changed.notify_all()
        return "250 OK"

    def wait_for(self, address: str, seconds: float) -> float:
        """When the mail to that address came. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: address in self.came, seconds):
                raise TimeoutError(f"no mail to {address} within {seconds} s")
            return self.came[address]


def latencies(server: ImapServer, folder: Path, count: int) -> list[float]:
    """Seconds from the begin of each delivery into the mailbox until its acknowledgement is
    with an SMTP server, with `maildesk run` and IDLE. The mails come at uneven times."""
    sink, smtp_port = Sink(), free_port()
    database = f"sqlite:///{folder}/desk.db"
    installation.install(
        folder,
        imap_port=server.port,
        user=server.user,
        database=database,
        smtp_port=smtp_port,
        web_port=free_port(),
    )
    controller = Controller(sink, hostname="127.0.0.1", port=smtp_port)
    controller.start()
    try:
        with (
            (folder / "log").open("w") as log,
            _process("maildesk", "--config", f"{folder}/maildesk.toml", "run", out=log),
        ):
            wait_until(lambda: _looked(folder / "desk.db"), 30, "the daemon looked at the mailbox")
            source = random.Random(count)
            return [_latency(server, sink, number, source) for number in range(count + 1)][1:]
    finally:
        controller.stop()


def _looked(database: Path) -> bool:
    if not database.exists():
        return False
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return bool(connection.execute("SELECT count(*) FROM mailbox_position").fetchone()[0])
    except sqlite3.Error:
        return False


def _latency(server: ImapServer, sink: Sink, number: int, source: random.Random) -> float:
    sender = f"late{number}@customer.example"
    raw = mail(number, source, "plain", name="late")
    head, colon, rest = raw.partition(b"\r\nFrom: ")
    raw = head + colon + f"Late <{sender}>\r\n".encode() + rest.partition(b"\r\n")[2]
    time.sleep(source.uniform(0.2, 1.2))
    began = time.perf_counter()
    if isinstance(server, Dovecot):
        with smtplib.LMTP("127.0.0.1", server.lmtp_port) as lmtp:
            lmtp.sendmail(sender, f"{server.user}@{DESK.partition('@')[2]}", raw)
    else:
        put(server, raw)
    return sink.wait_for(sender, 30) - began
