"""Renders pages as HTML. The only I/O is reading the templates.

The style sheet is embedded, so each page is one response, works behind a proxy's path prefix, and
is the same for every unknown link. The policy names the sheet by its hash.
"""

import base64
import hashlib
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from maildesk.config.schema.settings import Desk
from maildesk.messages.catalogue import DEFAULT, best_language
from maildesk.messages.sizes import spoken_size
from maildesk.messages.translator import Translator, translator
from maildesk.model.links.page import Page, WholeMail
from maildesk.model.links.token import Purpose
from maildesk.model.ticket import spoken
from maildesk.web.links import words
from maildesk.web.links.form import Form
from maildesk.web.links.words import Alert, Notice

_ASKS = {Purpose.APPROVAL: "approval.html", Purpose.RESOLUTION: "resolution.html"}
_READS = {Purpose.VIEW: "view.html", Purpose.WORK: "work.html"}


def machine_date(at: datetime) -> str:
    """The time in UTC for <time datetime>."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _style_sheet(name: str) -> str:
    return files("maildesk").joinpath("templates", "web", name).read_text("utf-8")


def _source(style: str) -> str:
    """The hash of the style sheet, for a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def _environment(styles: dict[str, Markup], desk: Desk, reader: Translator) -> Environment:
    """The templates for readers of one language; `t` renders a message of the catalogue."""
    environment = Environment(
        loader=PackageLoader("maildesk", "templates/web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        spoken=reader.moment,
        machine=machine_date,
        ticket=spoken,
        size=partial(spoken_size, reader=reader),
    )
    environment.globals.update(styles, desk=desk.name, language=reader.language, t=reader.html)
    return environment


def _template(page: Page) -> str:
    # A person who decided sees the recorded decision, even if it began a new round.
    if page.outdated and page.decided is None:
        return "outdated.html"
    if page.choices and page.purpose in _ASKS:
        return _ASKS[page.purpose]
    return "decided.html" if page.decided else _READS.get(page.purpose, "decided.html")


class PageRenderer:
    """The templates with the service desk's name and the style sheets."""

    def __init__(self, desk: Desk) -> None:
        style, frame_style = _style_sheet("desk.css"), _style_sheet("frame.css")
        self._styles = {"style": Markup(style), "frame_style": Markup(frame_style)}
        self._desk = desk
        self._environments: dict[str, Environment] = {}
        self.style_source = _source(style)
        self.frame_style_source = _source(frame_style)

    def _render(self, template: str, wanted: str = DEFAULT, **values: object) -> str:
        """The template in the catalogue's language that fits best to the wanted one."""
        language = best_language(wanted)
        if language not in self._environments:
            # Times of a page are in the viewer's zone already.
            reader = translator(language, None)
            self._environments[language] = _environment(self._styles, self._desk, reader)
        return self._environments[language].get_template(template).render(**values)

    def ticket(
        self, page: Page, token: str, form: Form | None = None, alert: Alert | None = None
    ) -> str:
        """The page of a valid link: the question, the decision, or only the ticket.

        A form that is shown again keeps the choice and the comment.
        """
        return self._render(
            _template(page),
            page.language,
            page=page,
            mails=f"{quote(token, safe='')}/mail/",
            form=form or Form(),
            alert=alert,
            status=words.status_sentence(page),
            outcome=words.outcome(page),
        )

    def mail(self, mail: WholeMail, token: str) -> str:
        """The page of one whole mail."""
        return self._render("mail.html", mail.language, mail=mail, token=quote(token, safe=""))

    def frame(self, html: str) -> str:
        """Sanitised HTML of a stranger as a separate document."""
        return self._render("frame.html", html=Markup(html))

    def notice(self, notice: Notice) -> str:
        """A page that shows no ticket."""
        return self._render("notice.html", notice=notice)

    def home(self) -> str:
        """The page of the root address."""
        return self._render("home.html")
