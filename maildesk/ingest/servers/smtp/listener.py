"""The room that takes mail by SMTP (RFC 5321) or LMTP (RFC 2033) into the journal.

The 250 is given only after the commit; where the commit fails the client is told to keep the
mail and come again. Recipients that are not ours and mails that are too large are refused
while the client is there to hear it.
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
from maildesk.model.service import RoomTrouble, WakeSignal

log = structlog.get_logger(__name__)

_BELL_SECONDS = 0.2
_PARTING_SECONDS = 5.0
_MAX_RECIPIENTS = 100  # RFC 5321 §4.5.3.1.8: no fewer


class ListenerTrouble(RoomTrouble):
    """The door cannot be opened. The text is one line for the admin."""


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
        self._doors: WeakSet[SmtpSession] = WeakSet()

    def run(self, wake_signal: WakeSignal) -> None:
        """Listen until the bell says stop; mails that are being kept are kept first.

        Raises:
            ListenerTrouble: the address cannot be listened at.
        """
        asyncio.run(self._listen(wake_signal))

    async def _listen(self, wake_signal: WakeSignal) -> None:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                self._open_door, self._settings.host, self._settings.port
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
        """Send everyone away; who is handing over a mail hears first what became of it."""
        until = asyncio.get_running_loop().time() + _PARTING_SECONDS
        while self._doors and asyncio.get_running_loop().time() < until:
            for door in list(self._doors):
                if not door.delivering:
                    door.hang_up("421 4.3.2 Shutting down")
            await asyncio.sleep(0.02)

    def _open_door(self) -> asyncio.BaseProtocol:
        if len(self._doors) >= self._settings.max_connections:
            return Busy()
        door = SmtpSession(
            self._settings,
            handler=self,
            deliver=self._deliver,
            trace=self._trace,
            max_mail_bytes=self._max_mail_bytes,
            hostname=self._hostname,
            closed=self._doors.discard,
        )
        self._doors.add(door)
        return door

    async def handle_MAIL(
        self, _door: SmtpSession, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """aiosmtpd asks here about each sender."""
        if not _is_clean(address):
            return "553 5.1.7 Sender address has letters that are not allowed"
        # The null return path is "<>" to aiosmtpd, and "" would be no sender at all to it.
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, _door: SmtpSession, _: Session, envelope: Envelope, address: str, _options: list[str]
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

    async def _deliver(self, door: SmtpSession, raw: bytes) -> str:
        """Keep the mail; the reply says whether it is safe with us."""
        mail = self._raw_mail(door, raw)
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

    def _raw_mail(self, door: SmtpSession, raw: bytes) -> RawMail:
        return RawMail(
            raw=raw,
            size=len(raw),
            sha256=hashlib.sha256(memoryview(raw)[door.trace_length :]).hexdigest(),
            source=Source(self._settings.protocol),
            mailbox=self._settings.name,
            received_at=self._clock(),
            envelope_from=_sender(door),
            envelope_to=tuple(door.envelope.rcpt_tos) if door.envelope else (),
            peer=_peer(door),
            helo=_called(door),
        )

    def _trace(self, door: SmtpSession) -> bytes:
        """Return-Path and Received, as final delivery adds them (RFC 5321 §4.4)."""
        return (
            f"Return-Path: <{_sender(door)}>\r\n"
            f"Received: from {_called(door)} ([{_word(_peer(door))}])\r\n"
            f"\tby {_word(self._hostname)} with {_with(door)};\r\n"
            f"\t{format_datetime(self._clock())}\r\n"
        ).encode()


def _is_clean(address: str) -> bool:
    """Neither control characters nor bytes that are no UTF-8."""
    return address.isprintable()


def _sender(door: SmtpSession) -> str:
    sender = door.envelope.mail_from if door.envelope else None
    return "" if sender in (None, "<>") else str(sender)


def _peer(door: SmtpSession) -> str:
    peer = door.session.peer if door.session else None
    return str(peer[0]) if peer else ""


def _called(door: SmtpSession) -> str:
    called = door.session.host_name if door.session else None
    return _word(called or "unknown")


def _with(door: SmtpSession) -> str:
    """The protocol's name for Received (RFC 3848)."""
    if door.protocol == "lmtp":
        return "LMTP"
    return "ESMTP" if door.session and door.session.extended_smtp else "SMTP"


def _word(text: str) -> str:
    """A host's name or address as it may stand in Received; the client chose it."""
    return re.sub(r"[^A-Za-z0-9.:_-]", "?", text)[:255]
