"""Opens a connection to an IMAP server: connect, secure, log in."""

import imaplib
import socket
import ssl

from imapclient import IMAPClient

from maildesk.config.schema.settings import Mailbox, Security
from maildesk.ingest.servers.imap.imap_errors import (
    MailboxTrouble,
    not_connected,
    not_logged_in,
    place_of,
)


def connected(settings: Mailbox) -> IMAPClient:
    """A line to the server, its certificate verified, every wait on it bounded.

    Raises:
        MailboxTrouble: what is wrong and what to do.
    """
    tls = _trusting(settings) if settings.security is not Security.NONE else None
    try:
        client = IMAPClient(
            settings.host,
            settings.port,
            ssl=settings.security is Security.TLS,
            ssl_context=tls,
            timeout=settings.timeout_seconds,
        )
    except (imaplib.IMAP4.error, OSError) as error:
        raise not_connected(settings, error) from error
    try:
        # Without it every small command waits for the server's delayed ACK (40 ms).
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if settings.security is Security.STARTTLS:
            client.starttls(tls)
    except (imaplib.IMAP4.error, OSError) as error:
        client.shutdown()
        raise not_connected(settings, error) from error
    # imapclient lets imaplib format every mail it reads for a log that nobody keeps: without
    # it a mail costs a third of the memory, and passwords cannot come to be logged.
    client._imap.debug = 0
    return client


def _trusting(settings: Mailbox) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise MailboxTrouble(
            f"{place_of(settings)}: cannot read `ca_file` {settings.ca_file}: {error}"
        ) from error


def log_in(client: IMAPClient, settings: Mailbox) -> None:
    """Log in with user and password.

    Raises:
        MailboxTrouble: what is wrong and what to do.
    """
    password = settings.password.value.get_secret_value()
    try:
        if client.has_capability("LOGINDISABLED"):
            raise MailboxTrouble(
                f"{place_of(settings)}: no passwords on an open line: "
                'set security = "tls" or "starttls"'
            )
        # LOGIN cannot carry other letters than ASCII; AUTHENTICATE PLAIN is UTF-8 (RFC 4616).
        if settings.user.isascii() and password.isascii():
            client.login(settings.user, password)
        else:
            client.plain_login(settings.user, password)
    except imaplib.IMAP4.abort as error:
        raise not_connected(settings, OSError(f"line lost at login: {error}")) from error
    except imaplib.IMAP4.error as error:
        raise not_logged_in(settings, error) from error
    except OSError as error:
        raise not_connected(settings, error) from error
