"""The words of an answer, without what it quotes of the ticket's mails."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from maildesk.ingest.content.known_text import KnownText
from maildesk.ingest.content.own_words import OwnWords, as_quote, own_words, unmarked_rest
from maildesk.ingest.threading import Clues, Reference
from maildesk.model.mail import Step
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.processing.links.visibility import SHOWN
from maildesk.processing.mail.mail_context import MailContext
from maildesk.store.queries import conversation

_ANSWERED = 5  # the nearest mails of a conversation; each quotes those before it
_LATEST = 3  # mails to the sender, where the answer refers to none
_CONVERSATION = 30  # messages whose words may be quoted to every reader


def answered(clues: Clues) -> Sequence[Reference]:
    """The mails that this one most probably quotes."""
    return clues.references[:_ANSWERED]


def compare_with_answered(context: MailContext, sender: Person, ticket: Ticket) -> tuple[Step, ...]:
    """Replace the words of the reading by those that are the sender's own; how that was done."""
    work, reading = context.work, context.reading

    def visible() -> KnownText:
        seen = conversation.Visible(ticket.number, SHOWN, ticket.opened_at)
        found = conversation.newest(work.flushed, seen, _CONVERSATION)
        return KnownText(one.text for one in found)

    references = answered(context.clues)
    texts = work.answered.words(references)
    texts = texts or work.answered.latest(ticket.number, sender.id, _LATEST)
    names = work.answered.senders(references)
    found = own_words(context.mail.text, reading.marks, KnownText(texts), visible, names)
    if found is None:
        # An agent's words go to others: what may be an unknown mail to agents does not.
        hidden = sender.is_agent and not texts
        rest = "" if hidden else _unread(context, reading.reply_text)
        found = OwnWords(reading.reply_text, rest)
    context.reading = replace(reading, reply_text=found.text)
    context.own = found
    return tuple(_steps(found))


def _unread(context: MailContext, own: str) -> str:
    """What else the mail holds, as a quote; all of it where no words seem to be the sender's."""
    text = context.mail.text
    return unmarked_rest(text, context.reading.marks) if own else as_quote(text)


def _steps(found: OwnWords) -> Iterator[Step]:
    if found.known_lines:
        yield Step("quotes", f"{found.known_lines} lines of the ticket's mails left out")
    if found.foreign:
        lines = found.foreign.count("\n") + 1
        yield Step("quotes", f"{lines} lines of another mail shown as a quote")
