"""From a read mail to its one disposition. The order of the checks is the table `CHECKS`."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from maildesk.ingest.identity.authenticate import identify
from maildesk.ingest.intent.commands import CommandReading
from maildesk.ingest.intent.decisions import DecisionWord, read_decision
from maildesk.ingest.intent.status_inquiry import only_chases
from maildesk.ingest.intent.thanks import is_thanks
from maildesk.ingest.threading import Clues, Known, Thread, clues, thread, token_proves, wanted
from maildesk.model.cause import CommandContext, MailArrived
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, OutgoingMail, Template
from maildesk.model.mail import Address, Disposition, Kind, Reading, Source, Step
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.ticket import Ticket
from maildesk.processing.command_context import load_command_context
from maildesk.processing.mail.agent_mail import AgentMail, agent_mail
from maildesk.processing.mail.auto_replies import returned
from maildesk.processing.mail.bounces import bounce
from maildesk.processing.mail.mail_context import MailContext, MailOutcome
from maildesk.processing.mail.message_facts import facts_of
from maildesk.processing.mail.monitoring_reports import reported
from maildesk.processing.transaction import IncomingText, Snapshot
from maildesk.processing.unit_of_work import UnitOfWork
from maildesk.store import tickets

_LOGO = 30_000  # bytes; larger is no picture of a signature
_OF_ANOTHER = -1  # the round of a mail that another ticket sent
_JOINING = 20  # people in CC who may come into a ticket with one mail


def work(context: MailContext) -> MailOutcome:
    """Ask each check in turn; the first that answers decides. Raises ValueError for a mail
    that nobody can be seen to have written."""
    for check in CHECKS:
        worked = check(context)
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
    if context.reading.screening.kind is Kind.LOOP:
        return context.worked(Disposition.LOOP, "our own mail came back")
    author = context.author
    if author is not None and context.runtime.settings.desk.tag_in(author.address) is not None:
        return context.worked(Disposition.LOOP, "written by the desk's own address", author.address)
    return None


def _twin(context: MailContext) -> MailOutcome | None:
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
    if not context.kept.silent and context.reading.screening.kind is Kind.PERSON:
        steps += _refuse(context, context.author, f"It is larger than {limit // 1_000_000} MB.")
    return MailOutcome(Disposition.REFUSED, None, steps)


def _refuse(context: MailContext, author: Address, why: str) -> tuple[Step, ...]:
    sender = context.work.person_of(author)
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
    sender = context.work.person_of(context.author)
    found = clues(
        context.mail,
        context.runtime.settings.desk,
        context.runtime.keys,
        context.kept.mail.envelope_to,
    )
    known = _look_up(context.work, found)
    threaded = thread(found, sender, known)
    identity = identify(
        context.mail,
        token_proves=token_proves(found, threaded, sender, known),
        trust=context.runtime.settings.trust,
        unnamed=_unnamed(context),
        checked=context.checked,
    )
    before = threaded.ticket
    ticket = known.tickets[before] if before is not None else None
    child = _child_of(context, sender, ticket) if ticket is not None else None
    if ticket is not None and child is not None:
        threaded, ticket = _into(threaded, ticket, child), child
    if ticket is None and context.reading.screening.kind is Kind.AUTO_REPLY:
        return MailOutcome(Disposition.AUTO_REPLY, None, (threaded.step,))
    if context.kept.let_in:
        context.work.let_in(sender)
    elif (ticket is None or ticket.is_closed) and (why := _held_back(context, sender)):
        return MailOutcome(Disposition.HELD, None, (threaded.step, Step("sender", "held", (why,))))
    return _decided(context, sender, identity, threaded, ticket)


def _held_back(context: MailContext, sender: Person) -> str:
    """Why a mail of the sender opens no ticket until a person says so; "" where it may."""
    if sender.distrusted:
        return "an agent called an earlier mail of this sender spam"
    if not context.runtime.policy.directory.admits(sender):
        domain = sender.address.rpartition("@")[2]
        return f"nobody let {sender.address} in, and people of {domain} may not open tickets"
    return ""


def _child_of(context: MailContext, sender: Person, ticket: Ticket) -> Ticket | None:
    """The ticket that an earlier answer of the requester to this closed one opened, if it is open
    and this is another answer; thanks and machines go on standing in the closed one."""
    asks = context.reading.screening.kind is Kind.PERSON and not _says_thanks(context.reading)
    mine = ticket.requester == sender.id and not sender.is_agent
    if not (ticket.is_closed and mine and asks):
        return None
    return context.work.open_child(ticket.number, sender.id)


def _into(threaded: Thread, closed: Ticket, child: Ticket) -> Thread:
    """The mail is the child's. Whatever it answers was asked in the closed ticket: no round of
    this one."""
    number = child.number
    why = f"ticket {closed.number} is closed, and {number} is its open child"
    step = replace(threaded.step, evidence=(*threaded.step.evidence, why))
    return replace(threaded, ticket=number, round=_OF_ANOTHER, step=step)


def _unnamed(context: MailContext) -> bool:
    """Whether the mail lay in a mailbox whose server signs its results with no name."""
    mail = context.kept.mail
    boxes = context.runtime.settings.mailbox
    return mail.source is Source.IMAP and any(
        box.unnamed_results for box in boxes if box.name == mail.mailbox
    )


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
    content = _content(context, sender, identity, ticket)
    text = _text(context, sender, identity, content)

    def arrived(snapshot: Snapshot) -> MailArrived:
        return _cause(context, sender, identity, threaded, content, text, snapshot)

    number = ticket.number if ticket is not None else None
    applied = context.work.transaction(context.cause).apply(number, arrived, text)
    after = applied.ticket
    steps = (threaded.step, _proof(identity), *applied.steps)
    assert applied.decision.disposition is not None
    return MailOutcome(applied.decision.disposition, after.number if after else None, steps)


def _proof(identity: Identity) -> Step:
    return Step("authenticate", identity.proof.name.lower(), identity.evidence, identity.rejected)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a mail says: the decision in it, thanks, the new text, and what it orders."""

    spoken: DecisionWord
    thanks: bool
    text: str
    ordered: AgentMail
    behalf: Person | None


