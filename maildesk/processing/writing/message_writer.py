"""The texts of a decision become messages of its ticket."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from maildesk.messages.trace import english
from maildesk.model.decision import Decision
from maildesk.processing.transaction import IncomingText
from maildesk.store.pending_rows import PendingRows
from maildesk.store.tickets import Message


@dataclass(frozen=True, slots=True)
class MessageWriter:
    """Writes messages into the rows of one unit of work. `new_id` gives each its id."""

    rows: PendingRows
    now: datetime
    new_id: Callable[[], str]

    def write(self, decision: Decision, ticket: int, text: IncomingText | None) -> None:
        """What came with the cause, what the same mail says to agents alone, and the notes of the
        desk itself."""
        if text is not None and decision.message_kind:
            words = text.text if decision.message_text is None else decision.message_text
            self._said(ticket, replace(text, text=words), decision.message_kind)
            if decision.aside:
                self._said(ticket, self._aside(text, decision.aside), "note")
        for note in decision.notes:
            self.rows.message(self._note(ticket, english(note)))

    def _aside(self, text: IncomingText, words: str) -> IncomingText:
        """Answers to the mail lead to its other text."""
        return replace(text, id=self.new_id(), text=words, message_id=None, attachments=())

    def _said(self, ticket: int, text: IncomingText, kind: str) -> None:
        message = Message(
            id=text.id,
            ticket=ticket,
            mail=text.mail,
            author=text.author,
            kind=kind,
            proven=text.proven,
            text=text.text,
            message_id=text.message_id,
            at=self.now,
        )
        self.rows.message(message)
        if text.mail is not None:
            self.rows.attach(text.mail, text.author, text.attachments)

    def _note(self, ticket: int, text: str) -> Message:
        return Message(
            id=self.new_id(),
            ticket=ticket,
            mail=None,
            author=None,
            kind="note",
            proven=True,
            text=text,
            message_id=None,
            at=self.now,
        )
