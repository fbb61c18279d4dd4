"""A small world for stories: a desk with a real database, a clock that stands, and its people.

Rita asks, Max is her manager, Ann (L1) and Lee (L2) are agents, Mallory must not get in.
"""

import email.policy
import hashlib
import itertools
import re
import tomllib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.config.schema.settings import Settings
from maildesk.ingest.reading.analyse import read, read_head
from maildesk.ingest.reading.pool import Unreadable
from maildesk.model.cause import Choice, Work
from maildesk.model.decision import Answer
from maildesk.model.links.page import Page, Problem
from maildesk.model.mail import RawMail, Reading, Source
from maildesk.model.ticket import Ticket, evolve
from maildesk.processing.clock.sla_timers import from_history
from maildesk.processing.desk import Desk
from maildesk.processing.links.link_service import LinkService
from maildesk.processing.runtime import Runtime, open_runtime
from maildesk.processing.worker import Worker
from maildesk.store import migrate, tables, tickets
from maildesk.store.engine import Store, open_engine

CONFIG = Path(__file__).resolve().parents[1] / "config"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADDRESS = {
    name: f"{name}@example.org" for name in ("rita", "max", "ann", "lee", "mallory", "will", "boss")
}
TABLES = (
    "people",
    "catalog",
    "workflow",
    "rules",
    "approvals",
    "monitoring",
    "sla",
    "answers",
    "reports",
)


def shipped_policy(**changes: Any) -> PolicyFiles:
    """The policy that maildesk ships; `changes` replace whole tables."""
    files = {name: tomllib.loads((CONFIG / f"{name}.toml").read_text()) for name in TABLES}
    return PolicyFiles.model_validate(files | changes)


def settings(**changes: Any) -> Settings:
    """An installation with a web address and a trusted mail server."""
    return Settings.model_validate(
        {
            "desk": {"address": "desk@example.org", "aliases": ["help@example.org"]},
            "web": {"base_url": "https://desk.example.org"},
            "secrets": {"key": {"env": "KEY", "value": "k" * 40}},
            "trust": {"authserv_ids": ["mx.example.org"]},
        }
        | changes
    )


