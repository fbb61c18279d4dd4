"""A fake link service for the page tests: one ticket, a few links, recorded decisions."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from maildesk.model.cause import Choice, Work
from maildesk.model.decision import Answer
from maildesk.model.links.page import Decided, Enclosure, Entry, Page, Problem, WholeMail
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message

OPENED = datetime(2026, 8, 3, 9, 12, tzinfo=UTC)
NOW = datetime(2026, 8, 3, 14, 2, tzinfo=UTC)

APPROVAL = "a" * 64
RESOLUTION = "r" * 64
VIEW = "v" * 64
EXPIRED = "e" * 64
OUTDATED = "o" * 64
NOT_YOURS = "n" * 64
ILLEGAL = "i" * 64
BROKEN = "b" * 64
WORK = "w" * 64
HINDERED = "h" * 64
NO_AGENT = "g" * 64

SCRIPT = '<script>alert(1)</script><img src="http://evil.example/x.png" onerror=alert(1)>'

_ASKED = Entry(
    author="Rita Reed",
    at=OPENED,
    text="Hello,\n\nmy notebook is six years old and no longer gets updates.\n"
    "Could I have a new one, the model with the larger screen?\n\nThanks, Rita",
    by_agent=False,
)
_ANSWERED = Entry(
    author="Ann Adler",
    at=datetime(2026, 8, 3, 11, 40, tzinfo=UTC),
    text="Hello Rita, we have one in stock. It needs Max's approval, we have asked him.",
    by_agent=True,
)
_HANDED_OUT = Entry(
    author="Ann Adler",
    at=datetime(2026, 8, 3, 13, 5, tzinfo=UTC),
    text="It is ready at the counter, second floor. Your files are on it.",
    by_agent=True,
)


def page(purpose: Purpose, **changes: object) -> Page:
    """Rita's ticket, as Max (approval) or Rita herself sees it."""
    approval = purpose is Purpose.APPROVAL
    ticket = Page(
        purpose=purpose,
        viewer={Purpose.APPROVAL: "Max Moll", Purpose.WORK: "Ann Adler"}.get(purpose, "Rita Reed"),
        number=1042,
        subject="A new notebook with the larger screen",
        status="Pending" if approval else "Waiting for Closure",
        state="On-Hold" if approval else "Resolved",
        requester="Rita Reed",
        opened_at=OPENED,
        conversation=(_ASKED, _ANSWERED) if approval else (_ASKED, _ANSWERED, _HANDED_OUT),
        resolution="" if approval else "A new notebook was handed out; the old one was wiped.",
    )
    return replace(ticket, **changes)  # type: ignore[arg-type]


_AT_WORK: dict[str, object] = {"status": "Analysis", "state": "In Progress", "resolution": ""}


def _tickets() -> dict[str, Page]:
    approve, accept = (Choice.APPROVE, Choice.REJECT), (Choice.ACCEPT, Choice.REJECT)
    return {
        APPROVAL: page(Purpose.APPROVAL, choices=approve),
        NOT_YOURS: page(Purpose.APPROVAL, choices=approve),
        ILLEGAL: page(Purpose.RESOLUTION, choices=accept),
        RESOLUTION: page(Purpose.RESOLUTION, choices=accept),
        OUTDATED: page(Purpose.RESOLUTION, outdated=True, status="Analysis", state="In Progress"),
        VIEW: page(Purpose.VIEW, status="Analysis", state="In Progress", resolution=""),
        WORK: page(Purpose.WORK, choices=tuple(Work), next_team="Network", **_AT_WORK),
        HINDERED: page(
            Purpose.WORK, hindrance=Message.of("refusal.waits-for-approval"), **_AT_WORK
        ),
    }


UNCLEAR = "It is still broken."


@dataclass
class LinkPagesFake:
    """Decides once for each link, whoever comes first, as the desk does."""

    pages: dict[str, Page] = field(default_factory=_tickets)
    mails: dict[tuple[str, str], WholeMail] = field(default_factory=dict)
    enclosures: dict[tuple[str, str, int], Enclosure] = field(default_factory=dict)
    decisions: list[tuple[str, Choice | Work, str]] = field(default_factory=list)
    looks: int = 0
    before: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def view(self, token: str, before: str = "") -> Page | Problem:
        self.looks += 1
        self.before = before
        if token == BROKEN:
            raise RuntimeError("the database is locked")
        if token == EXPIRED:
            return Problem.EXPIRED
        if token == NO_AGENT:
            return Problem.NOT_YOURS
        return self.pages.get(token, Problem.UNKNOWN)

    def mail(self, token: str, message: str) -> WholeMail | Problem:
        return self.mails.get((token, message), Problem.UNKNOWN)

    def enclosure(self, token: str, message: str, index: int) -> Enclosure | Problem:
        return self.enclosures.get((token, message, index), Problem.UNKNOWN)

    def act(self, token: str, choice: Choice | Work, comment: str) -> Answer | Problem:
        with self._lock:
            found = self.view(token)
            if isinstance(found, Problem):
                return found
            answer = self._answer(token, found, choice, comment)
            if answer is Answer.DONE:
                self.decisions.append((token, choice, comment))
                self._close(token, found, choice)
            return answer

    def _answer(self, token: str, found: Page, choice: Choice | Work, comment: str) -> Answer:
        if found.outdated:
            return Answer.OLD_ROUND
        if not found.choices:
            return Answer.ALREADY_DECIDED
        if token == NOT_YOURS:
            return Answer.NOT_YOURS
        if token == ILLEGAL or choice not in found.choices:
            return Answer.ILLEGAL
        if choice in (Choice.REJECT, Work.RESOLVE, Work.HAND_ON) and not comment:
            return Answer.REASON_MISSING
        return Answer.UNCLEAR if comment == UNCLEAR else Answer.DONE

    def _close(self, token: str, found: Page, choice: Choice | Work) -> None:
        decided = Decided(choice.value, found.viewer, NOW, by_viewer=True)
        if choice is Work.TAKE:
            self.pages[token] = replace(found, choices=(Work.RESOLVE,), taken=decided)
        else:
            self.pages[token] = replace(found, choices=(), decided=decided)
