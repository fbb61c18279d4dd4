"""The catalogues: for each language one gettext file, compiled in memory when it is first used.

The core names messages by ids, so the English text is a translation like any other:
`locale/en/LC_MESSAGES/maildesk.po` is complete, and another language falls back to it.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO
from typing import TypeAlias

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

DEFAULT = "en"
# Dates and numbers of a catalogue follow this locale: 28 November 2026, not November 28, 2026.
_LOCALES = {"en": "en_GB"}
_FORMATTER = string.Formatter()


@dataclass(frozen=True, slots=True)
class Piece:
    """Literal text, then the value `name` in the form `form`; `name` is "" after the last value.

    `escaped` is the literal text in HTML.
    """

    literal: str
    escaped: Markup
    name: str = ""
    form: str = ""


Pattern: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language by id. `plurals` are those whose text depends on `count`."""

    language: str
    locale: Locale
    patterns: Mapping[str, Pattern]
    plurals: frozenset[str]
    translations: GNUTranslations

    @property
    def ids(self) -> frozenset[str]:
        """Every id that has a text."""
        return self.plurals.union(self.patterns)

    def pattern(self, id: str, count: object = None) -> Pattern | None:
        """The pattern of an id, for this count where it has plurals; None without a text."""
        if id in self.plurals:
            number = count if isinstance(count, int) else 0
            return pieces(self.translations.ngettext(id, id, number))
        return self.patterns.get(id)


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    folder = files("maildesk").joinpath("messages", "locale")
    return tuple(sorted(one.name for one in folder.iterdir() if one.is_dir()))


@cache
def best_language(wanted: str) -> str:
    """The catalogue for a reader of that language (BCP 47): exact, then its base, then English."""
    tag = wanted.strip().replace("_", "-").casefold()
    known = {name.casefold(): name for name in languages()}
    return known.get(tag) or known.get(tag.partition("-")[0]) or DEFAULT


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of one of `languages()`."""
    path = files("maildesk").joinpath("messages", "locale", language, "LC_MESSAGES", "maildesk.po")
    return parse(language, path.read_bytes())


def parse(language: str, source: bytes) -> Catalogue:
    """A catalogue from the bytes of its file. Raises PoFileError where it is malformed."""
    read = read_po(BytesIO(source), locale=language.replace("-", "_"), abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    written = [entry for entry in read if entry.id and entry.string and all(entry.string)]
    locale = Locale.parse(_LOCALES.get(language, language.replace("-", "_")))
    return Catalogue(
        language,
        locale,
        {_id(one.id): pieces(str(one.string)) for one in written if not one.pluralizable},
        frozenset(_id(one.id) for one in written if one.pluralizable),
        GNUTranslations(compiled),
    )


def _id(entry: object) -> str:
    return str(entry[0] if isinstance(entry, tuple | list) else entry)


@cache
def pieces(text: str) -> tuple[Piece, ...]:
    """The text taken apart at each `{name}` and `{name:form}`. Raises ValueError otherwise."""
    found = []
    for literal, name, form, conversion in _FORMATTER.parse(text):
        if name is not None and (conversion or not name.isidentifier()):
            raise ValueError(f"{{{name}}} is not the name of a value: {text}")
        found.append(Piece(literal, escape(literal), name or "", form or ""))
    return tuple(found)
