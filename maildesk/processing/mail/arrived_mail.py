"""What somebody's mail says, and the cause that it is for its ticket."""

from dataclasses import dataclass, replace

from maildesk.ingest.content.forward import Forwarded
from maildesk.ingest.intent.commands import CommandReading
from maildesk.ingest.intent.decisions import DecisionWord, read_decision
from maildesk.ingest.intent.status_inquiry import only_chases
from maildesk.ingest.intent.thanks import is_thanks
from maildesk.ingest.intent.yes_or_no import Question, read_answer
from maildesk.ingest.threading import Thread
from maildesk.model.cause import CommandContext, Facts, MailArrived
from maildesk.model.mail import Reading
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.ticket import Ticket
from maildesk.processing.command_context import load_command_context
from maildesk.processing.mail.agent_mail import AgentMail, agent_mail
from maildesk.processing.mail.mail_context import MailContext
from maildesk.processing.mail.message_facts import facts_of
from maildesk.processing.transaction import IncomingText, Snapshot
from maildesk.store import tickets

_LOGO = 30_000  # bytes; larger is no picture of a signature
_REPLY_TO = 5  # addresses of Reply-To that are shown
_JOINING = 20  # people in CC who may come into a ticket with one mail


@dataclass(frozen=True, slots=True)
class MailContent:
    """What a mail says: the decision in it, thanks, the new text, and what it orders."""

    spoken: DecisionWord
    thanks: bool
    text: str
    ordered: AgentMail
    behalf: Person | None


def content_of(
    context: MailContext, sender: Person, identity: Identity, ticket: Ticket | None
) -> MailContent:
    """What the mail says to this ticket, or to none."""
    is_reply = ticket is not None and not ticket.is_closed
    thanks = ticket is not None and says_thanks(context.reading)
    spoken = _spoken(context, sender, ticket)
    late = not is_reply and (spoken.choice is not None or spoken.unclear)
    quotes_us = context.own is not None and context.own.known_lines > 0
    new_only = is_reply or thanks or late or quotes_us
    text = context.reading.reply_text if new_only else context.mail.text
    ordered = agent_mail(context, ticket, sender, identity, text)
    behalf = context.work.people.of(ordered.inner.author) if ordered.inner else None
    return MailContent(spoken, thanks, text, ordered, behalf)


def text_of(
    context: MailContext, sender: Person, identity: Identity, content: MailContent
) -> IncomingText:
    """What somebody said. Of a mail that was passed on the agent is proven; its author is not."""
    author = content.behalf or sender
    return IncomingText(
        id=context.runtime.new_id(context.now),
        author=author.id,
        text=_with_foreign(context, sender, content.ordered.read.text),
        proven=identity.proof > Proof.NONE and content.behalf is None,
        mail=context.kept.id,
        message_id=context.mail.message_id,
        attachments=context.mail.attachments,
        subject=context.mail.subject,
        answers_to=", ".join(other_reply_to(context)),
    )


def other_reply_to(context: MailContext) -> list[str]:
    """The addresses in Reply-To that are neither the sender's nor the desk's."""
    if context.attribution.why:
        return []
    own = {one.key for one in context.mail.senders}
    desk = context.runtime.settings.desk
    others = [one for one in context.mail.reply_to if one.key not in own]
    found = [one.address[:200] for one in others if desk.tag_in(one.address) is None]
    return found[:_REPLY_TO]


def _with_foreign(context: MailContext, sender: Person, text: str) -> str:
    """The text with the mail of somebody else that it quotes, unless the whole mail is the text.

    An agent's mail of commands alone has no text to which a quote could belong.
    """
    foreign = context.own.foreign if context.own is not None else ""
    if not foreign or (sender.is_agent and not text):
        return text
    return text if text == context.mail.text else f"{text}\n\n{foreign}".strip()


def cause_of(
    context: MailContext,
    sender: Person,
    identity: Identity,
    threaded: Thread,
    content: MailContent,
    text: IncomingText,
    snapshot: Snapshot,
) -> MailArrived:
    """The cause that the mail is for the ticket as it is now."""
    ticket, spoken = snapshot.ticket, content.spoken
    commands, inner = content.ordered.read, content.ordered.inner
    seen = commands.text if sender.is_agent else content.text
    is_reply = ticket is not None and not ticket.is_closed
    return MailArrived(
        sender=sender,
        identity=identity,
        requester=snapshot.requester or sender,
        kind=context.kind,
        message=text.id,
        text=text.text,
        facts=_facts(context, sender, seen, inner),
        held=threaded.held,
        round=threaded.round,
        choice=spoken.choice,
        reason=spoken.reason,
        unclear=spoken.unclear,
        withdrawing=spoken.withdrawing,
        thanks=content.thanks,
        reaction=context.reading.screening.reaction,
        chases=_chases(context, sender, ticket, content.text),
        away=context.reading.screening.away,
        commands=commands.commands,
        wrong_commands=commands.wrong,
        joining=_joining(context, sender, identity),
        behalf=content.behalf,
        words=inner.words if inner else "",
        acknowledged=not context.unacknowledged,
        encrypted="encrypted" in context.mail.defects,
        silent=context.kept.silent or len(context.mail.senders) > 1,
        flood=context.work.rate_limit.flood(ticket, sender) if is_reply and ticket else None,
        command_context=_around(context, sender, identity, ticket, commands),
        descendants=snapshot.descendants,
    )


def _facts(context: MailContext, sender: Person, text: str, inner: Forwarded | None) -> Facts:
    """The facts for rules, in which the sender is the author of the mail, not always From."""
    facts = facts_of(context.mail, text, inner)
    named = inner is None and context.attribution.why
    return replace(facts, sender=sender.address) if named else facts


def _spoken(context: MailContext, sender: Person, ticket: Ticket | None) -> DecisionWord:
    """What is decided in the new text. A closed ticket is answered too late; its requester, who
    decides nothing there any more, asks for something new."""
    if context.reading.screening.reaction:
        return DecisionWord(None)
    if ticket is None or (ticket.is_closed and sender.id == ticket.requester):
        return DecisionWord(None)
    text = context.reading.reply_text
    spoken = read_decision(text, sender.name)
    question = _question(ticket, sender)
    if question is None or spoken.choice is not None or spoken.unclear or spoken.withdrawing:
        return spoken
    return read_answer(text, question, sender.name)


def _question(ticket: Ticket, sender: Person) -> Question | None:
    """What the desk asked the sender last."""
    if ticket.waits_for_requester and sender.id == ticket.requester:
        return Question.RESOLUTION
    asked = ticket.approval is not None and sender.id in ticket.approval.approvers
    return Question.APPROVAL if asked else None


def _chases(context: MailContext, sender: Person, ticket: Ticket | None, text: str) -> bool:
    """Whether the requester only asks how it stands, while or after it was to be approved."""
    if ticket is None or ticket.approval is None or ticket.requester != sender.id:
        return False
    said = tickets.asked_for(context.work.flushed, ticket.number, sender.id)
    request = " ".join((context.mail.subject, *(words for _, words in said[:1])))
    return not context.mail.attachments and only_chases(text, request, sender.name)


def says_thanks(reading: Reading) -> bool:
    """Thanks with a file, or with a picture larger than a logo, want to show something."""
    if reading.screening.reaction:
        return True
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
    found = [context.work.people.of(one) for one in others[:_JOINING] if one.address]
    return tuple(dict.fromkeys(p.id for p in found if p.id != sender.id and not p.is_agent))
