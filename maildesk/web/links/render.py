"""Pages as HTML. Pure: what is shown comes in, bytes go out.

The style sheet stands in the page itself: the page is one answer, needs no path of ours under
a proxy's prefix, is the same for every unknown link, and the policy names the sheet by its hash.
"""

import base64
import hashlib
from datetime import UTC, datetime
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from maildesk.config.schema.settings import Desk
from maildesk.model.page import Page, WholeMail
from maildesk.model.ticket import spoken
from maildesk.model.token import Purpose
from maildesk.web.links import words
from maildesk.web.links.form import Form
from maildesk.web.links.words import Alert, Notice

_WRITTEN_IN = "en"  # the language of the templates; a page never claims another
_ASKS = {Purpose.APPROVAL: "approval.html", Purpose.RESOLUTION: "resolution.html"}
_READS = {Purpose.VIEW: "view.html", Purpose.WORK: "work.html"}


def spoken_date(at: datetime) -> str:
    """A time for people, where they are: "3 August 2026, 14:02 CEST"."""
    return f"{at.day} {at:%B %Y, %H:%M %Z}"


def machine_date(at: datetime) -> str:
    """The same time for <time datetime>."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def spoken_size(size: int) -> str:
    """A size for people: "14 kB"."""
    for unit, bytes_ in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= bytes_:
            return f"{size / bytes_:.{int(size < 10 * bytes_)}f} {unit}"
    return f"{size} bytes"


def _sheet(name: str) -> str:
    return files("maildesk").joinpath("templates", "web", name).read_text("utf-8")


def _source(style: str) -> str:
    """The sheet by its hash, for a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def _environment(style: str, desk: Desk) -> Environment:
    environment = Environment(
        loader=PackageLoader("maildesk", "templates/web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        spoken=spoken_date, machine=machine_date, ticket=spoken, size=spoken_size
    )
    environment.globals.update(style=Markup(style), desk=desk.name, language=_WRITTEN_IN)
    return environment


def _template(page: Page) -> str:
    # Who has decided reads that it was recorded, also where the decision began a new round.
    if page.outdated and page.decided is None:
        return "outdated.html"
    if page.choices and page.purpose in _ASKS:
        return _ASKS[page.purpose]
    return "decided.html" if page.decided else _READS.get(page.purpose, "decided.html")


class Drawing:
    """The templates with the desk's name and the style sheets."""

    def __init__(self, desk: Desk) -> None:
        style, frame_style = _sheet("desk.css"), _sheet("frame.css")
        self._environment = _environment(style, desk)
        self._environment.globals.update(frame_style=Markup(frame_style))
        self.style_source = _source(style)
        self.frame_style_source = _source(frame_style)

    def _draw(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(**values)

    def ticket(
        self, page: Page, token: str, form: Form | None = None, alert: Alert | None = None
    ) -> str:
        """The page of a good link: the question, what was decided, or the ticket alone.

        A form that came back keeps what was chosen and typed.
        """
        return self._draw(
            _template(page),
            page=page,
            mails=f"{quote(token, safe='')}/mail/",
            form=form or Form(),
            alert=alert,
            status=words.status_sentence(page),
            outcome=words.outcome(page),
        )

    def mail(self, mail: WholeMail, token: str) -> str:
        """The page of one whole mail."""
        return self._draw("mail.html", mail=mail, token=quote(token, safe=""))

    def frame(self, html: str) -> str:
        """Sanitised HTML of a stranger as a document of its own."""
        return self._draw("frame.html", html=Markup(html))

    def notice(self, notice: Notice) -> str:
        """A page that shows no ticket."""
        return self._draw("notice.html", notice=notice)

    def home(self) -> str:
        """The page of the bare address."""
        return self._draw("home.html")
