"""A mail program: reads the mailbox of one person by IMAP and sends mail by SMTP."""

import imaplib
import smtplib
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import TypeVar

from imapclient import IMAPClient

from maildesk.demo.mailbox_mail import Draft, Letter, outgoing, read_letter
from maildesk.demo.servers import HOST, PostOffice
from maildesk.demo.story.cast import PASSWORD, Persona

INBOX, SENT = "INBOX", "Sent"
_TIMEOUT = 10.0
_SEEN = rb"\Seen"

T = TypeVar("T")


class NotSent(Exception):
    """The server did not accept the mail. The text gives the reason in one line."""


@dataclass(slots=True)
class MailProgram:
    """The mail of one person. Thread-safe: all threads share one connection."""

    persona: Persona
    runtime: PostOffice
    _client: IMAPClient | None = None
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _fetched: dict[tuple[str, int], Letter] = field(default_factory=dict)

    def letters(self, folder: str = INBOX) -> tuple[Letter, ...]:
        """Every mail of the folder, newest first."""
        return self._asked(lambda client: self._list(client, folder))

    def open(self, folder: str, uid: int) -> Letter:
        """A mail, which is marked as read. Raises LookupError if it does not exist."""
        self._asked(lambda client: self._mark_read(client, folder, uid))
        for letter in self.letters(folder):
            if letter.uid == uid:
                return letter
        raise LookupError(f"there is no mail {uid} in {folder}")

    def unread(self) -> int:
        """The number of unread mails in INBOX."""
        return sum(not letter.seen for letter in self.letters())

    def send(self, draft: Draft) -> EmailMessage:
        """Send the draft and store a copy in Sent. Returns the sent mail.

        Raises NotSent if the server refuses it or it has no recipient.
        """
        try:
            mail = outgoing(draft, self.persona)
        except ValueError as error:
            raise NotSent(str(error)) from error
        post(mail, self.runtime)
        self._asked(lambda client: client.append(SENT, bytes(mail), (_SEEN,), datetime.now(UTC)))
        return mail

    def close(self) -> None:
        """Log out."""
        with self._turn:
            if self._client is not None:
                with suppress(imaplib.IMAP4.error, OSError):
                    self._client.logout()
                self._client = None

    def _asked(self, ask: Callable[[IMAPClient], T]) -> T:
        """Run the command; reconnect if the connection was lost."""
        with self._turn:
            try:
                return ask(self._connected())
            except (imaplib.IMAP4.abort, OSError):
                self._client = None
                return ask(self._connected())

    def _connected(self) -> IMAPClient:
        if self._client is None:
            client = IMAPClient(HOST, self.runtime.imap_port, ssl=False, timeout=_TIMEOUT)
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.normalise_times = False
            client.login(self.persona.user, PASSWORD)
            self._client = client
        return self._client

    def _list(self, client: IMAPClient, folder: str) -> tuple[Letter, ...]:
        client.select_folder(folder, readonly=True)
        uids = sorted(client.search(), reverse=True)
        flags = client.fetch(uids, ["FLAGS"]) if uids else {}
        self._fetch(client, folder, (uid for uid in uids if (folder, uid) not in self._fetched))
        return tuple(
            replace(self._fetched[folder, uid], seen=_SEEN in flags[uid][b"FLAGS"])
            for uid in uids
            if uid in flags
        )

    def _fetch(self, client: IMAPClient, folder: str, uids: Iterable[int]) -> None:
        """Fetch each mail only once, since a mail never changes."""
        missing = list(uids)
        found = client.fetch(missing, ["BODY.PEEK[]", "INTERNALDATE"]) if missing else {}
        for uid, data in found.items():
            raw, arrived = data[b"BODY[]"], data[b"INTERNALDATE"]
            self._fetched[folder, uid] = read_letter(raw, folder, uid, arrived)

    def _mark_read(self, client: IMAPClient, folder: str, uid: int) -> None:
        client.select_folder(folder)
        client.add_flags([uid], [_SEEN], silent=True)


def post(mail: EmailMessage, runtime: PostOffice, envelope_from: str | None = None) -> None:
    """Hand a mail to the SMTP server. Raises NotSent."""
    try:
        with smtplib.SMTP(HOST, runtime.smtp_port, timeout=_TIMEOUT) as line:
            line.send_message(mail, envelope_from)
    except smtplib.SMTPRecipientsRefused as refused:
        reasons = [answer.decode("utf-8", "replace") for _, answer in refused.recipients.values()]
        raise NotSent(f"the mail server refused the mail: {'; '.join(reasons)}") from refused
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"the mail server did not accept the mail: {error}") from error
