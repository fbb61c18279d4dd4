"""Renders the demo pages in the style of the link pages (templates/web/desk.css). Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from maildesk.demo.articles import Article
from maildesk.demo.mailbox_mail import Draft, Letter
from maildesk.demo.story.cast import DESK_ADDRESS, PASSWORD, PERSONAS, Persona
from maildesk.store.queries.listings import Row

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_NEW_TAB = '<base target="_blank">'


@dataclass(frozen=True, slots=True)
class Place:
    """The addresses of the demo servers, and the folder of the demo."""

    host: str
    imap_port: int
    smtp_port: int
    folder: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The frame of a mailbox page: person, folder, list of mails, unread counts."""

    persona: Persona
    folder: str
    letters: Sequence[Letter]
    unread: Mapping[str, int]
    open_uid: int = 0


def initials(name: str) -> str:
    """The initials of a name, such as RR for Rita Rossi."""
    return "".join(word[0] for word in name.split()[:2])


def clock(at: datetime) -> str:
    """The time of day in the time zone of this machine."""
    return f"{at.astimezone():%H:%M}"


def long_date(at: datetime) -> str:
    """Day and time in the time zone of this machine."""
    local = at.astimezone()
    return f"{local.day} {local:%B %Y, %H:%M}"


def framed(html: str) -> str:
    """The HTML of a mail for a frame; its links open in a new tab."""
    head = _HEAD.search(html)
    # Text before the doctype would switch the frame to quirks mode.
    end = head.end() if head else 0
    return html[:end] + _NEW_TAB + html[end:]


class Drawing:
    """The templates."""

    def __init__(self, place: Place, articles: Mapping[str, Article]) -> None:
        self._environment = Environment(
            loader=PackageLoader("maildesk", "templates/demo"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(initials=initials, clock=clock, long_date=long_date)
        self._environment.globals.update(
            personas=PERSONAS,
            desk_address=DESK_ADDRESS,
            password=PASSWORD,
            place=place,
            articles=tuple(articles.values()),
        )

    def _draw(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(**values)

    def home(self, unread: Mapping[str, int], tickets: Sequence[Row]) -> str:
        """The start page: people to play, things to try, tickets of the desk."""
        return self._draw("home.html", unread=unread, tickets=tickets, persona=None)

    def article(self, article: Article, unread: Mapping[str, int]) -> str:
        """The page of an article."""
        return self._draw("article.html", article=article, unread=unread, persona=None)

    def mailbox(self, shelf: Shelf, sent: bool) -> str:
        """The mails of a folder, and things to try."""
        return self._draw("mailbox.html", **_words(shelf), sent=sent)

    def mail(self, shelf: Shelf, letter: Letter) -> str:
        """A mail beside the list of mails."""
        return self._draw("mail.html", **_words(shelf), letter=letter)

    def write(self, shelf: Shelf, draft: Draft, trouble: str = "") -> str:
        """The form for a new mail."""
        return self._draw("write.html", **_words(shelf), draft=draft, trouble=trouble)

    def news(self, shelf: Shelf) -> str:
        """The parts of a mailbox page that are updated automatically."""
        return self._draw("news.html", **_words(shelf))

    def nothing(self, unread: Mapping[str, int]) -> str:
        """The page for an unknown page or mail."""
        return self._draw("nothing.html", unread=unread, persona=None)


def _words(shelf: Shelf) -> dict[str, object]:
    return {
        "persona": shelf.persona,
        "folder": shelf.folder,
        "letters": shelf.letters,
        "unread": shelf.unread,
        "open_uid": shelf.open_uid,
    }


def style() -> str:
    """The style sheet: that of the link pages plus the additions for mailboxes."""
    folder = files("maildesk").joinpath("templates")
    sheets = (folder.joinpath("web", "desk.css"), folder.joinpath("demo", "demo.css"))
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets)


def script() -> str:
    """The script that checks for new mail; the pages also work without it."""
    return files("maildesk").joinpath("templates", "demo", "demo.js").read_text("utf-8")