def _content(
    context: MailContext, sender: Person, identity: Identity, ticket: Ticket | None
) -> _Content:
    is_reply = ticket is not None and not ticket.is_closed
    thanks = ticket is not None and _says_thanks(context.reading)
    spoken = _spoken(context, sender, ticket)
    late = not is_reply and (spoken.choice is not None or spoken.unclear)
    text = context.reading.reply_text if is_reply or thanks or late else context.mail.text
    ordered = agent_mail(context, ticket, sender, identity, text)
    behalf = context.work.person_of(ordered.inner.author) if ordered.inner else None
    return _Content(spoken, thanks, text, ordered, behalf)


def _text(
    context: MailContext, sender: Person, identity: Identity, content: _Content
) -> IncomingText:
    """What somebody said. Of a mail that was passed on the agent is proven; its author is not."""
    author = content.behalf or sender
    return IncomingText(
        id=context.runtime.new_id(context.now),
        author=author.id,
        text=content.ordered.read.text,
        proven=identity.proof > Proof.NONE and content.behalf is None,
        mail=context.kept.id,
        message_id=context.mail.message_id,
        attachments=context.mail.attachments,
    )


def _cause(
    context: MailContext,
    sender: Person,
    identity: Identity,
    threaded: Thread,
    content: _Content,
    text: IncomingText,
    snapshot: Snapshot,
) -> MailArrived:
    ticket, spoken = snapshot.ticket, content.spoken
    commands, inner = content.ordered.read, content.ordered.inner
    seen = commands.text if sender.is_agent else content.text
    is_reply = ticket is not None and not ticket.is_closed
    return MailArrived(
        sender=sender,
        identity=identity,
        requester=snapshot.requester or sender,
        kind=context.reading.screening.kind,
        message=text.id,
        text=text.text,
        facts=facts_of(context.mail, seen, inner),
        held=threaded.held,
        round=threaded.round,
        choice=spoken.choice,
        reason=spoken.reason,
        unclear=spoken.unclear,
        withdrawing=spoken.withdrawing,
        thanks=content.thanks,
        chases=_chases(context, sender, ticket, content.text),
        away=context.reading.screening.away,
        commands=commands.commands,
        wrong_commands=commands.wrong,
        joining=_joining(context, sender, identity),
        behalf=content.behalf,
        words=inner.words if inner else "",
        silent=context.kept.silent or len(context.mail.senders) > 1,
        flood=context.work.rate_limit.flood(ticket, sender) if is_reply and ticket else None,
        command_context=_around(context, sender, identity, ticket, commands),
        descendants=snapshot.descendants,
    )


def _spoken(context: MailContext, sender: Person, ticket: Ticket | None) -> DecisionWord:
    """What is decided in the new text. A closed ticket is answered too late; its requester, who
    decides nothing there any more, asks for something new."""
    if ticket is None or (ticket.is_closed and sender.id == ticket.requester):
        return DecisionWord(None)
    return read_decision(context.reading.reply_text, sender.name)


def _chases(context: MailContext, sender: Person, ticket: Ticket | None, text: str) -> bool:
    """Whether the requester only asks how it stands, while or after it was to be approved."""
    if ticket is None or ticket.approval is None or ticket.requester != sender.id:
        return False
    said = tickets.asked_for(context.work.flushed, ticket.number, sender.id)
    request = " ".join((context.mail.subject, *(words for _, words in said[:1])))
    return not context.mail.attachments and only_chases(text, request, sender.name)


def _says_thanks(reading: Reading) -> bool:
    """Thanks with a file, or with a picture larger than a logo, want to show something."""
    shows = any(not one.inline or one.size > _LOGO for one in reading.mail.attachments)
    return not shows and is_thanks(reading.reply_text)


def _around(
    context: MailContext,
    sender: Person,
    identity: Identity,
    ticket: Ticket | None,
    read: CommandReading,
) -> CommandContext:
    """Only for those who may command and are proven: nobody else's mail looks anything up."""
    if not (sender.is_agent or read.commands) or identity.proof is Proof.NONE:
        return CommandContext()
    mail = context.mail
    answered = [one for one in (mail.in_reply_to, *reversed(mail.references)) if one]
    desk = context.runtime.settings.desk
    return load_command_context(context.work, ticket, sender, read.commands, desk, answered)


def _joining(context: MailContext, sender: Person, identity: Identity) -> tuple[int, ...]:
    """Who takes part from now on: people in CC, if the sender is proven."""
    if identity.proof is Proof.NONE:
        return ()
    desk = context.runtime.settings.desk
    others = [
        one for one in (*context.mail.to, *context.mail.cc) if desk.tag_in(one.address) is None
    ]
    found = [context.work.person_of(one) for one in others[:_JOINING] if one.address]
    return tuple(dict.fromkeys(p.id for p in found if p.id != sender.id and not p.is_agent))


CHECKS: tuple[Callable[[MailContext], MailOutcome | None], ...] = (
    _loop,
    _twin,
    reported,
    bounce,
    returned,
    _oversized,
    _correspondence,
)
