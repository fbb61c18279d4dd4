"""Senders of mails that came in at our own door are checked while the batch is read.

In threads of their own and in no transaction, many at a time, so that a slow name server holds up
one batch for a few seconds and nothing else. What is not known by then is no proof.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from maildesk.config.schema.settings import Settings
from maildesk.ingest.identity.dns import Resolver
from maildesk.ingest.identity.sender_check import SECONDS, check_sender
from maildesk.model.mail import Mail, RawMail, Source
from maildesk.model.person import SenderCheck

log = structlog.get_logger()

THREADS = 8
LATE = SenderCheck("", (), ("the DNS did not answer in time",))
BROKEN = SenderCheck("", (), ("the check failed; see the log",))
UNCHECKED = SenderCheck("", (), ("not checked here",))

Pending = Callable[[], SenderCheck]


def is_wanted(settings: Settings, raw: RawMail) -> bool:
    """Whether the mail came in at a door where we check senders ourselves."""
    return raw.source in (Source.SMTP, Source.LMTP) and any(
        door.check_senders for door in settings.listener if door.name == raw.mailbox
    )


@dataclass(slots=True)
class SenderChecks:
    """Checks for one worker. `seconds`: how long a batch waits for the last of its checks."""

    settings: Settings
    resolver: Resolver
    seconds: float = SECONDS + 2
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="sender")
    )

    def begin(self, raw: RawMail, mail: Mail) -> Pending:
        """Start the check of a mail; the call of what is returned waits for its end."""
        domain = mail.sender.domain if mail.sender else ""
        sealers = self.settings.trust.trusted_sealers
        future = self._threads.submit(check_sender, raw, domain, self.resolver, sealers)
        until = time.monotonic() + self.seconds
        return lambda: _end(future, until)

    def close(self) -> None:
        """No check is begun any more; none is waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _end(future: Future[SenderCheck], until: float) -> SenderCheck:
    try:
        return future.result(max(0.0, until - time.monotonic()))
    except TimeoutError:
        future.cancel()
        return LATE
    except Exception as error:
        log.warning("sender not checked", error=repr(error))
        return BROKEN
