"""A desk reached by mail alone: real servers on loopback, and what each person's program holds.

Everybody plays at once. A part is a generator: it yields a mail that somebody sends, and is
handed what the desk wrote about its ticket until it had nothing left to do.
"""

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

from maildesk.config.load import load
from maildesk.daemon.run import Daemon
from maildesk.demo.mailbox_mail import Letter, answer, read_letter
from maildesk.model.links.token import LinkToken, Purpose
from maildesk.model.ticket import Ticket, evolve
from maildesk.processing.links.visibility import entries, visible_ticket
from maildesk.store import people, tickets
from tests.crash.scene import ENVIRON, Box, RuleInput, scene
from tests.world import ADDRESS

ROOMS = frozenset({"imap", "work", "deliver"})
AGENTS = frozenset({ADDRESS["ann"], ADDRESS["lee"]})
_OF_A_TRANSCRIPT = (
    "All commands were carried out",
    "Some commands failed",
    "Nothing was done, and",
)
_TAG = re.compile(r"\[MD-(\d+)\]")


def tag(outgoing_mail: Letter) -> int:
    """The ticket that the subject names."""
    found = _TAG.search(outgoing_mail.subject)
    assert found, outgoing_mail.subject
    return int(found[1])


def said(outgoing_mail: Letter) -> str:
    """Its text without line breaks."""
    return " ".join(outgoing_mail.text.split())


@dataclass(frozen=True)
class Got:
    """What the desk wrote about one ticket, by the address that got it, oldest first."""

    outgoing_mails: list[tuple[str, Letter]]

    @property
    def number(self) -> int:
        return tag(self.outgoing_mails[0][1])

    def by(self, who: str) -> list[Letter]:
        return [
            outgoing_mail
            for address, outgoing_mail in self.outgoing_mails
            if address == ADDRESS.get(who, who)
        ]

    def to(self, who: str) -> Letter:
        """The only letter to that person."""
        found = self.by(who)
        assert len(found) == 1, [
            (address, one.subject, one.text) for address, one in self.outgoing_mails
        ]
        return found[0]

    def transcript(self, who: str = "ann") -> Letter:
        """The letter that tells the agent what became of a mail."""
        found = [one for one in self.by(who) if _is_transcript(one)]
        assert len(found) == 1, [
            (address, one.subject, one.text) for address, one in self.outgoing_mails
        ]
        return found[0]

    def news(self, who: str) -> Letter:
        """The only letter to an agent that is no transcript."""
        found = [one for one in self.by(who) if not _is_transcript(one)]
        assert len(found) == 1, [
            (address, one.subject, one.text) for address, one in self.outgoing_mails
        ]
        return found[0]


def _is_transcript(outgoing_mail: Letter) -> bool:
    return any(one in outgoing_mail.text for one in _OF_A_TRANSCRIPT)


Part = Generator[EmailMessage, Got, None]


def asks(who: str, subject: str, text: str) -> EmailMessage:
    """A first mail to the desk."""
    return _mail(who, "desk@example.org", subject, text)


def replies(who: str, outgoing_mail: Letter, text: str) -> EmailMessage:
    """An answer as a mail program makes it: to Reply-To, in the thread, the mail quoted below."""
    draft = answer(outgoing_mail, text)
    mail = _mail(who, draft.to, draft.subject, draft.text)
    mail["In-Reply-To"], mail["References"] = draft.in_reply_to, draft.references
    return mail


def _mail(who: str, to: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"{who.title()} <{ADDRESS[who]}>"
    mail["To"], mail["Subject"] = to, subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain="example.org")
    mail.set_content(text)
    return mail


@dataclass
class Day:
    """The installation, and all that it wrote so far as (address, letter)."""

    scene: RuleInput
    outgoing_mails: list[tuple[str, Letter]] = field(default_factory=list)
    sent: int = 0

    def play(self, *parts: Part) -> None:
        """Play all parts to their end, side by side."""
        going = {part: next(part) for part in parts}
        while going:
            outgoing_mails = self._round(list(going.values()))
            going = dict(_further(going, outgoing_mails))

    def _round(self, mails: list[EmailMessage]) -> list[tuple[str, Letter]]:
        self.sent += len(mails)
        self.scene.arrive(*(bytes(mail) for mail in mails))
        self.scene.wait_until_quiet(self.sent)
        fresh = self.scene.sink.taken[len(self.outgoing_mails) :]
        for uid, one in enumerate(fresh, start=len(self.outgoing_mails) + 1):
            raw = bytes(one.original_content or b"")
            self.outgoing_mails.append(
                (one.rcpt_tos[0], read_letter(raw, "INBOX", uid, datetime.now(UTC)))
            )
        return self.outgoing_mails[-len(fresh) :] if fresh else []

    def got(self, number: int, who: str) -> list[Letter]:
        """All that the person got about the ticket, oldest first."""
        return [one for to, one in self.outgoing_mails if to == ADDRESS[who] and tag(one) == number]

    def ticket(self, number: int) -> Ticket:
        """The row."""
        with self.scene.store.read() as connection:
            return tickets.load_one(connection, number)[0]

    def page(self, number: int, who: str) -> str:
        """All that the ticket's page tells that person."""
        with self.scene.store.read() as connection:
            person = people.find(connection, ADDRESS[who])
            assert person is not None
            link = LinkToken(Purpose.VIEW, number, person.id, 0, datetime.now(UTC))
            seen = visible_ticket(connection, link)
            assert seen is not None
            return "\n".join(one.text for one in entries(connection, seen, seen.shown, ()))

    def replayed(self, number: int) -> Ticket | None:
        """The ticket as its history alone gives it."""
        ticket: Ticket | None = None
        with self.scene.store.read() as connection:
            for line in tickets.history(connection, number):
                ticket = evolve(ticket, line.event, number=number, at=line.at)
        return ticket


def _further(
    going: dict[Part, EmailMessage], outgoing_mails: list[tuple[str, Letter]]
) -> Iterator[tuple[Part, EmailMessage]]:
    for part, mail in going.items():
        about = _about(mail, outgoing_mails)
        try:
            yield part, part.send(Got(about))
        except StopIteration:
            continue


def _about(
    mail: EmailMessage, outgoing_mails: list[tuple[str, Letter]]
) -> list[tuple[str, Letter]]:
    """Of the ticket of the mail; a first mail is known by the words of its subject."""
    found = _TAG.search(str(mail["Subject"]))
    word = found[0] if found else str(mail["Subject"])
    return [
        (to, outgoing_mail) for to, outgoing_mail in outgoing_mails if word in outgoing_mail.subject
    ]


@contextmanager
def day(folder: Path, box: Box) -> Iterator[Day]:
    """A daemon at work on that mailbox, with SQLite in the folder."""
    with scene(folder, f"sqlite:///{folder}/desk.db", box) as here:
        daemon = Daemon(load(folder / "maildesk.toml", os.environ | ENVIRON), ROOMS)
        daemon.start()
        try:
            yield Day(here)
        finally:
            daemon.stop()
