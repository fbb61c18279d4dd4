"""What a batch of mails needs is read before the first of them is worked: one query a table."""

from collections.abc import Collection, Iterator

from maildesk.ingest.threading import Wanted, wanted
from maildesk.model.mail import Kind
from maildesk.processing.mail.mail_context import MailContext
from maildesk.processing.mail.reply_words import answered
from maildesk.processing.unit_of_work import UnitOfWork

# Mails of these kinds are nobody's request: their senders are not made known.
_OF_NOBODY = frozenset({Kind.LOOP, Kind.BOUNCE, Kind.AUTO_REPLY})


def prefetch(work: UnitOfWork, mails: Collection[MailContext]) -> None:
    """Read the people, the tickets and the counts that these mails will ask for."""
    known = work.people.find(address for mail in mails for address in _addresses(mail))
    work.people.add(mail.author for mail in mails if mail.author and _will_be_known(mail))
    wants = [wanted(mail.clues) for mail in mails]
    found = work.by_message_id(one for want in wants for one in want.message_ids)
    numbers = {number for want in wants for number in want.tickets}
    tickets = work.with_survivors(numbers | set(found.values()))
    work.people.by_ids({ticket.requester for ticket, _ in tickets.values()})
    agents = {key for key, person in known.items() if person.is_agent}
    alone = Wanted((), ())
    first = [mail.author for mail, want in zip(mails, wants, strict=True) if want == alone]
    work.answered.expect(one for mail in mails for one in answered(mail.clues))
    work.rate_limit.expect({one.address for one in first if one and one.key not in agents})


def _addresses(context: MailContext) -> Iterator[str]:
    """Whom the mail is of and who may join the ticket with it."""
    if context.author is not None:
        yield context.author.address
    yield from (one.address for one in (*context.mail.to, *context.mail.cc) if one.address)


def _will_be_known(context: MailContext) -> bool:
    """Whether the author gets a row, as far as the mail alone tells: a twin of another mail, the
    desk's own mail and reports of machines make nobody known."""
    if context.reading.screening.kind in _OF_NOBODY or context.author is None:
        return False
    twin = context.mail.content_key in context.originals
    return not twin and context.runtime.settings.desk.tag_in(context.author.address) is None
