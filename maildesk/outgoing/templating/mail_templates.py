"""The templates of mails: those of the package, and those of `config/templates/mail` instead. Pure.

A template that an administrator wrote runs in a sandbox and with limits; where it fails, the mail
is made of the package's own template, so that no mail is lost.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from jinja2 import (
    Environment,
    FunctionLoader,
    StrictUndefined,
    TemplateNotFound,
    pass_eval_context,
)
from jinja2 import Template as Page
from jinja2.nodes import EvalContext

from maildesk.messages import dates
from maildesk.messages.translator import Translator
from maildesk.model.decision import Template
from maildesk.model.message import Value
from maildesk.model.person import Person
from maildesk.model.report import Day
from maildesk.model.ticket import Ticket
from maildesk.outgoing.background import EarlierMessage
from maildesk.outgoing.templating import plots, text_filters
from maildesk.outgoing.templating.template_sandbox import Sandbox, rendered

FORMATS = ("txt", "html")
SHIPPED = "maildesk/"
"""`maildesk/NAME` is the package's own template, for one that extends it."""
_Pages: TypeAlias = tuple[Page, Page]
_Source: TypeAlias = tuple[str, str, None]
_READER: ContextVar[Translator] = ContextVar("reader")


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two formats of a mail. `fault`: why an override was not used, "" where all went well."""

    text: str
    html: str
    fault: str = ""


@cache
def shipped_names() -> frozenset[str]:
    """The files of maildesk/templates/mail."""
    return frozenset(one.name for one in files("maildesk").joinpath("templates", "mail").iterdir())


@cache
def shipped_source(name: str) -> str:
    """The text of one of them."""
    return files("maildesk").joinpath("templates", "mail", name).read_text("utf-8")


class MailTemplates:
    """Every template compiled once. `overrides`: texts of files by name, such as `reply.de.html`.

    Rendering may be called from several threads.
    """

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        """Raises jinja2.TemplateSyntaxError for a template that cannot be compiled."""
        self._overrides = dict(overrides or {})
        self._pages = dict(self._compiled())

    def _compiled(self) -> Iterator[tuple[tuple[Template, str], _Pages]]:
        """What overrides reach, by template and language, "" for every language."""
        environment = _sandbox(self._overrides)
        for template in Template:
            if not self._reaches(template):
                continue
            for language in ("", *self.languages_of(template)):
                text, html = (self._file(template, language, format_) for format_ in FORMATS)
                pages = environment.get_template(text), environment.get_template(html)
                yield (template, language), pages

    def _reaches(self, template: Template) -> bool:
        """Whether one of its own files is overridden, or a file that templates share."""
        stems = {name.partition(".")[0] for name in self._overrides}
        return template in stems or not stems.issubset(Template)

    def reached(self) -> list[Template]:
        """The mails that an override changes."""
        return [template for template in Template if (template, "") in self._pages]

    def languages_of(self, template: Template) -> list[str]:
        """The languages that have an override of their own for this mail."""
        parts = [name.split(".") for name in self._overrides]
        return sorted({part[1] for part in parts if len(part) == 3 and part[0] == template})

    def _file(self, template: Template, language: str, format_: str) -> str:
        special = f"{template}.{language}.{format_}"
        return special if special in self._overrides else f"{template}.{format_}"

    def language_of(self, template: Template, wanted: str, reader: Translator) -> str:
        """In which language the mail will be: that of an override, else the reader's catalogue."""
        return self._special(template, wanted) or reader.language

    def render(
        self, template: Template, words: Mapping[str, object], reader: Translator, wanted: str
    ) -> Rendered:
        """Both formats. `wanted` is the language that the reader asked for, which may have an
        override without having a catalogue."""
        pages = self._override(template, wanted)
        with _read_by(reader):
            if pages is None:
                return _of_shipped(template, words)
            try:
                return Rendered(*(rendered(page, words) for page in pages))
            # Whatever an administrator's template does wrong, the mail goes out.
            except Exception as error:
                fault = f"{template}: {type(error).__name__}: {error}"
                return _of_shipped(template, words, fault)

    def preview(
        self, template: Template, words: Mapping[str, object], reader: Translator, wanted: str
    ) -> Rendered:
        """The same, but raises what an override raises."""
        pages = self._override(template, wanted)
        with _read_by(reader):
            if pages is None:
                return _of_shipped(template, words)
            return Rendered(*(rendered(page, words) for page in pages))

    def _override(self, template: Template, wanted: str) -> _Pages | None:
        special = self._special(template, wanted)
        return self._pages.get((template, special)) if self._pages else None

    def _special(self, template: Template, wanted: str) -> str:
        """The language of an override for readers of that language, "" for none."""
        if not self._pages or not wanted:
            return ""
        tag = wanted.replace("_", "-").casefold()
        tags = (tag, tag.partition("-")[0])
        return next((one for one in tags if (template, one) in self._pages), "")


