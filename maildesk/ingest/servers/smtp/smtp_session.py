"""One SMTP or LMTP connection: aiosmtpd's commands, with DATA, limits and replies of our own.

aiosmtpd rejects long lines, sends LMTP clients one reply for all recipients, counts each command
separately and has no time limit during DATA; so these parts are implemented here.
"""

import asyncio
import io
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP

from maildesk.config.schema.settings import Listener

Deliver = Callable[["SmtpSession", bytes], Awaitable[str]]

_BUFFER_BYTES = 65_536
_COMMAND_BYTES = 2_048
_DOT = b".\r\n"
_NO_ENHANCED_CODE = re.compile(r"\A([245]\d\d) (?![245]\.\d)")


class SmtpSession(SMTP):
    """One connection. Ends it when it takes too long, says too much or listens too slowly."""

    def __init__(
        self,
        settings: Listener,
        *,
        handler: Any,
        deliver: Deliver,
        trace: Callable[["SmtpSession"], bytes],
        max_mail_bytes: int,
        hostname: str,
        closed: Callable[["SmtpSession"], None],
    ) -> None:
        """`trace` gives the header lines to put on top, `deliver` the reply to a whole mail."""
        self.line_length_limit = _BUFFER_BYTES
        # aiosmtpd shares and clears one table among all connections: give each its own.
        self.command_size_limits = defaultdict(lambda: _COMMAND_BYTES)
        super().__init__(
            handler,
            data_size_limit=max_mail_bytes,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="maildesk",
            timeout=settings.command_seconds,
            loop=asyncio.get_running_loop(),
        )
        self.protocol = settings.protocol
        self._settings = settings
        self._deliver = deliver
        self._trace = trace
        self._max_mail_bytes = max_mail_bytes
        self._closed_by = closed
        self._replies_left = settings.max_commands
        self._session_end: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._greeting = True  # the first reply greets, too
        self.trace_length = 0
        self.delivering = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clocks of the connection."""
        super().connection_made(transport)
        self._session_end = self.loop.call_later(self._settings.session_seconds, self._timeout_cb)

    def connection_lost(self, error: Exception | None) -> None:
        """Stop the clocks; the connection no longer counts."""
        if self._session_end is not None:
            self._session_end.cancel()
        self._closed_by(self)
        super().connection_lost(error)

    def _timeout_cb(self) -> None:
        """Time is up: for a line, or for the whole connection."""
        if self.delivering:
            # The mail may be committed any moment: whoever sent it should hear so.
            self._session_end = self.loop.call_later(1, self._timeout_cb)
            return
        self.hang_up("421 4.4.2 Timeout, closing connection")

    def hang_up(self, reply: str) -> None:
        """Say why and close; at once where the client does not even read."""
        transport = self.transport
        if not isinstance(transport, asyncio.Transport):
            return
        if transport.get_write_buffer_size():
            transport.abort()
            return
        transport.write(reply.encode() + b"\r\n")
        transport.close()

    async def push(self, status: AnyStr) -> None:
        """Send a reply, unless the client has had its share without bringing a mail."""
        self._replies_left -= 1
        if self._replies_left < 0:
            self.hang_up("421 4.7.0 Too many commands, closing connection")
            return
        text = status if isinstance(status, str) else status.decode("ascii", "replace")
        if not self._greeting:  # RFC 2034 §4: every other reply, also those of aiosmtpd
            text = _NO_ENHANCED_CODE.sub(lambda code: f"{code[1]} {code[1][0]}.0.0 ", text, count=1)
        await super().push(text)

    async def smtp_LHLO(self, arg: str) -> None:
        """LMTP's greeting (RFC 2033 §4.1)."""
        if self.protocol != "lmtp":
            await self.push('500 5.5.1 Command "LHLO" not recognized')
            return
        await self._greet(super().smtp_EHLO(arg))

    async def smtp_EHLO(self, arg: str) -> None:
        """SMTP's greeting; LMTP must not know it (RFC 2033 §4.1)."""
        if self.protocol == "lmtp":
            await self.push('500 5.5.1 Command "EHLO" not recognized, send LHLO')
            return
        await self._greet(super().smtp_EHLO(arg))

    async def _greet(self, greeting: Awaitable[None]) -> None:
        """Replies to a greeting have no enhanced code."""
        self._greeting = True
        try:
            await greeting
        finally:
            self._greeting = False

    async def smtp_HELO(self, arg: str) -> None:
        """SMTP's old greeting; LMTP must not know it."""
        if self.protocol == "lmtp":
            await self.push('500 5.5.1 Command "HELO" not recognized, send LHLO')
            return
        await self._greet(super().smtp_HELO(arg))

    async def smtp_DATA(self, arg: str) -> None:
        """Take the mail as it is sent; only the dots of RFC 5321 §4.5.2 are taken off."""
        refusal = self._data_refused(arg)
        if refusal:
            await self.push(refusal)
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        mail = await self._read_mail()
        if mail is None:
            reply = "552 5.3.4 Mail is larger than the maximum size"
        else:
            reply = await self._delivered(mail)
        await self._reply_to_dot(reply)

    def _data_refused(self, arg: str) -> str | None:
        if self.envelope is None or not self.envelope.rcpt_tos:
            return "503 5.5.1 Need RCPT command"
        return "501 5.5.4 Syntax: DATA" if arg else None

    async def _read_mail(self) -> bytes | None:
        """The trace lines and the mail's bytes; None where it is too large.

        A long line arrives in pieces; a mail that is too large is read to its end and dropped.
        """
        mail = io.BytesIO()
        size = 0
        at_line_start = True
        self.trace_length = mail.write(self._trace(self))
        while True:
            piece, ends_line = await self._read_piece()
            if at_line_start:
                if piece == _DOT:
                    return mail.getvalue() if size <= self._max_mail_bytes else None
                if piece.startswith(b"."):
                    piece = piece[1:]
            at_line_start = ends_line
            size += len(piece)
            if size <= self._max_mail_bytes:
                mail.write(piece)
            else:
                mail.truncate(0)

    async def _read_piece(self) -> tuple[bytes, bool]:
        """A line, or a piece of one that is too long for the buffer; whether the line ends.

        A line ends with CR LF and nothing else: taking less for it lets mail be smuggled.
        """
        if self.loop.time() - self._heard_at > 1:
            self._heard_at = self.loop.time()
            self._reset_timeout()
        try:
            return await self._reader.readuntil(b"\r\n"), True
        except asyncio.LimitOverrunError as overrun:
            return await self._reader.read(overrun.consumed), False

    async def _delivered(self, mail: bytes) -> str:
        self.delivering = True
        try:
            return await self._deliver(self, mail)
        finally:
            self.delivering = False
            self._reset_timeout()

    async def _reply_to_dot(self, reply: str) -> None:
        """One reply for the mail, or in LMTP one for each recipient (RFC 2033 §4.2)."""
        recipients = len(self.envelope.rcpt_tos) if self.envelope else 1
        self.envelope = self._create_envelope()
        if reply.startswith("250"):
            self._replies_left = self._settings.max_commands + recipients
        for _ in range(recipients if self.protocol == "lmtp" else 1):
            await self.push(reply)


class Busy(asyncio.Protocol):
    """A connection too many: told so, and closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse (RFC 5321 §3.8)."""
        if isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()
