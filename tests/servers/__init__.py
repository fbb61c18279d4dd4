"""Real servers for tests: embedded, on loopback, on free ports, stopped by what started them.

Dovecot and Postfix are Debian's and need root; pymap and PostgreSQL come with the dev extras.
"""

from tests.servers.imap import PASSWORD, Dovecot, ImapServer, Pymap, imap, put, uids_in
from tests.servers.lines import CuttingProxy, free_port, listens, silent_server, wait_until
from tests.servers.postgresql import PostgreSQL
from tests.servers.smtp import Postfix, SmtpSink

__all__ = [
    "PASSWORD",
    "CuttingProxy",
    "Dovecot",
    "ImapServer",
    "Postfix",
    "PostgreSQL",
    "Pymap",
    "SmtpSink",
    "free_port",
    "imap",
    "listens",
    "put",
    "silent_server",
    "uids_in",
    "wait_until",
]