def _of_shipped(template: Template, words: Mapping[str, object], fault: str = "") -> Rendered:
    text, html = _shipped_pages(template)
    return Rendered(text.render(words), html.render(words), fault)


@contextmanager
def _read_by(reader: Translator) -> Iterator[None]:
    """Macros of imported templates see no variable of the mail, so the reader is set around all."""
    token = _READER.set(reader)
    try:
        yield
    finally:
        _READER.reset(token)


def prepare() -> None:
    """Compile every template of the package now, so that no mail waits for it."""
    for template in Template:
        _shipped_pages(template)


@cache
def _shipped_pages(template: Template) -> _Pages:
    """Text and HTML of one mail of the package, compiled once for the process."""
    environment = _shipped_environment()
    text, html = (environment.get_template(f"{template}.{one}") for one in FORMATS)
    return text, html


@cache
def _shipped_environment() -> Environment:
    return _configured(Environment(loader=FunctionLoader(_loader({})), **_OPTIONS))


def _sandbox(overrides: Mapping[str, str]) -> Environment:
    return _configured(Sandbox(loader=FunctionLoader(_loader(overrides)), **_OPTIONS))


_OPTIONS: dict[str, Any] = {
    "undefined": StrictUndefined,
    "autoescape": lambda name: name is not None and name.endswith(".html"),
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    "auto_reload": False,
}


def _loader(overrides: Mapping[str, str]) -> Callable[[str], _Source]:
    """(text, name of the file in tracebacks, whether it is up to date) of a template."""

    def load(name: str) -> _Source:
        own = name.removeprefix(SHIPPED)
        if own == name and name in overrides:
            return overrides[name], name, None
        if own not in shipped_names():
            raise TemplateNotFound(name)
        return shipped_source(own), f"{SHIPPED}{own}", None

    return load


@pass_eval_context
def _t(context: EvalContext, id: str, **values: Value) -> str:
    """The text of an id in the reader's language, escaped where the template is HTML."""
    reader = _READER.get()
    return reader.html(id, **values) if context.autoescape else reader.text(id, **values)


def _day(at: datetime | None) -> str:
    if at is None:
        raise ValueError("there is no date to show: ask with `if` whether there is one")
    return _READER.get().day(at)


def _moment(at: datetime | None) -> str:
    reader = _READER.get()
    return reader.text("mail.unknown-time") if at is None else reader.moment(at)


def _reader(person: Person) -> str:
    """Who reads along, and whether the directory does not know them."""
    shown = text_filters.who(person)
    known = person.listed or person.is_agent
    return shown if known else _READER.get().text("fact.not-listed", person=shown)


def _byline(one: EarlierMessage) -> str:
    """Who wrote a message, when, and whether it is internal or unproven."""
    id_ = "agent.byline-note" if one.internal else "agent.byline"
    id_ = id_ if one.proven else "agent.byline-unproven"
    author = one.author.name or one.author.address if one.author else "maildesk"
    return _READER.get().text(id_, author=author, at=_moment(one.at))


def _sla_due(ticket: Ticket) -> list[tuple[str, str]]:
    """(name, time) of each SLA target of the ticket that is still to be met."""
    return [
        (
            _READER.get().text("fact.sla-due", metric=one.metric.replace("_", " ").capitalize()),
            _moment(one.due),
        )
        for one in ticket.sla_timers
        if one.is_open and one.due is not None
    ]


def _weekday(at: date) -> str:
    return dates.weekday(at, _READER.get().locale)


def _short_day(at: date) -> str:
    return dates.short_day(at, _READER.get().locale)


def _names(days: list[Day]) -> list[tuple[int, str, str]]:
    return list(plots.names(days, _READER.get()))


def _configured(environment: Environment) -> Environment:
    environment.globals["t"] = _t
    environment.filters.update(
        wrapped=text_filters.wrapped,
        quoted=text_filters.quoted,
        indented=text_filters.indented,
        paragraphs=text_filters.paragraphs,
        aligned=text_filters.aligned,
        headline=text_filters.headline,
        who=text_filters.who,
        reader=_reader,
        byline=_byline,
        sla_due=_sla_due,
        day=_day,
        moment=_moment,
        weekday=_weekday,
        short_day=_short_day,
        hours=dates.hours,
        blocks=plots.blocks,
        names=_names,
        highest=plots.highest,
        percent=plots.percent,
        tall=plots.tall,
    )
    return environment
