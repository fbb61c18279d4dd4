"""The floor: what the same work costs without SLA targets, in one plain process.

Fetch by imapclient in batches of 50, the stdlib's compat32 parser, an acknowledgement of
MIMEText and a compiled template, and plain inserts of the very rows that the desk wrote (read
from its database before the clock starts), with the raw bytes, a commit for each batch.
"""

import argparse
import json
import resource
import sqlite3
import sys
import time
from collections import defaultdict
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.mime.text import MIMEText
from importlib import import_module
from typing import Any

import jinja2
from imapclient import IMAPClient

BATCH = 50
PER_MAIL = ("raw_mail", "raw_bytes", "ticket", "message", "ticket_event", "outgoing")
ONCE = ("person", "person_address")
_ACK = jinja2.Template(
    "Dear {{ name }},\n\nthank you. We have received your request and gave it the number "
    "MD-{{ number }}.\n\nSubject: {{ subject }}\n\n"
    "Please leave the number in the subject when you answer.\n\nService Desk\n"
)
Row = dict[str, Any]


class Rows:
    """The rows that the desk wrote, by the Message-ID of the mail they came of."""

    def __init__(self, path: str) -> None:
        database = sqlite3.connect(path)
        database.row_factory = sqlite3.Row
        of_ticket: dict[int, str] = {}
        self.once = {table: _read(database, table) for table in ONCE}
        self.by_id: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in _read(database, "raw_mail"):
            of_ticket[row["ticket"]] = row["message_id"]
            self.by_id[row["message_id"]]["raw_mail"].append(row)
            bare = {"raw_mail_id": row["id"], "piece": 0, "data": b""}
            self.by_id[row["message_id"]]["raw_bytes"].append(bare)
        for table, key in (
            ("ticket", "number"),
            ("message", "ticket"),
            ("ticket_event", "ticket"),
            ("outgoing", "ticket"),
        ):
            for row in _read(database, table):
                self.by_id[of_ticket[row[key]]][table].append(row)
        database.close()


def _read(database: sqlite3.Connection, table: str) -> list[Row]:
    return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]


def work(raw: bytes, rows: Rows) -> dict[str, list[Row]]:
    """Parse one mail, write its acknowledgement, and put both into its rows."""
    parsed = message_from_bytes(raw)
    subject = str(make_header(decode_header(parsed["Subject"])))
    text = _text(parsed)
    found = rows.by_id[parsed["Message-ID"]]
    ticket = found["ticket"][0]["number"]
    found["raw_bytes"][0]["data"] = raw
    found["message"][0]["text"] = text
    for out in found["outgoing"]:
        out["raw"] = _acknowledgement(parsed, subject, ticket)
    return found


def _text(parsed: Message) -> str:
    for part in parsed.walk():
        if part.get_content_type() == "text/plain":
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            return data.decode(part.get_content_charset() or "utf-8")
    return ""


def _acknowledgement(parsed: Message, subject: str, ticket: int) -> bytes:
    body = _ACK.render(name=parsed["From"], number=ticket, subject=subject)
    mail = MIMEText(body, "plain", "utf-8")
    mail["From"] = "Service Desk <desk@example.org>"
    mail["To"] = parsed["From"]
    mail["Subject"] = f"[MD-{ticket}] {subject}"
    mail["Message-ID"] = f"<ack.{ticket}@example.org>"
    mail["In-Reply-To"] = parsed["Message-ID"]
    mail["References"] = parsed["Message-ID"]
    mail["Auto-Submitted"] = "auto-replied"
    return mail.as_bytes()


def insert(database: Any, table: str, rows: list[Row]) -> None:
    """Plain inserts; every row of a table has the same columns."""
    if rows:
        names = list(rows[0])
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        database.executemany(statement, [tuple(row.values()) for row in rows])


def run(client: IMAPClient, database: Any, rows: Rows) -> int:
    """All mails of the INBOX; how many there were."""
    client.select_folder("INBOX")
    uids = client.search("ALL")
    for start in range(0, len(uids), BATCH):
        fetched = client.fetch(uids[start : start + BATCH], ["BODY.PEEK[]"])
        done = [work(answer[b"BODY[]"], rows) for answer in fetched.values()]
        database.execute("BEGIN IMMEDIATE")
        if start == 0:
            for table in ONCE:
                insert(database, table, rows.once[table])
        for table in PER_MAIL:
            insert(database, table, [row for one in done for row in one[table]])
        database.execute("COMMIT")
    return len(uids)


def main() -> None:
    """Prints one JSON object: mails, seconds, CPU seconds."""
    parser = argparse.ArgumentParser()
    for name in ("--port", "--user", "--password", "--database", "--rows", "--sqlite", "--journal"):
        parser.add_argument(name, required=True)
    given = parser.parse_args()
    rows = Rows(given.rows)
    database = import_module(given.sqlite).connect(given.database, isolation_level=None)
    database.execute(f"PRAGMA journal_mode = {given.journal}")
    database.execute("PRAGMA synchronous = FULL")
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.perf_counter(), _cpu()
    client = IMAPClient("127.0.0.1", int(given.port), ssl=False, timeout=60)
    client.login(given.user, given.password)
    count = run(client, database, rows)
    seconds, cpu = time.perf_counter() - began, _cpu() - cpu
    client.logout()
    database.close()
    print(json.dumps({"mails": count, "seconds": seconds, "cpu_seconds": cpu}), flush=True)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
