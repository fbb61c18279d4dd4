"""The sentences of the one-click pages are in the catalogue, not in code or templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import maildesk

ROOT = Path(maildesk.__file__).parent
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_READ_ALOUD = re.compile(r'\b(?:title|aria-label|alt|placeholder)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z][a-z']+")
# What `{{ … }}` and `{% … %}` contain between quotes.
_QUOTED = re.compile(r'"([^"]*)"')


def literals(source: str) -> Iterator[str]:
    """The strings of a module that are neither docstrings nor arguments of a log or an error."""
    tree = ast.parse(source)
    hidden = set()
    for node in ast.walk(tree):
        logs = isinstance(node, ast.Call) and "_log" in ast.unparse(node.func)
        if isinstance(node, ast.Raise) or logs:
            hidden |= {id(one) for one in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hidden.add(id(node.value))
        if isinstance(node, ast.Dict):  # a key is a name, such as that of a status
            hidden |= {id(key) for key in node.keys}
    for node in ast.walk(tree):
        shown = isinstance(node, ast.Constant) and id(node) not in hidden
        if shown and isinstance(node.value, str):
            yield node.value


def texts(template: str) -> Iterator[str]:
    """What a template shows without the catalogue: text nodes, attributes and quoted strings."""
    shown = _JINJA.sub("\0", template)
    yield from re.split(r"[\0\n]", _TAG.sub("\0", shown))
    yield from _READ_ALOUD.findall(shown)
    for code in _JINJA.findall(template):
        if not code.startswith("{#"):
            yield from _QUOTED.findall(code)


def is_sentence(text: str) -> bool:
    """Whether it is three words or more. A Content-Security-Policy has quotes and semicolons."""
    is_policy = "'none'" in text or text.startswith(("allow-", "attachment;"))
    return not is_policy and " " in text.strip() and len(_WORD.findall(text)) >= 3


@pytest.mark.parametrize("path", sorted(ROOT.glob("web/links/*.py")), ids=lambda path: path.name)
def test_no_module_of_the_pages_has_a_sentence_of_its_own(path: Path) -> None:
    assert [one for one in literals(path.read_text("utf-8")) if is_sentence(one)] == []


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("templates/web/*.html")), ids=lambda path: path.name
)
def test_no_template_of_the_pages_has_words_of_its_own(path: Path) -> None:
    assert [one for one in texts(path.read_text("utf-8")) if is_sentence(one)] == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        pytest.param("<p>This is wrong.</p>", True, id="text"),
        pytest.param('<p aria-label="This is wrong">', True, id="attribute"),
        pytest.param('{{ "This is wrong" if x }}', True, id="string in an expression"),
        pytest.param('<p>{{ t("page.add") }}</p>', False, id="message"),
        pytest.param("{# This is a comment. #}", False, id="comment"),
        pytest.param('<p class="a b c">', False, id="attribute that nobody reads"),
    ],
)
def test_a_sentence_in_a_template_is_found(template: str, found: bool) -> None:
    assert any(map(is_sentence, texts(template))) == found
