"""What would become of a mail, without anything becoming of it."""

import hashlib

from maildesk.ingest.reading.analyse import read
from maildesk.model.mail import RawMail, Source
from maildesk.processing.mail.mail_context import MailContext, MailOutcome
from maildesk.processing.mail.pipeline import work
from maildesk.processing.runtime import Runtime
from maildesk.processing.unit_of_work import UnitOfWork
from maildesk.store import journal
from maildesk.store.journal import Kept


def would_be(runtime: Runtime, raw: bytes) -> MailOutcome:
    """Work the mail in a transaction that is rolled back.

    Raises ValueError for a mail that nobody can be seen to have written.
    """
    now = runtime.clock()
    mail = RawMail(
        raw=raw,
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        source=Source.FILE,
        mailbox="file",
        received_at=now,
    )
    reading = read(raw, own_domains=(runtime.settings.desk.domain,))
    with runtime.store.engine.connect() as connection:
        transaction = connection.begin()
        try:
            unit = UnitOfWork(runtime, connection, now)
            id_ = journal.keep(connection, [mail], now)[0]
            kept = Kept(id=id_, mail=mail, silent=False, attempts=1)
            known = journal.originals(connection, [reading.mail.content_key])
            return work(MailContext(unit, kept, reading, known))
        finally:
            transaction.rollback()
