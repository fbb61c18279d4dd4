"""What would become of a mail, without anything becoming of it."""

import hashlib

from maildesk.desk.case import Case, Worked
from maildesk.desk.intake import work
from maildesk.desk.office import Office
from maildesk.desk.unit_of_work import UnitOfWork
from maildesk.ingest.read import read
from maildesk.model.mail import RawMail, Source
from maildesk.store import journal
from maildesk.store.journal import Kept


def would_be(office: Office, raw: bytes) -> Worked:
    """Work the mail in a transaction that is rolled back.

    Raises ValueError for a mail that nobody can be seen to have written.
    """
    now = office.clock()
    mail = RawMail(
        raw=raw,
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        source=Source.FILE,
        mailbox="file",
        received_at=now,
    )
    reading = read(raw, own_domains=(office.settings.desk.domain,))
    with office.store.engine.connect() as connection:
        transaction = connection.begin()
        try:
            unit = UnitOfWork(office, connection, now)
            id_ = journal.keep(connection, [mail], now)[0]
            kept = Kept(id=id_, mail=mail, silent=False, attempts=1)
            known = journal.originals(connection, [reading.mail.content_key])
            return work(Case(unit, kept, reading, known))
        finally:
            transaction.rollback()
