"""The words of the mails that a batch of answers quotes: each mail is read once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from maildesk.ingest.threading import Reference
from maildesk.outgoing.sent_text import sender_of, words_sent
from maildesk.store import outgoing_rows, tickets

_BYTES = 400_000  # of each mail; its texts come before its files


@dataclass(slots=True)
class AnsweredMails:
    """What the mails with these Message-IDs said: those that the desk sent, and those of people."""

    connection: Connection
    _words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _senders: dict[str, str] = field(default_factory=dict)

    def expect(self, references: Iterable[Reference]) -> None:
        """Read these mails, one query a table."""
        fresh = [one for one in references if one.message_id not in self._words]
        ours = {one.message_id for one in fresh if one.ticket is not None}
        theirs = {one.message_id for one in fresh if one.ticket is None}
        self._words |= dict.fromkeys(ours | theirs, ())
        for id_, raw in outgoing_rows.first_bytes(self.connection, ours, _BYTES):
            self._words[id_] += words_sent(raw)
            self._senders[id_] = sender_of(raw)
        for id_, text in tickets.texts_by_message_id(self.connection, theirs):
            self._words[id_] += (text,)

    def words(self, references: Sequence[Reference]) -> list[str]:
        """The texts of these mails, as far as the database has them."""
        self.expect(references)
        return [text for one in references for text in self._words[one.message_id]]

    def senders(self, references: Sequence[Reference]) -> set[str]:
        """The names under which the desk sent these mails."""
        return {self._senders.get(one.message_id, "") for one in references} - {""}

    def latest(self, ticket: int, person: int, limit: int) -> list[str]:
        """The texts of the newest mails to the person about the ticket."""
        found = outgoing_rows.latest_bytes(self.connection, ticket, person, limit, _BYTES)
        return [text for raw in found for text in words_sent(raw)]
