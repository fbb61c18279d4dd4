"""Words the error messages of the configuration. A value that may be a secret is not repeated."""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from maildesk.config.errors import Fault
from maildesk.config.schema.part import Part
from maildesk.config.schema.settings import Secret
from maildesk.config.toml_positions import KeyPath

Words = tuple[str, str]

SECRET_REMEDY = (
    'write { env = "NAME" } or { file = "PATH" }: a secret must not be written in this file'
)


def fault(model: type[Part], error: ErrorDetails) -> Fault:
    """The pydantic error in our words: the problem and the remedy."""
    say = _WORDS.get(error["type"], _as_it_is)
    return Fault(error["loc"], *say(model, error))


def near(name: str, known: Iterable[str]) -> str:
    """ "did you mean …?", or else the list of known names."""
    names = list(dict.fromkeys(known))
    folded = {other.casefold(): other for other in names}
    close = get_close_matches(name.casefold(), folded, n=1)
    if close:
        return f"did you mean {quoted(folded[close[0]])}?"
    return f"choose from: {', '.join(names)}" if names else "none is defined yet"


def circle_words(circle: tuple[str, ...]) -> Words:
    """Problem and remedy of a cycle of managers."""
    way = " -> ".join((*circle, circle[0]))
    return f"these managers form a cycle: {way}", "give one of them another manager"


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotes, short and on one line."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return '"' + "".join(c if c.isprintable() else "?" for c in short) + '"'


def fields_of(part: type[Part]) -> dict[str, FieldInfo]:
    """The keys of a table, as written in the file."""
    named = {field.alias or name: field for name, field in part.model_fields.items()}
    return {key: field for key, field in named.items() if field.exclude is not True}


def field_at(model: type[Part], path: KeyPath) -> Any:
    """The type at the path, or None if the model has no such key."""
    kind: Any = model
    for key in path:
        if isinstance(key, str) and (part := part_of(kind)):
            field = fields_of(part).get(key)
            kind = field.annotation if field else None
    return kind


def part_of(kind: Any) -> type[Part] | None:
    """The table class in a type such as `tuple[Mailbox, ...]` or `Secret | None`."""
    if isinstance(kind, type) and get_origin(kind) is None:
        return kind if issubclass(kind, Part) else None
    return next((part for arg in get_args(kind) if (part := part_of(arg))), None)


def command_context(model: type[Part], path: KeyPath) -> type[Part] | None:
    """The class of the table that contains the last key of the path."""
    return part_of(field_at(model, path[:-1]))


def _missing(model: type[Part], error: ErrorDetails) -> Words:
    key = str(error["loc"][-1])
    kind = field_at(model, error["loc"])
    if part_of(kind) is Secret:
        return "is missing", f'add {key} = {{ env = "NAME" }} or {{ file = "PATH" }}'
    if part_of(kind):
        return "is missing", f"add the table [{key}]"
    table = command_context(model, error["loc"])
    about = fields_of(table)[key].description if table else None
    return "is missing", f"add {key}: {about}" if about else f'add {key} = "…"'


def _unknown(model: type[Part], error: ErrorDetails) -> Words:
    table = command_context(model, error["loc"])
    return "unknown key", near(str(error["loc"][-1]), fields_of(table) if table else ())


def _choice(_: type[Part], error: ErrorDetails) -> Words:
    known = re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", ""))
    given = error["input"]
    if not isinstance(given, str):
        return "is not text", f"write one of: {', '.join(known)}"
    return f"{quoted(given)} is not a valid value", near(given, known)


def _not_a_list(model: type[Part], error: ErrorDetails) -> Words:
    if part_of(field_at(model, error["loc"])):
        return "is not a list of tables", f"begin each entry with [[{error['loc'][-1]}]]"
    return "is not a list", 'write it in square brackets: ["…", "…"]'


def _not_a_table(model: type[Part], error: ErrorDetails) -> Words:
    if part_of(field_at(model, error["loc"])) is Secret:
        return "is not a table", SECRET_REMEDY
    return "is not a table", f"begin the table with [{error['loc'][-1]}]"


def _bound(word: str, bound: str, phrase: str) -> Callable[[type[Part], ErrorDetails], Words]:
    def say(_: type[Part], error: ErrorDetails) -> Words:
        return f"{error['input']} is {word}", f"use {phrase} {error['ctx'][bound]}"

    return say


def _own_rule(_: type[Part], error: ErrorDetails) -> Words:
    problem, _semicolon, remedy = error["msg"].removeprefix("Value error, ").partition("; ")
    return problem, remedy


def _fixed(problem: str, remedy: str) -> Callable[[type[Part], ErrorDetails], Words]:
    return lambda _model, _error: (problem, remedy)


def _as_it_is(_: type[Part], error: ErrorDetails) -> Words:
    return error["msg"][:1].lower() + error["msg"][1:], "see docs/settings.md"


_TEXT = _fixed("is not text", "put it in double quotes")
_WHOLE = _fixed("is not a whole number", "write digits only, without quotes")
_NUMBER = _fixed("is not a number", "write digits and at most one decimal point, without quotes")
_TRUTH = _fixed("is neither true nor false", "write true or false, without quotes")

_WORDS: dict[str, Callable[[type[Part], ErrorDetails], Words]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "string_type": _TEXT,
    "path_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "enum": _choice,
    "literal_error": _choice,
    "greater_than": _bound("too small", "gt", "more than"),
    "greater_than_equal": _bound("too small", "ge", "at least"),
    "less_than": _bound("too large", "lt", "less than"),
    "less_than_equal": _bound("too large", "le", "at most"),
    "tuple_type": _not_a_list,
    "model_type": _not_a_table,
    "model_attributes_type": _not_a_table,
    "dict_type": _not_a_table,
    "value_error": _own_rule,
}
