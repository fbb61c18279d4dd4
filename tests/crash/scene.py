"""A real installation on disk for daemons that are killed: mailbox, SMTP server, database."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from sqlalchemy import Table, inspect, select

from maildesk.store import tables
from maildesk.store.engine import Store, open_engine
from tests.outgoing.smtp_fake import Trouble, smtp_server
from tests.servers import PASSWORD, imap, put
from tests.world import ADDRESS, CONFIG

LOOK_SECONDS = 0.05
ENVIRON = {"IMAP_PASSWORD": PASSWORD, "SMTP_PASSWORD": "correct horse", "KEY": "k" * 40}

_SETTINGS = """
policy = "{policy}"
[desk]
address = "desk@example.org"
[[mailbox]]
name = "desk"
host = "127.0.0.1"
port = {imap_port}
security = "none"
user = "{user}"
password = {{ env = "IMAP_PASSWORD" }}
poll_seconds = 1
timeout_seconds = 10
since = "2020-01-01"
{mailbox}
[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
evidence_seconds = {evidence}
{smtp}
[database]
url = "{url}"
[web]
enabled = {web}
{web_port}
[secrets]
key = {{ env = "KEY" }}
[limits]
automatic_mails_per_hour = 100000
total_mails_per_hour = 100000
{limits}
{more}
"""


@dataclass
class Box:
    """One user's mailbox on an IMAP server (servers.ImapServer, as far as clients need it)."""

    port: int
    user: str = "desk"


@dataclass
class Sink(Trouble):
    """Records every mail after its final dot, then calls `on_mail`, and only then answers."""

    on_mail: Callable[[], object] = lambda: None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        self.on_mail()
        return answer

    def received(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(_message_id(raw) for raw in list(self.contents))


def _message_id(raw: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace").replace("\r\n ", " ")
    (line,) = [one for one in head.split("\r\n") if one.lower().startswith("message-id:")]
    return line.partition(":")[2].strip()


def outgoing_mail(
    who: str, subject: str, *, id: str, answers: str = "", text: str = "It does not work."
) -> bytes:
    """A mail to the desk, as the person's program would write it."""
    message = EmailMessage(policy=SMTP)
    address = ADDRESS.get(who, f"{who}@example.org")
    message["From"] = f"{who.title()} <{address}>"
    message["To"] = "desk@example.org"
    message["Subject"] = subject
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{id}@example.org>"
    if answers:
        message["In-Reply-To"] = f"<{answers}@example.org>"
    message.set_content(text + "\n")
    return bytes(message)


@dataclass
class RuleInput:
    """The installation in one folder."""

    folder: Path
    url: str
    box: Box
    sink: Sink
    store: Store
    _write: Callable[..., None] = field(repr=False)

    def configure(self, **changes: Any) -> None:
        """Write maildesk.toml anew: other ports, or more lines in a table."""
        self._write(**changes)

    def arrive(self, *mails: bytes) -> None:
        """Deliver the mails into the mailbox."""
        put(self.box, *mails)  # type: ignore[arg-type]

    def rows(self, table: Table) -> list[Any]:
        """All rows of a table, in order of their key; none where there is no table yet."""
        with self.store.read() as connection:
            if not inspect(connection).has_table(table.name):
                return []
            return list(connection.execute(select(table).order_by(*table.primary_key)).all())

    def mails(self) -> list[Any]:
        """The journal."""
        return self.rows(tables.raw_mail)

    def outgoing(self) -> list[Any]:
        """The mails of ours."""
        return self.rows(tables.outgoing)

    def quiet(self, mails: int) -> bool:
        """Whether so many mails are worked and settled, and every mail of ours has gone out."""
        journal = self.mails()
        return (
            len(journal) == mails
            and all(row.state != "kept" and row.settled_at for row in journal)
            and all(row.next_try is None and not row.leased_by for row in self.outgoing())
        )

    def wait_until_quiet(self, mails: int, seconds: float = 30) -> None:
        """Wait for `quiet`; fails the test with the rows as they are."""
        until = time.monotonic() + seconds
        while not self.quiet(mails) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        if time.monotonic() >= until:
            states = [(row.id, row.state, row.attempts, row.reason) for row in self.mails()]
            ours = [(row.id, row.state, row.reason) for row in self.outgoing()]
            raise AssertionError(f"not quiet: mails {states}, outgoing {ours}")

    def on_server(self) -> tuple[int, int]:
        """How many mails lie in the mailbox's INBOX and in Processed."""
        with imap(self.box) as client:  # type: ignore[arg-type]
            there = client.folder_exists("Processed")
            folders = ("INBOX", "Processed") if there else ("INBOX",)
            counts = [client.folder_status(name, "MESSAGES")[b"MESSAGES"] for name in folders]
        return counts[0], sum(counts[1:])


@contextmanager
def scene(folder: Path, url: str, box: Box, **options: Any) -> Iterator[RuleInput]:
    """An installation with an SMTP server; its database is not yet there, or the one of `url`."""
    sink = Sink()
    url = url.replace(":@", "@")  # not even an empty password may stand in the file
    folder.mkdir(parents=True, exist_ok=True)
    with smtp_server(sink) as smtp_port:

        def write(**changes: Any) -> None:
            words = {"policy": CONFIG, "imap_port": box.port, "user": box.user, "url": url}
            words |= {"smtp_port": smtp_port, "web": "false", "evidence": 0.5}
            words |= dict.fromkeys(("mailbox", "smtp", "web_port", "limits", "more"), "")
            (folder / "maildesk.toml").write_text(_SETTINGS.format(**(words | options | changes)))

        write()
        store = Store(open_engine(url))
        try:
            yield RuleInput(folder, url, box, sink, store, write)
        finally:
            store.close()
