"""Renders messages in the language and the time zone of one reader, as text or as HTML. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from functools import cache

from babel.lists import format_list
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from maildesk.messages import dates
from maildesk.messages.catalogue import DEFAULT, best_language, catalogue
from maildesk.model.message import Message, Value
from maildesk.model.person import Person
from maildesk.model.ticket import spoken

# The name by which a message of the catalogue chooses among its plural forms.
COUNT = "count"


class Translator:
    """Texts for readers of `language` (BCP 47) in `zone`; None leaves each time in its own zone."""

    def __init__(self, language: str = DEFAULT, zone: tzinfo | None = None) -> None:
        self.language = best_language(language)
        self.zone = zone
        self._catalogue = catalogue(self.language)
        self._english = catalogue(DEFAULT)
        self.locale = self._catalogue.locale

    def text(self, message: Message | str, **values: Value) -> str:
        """The message as plain text; of an id, with these values."""
        if isinstance(message, str):
            return self._paragraph(message, values, html=False)
        return self._whole(message, html=False)

    def html(self, message: Message | str, **values: Value) -> Markup:
        """The message as HTML: all is escaped but values that are Markup already."""
        if isinstance(message, str):
            found = self._paragraph(message, values, html=True)
        else:
            found = self._whole(message, html=True)
        return found if isinstance(found, Markup) else Markup(found)

    def day(self, at: date) -> str:
        """A date where the reader is."""
        here = self._here(at) if isinstance(at, datetime) else at
        return dates.day(here.date() if isinstance(here, datetime) else here, self.locale)

    def moment(self, at: datetime) -> str:
        """A time of a day where the reader is."""
        return dates.moment(self._here(at), self.locale)

    def _here(self, at: datetime) -> datetime:
        return at.astimezone(self.zone) if self.zone is not None else at

    def _whole(self, message: Message, html: bool) -> str:
        values = dict(message.values)
        if message.is_verbatim:
            own = _shown(values["text"], html)
        else:
            own = self._paragraph(message.id, values, html)
        if not message.following:
            return own
        return " ".join((own, *(self._whole(one, html) for one in message.following)))

    def _paragraph(self, id: str, values: Mapping[str, Value], html: bool) -> str:
        count = values.get(COUNT)
        pattern = self._catalogue.pattern(id, count) or self._english.pattern(id, count)
        if pattern is None:
            raise KeyError(id)
        if len(pattern) == 1 and not pattern[0].name:
            return pattern[0].escaped if html else pattern[0].literal
        parts: list[str] = []
        for piece in pattern:
            parts.append(piece.escaped if html else piece.literal)
            if piece.name:
                parts.append(self._value(values[piece.name], piece.form, html))
        return "".join(parts)

    def _value(self, value: Value, form: str, html: bool) -> str:
        match value:
            case str():
                return _shown(value, html)
            case Message():
                return self._whole(value, html)
            case tuple():
                return _listed([self._value(one, "", html) for one in value], form, self)
            case _:
                return _shown(self._atom(value, form), html)

    def _atom(self, value: int | float | date | Person | None, form: str) -> str:
        match value:
            case None:
                return ""
            case Person():
                return _FORMS_OF_A_PERSON.get(form, _name)(value)
            case datetime():
                return self._time(value, form)
            case date():
                return self.day(value)
            case int() if form == "ticket":
                return spoken(value)
            case _:
                return format_decimal(value, locale=self.locale)

    def _time(self, at: datetime, form: str) -> str:
        match form:
            case "day":
                return self.day(at)
            case "time":
                return dates.clock(self._here(at), self.locale)
            case "stamp":
                return dates.stamp(self._here(at))
            case _:
                return self.moment(at)


@cache
def translator(language: str, zone: tzinfo | None) -> Translator:
    """The translator of that language and zone; there are few, so each is kept."""
    return Translator(language, zone)


def _shown(value: object, html: bool) -> str:
    return escape(value) if html else str(value)


_SEPARATORS = {"commas": ", ", "lines": "\n", "paragraphs": "\n\n"}


def _listed(items: list[str], form: str, reader: Translator) -> str:
    """`{names}` is "a, b and c", `{names:or}` is "a, b or c", `{names:commas}` is "a, b, c".

    `{names:lines}` has an item a line, `{names:paragraphs}` a blank line between two.
    """
    if form in _SEPARATORS:
        return _SEPARATORS[form].join(items)
    return format_list(items, "or" if form == "or" else "standard", locale=reader.locale)


def _name(person: Person) -> str:
    return person.name or person.address


def _full(person: Person) -> str:
    return f"{person.name} <{person.address}>" if person.name else person.address


def _address(person: Person) -> str:
    return person.address


_FORMS_OF_A_PERSON: Mapping[str, Callable[[Person], str]] = {"full": _full, "address": _address}
