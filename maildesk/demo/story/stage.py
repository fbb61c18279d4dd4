"""The state and the tools that the steps of the story share, with a browser without scripts."""

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from maildesk.demo.environment import DemoEnvironment
from maildesk.demo.mailbox_mail import Draft, DraftFile, Letter, answer
from maildesk.demo.story.cast import Persona
from maildesk.demo.story.narration import NotAsItShould, same
from maildesk.demo.story.polling import NotInTime, new_letter, wait_for
from maildesk.model.ticket import Ticket
from maildesk.store import people, tickets
from maildesk.store.queries import listings

_LINK = re.compile(r"http://\S+/l/\S+")
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The response of a page."""

    status: int
    html: str


@dataclass(slots=True)
class Stage:
    """The state that the steps share. `number` is that of the first ticket, once it exists."""

    house: DemoEnvironment
    number: int = 0
    asked: str = ""  # the Message-ID of the first mail from Rita
    letters: dict[str, Letter] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    # -- mails

    def send(self, persona: Persona, draft: Draft) -> str:
        """Send by SMTP. Returns the Message-ID."""
        return str(self.house.program(persona).send(draft)["Message-ID"])

    def reply(self, persona: Persona, letter: Letter, words: str, *files: DraftFile) -> str:
        """Answer a mail as a mail program does. Returns the Message-ID."""
        return self.send(persona, replace(answer(letter, words), files=files))

    def gets(self, persona: Persona, says: str, number: int = 0) -> Letter:
        """Wait for a new mail about the ticket that contains the text. Raises NotAsItShould."""
        tag = f"[MD-{number or self.number}]" if self.number else ""
        try:
            return new_letter(self.house.program(persona), subject=tag, says=says)
        except NotInTime as late:
            raise NotAsItShould("a mail is missing", str(late), "it was not received") from late

    def gets_new(self, persona: Persona, says: str) -> Letter:
        """Wait for a new mail about any ticket that contains the text. Raises NotAsItShould."""
        try:
            return new_letter(self.house.program(persona), says=says)
        except NotInTime as late:
            raise NotAsItShould("a mail is missing", str(late), "it was not received") from late

    def remember(self, name: str, letter: Letter) -> int:
        """Store the ticket number of the mail under a name. Returns the number."""
        self.numbers[name] = self.number_of(letter)
        return self.numbers[name]

    def number_of(self, letter: Letter) -> int:
        """The number in the subject tag, or 0."""
        digits = letter.subject.partition("[MD-")[2].partition("]")[0]
        return int(digits) if digits.isdigit() else 0

    def unread(self, persona: Persona) -> tuple[str, ...]:
        """The subjects of the unread mails of the person."""
        letters = self.house.program(persona).letters()
        return tuple(letter.subject for letter in letters if not letter.seen)

    def is_in_thread(self, letter: Letter) -> bool:
        """Whether the mail belongs to the thread that Rita started (RFC 5322 §3.6.4)."""
        return self.asked in letter.references and letter.in_reply_to in letter.references

    # -- the database of the desk

    def ticket(self, number: int = 0) -> Ticket:
        """The current ticket in the database."""
        with self.house.store.read() as connection:
            return tickets.load_one(connection, number or self.number)[0]

    def becomes(self, status: str, number: int = 0) -> Ticket:
        """Wait until the ticket has that status. Raises NotAsItShould."""

        ticket = self.until(number, lambda ticket: ticket.status == status)
        same(f"the status of MD-{ticket.number}", status, ticket.status)
        return ticket

    def until(self, number: int, is_so: Callable[[Ticket], bool]) -> Ticket:
        """Wait until the condition holds. Returns the ticket, also after a timeout."""

        def look() -> Ticket | None:
            ticket = self.ticket(number)
            return ticket if is_so(ticket) else None

        try:
            return wait_for(look, "a change of the ticket")
        except NotInTime:
            return self.ticket(number)

    def newest(self) -> int:
        """The highest ticket number."""
        with self.house.store.read() as connection:
            return max(listings.numbers(connection))

    def settles(self) -> None:
        """Wait until every mail of the journal is processed. Raises NotAsItShould."""

        def look() -> bool | None:
            with self.house.store.read() as connection:
                rows = listings.dispositions(connection)
                return all(row["disposition"] for row in rows) or None

        try:
            wait_for(look, "all mails processed")
        except NotInTime as late:
            raise NotAsItShould("the journal", "all mails processed", "some are not") from late

    def traced(self, message_id: str) -> Any:
        """Wait until the mail is processed. Returns its journal row. Raises NotAsItShould."""

        def look() -> Any:
            with self.house.store.read() as connection:
                found = tickets.messages(connection, self.number)
                mail = next((m.mail for m in found if m.message_id == message_id), None)
                return listings.mail(connection, mail) if mail is not None else None

        try:
            return wait_for(look, message_id)
        except NotInTime as late:
            raise NotAsItShould("the journal", f"the mail {message_id}", "nothing") from late

    def person(self, persona: Persona) -> int:
        """The id of the person in the database, or 0."""
        with self.house.store.read() as connection:
            found = people.find(connection, persona.address)
        return found.id if found else 0

    def history(self) -> int:
        """The number of events of the ticket."""
        with self.house.store.read() as connection:
            return len(tickets.history(connection, self.number))

    # -- pages

    def link(self, letter: Letter) -> str:
        """The link in a mail. Raises NotAsItShould."""
        found = _LINK.search(letter.text)
        if found is None:
            raise NotAsItShould("the mail", "a link in it", letter.text)
        return found[0]

    def visit(self, url: str, method: str = "GET") -> Answered:
        """Open a page."""
        return _asked(urllib.request.Request(url, method=method))

    def press(self, url: str, choice: str, comment: str = "") -> Answered:
        """Submit the form with a choice and a comment. Returns the next page."""
        form = urllib.parse.urlencode({"choice": choice, "comment": comment}).encode()
        return self.asked_for(urllib.request.Request(url, data=form, method="POST"))

    def asked_for(self, request: urllib.request.Request) -> Answered:
        """Send any request. Raises NotAsItShould if there is no answer."""
        return _asked(request)


_BROWSER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _asked(request: urllib.request.Request) -> Answered:
    try:
        with _BROWSER.open(request, timeout=_SECONDS) as response:
            return Answered(response.status, response.read().decode())
    except urllib.error.HTTPError as refused:
        return Answered(refused.code, refused.read().decode())
    except urllib.error.URLError as error:
        raise NotAsItShould(f"the page {request.full_url}", "an answer", error.reason) from error
