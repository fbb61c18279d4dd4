"""Errors between us and an IMAP server; each message is one line that says what to do.

MailboxTrouble            shown to the admin as it is
├── Refused               the server said NO or BAD; the connection is still open
│   └── Throttled         … because we send too many commands: wait `seconds` first
└── LineDropped           the connection broke during a command
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from maildesk.config.schema.settings import Mailbox
from maildesk.model.service import ServiceUnavailable

_THROTTLE_CODE = re.compile(r"\[(?:THROTTLED|UNAVAILABLE|INUSE|LIMIT)\]|request is throttled", re.I)
_SUGGESTED = re.compile(r"suggested backoff time:\s*(\d{1,9})\s*milliseconds", re.I)
_UNSAID_SECONDS = 60.0
_LONGEST_SECONDS = 3600.0


class MailboxTrouble(ServiceUnavailable):
    """A mailbox cannot be read just now. The text is one line for the admin."""


class Refused(MailboxTrouble):
    """The server answered NO or BAD (RFC 9051 §7.1)."""


class Throttled(Refused):
    """The server asks us to come back after `seconds`."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class LineDropped(MailboxTrouble):
    """The connection broke or timed out in the middle of a command."""


def throttle_seconds(said: str) -> float | None:
    """How long the server asks us to wait, None where it does not; at most an hour.

    Response codes of RFC 5530 §3, Gmail's THROTTLED, and Exchange's suggestion in words.
    """
    suggested = _SUGGESTED.search(said)
    if suggested:
        return min(int(suggested[1]) / 1000, _LONGEST_SECONDS)
    return _UNSAID_SECONDS if _THROTTLE_CODE.search(said) else None


def said_by(error: BaseException) -> str:
    """The server's own words in an error of imaplib's, on one line and bounded."""
    text = str(error)
    quoted = re.search(r"""b(['"])(.*)\1""", text, re.S)
    words = quoted[2] if quoted else text
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]


def place_of(settings: Mailbox) -> str:
    """Which mailbox on which server, as every line begins."""
    return f'mailbox "{settings.name}" on {settings.host}:{settings.port}'


def not_connected(settings: Mailbox, error: OSError | imaplib.IMAP4.error) -> MailboxTrouble:
    """Why no line to the server came about."""
    match error:
        case socket.gaierror():
            why = "host not found: check `host`, or the name server"
        case ssl.SSLCertVerificationError():
            why = (
                f"certificate refused ({error.verify_message}): check `host`, "
                "or set `ca_file` to the CA that signed it"
            )
        case ssl.SSLError():
            why = f'no TLS on this port ({error.reason}): check `port`, or security = "starttls"'
        case ConnectionRefusedError():
            why = "nothing listens there: check `port`, or start the server"
        case TimeoutError():
            why = f"no answer within {settings.timeout_seconds:g} s: check `host` and firewall"
        case OSError():
            why = f"cannot connect ({error.strerror or error}): check the network"
        case _:
            return _refused(settings, "greets us with a refusal", error)
    return MailboxTrouble(f"{place_of(settings)}: {why}")


def not_logged_in(settings: Mailbox, error: imaplib.IMAP4.error) -> MailboxTrouble:
    """Why the server does not let us in."""
    said = said_by(error)
    if throttle_seconds(said) is not None:
        return _refused(settings, "does not let us in now", error)
    return Refused(
        f"{place_of(settings)}: user {settings.user!r} refused ({said}): "
        "check `user` and `password`"
    )


def _refused(settings: Mailbox, what: str, error: BaseException) -> Refused:
    said = said_by(error)
    seconds = throttle_seconds(said)
    text = f"{place_of(settings)}: server {what} ({said})"
    if seconds is None:
        return Refused(text)
    return Throttled(f"{text}; waiting {seconds:.0f} s as it asks", seconds)


def _dropped(settings: Mailbox, what: str, error: BaseException) -> MailboxTrouble:
    # Exchange throttles with a NO or BAD and hangs up at once: only the last words are left.
    if throttle_seconds(said_by(error)) is not None:
        return _refused(settings, f"hung up at {what}", error)
    why = "no answer in time" if isinstance(error, TimeoutError) else said_by(error)
    return LineDropped(f"{place_of(settings)}: line lost at {what} ({why}): trying again")


@contextmanager
def spoken(settings: Mailbox, what: str) -> Iterator[None]:
    """Turn what imaplib and the socket raise during the command `what` into a MailboxTrouble."""
    try:
        yield
    except (imaplib.IMAP4.abort, OSError, EOFError) as error:
        raise _dropped(settings, what, error) from error
    except imaplib.IMAP4.error as error:
        raise _refused(settings, f"refuses {what}", error) from error
