"""From a read mail to its one disposition. The order of the checks is the table `CHECKS`."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from maildesk.ingest.identity.authenticate import identify
from maildesk.ingest.intent.commands import CommandReading
from maildesk.ingest.intent.decisions import DecisionWord, read_decision
from maildesk.ingest.intent.status_inquiry import only_chases
from maildesk.ingest.intent.thanks import is_thanks
from maildesk.ingest.threading import Clues, Known, Thread, clues, thread, token_proves, wanted
from maildesk.lifecycle.decide import decide
from maildesk.model.cause import CommandContext, MailArrived
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, OutgoingMail, Template
from maildesk.model.mail import Address, Disposition, Kind, Reading, Source, Step
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.ticket import Ticket
from maildesk.processing.command_context import load_command_context, load_descendants
from maildesk.processing.mail.agent_mail import agent_mail
from maildesk.processing.mail.auto_replies import returned
from maildesk.processing.mail.bounces import bounce
from maildesk.processing.mail.mail_context import Case, Worked
from maildesk.processing.mail.message_facts import facts_of
from maildesk.processing.mail.monitoring_reports import reported
from maildesk.processing.writer import Matter, Said
from maildesk.store import people, tickets

_LOGO = 30_000  # bytes; larger is no picture of a signature
_OF_ANOTHER = -1  # the round of a mail that another ticket sent
_JOINING = 20  # people in CC who may come into a ticket with one mail


def work(case: Case) -> Worked:
    """Ask each check in turn; the first that answers decides. Raises ValueError for a mail
    that nobody can be seen to have written."""
    for check in CHECKS:
        worked = check(case)
        if worked is not None:
            return Worked(worked.disposition, worked.ticket, (*_read(case), *worked.steps))
    raise ValueError("the mail has neither an author nor a return path; nobody could be answered")


def _read(case: Case) -> tuple[Step, ...]:
    mail, screening = case.mail, case.reading.screening
    parts = f"{len(mail.text)} characters, {len(mail.attachments)} attachments"
    return (
        Step("parse", parts, mail.defects),
        Step("screen", screening.kind, screening.evidence),
    )


def _loop(case: Case) -> Worked | None:
    """Our own mail, come back: by its loop header, or from the desk's own address."""
    if case.reading.screening.kind is Kind.LOOP:
        return case.worked(Disposition.LOOP, "our own mail came back")
    author = case.author
    if author is not None and case.runtime.settings.desk.tag_in(author.address) is not None:
        return case.worked(Disposition.LOOP, "written by the desk's own address", author.address)
    return None


def _twin(case: Case) -> Worked | None:
    """The same mail by another way (another desk address, another UIDVALIDITY)."""
    twin = case.originals.get(case.mail.content_key)
    if twin is None:
        return None
    return case.worked(
        Disposition.DUPLICATE, f"the same as mail {twin.id}", "content", ticket=twin.ticket
    )


def _oversized(case: Case) -> Worked | None:
    """Too large to be fetched: its header is in the journal, and the sender is told once."""
    if not case.kept.mail.oversized or case.author is None:
        return None
    limit = case.runtime.settings.desk.max_mail_bytes
    verdict = f"{case.kept.mail.size} bytes; the limit is {limit}"
    steps: tuple[Step, ...] = (Step("size", verdict),)
    if not case.kept.silent and case.reading.screening.kind is Kind.PERSON:
        steps += _refuse(case, case.author, f"It is larger than {limit // 1_000_000} MB.")
    return Worked(Disposition.REFUSED, None, steps)


def _refuse(case: Case, author: Address, why: str) -> tuple[Step, ...]:
    sender = people.find_or_add(case.connection, author)
    outgoing_mail = OutgoingMail(template=Template.REFUSED, to=sender.id, note=why)
    decision = Decision(
        answer=Answer.DONE, actor=Actor(ActorKind.DESK), outgoing_mails=(outgoing_mail,)
    )
    matter = Matter(ticket=None, subject=case.mail.subject, requester=sender, cause="mail")
    said = Said(id="", author=sender.id, text="", proven=False, message_id=case.mail.message_id)
    return case.recorder.enact(decision, matter, said)[1]


