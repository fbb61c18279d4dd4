"""One SMTP connection, step by step (RFC 5321 §4.1).

After an error the caller knows whether the final dot was sent; smtplib's `sendmail` hides that.
"""

import re
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass

from maildesk.config.schema.settings import Smtp
from maildesk.outgoing.delivery.smtp_login import DeliveryTrouble, Session, connect
from maildesk.outgoing.delivery.smtp_timeouts import SmtpTimeouts
from maildesk.outgoing.header_fields import clean, wire_address
from maildesk.outgoing.queue_port import Leased
from maildesk.outgoing.retry_policy import Accepted, LineLost, Outcome, Refused, Unsendable

_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+\Z")
_BARE_BREAK = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_NO_LOGIN = frozenset({530, 534, 535, 538})  # RFC 4954 §6: the login failed, not the mail
_CLOSING = 421  # RFC 5321 §3.8: the server ends the connection
_FRESH_SECONDS = 1.0
_ANSWER_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Stale:
    """The connection had ended since an earlier mail; this mail was not tried on it."""


class SmtpClient:
    """An open connection that sends one mail after the other."""

    def __init__(self, settings: Smtp, stopping: Callable[[], bool]) -> None:
        """Connect, set up TLS and log in. Raises DeliveryTrouble."""
        self._settings = settings
        self._patience = SmtpTimeouts(stopping)
        self._session: Session = connect(settings, self._patience)
        self._mails = 0
        self._used_at = time.monotonic()
        self.usable = True

    def fresh(self) -> bool:
        """Whether it can send a mail; an idle connection is checked with RSET."""
        if self.usable and self.idle_seconds > _FRESH_SECONDS:
            self._reset()
        return self.usable

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last mail."""
        return time.monotonic() - self._used_at

    def send(self, mail: Leased, at_dot: Callable[[], bool]) -> Outcome | Stale | None:
        """Send one mail; None if `at_dot` returned False, and no dot was sent.

        `at_dot` is called after the content and before the dot; its exceptions pass through and
        make the connection unusable. Raises DeliveryTrouble if the server requires a login.
        """
        features = self._session.esmtp_features
        obstacle = obstacle_to(mail, features)
        if obstacle:
            return Unsendable(obstacle)
        # Until the answer to the dot is read, any exception makes the connection unusable.
        self.usable = False
        refused = self._offer(mail, features)
        if refused is not None:
            return refused
        if not at_dot():
            self._session.close()
            return None
        return self._dot()

    def close(self) -> None:
        """Send QUIT if the server still answers, and close the connection."""
        try:
            if self.usable:
                self._session.answer_seconds = 1.0
                self._session.quit()
        except (smtplib.SMTPException, OSError):
            pass  # the connection is closed in any case
        finally:
            self._session.close()
            self.usable = False

    def _offer(self, mail: Leased, features: dict[str, str]) -> Outcome | Stale | None:
        """Everything before the content; None if the server is waiting for it."""
        step = "MAIL"
        try:
            for step, command, wanted in _commands(mail, features):
                code, answer = self._session.docmd(command)
                if code != wanted:
                    return self._rejected(step, code, _readable(answer))
            self._patience.send_all(
                self._session.connection, stuffed(mail.raw), self._settings.timeout_seconds
            )
        except (smtplib.SMTPException, OSError) as error:
            if step == "MAIL" and self._mails:
                return Stale()
            return LineLost(False, f"line lost at {step}: {_error_text(error)}")
        return None

    def _rejected(self, step: str, code: int, answer: str) -> Outcome | Stale:
        if code in _NO_LOGIN and step == "MAIL":
            raise DeliveryTrouble(
                f"{self._session.where} wants a login before it takes mail: {code} {answer}",
                "set user and password in [smtp]",
            )
        if code == _CLOSING and step == "MAIL" and self._mails:
            return Stale()
        if not 400 <= code <= 599:
            return LineLost(False, f"strange answer to {step}: {code} {answer}")
        if code != _CLOSING:
            self._reset()
        return Refused(code, f"{answer} (at {step})")

    def _dot(self) -> Outcome:
        sent = False
        try:
            self._session.send(b".\r\n")
            sent = True
            code, answer = self._session.reply_within(self._settings.dot_seconds)
        except (smtplib.SMTPException, OSError) as error:
            return LineLost(sent, f"line lost at the final dot: {_error_text(error)}")
        self._mails += 1
        self._used_at = time.monotonic()
        return self._outcome_of(code, _readable(answer))

    def _outcome_of(self, code: int, answer: str) -> Outcome:
        self.usable = code != _CLOSING
        if 200 <= code <= 299:
            return Accepted(f"{code} {answer}")
        if 400 <= code <= 599:
            return Refused(code, answer)
        self.usable = False
        return LineLost(True, f"strange answer to the final dot: {code} {answer}")

    def _reset(self) -> None:
        try:
            self.usable = self._session.docmd("RSET")[0] == 250
        except (smtplib.SMTPException, OSError):
            self.usable = False


def obstacle_to(mail: Leased, features: dict[str, str]) -> str:
    """Why a server with these EHLO keywords can never accept the mail; "" if it can."""
    if not _ADDRESS.match(mail.recipient):
        return f"not a mail address: {clean(mail.recipient, 100)!r}"
    if _needs_utf8(mail) and "smtputf8" not in features:
        return "the address is not ASCII and the server offers no SMTPUTF8 (RFC 6531)"
    limit = features.get("size", "").strip()
    if limit.isdigit() and 0 < int(limit) < len(mail.raw):
        return f"552 the mail has {len(mail.raw)} bytes, the server takes {limit} (RFC 1870)"
    return ""


def stuffed(raw: bytes) -> bytes:
    """The content for DATA: CRLF line ends, dots doubled at a line's start (RFC 5321 §4.5.2).

    A bare CR or LF could hide a second mail in it (SMTP smuggling).
    """
    if raw.count(b"\r\n") != raw.count(b"\n") or raw.count(b"\r\n") != raw.count(b"\r"):
        raw = _BARE_BREAK.sub(b"\r\n", raw)
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    doubled = raw.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _commands(mail: Leased, features: dict[str, str]) -> tuple[tuple[str, str, int], ...]:
    """The commands as (step, command line, expected reply code)."""
    options = f" SIZE={len(mail.raw)}" if "size" in features else ""
    if _needs_utf8(mail):
        options += " BODY=8BITMIME SMTPUTF8"
    return (
        ("MAIL", f"MAIL FROM:<{wire_address(mail.return_path)}>{options}", 250),
        ("RCPT", f"RCPT TO:<{wire_address(mail.recipient)}>", 250),
        ("DATA", "DATA", 354),
    )


def _needs_utf8(mail: Leased) -> bool:
    addresses = wire_address(mail.recipient) + wire_address(mail.return_path)
    return not (addresses.isascii() and mail.raw.isascii())


def _readable(answer: bytes) -> str:
    return clean(answer.decode("utf-8", "replace"), _ANSWER_LIMIT)


def _error_text(error: Exception) -> str:
    return clean(str(error), _ANSWER_LIMIT) or type(error).__name__
