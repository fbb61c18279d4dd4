"""What a mail orders: the `#` lines of an agent, and the mail that an agent passes on."""

from dataclasses import dataclass, replace

from maildesk.ingest.content.forward import Forwarded, above_the_first, passed_on
from maildesk.ingest.intent.commands import CommandReading, read_commands
from maildesk.model.mail import Kind
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.ticket import Ticket
from maildesk.processing.mail.mail_context import MailContext


@dataclass(frozen=True, slots=True)
class AgentMail:
    """The commands, with the text that is none of them; and what the agent passes on."""

    read: CommandReading
    inner: Forwarded | None = None


def agent_mail(
    context: MailContext, ticket: Ticket | None, sender: Person, identity: Identity, text: str
) -> AgentMail:
    """Read in the new text alone. `text` is what is kept of the mail where it orders nothing."""
    if not sender.is_agent:
        return AgentMail(_delegating(ticket, sender, text))
    if ticket is None:
        return _of_a_first_mail(context, sender, identity, text)
    read = read_commands(context.reading.reply_text)
    # In a closed ticket a mail without a command is a new request.
    plain = ticket.is_closed and not read.commands and not read.wrong
    return AgentMail(CommandReading(text=text) if plain else read)


def _of_a_first_mail(
    context: MailContext, sender: Person, identity: Identity, text: str
) -> AgentMail:
    """An agent's commands stand above what is passed on, and never in it."""
    inner = _passed_on(context, sender, identity)
    own = inner.words if inner else above_the_first(context.reading.reply_text)
    read = read_commands(own)
    if inner is not None and all(one.name != "onbehalf" for one in read.commands):
        words = replace(inner, words=read.text)
        return AgentMail(replace(read, text=inner.text), words)
    if not read.commands and not read.wrong:
        return AgentMail(CommandReading(text=text))
    rest = text.replace(own, read.text, 1) if own in text else read.text
    return AgentMail(replace(read, text=rest.strip()))


def _delegating(ticket: Ticket | None, sender: Person, text: str) -> CommandReading:
    """One command is for people who are no agents: who is asked for an approval passes it on."""
    asked = ticket.approval.waiting if ticket is not None and ticket.approval else ()
    read = read_commands(text) if sender.id in asked else CommandReading(text=text)
    passing = tuple(one for one in read.commands if one.name == "delegate")
    wrong = tuple(one for one in read.wrong if one.line.casefold().startswith("#delegate"))
    return CommandReading(read.text, passing, wrong) if passing or wrong else CommandReading(text)


def _passed_on(context: MailContext, sender: Person, identity: Identity) -> Forwarded | None:
    """The inner mail of an agent's forward: who is proven may open tickets for others."""
    person = context.kind is Kind.PERSON
    if not sender.is_agent or identity.proof is Proof.NONE or not person:
        return None
    found = passed_on(context.reading)
    if found is None or found.author.key == identity.address:
        return None
    ours = context.runtime.settings.desk.tag_in(found.author.address) is not None
    return None if ours else found