def _correspondence(case: Case) -> Worked | None:
    """Somebody wrote to us."""
    if case.author is None:
        return None
    sender = people.find_or_add(case.connection, case.author)
    found = clues(
        case.mail, case.runtime.settings.desk, case.runtime.keys, case.kept.mail.envelope_to
    )
    known, subjects = _look_up(case.connection, found)
    threaded = thread(found, sender, known)
    identity = identify(
        case.mail,
        token_proves=token_proves(found, threaded, sender, known),
        trust=case.runtime.settings.trust,
        unnamed=_unnamed(case),
        checked=case.checked,
    )
    before = threaded.ticket
    ticket = known.tickets[before] if before is not None else None
    child = _child_of(case, sender, ticket) if ticket is not None else None
    if ticket is not None and child is not None:
        threaded, subjects = _into(threaded, ticket, child), {child[0].number: child[1]}
        ticket = child[0]
    if ticket is None and case.reading.screening.kind is Kind.AUTO_REPLY:
        return Worked(Disposition.AUTO_REPLY, None, (threaded.step,))
    if case.kept.let_in:
        people.let_in(case.connection, sender.id, case.now)
    elif (ticket is None or ticket.is_closed) and (why := _held_back(case, sender)):
        return Worked(Disposition.HELD, None, (threaded.step, Step("sender", "held", (why,))))
    return _decided(case, sender, identity, threaded, ticket, subjects)


def _held_back(case: Case, sender: Person) -> str:
    """Why a mail of the sender opens no ticket until a person says so; "" where it may."""
    if sender.distrusted:
        return "an agent called an earlier mail of this sender spam"
    if not case.runtime.policy.directory.admits(sender):
        domain = sender.address.rpartition("@")[2]
        return f"nobody let {sender.address} in, and people of {domain} may not open tickets"
    return ""


def _child_of(case: Case, sender: Person, ticket: Ticket) -> tuple[Ticket, str] | None:
    """The ticket that an earlier answer of the requester to this closed one opened, if it is open
    and this is another answer; thanks and machines go on standing in the closed one."""
    asks = case.reading.screening.kind is Kind.PERSON and not _says_thanks(case.reading)
    mine = ticket.requester == sender.id and not sender.is_agent
    if not (ticket.is_closed and mine and asks):
        return None
    return tickets.open_child(case.connection, ticket.number, sender.id)


def _into(threaded: Thread, closed: Ticket, child: tuple[Ticket, str]) -> Thread:
    """The mail is the child's. Whatever it answers was asked in the closed ticket: no round of
    this one."""
    number = child[0].number
    why = f"ticket {closed.number} is closed, and {number} is its open child"
    step = replace(threaded.step, evidence=(*threaded.step.evidence, why))
    return replace(threaded, ticket=number, round=_OF_ANOTHER, step=step)


def _unnamed(case: Case) -> bool:
    """Whether the mail lay in a mailbox whose server signs its results with no name."""
    mail = case.kept.mail
    boxes = case.runtime.settings.mailbox
    return mail.source is Source.IMAP and any(
        box.unnamed_results for box in boxes if box.name == mail.mailbox
    )


def _look_up(connection: Connection, found: Clues) -> tuple[Known, dict[int, str]]:
    want = wanted(found)
    by_message_id = tickets.by_message_id(connection, want.message_ids)
    loaded = tickets.load_with_survivors(connection, {*want.tickets, *by_message_id.values()})
    known = Known(
        by_message_id=by_message_id, tickets={n: ticket for n, (ticket, _) in loaded.items()}
    )
    return known, {number: subject for number, (_, subject) in loaded.items()}


def _decided(
    case: Case,
    sender: Person,
    identity: Identity,
    threaded: Thread,
    ticket: Ticket | None,
    subjects: dict[int, str],
) -> Worked:
    requester = sender
    if ticket is not None and ticket.requester != sender.id:
        requester = people.by_id(case.connection, ticket.requester)
    cause = _cause(case, sender, identity, threaded, ticket, requester)
    subject = subjects[ticket.number] if ticket is not None else cause.facts.subject
    asker = (cause.behalf or requester).id
    policy = case.runtime.policy_at(case.connection, ticket, asker, subject)
    decision = decide(ticket, cause, policy, case.now)
    opens = any(change.ticket is None for change in decision.changes)
    matter = Matter(
        ticket=ticket,
        subject=cause.facts.subject if opens or ticket is None else subjects[ticket.number],
        requester=(cause.behalf or sender) if opens else requester,
        cause=f"mail {case.kept.id}",
    )
    after, unsent = case.recorder.enact(decision, matter, _said(case, cause))
    steps = (threaded.step, _proof(identity), *decision.why, *unsent)
    assert decision.disposition is not None
    return Worked(decision.disposition, after.number if after else None, steps)


def _proof(identity: Identity) -> Step:
    return Step("authenticate", identity.proof.name.lower(), identity.evidence, identity.rejected)


