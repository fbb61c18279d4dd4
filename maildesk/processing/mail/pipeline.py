"""From a read mail to its one disposition. The order of the handlers is the table `HANDLERS`."""

from collections.abc import Callable
from dataclasses import replace

from maildesk.ingest.intent.automatic_mail import is_newsletter
from maildesk.ingest.threading import Clues, Known, Thread, thread, token_proves, wanted
from maildesk.model.cause import MailArrived
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, OutgoingMail, Template
from maildesk.model.event import PersonLeft
from maildesk.model.mail import Address, Disposition, Kind, Step
from maildesk.model.message import Message
from maildesk.model.person import Identity, Person
from maildesk.model.ticket import Ticket
from maildesk.processing.mail.arrived_mail import (
    cause_of,
    content_of,
    other_reply_to,
    says_thanks,
    text_of,
)
from maildesk.processing.mail.auto_replies import confirmed, returned
from maildesk.processing.mail.bounces import bounce
from maildesk.processing.mail.mail_context import MailContext, MailOutcome
from maildesk.processing.mail.monitoring_reports import reported
from maildesk.processing.mail.reply_words import compare_with_answered
from maildesk.processing.mail.sender_identity import sender_identity
from maildesk.processing.transaction import IncomingText, Snapshot
from maildesk.processing.unit_of_work import UnitOfWork
from maildesk.store import tickets

_OF_ANOTHER = -1  # the round of a mail that another ticket sent


def work(context: MailContext) -> MailOutcome:
    """Ask each check in turn; the first that answers decides. Raises ValueError for a mail
    that nobody can be seen to have written."""
    for handler in HANDLERS:
        worked = handler(context)
        if worked is not None:
            return MailOutcome(worked.disposition, worked.ticket, (*_read(context), *worked.steps))
    raise ValueError("the mail has neither an author nor a return path; nobody could be answered")


def _read(context: MailContext) -> tuple[Step, ...]:
    mail, screening = context.mail, context.reading.screening
    parts = f"{len(mail.text)} characters, {len(mail.attachments)} attachments"
    return (
        Step("parse", parts, mail.defects),
        Step("screen", screening.kind, screening.evidence),
    )


def _loop(context: MailContext) -> MailOutcome | None:
    """Our own mail, come back: by its loop header, or from the desk's own address."""
    if context.kind is Kind.LOOP:
        return context.worked(Disposition.LOOP, "our own mail came back")
    author = context.author
    if author is None or context.attribution.unclear:
        return None
    if context.runtime.settings.desk.tag_in(author.address) is not None:
        return context.worked(Disposition.LOOP, "written by the desk's own address", author.address)
    return None


def _of_nobody(context: MailContext) -> MailOutcome | None:
    """A list rewrote From and no field names the author: a person has to say who that is."""
    author = context.attribution
    if not author.unclear or author.address is None:
        return None
    why = (
        f"From is the list {author.address.address}; no field names the author: replay it with --as"
    )
    return MailOutcome(Disposition.HELD, None, (Step("author", "held", (why,)),))


def _duplicate(context: MailContext) -> MailOutcome | None:
    """The same mail by another way (another desk address, another UIDVALIDITY)."""
    twin = context.originals.get(context.mail.content_key)
    if twin is None:
        return None
    return context.worked(
        Disposition.DUPLICATE, f"the same as mail {twin.id}", "content", ticket=twin.ticket
    )


