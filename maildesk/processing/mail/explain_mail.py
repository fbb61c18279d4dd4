"""What would become of a mail, without anything becoming of it."""

import hashlib

from maildesk.ingest.reading.analyse import read
from maildesk.model.mail import RawMail, Source
from maildesk.processing.mail.mail_context import Case, Worked
from maildesk.processing.mail.pipeline import work
from maildesk.processing.runtime import Runtime
from maildesk.processing.writer import Recorder
from maildesk.store import journal
from maildesk.store.journal import Kept


def would_be(runtime: Runtime, raw: bytes) -> Worked:
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
            recorder = Recorder.on(runtime, connection, now)
            id_ = journal.keep(connection, [mail], now)[0]
            kept = Kept(id=id_, mail=mail, silent=False, attempts=1)
            known = journal.originals(connection, [reading.mail.content_key])
            case = Case(
                runtime=runtime,
                connection=connection,
                recorder=recorder,
                kept=kept,
                reading=reading,
                now=now,
                originals=known,
            )
            return work(case)
        finally:
            transaction.rollback()
