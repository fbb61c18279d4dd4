"""The service that accepts mail by SMTP (RFC 5321) or LMTP (RFC 2033) into the journal.

The reply is 250 only after the commit; if the commit fails, the client is told to keep the mail
and retry. Recipients that are not ours and mails that are too large are rejected during the
session.
"""

import asyncio
import hashlib
import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from weakref import WeakSet

import structlog
from aiosmtpd.smtp import Envelope, Session

from maildesk.config.schema.settings import Listener
from maildesk.ingest.servers.journal_port import Journal
from maildesk.ingest.servers.smtp.smtp_session import Busy, SmtpSession
from maildesk.model.mail import RawMail, Source
from maildesk.model.service import ServiceUnavailable, WakeSignal

log = structlog.get_logger(__name__)

_BELL_SECONDS = 0.2
_PARTING_SECONDS = 5.0
_MAX_RECIPIENTS = 100  # RFC 5321 §4.5.3.1.8: no fewer


class ListenerTrouble(ServiceUnavailable):
    """The port cannot be opened. The text is one line for the admin."""


def _now() -> datetime:
    return datetime.now(UTC)


class ListenerService:
    """Listens at one address. `port` is the true one once `started` is set."""

    def __init__(
        self,
        settings: Listener,
        *,
        max_mail_bytes: int,
        journal: Journal,
        accepts: Callable[[str], bool],
        on_kept: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = _now,
        hostname: str = "",
    ) -> None:
        """`accepts` says whether an address is ours; `hostname` is what we call ourselves."""
        self.name = f"{settings.protocol}:{settings.name}"
        self.port = settings.port
        self.started = threading.Event()
        self._settings = settings
        self._max_mail_bytes = max_mail_bytes
        self._journal = journal
        self._accepts = accepts
        self._on_kept = on_kept
        self._clock = clock
        self._hostname = hostname or socket.gethostname()
        self._sessions: WeakSet[SmtpSession] = WeakSet()

    def run(self, wake_signal: WakeSignal) -> None:
        """Listen until the signal says stop; mails that are being stored are stored first.

        Raises:
            ListenerTrouble: the address cannot be listened at.
        """
        asyncio.run(self._listen(wake_signal))

    async def _listen(self, wake_signal: WakeSignal) -> None:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                self._open_session, self._settings.host, self._settings.port
            )
        except OSError as error:
            raise ListenerTrouble(
                f'listener "{self._settings.name}" on {self._settings.host}:'
                f"{self._settings.port}: {error.strerror or error}: check `host` and `port`"
            ) from error
        try:
            self.port = server.sockets[0].getsockname()[1]
            self.started.set()
            wake_signal.working()
            while not wake_signal.stopping:
                await asyncio.sleep(_BELL_SECONDS)
                wake_signal.wait(0)
        finally:
            self.started.clear()
            server.close()
            await self._part()

    async def _part(self) -> None:
        """Close all sessions; a client that is sending a mail gets its reply first."""
        until = asyncio.get_running_loop().time() + _PARTING_SECONDS
        while self._sessions and asyncio.get_running_loop().time() < until:
            for session in list(self._sessions):
                if not session.delivering:
                    session.hang_up("421 4.3.2 Shutting down")
            await asyncio.sleep(0.02)

    def _open_session(self) -> asyncio.BaseProtocol:
        if len(self._sessions) >= self._settings.max_connections:
            return Busy()
        session = SmtpSession(
            self._settings,
            handler=self,
            deliver=self._deliver,
            trace=self._trace,
            max_mail_bytes=self._max_mail_bytes,
            hostname=self._hostname,
            closed=self._sessions.discard,
        )
        self._sessions.add(session)
        return session

    async def handle_EHLO(
        self,
        _session: SmtpSession,
        peer: Session,
        _: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """aiosmtpd asks here what else to announce."""
        peer.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_MAIL(
        self,
        _session: SmtpSession,
        _: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """aiosmtpd asks here about each sender."""
        if not _is_clean(address):
            return "553 5.1.7 Sender address has letters that are not allowed"
        # The null return path is "<>" to aiosmtpd, and "" would be no sender at all to it.
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self,
        _session: SmtpSession,
        _: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """aiosmtpd asks here about each recipient."""
        if len(envelope.rcpt_tos) >= _MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not _is_clean(address) or not self._accepts(address):
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        """aiosmtpd asks here what to say when a command fails inside."""
        log.error("SMTP command failed", service=self.name, error=repr(error))
        return "451 4.3.0 Local error, try again later"

    async def _deliver(self, session: SmtpSession, raw: bytes) -> str:
        """Keep the mail; the reply says whether it is safe with us."""
        mail = self._raw_mail(session, raw)
        try:
            # In a thread: a slow disk must not keep the other connections waiting.
            await asyncio.to_thread(self._journal.keep, [mail])
        except Exception as error:
            log.error(
                "mail not kept, client told to try again", service=self.name, error=repr(error)
            )
            return "451 4.3.0 Mail not stored, try again later"
        self._on_kept()
        return "250 2.0.0 Kept"

    def _raw_mail(self, session: SmtpSession, raw: bytes) -> RawMail:
        return RawMail(
            raw=raw,
            size=len(raw),
            sha256=hashlib.sha256(memoryview(raw)[session.trace_length :]).hexdigest(),
            source=Source(self._settings.protocol),
            mailbox=self._settings.name,
            received_at=self._clock(),
            envelope_from=_sender(session),
            envelope_to=tuple(session.envelope.rcpt_tos) if session.envelope else (),
            peer=_peer(session),
            helo=_called(session),
        )

    def _trace(self, session: SmtpSession) -> bytes:
        """Return-Path and Received, as final delivery adds them (RFC 5321 §4.4)."""
        return (
            f"Return-Path: <{_sender(session)}>\r\n"
            f"Received: from {_called(session)} ([{_word(_peer(session))}])\r\n"
            f"\tby {_word(self._hostname)} with {_with(session)};\r\n"
            f"\t{format_datetime(self._clock())}\r\n"
        ).encode()


def _is_clean(address: str) -> bool:
    """Neither control characters nor bytes that are no UTF-8."""
    return address.isprintable()


def _sender(session: SmtpSession) -> str:
    sender = session.envelope.mail_from if session.envelope else None
    return "" if sender in (None, "<>") else str(sender)


def _peer(session: SmtpSession) -> str:
    peer = session.session.peer if session.session else None
    return str(peer[0]) if peer else ""


def _called(session: SmtpSession) -> str:
    called = session.session.host_name if session.session else None
    return _word(called or "unknown")


def _with(session: SmtpSession) -> str:
    """The protocol's name for Received (RFC 3848)."""
    if session.protocol == "lmtp":
        return "LMTP"
    return "ESMTP" if session.session and session.session.extended_smtp else "SMTP"


def _word(text: str) -> str:
    """A host's name or address, made safe for Received; the client chose it."""
    return re.sub(r"[^A-Za-z0-9.:_-]", "?", text)[:255]
