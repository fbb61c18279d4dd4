"""Where the story is played: the house, what its people remember, a browser without scripts."""

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from maildesk.demo.environment import DemoEnvironment
from maildesk.demo.mailbox_mail import Draft, Letter, answer
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
    """What a page answered."""

    status: int
    html: str


@dataclass(slots=True)
class Stage:
    """What the steps of the story share. `number` is the ticket's, once it has one."""

    house: DemoEnvironment
    number: int = 0
    asked: str = ""  # the Message-ID with which Rita began
    letters: dict[str, Letter] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    # -- mails

    def send(self, persona: Persona, draft: Draft) -> str:
        """Send by SMTP; the Message-ID."""
        return str(self.house.program(persona).send(draft)["Message-ID"])

    def reply(self, persona: Persona, letter: Letter, words: str) -> str:
        """Answer a mail as a mail program does; the Message-ID."""
        return self.send(persona, answer(letter, words))

    def gets(self, persona: Persona, says: str, number: int = 0) -> Letter:
        """The new mail about the ticket that says so. Raises NotAsItShould when it is late."""
        tag = f"[MD-{number or self.number}]" if self.number else ""
        try:
            return new_letter(self.house.program(persona), subject=tag, says=says)
        except NotInTime as late:
            raise NotAsItShould("a mail is missing", str(late), "it did not come") from late

    def gets_new(self, persona: Persona, says: str) -> Letter:
        """The new mail, about whatever ticket, that says so. Raises NotAsItShould."""
        try:
            return new_letter(self.house.program(persona), says=says)
        except NotInTime as late:
            raise NotAsItShould("a mail is missing", str(late), "it did not come") from late

    def remember(self, name: str, letter: Letter) -> int:
        """The number of the ticket that the mail is about, known by that name from now on."""
        self.numbers[name] = self.number_of(letter)
        return self.numbers[name]

    def number_of(self, letter: Letter) -> int:
        """The number in the subject's tag; 0 where there is none."""
        digits = letter.subject.partition("[MD-")[2].partition("]")[0]
        return int(digits) if digits.isdigit() else 0

    def unread(self, persona: Persona) -> tuple[str, ...]:
        """Subjects of the mails that the person has not read."""
        letters = self.house.program(persona).letters()
        return tuple(letter.subject for letter in letters if not letter.seen)

    def is_in_thread(self, letter: Letter) -> bool:
        """Whether the mail stands in the thread that Rita began (RFC 5322 §3.6.4)."""
        return self.asked in letter.references and letter.in_reply_to in letter.references

    # -- the desk's own memory

    def ticket(self, number: int = 0) -> Ticket:
        """The ticket as it stands in the database."""
        with self.house.store.read() as connection:
            return tickets.load_one(connection, number or self.number)[0]

    def becomes(self, status: str, number: int = 0) -> Ticket:
        """The ticket as soon as it has that status. Raises NotAsItShould when it is late."""

        ticket = self.until(number, lambda ticket: ticket.status == status)
        same(f"the status of MD-{ticket.number}", status, ticket.status)
        return ticket

    def until(self, number: int, is_so: Callable[[Ticket], bool]) -> Ticket:
        """The ticket as soon as that is so of it, or as it is when it never was."""

        def look() -> Ticket | None:
            ticket = self.ticket(number)
            return ticket if is_so(ticket) else None

        try:
            return wait_for(look, "a change of the ticket")
        except NotInTime:
            return self.ticket(number)

    def newest(self) -> int:
        """The highest number of a ticket."""
        with self.house.store.read() as connection:
            return max(listings.numbers(connection))

    def settles(self) -> None:
        """Wait until every mail of the journal is worked. Raises NotAsItShould."""

        def look() -> bool | None:
            with self.house.store.read() as connection:
                rows = listings.dispositions(connection)
                return all(row["disposition"] for row in rows) or None

        try:
            wait_for(look, "all mails worked")
        except NotInTime as late:
            raise NotAsItShould("the journal", "all mails worked", "some are not") from late

    def traced(self, message_id: str) -> Any:
        """The journal's row of a mail, as soon as it is worked. Raises NotAsItShould."""

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
        """The person's id in the database."""
        with self.house.store.read() as connection:
            found = people.find(connection, persona.address)
        return found.id if found else 0

    def history(self) -> int:
        """How many events the ticket has."""
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
        """Choose, say why, press the button, and read where that leads."""
        form = urllib.parse.urlencode({"choice": choice, "comment": comment}).encode()
        return self.asked_for(urllib.request.Request(url, data=form, method="POST"))

    def asked_for(self, request: urllib.request.Request) -> Answered:
        """The answer to any request. Raises NotAsItShould where there is none."""
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
