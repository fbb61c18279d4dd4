"""A real SMTP server on loopback (aiosmtpd) that misbehaves on request."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

PASSWORD = "correct horse"


@dataclass
class Trouble:
    """What goes wrong, by recipient or number of the mail; and what arrived."""

    refuse: dict[str, str] = field(default_factory=dict)
    refuse_sender: str = ""
    refuse_content: str = ""
    refuse_files: str = ""
    drop_at_data: int = 0
    drop_after_dot: int = 0
    silent_after_dot: float = 0
    mails_per_connection: int = 0
    taken: list[Envelope] = field(default_factory=list)
    connections: int = 0
    resets: int = 0

    @property
    def contents(self) -> list[bytes]:
        """The bytes that arrived, in order."""
        return [bytes(one.original_content or b"") for one in self.taken]

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.options = options
        sent = getattr(session, "mails", 0)
        if self.mails_per_connection and sent >= self.mails_per_connection:
            return "421 enough for one connection"
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        self.resets += 1
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse_files and b"a file" in bytes(envelope.original_content or b""):
            return self.refuse_files
        if self.refuse_content:
            return self.refuse_content
        self.taken.append(envelope)
        session.mails = getattr(session, "mails", 0) + 1  # type: ignore[attr-defined]
        if self.drop_after_dot:
            self.drop_after_dot -= 1
            server.transport.abort()  # type: ignore[union-attr]
        if self.silent_after_dot:
            await asyncio.sleep(self.silent_after_dot)
        return "250 taken"


class Server(SMTP):
    """aiosmtpd, able to hang up when DATA comes."""

    trouble: Trouble

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.trouble.connections += 1
        super().connection_made(transport)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        if self.trouble.drop_at_data:
            self.trouble.drop_at_data -= 1
            await self.push("354 go on")
            self.transport.abort()  # type: ignore[union-attr]
            return
        await super().smtp_DATA(arg)


class SmtpServerFake(Controller):
    """The server in a thread; `options` are aiosmtpd's."""

    def __init__(self, trouble: Trouble, options: dict[str, Any]) -> None:
        self._trouble = trouble
        super().__init__(trouble, hostname="127.0.0.1", port=0, **options)

    def factory(self) -> Server:
        server = Server(self._trouble, **self.SMTP_kwargs)
        server.trouble = self._trouble
        return server

    def _trigger_server(self) -> None:
        # aiosmtpd would connect to port 0; the real port is known now.
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def smtp_server(trouble: Trouble, **options: Any) -> Iterator[int]:
    """A running server's port."""
    server = SmtpServerFake(trouble, options)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def login(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
) -> AuthResult:
    """Accept every login with the right password."""
    return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS for the server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
