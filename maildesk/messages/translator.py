"""Renders messages in the language and the time zone of one reader, as text or as HTML. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel.lists import format_list
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from maildesk.messages import dates
from maildesk.messages.catalogue import DEFAULT, best_language, catalogue, pieces
from maildesk.model.message import Message, Value
from maildesk.model.person import Person
from maildesk.model.ticket import spoken

# The name by which a message of the catalogue chooses among its plural forms.
COUNT = "count"


class Translator:
    """Texts for readers of `language` (BCP 47) in `zone`; None leaves each time in its own zone."""

    def __init__(self, language: str = DEFAULT, zone: ZoneInfo | None = None) -> None:
        self.language = best_language(language)
        self.zone = zone
        self._catalogue = catalogue(self.language)
        self._english = catalogue(DEFAULT)
        self.locale = self._catalogue.locale

    def text(self, message: Message | str, **values: Value) -> str:
        """The message as plain text; of an id, with these values."""
        if isinstance(message, str):
            return self._paragraph(message, values, _plain)
        return self._whole(message, _plain)

    def html(self, message: Message | str, **values: Value) -> Markup:
        """The message as HTML: all is escaped but values that are Markup already."""
        if isinstance(message, str):
            return Markup(self._paragraph(message, values, escape))
        return Markup(self._whole(message, escape))

    def day(self, at: date) -> str:
        """A date where the reader is."""
        here = self._here(at) if isinstance(at, datetime) else at
        return dates.day(here.date() if isinstance(here, datetime) else here, self.locale)

    def moment(self, at: datetime) -> str:
        """A time of a day where the reader is."""
        return dates.moment(self._here(at), self.locale)

    def _here(self, at: datetime) -> datetime:
        return at.astimezone(self.zone) if self.zone is not None else at

    def _whole(self, message: Message, shown: Callable[[object], str]) -> str:
        values = dict(message.values)
        own = (
            shown(values["text"])
            if message.is_verbatim
            else self._paragraph(message.id, values, shown)
        )
        return " ".join((own, *(self._whole(one, shown) for one in message.following)))

    def _paragraph(
        self, id: str, values: Mapping[str, Value], shown: Callable[[object], str]
    ) -> str:
        of_reader = id in self._catalogue.ids
        pattern = (self._catalogue if of_reader else self._english).text(id, values.get(COUNT))
        parts: list[str] = []
        for piece in pieces(pattern):
            parts.append(shown(piece.literal))
            if piece.name:
                parts.append(self._value(values[piece.name], piece.form, shown))
        return "".join(parts)

    def _value(self, value: Value, form: str, shown: Callable[[object], str]) -> str:
        match value:
            case Message():
                return self._whole(value, shown)
            case tuple():
                items = [self._value(one, "", shown) for one in value]
                return _listed(items, form, self)
            case Person():
                return shown(_FORMS_OF_A_PERSON.get(form, _name)(value))
            case datetime():
                return shown(self._time(value, form))
            case date():
                return shown(self.day(value))
            case int() if form == "ticket":
                return shown(spoken(value))
            case int() | float():
                return shown(format_decimal(value, locale=self.locale))
            case _:
                return shown("" if value is None else value)

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
def translator(language: str, zone: ZoneInfo | None) -> Translator:
    """The translator of that language and zone; there are few, so each is kept."""
    return Translator(language, zone)


def _plain(value: object) -> str:
    return str(value)


def _listed(items: list[str], form: str, reader: Translator) -> str:
    """`{names}` is "a, b and c", `{names:or}` is "a, b or c", `{names:commas}` is "a, b, c"."""
    if form == "commas":
        return ", ".join(items)
    return format_list(items, "or" if form == "or" else "standard", locale=reader.locale)


def _name(person: Person) -> str:
    return person.name or person.address


def _full(person: Person) -> str:
    return f"{person.name} <{person.address}>" if person.name else person.address


def _address(person: Person) -> str:
    return person.address


_FORMS_OF_A_PERSON: Mapping[str, Callable[[Person], str]] = {"full": _full, "address": _address}
