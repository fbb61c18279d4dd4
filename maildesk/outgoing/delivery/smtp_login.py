"""Opens a connection to the SMTP server with TLS and login, and explains failures."""

import smtplib
import socket
import ssl
import time

from maildesk.config.schema.settings import Security, Smtp
from maildesk.model.finding import Finding
from maildesk.model.service import ServiceUnavailable
from maildesk.outgoing.delivery.smtp_timeouts import SmtpTimeouts
from maildesk.outgoing.header_fields import clean

_CONNECT_SECONDS = 7.0  # connect and handshake cannot be interrupted: a stop waits for them
_ANSWER_LIMIT = 200


class DeliveryTrouble(ServiceUnavailable):
    """No mail can be delivered now, for a reason that concerns no single mail.

    The text never holds a secret.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class Session(smtplib.SMTP):
    """smtplib's protocol on our own socket, with waits that a stop can end."""

    def __init__(self, connection: socket.socket, settings: Smtp, patience: SmtpTimeouts) -> None:
        # smtplib would call `getfqdn`, whose DNS query may take half a minute.
        super().__init__(local_hostname=_own_name(), timeout=settings.timeout_seconds)
        self.command_encoding = "utf-8"  # mails that need it were checked against SMTPUTF8
        self.where = f"{settings.host}:{settings.port}"
        self.connection = connection
        self.answer_seconds = settings.timeout_seconds
        self._patience = patience
        self.sock = connection

    def protect(self, connection: ssl.SSLSocket) -> None:
        """Continue over TLS and discard everything learned before (RFC 3207 §4.2)."""
        self.connection = self.sock = connection
        self.file = None
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def getreply(self) -> tuple[int, bytes]:
        """The server's next reply. Raises SMTPServerDisconnected and TimeoutError."""
        return self.reply_within(self.answer_seconds)

    def reply_within(self, seconds: float) -> tuple[int, bytes]:
        """The server's next reply, waiting at most `seconds` for its first byte."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        self._patience.until_readable(self.connection, seconds)
        return super().getreply()


def connect(settings: Smtp, patience: SmtpTimeouts) -> Session:
    """Connect, set up TLS and log in. Raises DeliveryTrouble."""
    where = f"{settings.host}:{settings.port}"
    try:
        connection = _opened(settings)
    except ssl.SSLError as error:
        raise _tls_trouble(settings, error) from error
    except OSError as error:
        raise DeliveryTrouble(
            f"cannot connect to {where}: {error.strerror or error}",
            "see that the server runs and that host and port in [smtp] are right",
        ) from error
    session = Session(connection, settings, patience)
    try:
        _greet(session, settings)
        _log_in(session, settings)
    except BaseException:
        session.close()
        raise
    return session


def probe(settings: Smtp) -> tuple[Finding, ...]:
    """Problems that would prevent delivery: tests connection, TLS and login, sends no mail."""
    started = time.monotonic()
    patience = SmtpTimeouts(lambda: time.monotonic() > started + settings.timeout_seconds)
    try:
        session = connect(settings, patience)
    except DeliveryTrouble as trouble:
        return (Finding(key="smtp", what=trouble.problem, remedy=trouble.remedy),)
    with session:
        return _warnings(settings)


def _warnings(settings: Smtp) -> tuple[Finding, ...]:
    local = settings.host in ("localhost", "127.0.0.1", "::1")
    if settings.security is not Security.NONE or local or settings.user is None:
        return ()
    problem = f"the password would be sent to {settings.host} in the clear"
    return (Finding(key="smtp.security", what=problem, remedy='set security = "starttls"'),)


def _opened(settings: Smtp) -> socket.socket:
    seconds = min(settings.timeout_seconds, _CONNECT_SECONDS)
    connection = socket.create_connection((settings.host, settings.port), timeout=seconds)
    try:
        # The dot is a separate packet; with Nagle's algorithm it would wait 40 ms for an ACK.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if settings.security is Security.TLS:
            connection = _wrapped(connection, settings)
        connection.settimeout(settings.timeout_seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def _wrapped(connection: socket.socket, settings: Smtp) -> ssl.SSLSocket:
    ca_file = str(settings.ca_file) if settings.ca_file else None
    context = ssl.create_default_context(cafile=ca_file)
    return context.wrap_socket(connection, server_hostname=settings.host)


def _greet(session: Session, settings: Smtp) -> None:
    try:
        code, answer = session.getreply()
        if code != 220:
            raise _refusal(session, "its greeting", code, answer)
        session.ehlo_or_helo_if_needed()
        if settings.security is Security.STARTTLS:
            _start_tls(session, settings)
            session.ehlo_or_helo_if_needed()
    except ssl.SSLError as error:
        raise _tls_trouble(settings, error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryTrouble(
            f"{session.where} does not speak SMTP with us: {clean(str(error), _ANSWER_LIMIT)}",
            "see that port and security in [smtp] fit together (465 tls, 587 starttls, 25 none)",
        ) from error


def _start_tls(session: Session, settings: Smtp) -> None:
    if not session.has_extn("starttls"):
        raise DeliveryTrouble(
            f"{session.where} offers no STARTTLS",
            'set security = "tls" with its TLS port, or "none" on a line you trust',
        )
    code, answer = session.docmd("STARTTLS")
    if code != 220:
        raise _refusal(session, "STARTTLS", code, answer)
    session.connection.settimeout(min(settings.timeout_seconds, _CONNECT_SECONDS))
    session.protect(_wrapped(session.connection, settings))
    session.connection.settimeout(settings.timeout_seconds)


def _log_in(session: Session, settings: Smtp) -> None:
    if settings.user is None or settings.password is None:
        return
    try:
        session.login(settings.user, settings.password.value.get_secret_value())
    except smtplib.SMTPAuthenticationError as error:
        reason = clean(_text(error.smtp_error), _ANSWER_LIMIT)
        raise DeliveryTrouble(
            f"{session.where} refuses the login of {settings.user}: {error.smtp_code} {reason}",
            "see that user and password in [smtp] are right",
        ) from None  # the cause contains the credentials
    except smtplib.SMTPNotSupportedError:
        raise DeliveryTrouble(
            f"{session.where} offers no login",
            "take user and password out of [smtp], or use its submission port",
        ) from None
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise DeliveryTrouble(
            f"login at {session.where} failed: {type(error).__name__}",
            "see the server's log",
        ) from None


def _refusal(session: Session, step: str, code: int, answer: bytes) -> DeliveryTrouble:
    reason = clean(_text(answer), _ANSWER_LIMIT)
    return DeliveryTrouble(
        f"{session.where} turns us away at {step}: {code} {reason}",
        "ask the operator of that server",
    )


def _tls_trouble(settings: Smtp, error: ssl.SSLError) -> DeliveryTrouble:
    where = f"{settings.host}:{settings.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryTrouble(
            f"the certificate of {where} is not trusted: {error.verify_message}",
            "set host to the name in the certificate, or ca_file in [smtp] to its CA",
        )
    return DeliveryTrouble(
        f"no TLS with {where}: {error.reason or error}",
        "see that port and security in [smtp] fit together (465 tls, 587 starttls)",
    )


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def _own_name() -> str:
    # RFC 5321 §4.1.3: an address literal if the machine has no full name.
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
