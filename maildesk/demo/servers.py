"""An IMAP and an SMTP server on loopback, in one thread.

The SMTP server delivers each mail to the IMAP mailbox of its recipient. Mailboxes are kept in
memory and end with the demo.
"""

import asyncio
import socket
import threading
from argparse import Namespace
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session
from pymap.backend.dict import Config, DictBackend, Identity, Login
from pymap.imap import IMAPService
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from maildesk.demo.story.cast import DOMAIN, PASSWORD, USERS

HOST = "127.0.0.1"
FOLDERS = ("Sent", "Processed")
_START_SECONDS = 10.0


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class _Config(Config):
    """The settings of pymap; its default greeting would look up the host name in the DNS."""

    @property
    def greeting(self) -> bytes:
        return b"The demo's mailboxes are ready"


@dataclass(frozen=True, slots=True)
class _Mailboxes:
    """The mailboxes of all users, with direct access for the mail server."""

    login: Login
    config: Config

    async def add(self, user: str) -> None:
        """A user with empty folders."""
        metadata = UserMetadata(self.config, user, password=PASSWORD)
        identity = Identity(user, self.login, None, frozenset())
        await identity.set(metadata)
        async with identity.new_session() as session:
            for folder in FOLDERS:
                await session.create_mailbox(folder)

    async def deliver(self, user: str, raw: bytes) -> None:
        """Put a mail into the INBOX."""
        mail = AppendMessage(raw, datetime.now(UTC))
        async with Identity(user, self.login, None, frozenset()).new_session() as session:
            await session.append_messages("INBOX", [mail])


def resident(address: str) -> str | None:
    """The user of an address: `desk+token@demo.example` belongs to `desk`."""
    local, _, domain = address.lower().rpartition("@")
    user = local.partition("+")[0]
    return user if domain == DOMAIN and user in USERS else None


@dataclass(frozen=True, slots=True)
class _Postman:
    """The aiosmtpd handler: checks recipients and delivers mails."""

    mailboxes: _Mailboxes

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: Iterable[str],
    ) -> str:
        """Reject unknown recipients with 550."""
        if resident(address) is None:
            return f"550 5.1.1 <{address}>: unknown recipient"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Deliver to each recipient with the trace fields of RFC 5321 §4.4."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        for address in envelope.rcpt_tos:
            user = resident(address)
            trace = f"Return-Path: <{envelope.mail_from or ''}>\r\nDelivered-To: {address}\r\n"
            if user is not None:
                await self.mailboxes.deliver(user, trace.encode() + content)
        return "250 2.0.0 OK, delivered"


@dataclass(slots=True)
class PostOffice:
    """Both servers. `imap_port` and `smtp_port` are free ports on loopback."""

    imap_port: int = field(default_factory=free_port)
    smtp_port: int = field(default_factory=free_port)
    _ready: "Future[None]" = field(default_factory=Future)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _thread: threading.Thread | None = None

    def start(self) -> Self:
        """Start both servers. Raises OSError if a port is no longer free."""
        self._thread = threading.Thread(target=self._run, name="post-office", daemon=True)
        self._thread.start()
        self._ready.result(_START_SECONDS)
        return self

    def stop(self) -> None:
        """Close both servers and the open connections of clients."""
        if self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(_START_SECONDS)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._serve())
            except OSError as error:
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        config = _Config.from_args(self._arguments(), hash_context=Cleartext())
        config.apply_context()
        mailboxes = _Mailboxes(Login(config), config)
        for user in USERS:
            await mailboxes.add(user)
        async with AsyncExitStack() as stack:
            await IMAPService(DictBackend(mailboxes.login, config), config).start(stack)
            await stack.enter_async_context(await self._smtp(_Postman(mailboxes)))
            self._ready.set_result(None)
            await self._closing.wait()

    async def _smtp(self, postman: _Postman) -> asyncio.Server:
        def protocol() -> SMTP:
            return SMTP(postman, hostname=f"mail.{DOMAIN}", ident="demo", loop=self._loop)

        return await self._loop.create_server(protocol, HOST, self.smtp_port)

    def _arguments(self) -> Namespace:
        return Namespace(
            host=HOST,
            port=self.imap_port,
            debug=False,
            cert=None,
            key=None,
            tls=False,
            passlib_cfg=None,
            proxy_protocol=None,
            inherited_sockets=None,
            demo_data=False,
            demo_user="",
            demo_password="",
        )
