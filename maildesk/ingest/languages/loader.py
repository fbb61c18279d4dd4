"""Reads and checks the language files that ship with the package."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from importlib import resources
from typing import Any, TypeVar

from maildesk.ingest.languages.schema import LanguageWords, Phrases, Words

_Section = TypeVar("_Section")
_Kind = type[Words] | type[Phrases]


class LanguageError(ValueError):
    """A language file is wrong; the message names the file and the key."""


def language_files() -> Mapping[str, str]:
    """The text of each shipped file by its language code, in the order of the codes."""
    files = resources.files(__package__).iterdir()
    texts = {one.name: one.read_text("utf-8") for one in files if one.name.endswith(".toml")}
    return {name.removesuffix(".toml"): texts[name] for name in sorted(texts)}


def load(texts: Mapping[str, str] | None = None) -> LanguageWords:
    """The words of all languages: of the shipped files, or of these texts by language code.

    Raises LanguageError.
    """
    files = language_files() if texts is None else texts
    parsed = [(code, _parsed(code, text)) for code, text in files.items()]
    for code, tables in parsed:
        _check_keys(f"{code}.toml", tables, {"name", *_kinds(LanguageWords)})
    sections = {name: _section(kind, name, parsed) for name, kind in _kinds(LanguageWords).items()}
    return LanguageWords(**sections)


def _parsed(code: str, text: str) -> dict[str, Any]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LanguageError(f"{code}.toml: {error}") from None
    if not isinstance(tables.get("name"), str):
        raise LanguageError(f'{code}.toml: name: expected the language\'s name, as name = "German"')
    return tables


def _kinds(section: type[Any]) -> dict[str, Any]:
    """The keys of a table and the kind of each value. `from` is a keyword: its field is `from_`."""
    return {one.name: one.type for one in fields(section)}


def _section(
    section: type[_Section], name: str, parsed: Sequence[tuple[str, dict[str, Any]]]
) -> _Section:
    """One table, merged from all files."""
    kinds = _kinds(section)
    found: dict[str, list[str]] = {key: [] for key in kinds}
    for code, tables in parsed:
        table = tables.get(name, {})
        place = f"{code}.toml: {name}"
        if not isinstance(table, dict):
            raise LanguageError(f"{place}: expected a table, [{name}]")
        _check_keys(place, table, {key.rstrip("_") for key in kinds})
        for key, kind in kinds.items():
            written = key.rstrip("_")
            if written in table:
                found[key] += _read(kind, f"{place}.{written}", table[written])
    return section(**{key: kind.merged(found[key]) for key, kind in kinds.items()})


def _check_keys(place: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(table).difference(known))
    if unknown:
        allowed = ", ".join(sorted(known))
        raise LanguageError(f"{place}: unknown key {unknown[0]!r}; known are {allowed}")


def _read(kind: _Kind, place: str, value: object) -> list[str]:
    try:
        return kind.read(value)
    except ValueError as error:
        raise LanguageError(f"{place}: {error}") from None
