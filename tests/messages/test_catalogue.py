"""The English catalogue has every text that the code and the templates name, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import PoFileError

import maildesk
from maildesk.messages.catalogue import Pattern, best_language, catalogue, languages, parse, pieces

ROOT = Path(maildesk.__file__).parent
ENGLISH = catalogue("en")
# Functions whose first argument is an id where it is a literal.
_TAKES_AN_ID = frozenset({"of", "_of", "text", "html", "_fixed"})
_ID = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*")


def named_in_code() -> Iterator[tuple[str, str]]:
    """(where, id) of each message that a module names."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=function, args=[first, *_]) if _name(function) in _TAKES_AN_ID:
                    for one in ast.walk(first):
                        if isinstance(one, ast.Constant) and _ID.fullmatch(str(one.value)):
                            yield f"{path.relative_to(ROOT)}:{one.lineno}", str(one.value)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def named_in_templates() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.glob("templates/*/**/*.*")):
        for found in re.finditer(r"\bt\((.*?)[,)]", path.read_text()):
            yield from (
                (path.name, literal)
                for literal in re.findall(r'"([^"]*)"', found[1])
                if _ID.fullmatch(literal)
            )


def constants() -> set[str]:
    """Every literal of the code and the templates that could be an id."""
    found = set()
    for path in ROOT.rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text()))
        found |= {node.value for node in tree if isinstance(node, ast.Constant)}
    texts = (path.read_text() for path in ROOT.glob("templates/*/**/*.*"))
    return {one for one in found if isinstance(one, str)} | {
        literal for text in texts for literal in re.findall(r'"([a-z0-9.-]+)"', text)
    }


def test_every_id_that_is_named_has_an_english_text() -> None:
    named = [*named_in_code(), *named_in_templates()]
    assert named
    assert [one for one in named if one[1] not in ENGLISH.ids] == []


def test_every_text_of_the_catalogue_is_used() -> None:
    assert sorted(ENGLISH.ids - constants()) == []


@pytest.mark.parametrize("language", languages())
def test_a_text_names_the_same_values_in_every_language_and_every_plural(language: str) -> None:
    found = catalogue(language)
    assert found.ids <= ENGLISH.ids
    for one in found.ids:
        english = _values(ENGLISH.pattern(one, 2))
        assert _values(found.pattern(one, 5)) == english, one
        # A singular may say "one" in place of the number.
        assert all(_values(found.pattern(one, count)) <= english for count in (0, 1, 2)), one


def _values(pattern: Pattern | None) -> frozenset[str]:
    return frozenset(piece.name for piece in pattern or () if piece.name)


@pytest.mark.parametrize("language", languages())
def test_a_catalogue_names_the_language_of_its_folder(language: str) -> None:
    path = ROOT / "messages" / "locale" / language / "LC_MESSAGES" / "maildesk.po"
    assert f'"Language: {language}\\n"' in path.read_text()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param("en", "en", id="exact"),
        pytest.param("en-US", "en", id="the base of a tag with a region"),
        pytest.param("EN_gb", "en", id="case and underscore do not matter"),
        pytest.param("tlh", "en", id="a language without a catalogue"),
        pytest.param("", "en", id="no language is known"),
    ],
)
def test_the_best_language(wanted: str, found: str) -> None:
    assert best_language(wanted) == found


def test_a_malformed_catalogue_is_an_error() -> None:
    with pytest.raises(PoFileError):
        parse("en", b'msgid "a"\nmsgstr "b"\nnonsense\n')


@pytest.mark.parametrize("text", ["{}", "{0}", "{a.b}", "{a[0]}", "{a!r}", "{a"])
def test_braces_that_name_no_value_are_an_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the message is Python's in one case
        pieces(text)