@dataclass
class Clock:
    """A clock that moves only when told."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class InlineReaders:
    """Reads in this process; `spoiled` Message-IDs come back unreadable, `deadly` ones even when
    their header alone is read."""

    def __init__(self) -> None:
        self.spoiled: set[bytes] = set()
        self.deadly: set[bytes] = set()

    def read(
        self, mails: Sequence[RawMail], *, head_only: bool = False
    ) -> Generator[Reading | Unreadable, None, None]:
        for mail in mails:
            if any(word in mail.raw for word in (self.deadly if head_only else self.spoiled)):
                yield Unreadable("the reader died")
            else:
                reader = read_head if head_only else read
                yield reader(
                    mail.raw, envelope_from=mail.envelope_from, own_domains=("example.org",)
                )


@dataclass(frozen=True)
class OutgoingMail:
    """A mail that the desk wrote."""

    id: int
    to: str
    template: str
    state: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    def _body(self, subtype: str) -> str:
        part = self.message.get_body((subtype,))
        assert part is not None
        return str(part.get_content())

    @property
    def reply_to(self) -> str:
        return str(self.message["Reply-To"].addresses[0].addr_spec)

    @property
    def token(self) -> str:
        """The token of the first link."""
        found = re.search(r"/l/([A-Za-z0-9_-]{64})", self.text)
        assert found, self.text
        return found[1]


@dataclass(frozen=True)
class Part:
    """A file in a mail; with a Content-ID it is a picture of the HTML."""

    name: str
    data: bytes
    type: str = "application/pdf"
    content_id: str = ""

    def put_into(self, message: EmailMessage) -> None:
        main, _, sub = self.type.partition("/")
        inline = {"disposition": "inline", "cid": f"<{self.content_id}>"} if self.content_id else {}
        message.add_attachment(self.data, maintype=main, subtype=sub, filename=self.name, **inline)


@dataclass
class World:
    """A desk and the hands to play everybody else."""

    store: Store
    runtime: Runtime
    clock: Clock
    readers: InlineReaders
    desk: Desk
    door: LinkService
    worker: Worker
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _read: int = 0

    def mail(
        self,
        who: str,
        text: str,
        *,
        subject: str = "Printer broken",
        answering: OutgoingMail | None = None,
        to: str = "desk@example.org",
        trusted: bool = False,
        sender: str = "",
        headers: dict[str, str] | None = None,
        message_id: str = "",
        html: str = "",
        parts: Sequence[Part] = (),
    ) -> bytes:
        """A mail as the person's program would write it."""
        message = EmailMessage(policy=email.policy.SMTP)
        if trusted:
            message["Authentication-Results"] = "mx.example.org; dmarc=pass header.from=example.org"
        message["From"] = sender or f"{who.title()} <{ADDRESS[who]}>"
        message["To"] = answering.reply_to if answering else to
        message["Subject"] = f"Re: {answering.subject}" if answering else subject
        message["Date"] = format_datetime(self.clock.now)
        message["Message-ID"] = message_id or f"<{next(self._serial)}.{who}@example.org>"
        if answering:
            message["In-Reply-To"] = str(answering.message["Message-ID"])
        for name, value in (headers or {}).items():
            message[name] = value
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
        for part in parts:
            part.put_into(message)
        return bytes(message)

    def arrives(self, *raws: bytes, envelope_from: str | None = None, **fields: Any) -> None:
        """Keep the mails and work all that is there."""
        self.desk.keep([self.raw(one, envelope_from=envelope_from, **fields) for one in raws])
        self.work()

    def raw(self, raw: bytes, **fields: Any) -> RawMail:
        """The bytes as a room hands them over."""
        values: dict[str, Any] = {
            "raw": raw,
            "size": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
            "source": Source.LMTP,
            "mailbox": "door",
            "received_at": self.clock.now,
            "envelope_to": ("desk@example.org",),
        }
        return RawMail(**(values | fields))

    def work(self) -> None:
        """Work until nothing is left."""
        while self.worker.work():
            pass

    def writes(self, who: str, text: str, **options: Any) -> list[OutgoingMail]:
        """The person writes; the letters that the desk answers with."""
        self.clock.forward(minutes=1)
        self.arrives(self.mail(who, text, **options))
        return self.new_letters()

    def new_letters(self) -> list[OutgoingMail]:
        """The letters written since the last look."""
        outgoing_mails = self.outgoing_mails(after=self._read)
        self._read = max([self._read, *(one.id for one in outgoing_mails)])
        return outgoing_mails

    def outgoing_mails(self, after: int = 0) -> list[OutgoingMail]:
        """Every letter, oldest first; or those after one of them."""
        parser = BytesParser(policy=email.policy.default)
        newer = select(tables.outgoing).where(tables.outgoing.c.id > after)
        with self.store.read() as connection:
            rows = connection.execute(newer.order_by(tables.outgoing.c.id)).all()
        return [
            OutgoingMail(r.id, r.recipient, r.template, r.state, parser.parsebytes(r.raw))
            for r in rows
        ]

    def ticket(self, number: int) -> Ticket:
        """The ticket as it stands."""
        with self.store.read() as connection:
            return tickets.load_one(connection, number)[0]

    def people(self) -> dict[str, int]:
        """The id behind every address."""
        with self.store.read() as connection:
            rows = connection.execute(select(tables.person_address)).all()
        return {row.address: row.person_id for row in rows}

    def numbers(self) -> list[int]:
        """All tickets."""
        with self.store.read() as connection:
            query = select(tables.ticket.c.number).order_by(tables.ticket.c.number)
            return list(connection.execute(query).scalars())

    def messages(self, number: int) -> list[tuple[str, str]]:
        """(kind, text) of every text of the ticket."""
        with self.store.read() as connection:
            return [(m.kind, m.text.strip()) for m in tickets.messages(connection, number)]

    def mails(self) -> list[Any]:
        """The journal, oldest first."""
        with self.store.read() as connection:
            return list(connection.execute(select(tables.raw_mail).order_by(tables.raw_mail.c.id)))

    def disposition(self) -> str:
        """What became of the last mail."""
        return str(self.mails()[-1].disposition)

    def replayed(self, number: int) -> Ticket:
        """The ticket as its history alone gives it, and its SLA timers by sla.toml."""
        ticket: Ticket | None = None
        with self.store.read() as connection:
            for line in tickets.history(connection, number):
                ticket = evolve(ticket, line.event, number=number, at=line.at)
            assert ticket is not None
            assert ticket.sla_timers == from_history(self.runtime.policy, connection, number)
        return ticket

    def acts(
        self, token: str, choice: Choice | Work, comment: str
    ) -> tuple[Answer, Page] | Problem:
        """Somebody presses a button; what came of it, and the page afterwards."""
        answer = self.door.act(token, choice, comment)
        page = self.door.view(token)
        return (
            answer
            if isinstance(answer, Problem)
            else page
            if isinstance(page, Problem)
            else (answer, page)
        )

    def close(self) -> None:
        self.worker.close()
        self.store.close()


def build(
    url: str, *, installation: Settings | None = None, policy: PolicyFiles | None = None
) -> World:
    """A world on that database."""
    store = Store(open_engine(url))
    migrate.upgrade(store)
    clock, readers = Clock(), InlineReaders()
    runtime = open_runtime(
        installation or settings(), policy or shipped_policy(), store, clock=clock
    )
    return World(
        store,
        runtime,
        clock,
        readers,
        Desk(runtime),
        LinkService(runtime),
        Worker(runtime, readers),
    )


def to(outgoing_mails: list[OutgoingMail], who: str) -> list[OutgoingMail]:
    """The letters to that person."""
    return [outgoing_mail for outgoing_mail in outgoing_mails if outgoing_mail.to == ADDRESS[who]]


def one(outgoing_mails: list[OutgoingMail], who: str, template: str) -> OutgoingMail:
    """The only letter of that kind to that person."""
    found = [
        outgoing_mail
        for outgoing_mail in to(outgoing_mails, who)
        if outgoing_mail.template == template
    ]
    assert len(found) == 1, [
        (outgoing_mail.to, outgoing_mail.template) for outgoing_mail in outgoing_mails
    ]
    return found[0]