def _said(case: Case, cause: MailArrived) -> Said:
    """What somebody said. Of a mail that was passed on the agent is proven; its author is not."""
    author = cause.behalf or cause.sender
    return Said(
        id=cause.message,
        author=author.id,
        text=cause.text,
        proven=cause.identity.proof > Proof.NONE and cause.behalf is None,
        mail=case.kept.id,
        message_id=case.mail.message_id,
        attachments=case.mail.attachments,
    )


def _cause(
    case: Case,
    sender: Person,
    identity: Identity,
    threaded: Thread,
    ticket: Ticket | None,
    requester: Person,
) -> MailArrived:
    is_reply = ticket is not None and not ticket.is_closed
    thanks = ticket is not None and _says_thanks(case.reading)
    spoken = _spoken(case, sender, ticket)
    late = not is_reply and (spoken.choice is not None or spoken.unclear)
    text = case.reading.reply_text if is_reply or thanks or late else case.mail.text
    ordered = agent_mail(case, ticket, sender, identity, text)
    commands, inner = ordered.read, ordered.inner
    return MailArrived(
        sender=sender,
        identity=identity,
        requester=requester,
        kind=case.reading.screening.kind,
        message=case.runtime.new_id(case.now),
        text=commands.text,
        facts=facts_of(case.mail, commands.text if sender.is_agent else text, inner),
        held=threaded.held,
        round=threaded.round,
        choice=spoken.choice,
        reason=spoken.reason,
        unclear=spoken.unclear,
        withdrawing=spoken.withdrawing,
        thanks=thanks,
        chases=_chases(case, sender, ticket, text),
        away=case.reading.screening.away,
        commands=commands.commands,
        wrong_commands=commands.wrong,
        joining=_joining(case, sender, identity),
        behalf=people.find_or_add(case.connection, inner.author) if inner else None,
        words=inner.words if inner else "",
        silent=case.kept.silent or len(case.mail.senders) > 1,
        flood=case.recorder.rate_limit.flood(ticket, sender) if is_reply and ticket else None,
        command_context=_around(case, sender, identity, ticket, commands),
        descendants=load_descendants(case.connection, ticket),
    )


def _spoken(case: Case, sender: Person, ticket: Ticket | None) -> DecisionWord:
    """What is decided in the new text. A closed ticket is answered too late; its requester, who
    decides nothing there any more, asks for something new."""
    if ticket is None or (ticket.is_closed and sender.id == ticket.requester):
        return DecisionWord(None)
    return read_decision(case.reading.reply_text, sender.name)


def _chases(case: Case, sender: Person, ticket: Ticket | None, text: str) -> bool:
    """Whether the requester only asks how it stands, while or after it was to be approved."""
    if ticket is None or ticket.approval is None or ticket.requester != sender.id:
        return False
    said = tickets.asked_for(case.connection, ticket.number, sender.id)
    request = " ".join((case.mail.subject, *(words for _, words in said[:1])))
    return not case.mail.attachments and only_chases(text, request, sender.name)


def _says_thanks(reading: Reading) -> bool:
    """Thanks with a file, or with a picture larger than a logo, want to show something."""
    shows = any(not one.inline or one.size > _LOGO for one in reading.mail.attachments)
    return not shows and is_thanks(reading.reply_text)


def _around(
    case: Case, sender: Person, identity: Identity, ticket: Ticket | None, read: CommandReading
) -> CommandContext:
    """Only for those who may command and are proven: nobody else's mail looks anything up."""
    if not (sender.is_agent or read.commands) or identity.proof is Proof.NONE:
        return CommandContext()
    mail = case.mail
    answered = [one for one in (mail.in_reply_to, *reversed(mail.references)) if one]
    desk = case.runtime.settings.desk
    return load_command_context(case.connection, ticket, sender, read.commands, desk, answered)


def _joining(case: Case, sender: Person, identity: Identity) -> tuple[int, ...]:
    """Who takes part from now on: people in CC, if the sender is proven."""
    if identity.proof is Proof.NONE:
        return ()
    desk = case.runtime.settings.desk
    others = [one for one in (*case.mail.to, *case.mail.cc) if desk.tag_in(one.address) is None]
    found = [people.find_or_add(case.connection, one) for one in others[:_JOINING] if one.address]
    return tuple(dict.fromkeys(p.id for p in found if p.id != sender.id and not p.is_agent))


CHECKS: tuple[Callable[[Case], Worked | None], ...] = (
    _loop,
    _twin,
    reported,
    bounce,
    returned,
    _oversized,
    _correspondence,
)