def _oversized(context: MailContext) -> MailOutcome | None:
    """Too large to be fetched: its header is in the journal, and the sender is told once."""
    if not context.kept.mail.oversized or context.author is None:
        return None
    limit = context.runtime.settings.desk.max_mail_bytes
    verdict = f"{context.kept.mail.size} bytes; the limit is {limit}"
    steps: tuple[Step, ...] = (Step("size", verdict),)
    if not (context.kept.silent or context.kind is Kind.LIST or context.unacknowledged):
        steps += _refuse(
            context, context.author, Message.of("note.mail-too-large", limit=limit // 1_000_000)
        )
    return MailOutcome(Disposition.REFUSED, None, steps)


def _refuse(context: MailContext, author: Address, why: Message) -> tuple[Step, ...]:
    sender = context.work.people.of(author)
    outgoing_mail = OutgoingMail(template=Template.REFUSED, to=sender.id, note=why)
    decision = Decision(
        answer=Answer.DONE, actor=Actor(ActorKind.DESK), outgoing_mails=(outgoing_mail,)
    )
    text = IncomingText(
        id="", author=sender.id, text="", proven=False, message_id=context.mail.message_id
    )
    about = Snapshot(subject=context.mail.subject, requester=sender)
    return context.work.transaction("mail").write(decision, about, text).unsent


def _correspondence(context: MailContext) -> MailOutcome | None:
    """Somebody wrote to us."""
    if context.author is None:
        return None
    sender = context.work.people.of(context.author)
    found = context.clues
    known = _look_up(context.work, found)
    threaded = thread(found, sender, known)
    proves = token_proves(found, threaded, sender, known)
    identity = sender_identity(context, token_proves=proves)
    before = threaded.ticket
    ticket = known.tickets[before] if before is not None else None
    threaded = _held_if_removed(context, threaded, sender, ticket)
    compared = compare_with_answered(context, sender, ticket) if ticket is not None else ()
    child = _child_of(context, sender, ticket) if ticket is not None else None
    if ticket is not None and child is not None:
        threaded, ticket = _redirect_to_child(threaded, ticket, child), child
    if ticket is None and context.reading.screening.answers:
        return MailOutcome(Disposition.AUTO_REPLY, None, (threaded.step,))
    if ticket is None and context.reading.screening.reaction:
        step = Step("reaction", "recorded; it is to no mail of a ticket")
        return MailOutcome(Disposition.AUTO_REPLY, None, (threaded.step, step))
    if context.kept.let_in:
        context.work.let_in(sender)
    elif (ticket is None or ticket.is_closed) and (why := _held_back(context, sender, ticket)):
        return MailOutcome(Disposition.HELD, None, (threaded.step, Step("sender", "held", (why,))))
    decided = _decided(context, sender, identity, threaded, ticket)
    return replace(decided, steps=(*compared, *decided.steps))


def _held_if_removed(
    context: MailContext, threaded: Thread, sender: Person, ticket: Ticket | None
) -> Thread:
    """Hold what somebody writes whom an agent removed from the ticket: the old address in their
    hands lets them in no more."""
    if ticket is None or threaded.held or sender.is_agent or ticket.takes_part(sender.id):
        return threaded
    left = tickets.history(context.work.flushed, ticket.number, (PersonLeft,))
    if all(line.event != PersonLeft(sender.id) for line in left):
        return threaded
    why = "the sender was removed from this ticket"
    step = replace(threaded.step, rejected=(*threaded.step.rejected, why))
    return replace(threaded, held=True, step=step)


def _held_back(context: MailContext, sender: Person, ticket: Ticket | None) -> str:
    """Why a mail of the sender opens no ticket until a person says so; "" where it may."""
    if sender.distrusted:
        return "an agent called an earlier mail of this sender spam"
    if not context.runtime.policy.directory.admits(sender):
        domain = sender.address.rpartition("@")[2]
        return f"nobody let {sender.address} in, and people of {domain} may not open tickets"
    if ticket is None and _sends_news(context) and not (sender.listed or sender.is_agent):
        return f"a newsletter, and {sender.address} is not in the directory"
    return ""


def _sends_news(context: MailContext) -> bool:
    return context.kind is not Kind.PERSON and is_newsletter(context.mail)


def _child_of(context: MailContext, sender: Person, ticket: Ticket) -> Ticket | None:
    """The ticket that an earlier answer of the requester to this closed one opened, if it is open
    and this is another answer; thanks and machines go on standing in the closed one."""
    asks = context.kind is Kind.PERSON and not says_thanks(context.reading)
    mine = ticket.requester == sender.id and not sender.is_agent
    if not (ticket.is_closed and mine and asks):
        return None
    return context.work.open_child(ticket.number, sender.id)


def _redirect_to_child(threaded: Thread, closed: Ticket, child: Ticket) -> Thread:
    """The mail is the child's. Whatever it answers was asked in the closed ticket: no round of
    this one."""
    number = child.number
    why = f"ticket {closed.number} is closed, and {number} is its open child"
    step = replace(threaded.step, evidence=(*threaded.step.evidence, why))
    return replace(threaded, ticket=number, round=_OF_ANOTHER, step=step)


def _look_up(work: UnitOfWork, found: Clues) -> Known:
    want = wanted(found)
    by_message_id = work.by_message_id(want.message_ids)
    loaded = work.with_survivors({*want.tickets, *by_message_id.values()})
    return Known(
        by_message_id=by_message_id, tickets={n: ticket for n, (ticket, _) in loaded.items()}
    )


def _decided(
    context: MailContext,
    sender: Person,
    identity: Identity,
    threaded: Thread,
    ticket: Ticket | None,
) -> MailOutcome:
    content = content_of(context, sender, identity, ticket)
    text = text_of(context, sender, identity, content)

    def arrived(snapshot: Snapshot) -> MailArrived:
        return cause_of(context, sender, identity, threaded, content, text, snapshot)

    number = ticket.number if ticket is not None else None
    applied = context.work.transaction(context.cause).apply(number, arrived, text)
    after = applied.ticket
    unanswered = context.unacknowledged if ticket is None else ""
    quiet = (Step("acknowledgement", "none", (unanswered,)),) if unanswered else ()
    steps = (*_author(context), threaded.step, _proof(identity), *quiet, *applied.steps)
    assert applied.decision.disposition is not None
    return MailOutcome(applied.decision.disposition, after.number if after else None, steps)


def _author(context: MailContext) -> tuple[Step, ...]:
    """Where the author is not From, or Reply-To names somebody else."""
    if context.attribution.why:
        return (Step("author", "not From", (context.attribution.why,)),)
    ignored = tuple(f"Reply-To {one}: no mail is sent to it" for one in other_reply_to(context))
    return (Step("author", "From", rejected=ignored),) if ignored else ()


def _proof(identity: Identity) -> Step:
    return Step("authenticate", identity.proof.name.lower(), identity.evidence, identity.rejected)


HANDLERS: tuple[Callable[[MailContext], MailOutcome | None], ...] = (
    _loop,
    _duplicate,
    reported,
    bounce,
    returned,
    _of_nobody,
    _oversized,
    confirmed,
    _correspondence,
)
