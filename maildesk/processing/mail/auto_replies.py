"""An automatic answer that came to the return path of a mail of ours (RFC 3834 §4, RFC 5230 §5).

The return path is signed and names the mail, so it names ticket and person, whatever the answer
says of either; only who was written to, and their mail program, can know it.
"""

from datetime import timedelta

from maildesk.ingest.threading import wanted
from maildesk.model.cause import Facts, MailArrived
from maildesk.model.mail import Kind, Step
from maildesk.model.person import Identity, Person, Proof
from maildesk.outgoing.verp import read_verp
from maildesk.processing.mail.mail_context import MailContext, MailOutcome
from maildesk.processing.transaction import IncomingText, Snapshot
from maildesk.store import outgoing_rows

_SOON = timedelta(hours=1)  # in which a program answers


def returned(context: MailContext) -> MailOutcome | None:
    """What it does to the ticket of that mail; None where it came elsewhere."""
    if context.reading.screening.kind is not Kind.AUTO_REPLY:
        return None
    found = _answered(context)
    if found is None:
        return None
    number, person, id_ = found
    evidence = (f"came to the return path of outgoing mail {id_}",)
    identity = Identity(person.address, Proof.TOKEN, evidence)
    step = Step("thread", f"ticket {number} by return path", evidence)
    return _recorded(context, number, person, identity, step)


def confirmed(context: MailContext) -> MailOutcome | None:
    """A program confirms our mail without any mark of a program: it is recorded in the ticket of
    that mail and answered by nothing. None for all other mail."""
    author = context.author
    names_none = not wanted(context.clues).tickets
    if author is None or not (context.reading.screening.confirms and names_none):
        return None
    connection, since = context.work.flushed, context.now - _SOON
    number = outgoing_rows.latest_ticket(connection, since, author.address)
    person = context.work.people.of(author)
    if number is None or person.is_agent:
        return None
    ticket, _ = context.work.survivor(number)
    evidence = (f"confirms a mail, and we wrote to {author.address[:200]} a short time ago",)
    step = Step("thread", f"ticket {ticket.number} by our latest mail to the sender", evidence)
    return _recorded(context, ticket.number, person, Identity(author.key, Proof.NONE), step)


def _recorded(
    context: MailContext, number: int, person: Person, identity: Identity, step: Step
) -> MailOutcome:
    text = _text(context, person, proven=identity.proof > Proof.NONE)

    def arrived(snapshot: Snapshot) -> MailArrived:
        return _cause(context, person, identity, snapshot.of_ticket[1], text)

    applied = context.work.transaction(context.cause).apply(number, arrived, text)
    assert applied.decision.disposition is not None
    return MailOutcome(applied.decision.disposition, number, (step, *applied.steps))


def _answered(context: MailContext) -> tuple[int, Person, int] | None:
    """(the ticket, who was written to, the outgoing mail)."""
    row = next(
        (r for id_ in _ids(context) if (r := outgoing_rows.row(context.work.connection, id_))), None
    )
    if row is None or row.ticket is None:
        return None
    ticket, _ = context.work.survivor(row.ticket)
    return ticket.number, context.work.person(row.person_id), row.id


def _ids(context: MailContext) -> list[int]:
    desk, keys = context.runtime.settings.desk, context.runtime.keys
    came_to = (*context.kept.mail.envelope_to, *(to.address for to in context.mail.to))
    tags = [tag for address in came_to if (tag := desk.tag_in(address))]
    return [id_ for tag in tags if (id_ := read_verp(tag, keys)) is not None]


def _cause(
    context: MailContext, person: Person, identity: Identity, requester: Person, text: IncomingText
) -> MailArrived:
    return MailArrived(
        sender=person,
        identity=identity,
        requester=requester,
        kind=Kind.AUTO_REPLY,
        message=text.id,
        text=text.text,
        facts=Facts(subject=context.mail.subject, text=text.text, sender=person.address),
        away=context.reading.screening.away,
        silent=context.kept.silent,
    )


def _text(context: MailContext, person: Person, *, proven: bool) -> IncomingText:
    return IncomingText(
        id=context.runtime.new_id(context.now),
        author=person.id,
        text=context.reading.reply_text,
        proven=proven,
        mail=context.kept.id,
        message_id=context.mail.message_id,
        attachments=context.mail.attachments,
    )
