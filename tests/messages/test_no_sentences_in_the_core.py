"""No sentence for people is written in the core: it is an entry of the catalogue.

Trace steps, logs and the messages of exceptions are for admins and developers; they stay.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import maildesk

ROOT = Path(maildesk.__file__).parent
# Calls whose strings people who write to the desk never read.
_FOR_ADMINS = frozenset(
    {"explain", "Step", "step", "finished", "debug", "info", "warning", "exception", "error"}
)
_SENTENCE = re.compile(r"(?:[A-Za-z][a-z']*[,;:.!?]?[ \n]+){2,}[A-Za-z][a-z']*")
# What else has three words and is no sentence for people.
_OTHER_TEXTS: dict[str, str] = {
    "lifecycle/approvals/clarification.py": "evidence in the trace",
    "lifecycle/approvals/outcome.py": "evidence in the trace",
    "lifecycle/approvals/start.py": "evidence in the trace",
    "lifecycle/classification/rule_evaluation.py": "evidence in the trace",
    "lifecycle/workflow/diagram.py": "a picture for the admin",
    "lifecycle/workflow/workflow_check.py": "findings of `maildesk check`, for the admin",
    "processing/clock/deadlines.py": "why a deadline was postponed, in the log",
    "processing/mail/auto_replies.py": "evidence in the trace",
    "processing/mail/bounces.py": "evidence in the trace",
    "processing/mail/mail_context.py": "evidence in the trace",
    "processing/mail/pipeline.py": "evidence in the trace",
    "processing/mail/sender_checks.py": "evidence in the trace",
    "processing/writing/mail_writer.py": "evidence in the trace",
    "processing/rate_limit.py": "evidence in the trace",
}


def _modules() -> list[Path]:
    return sorted(
        path for package in ("lifecycle", "processing") for path in (ROOT / package).rglob("*.py")
    )


def _sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of each literal that reads like a sentence and is not for admins."""
    left_out = {id(node) for part in ast.walk(tree) for node in _for_admins(part)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in left_out and _SENTENCE.search(node.value):
            yield node.lineno, node.value


def _for_admins(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=function) if _name(function) in _FOR_ADMINS:
            yield from ast.walk(node)
        case ast.Raise() | ast.Assert():
            yield from ast.walk(node)
        case ast.Expr(value=ast.Constant() as docstring):
            yield docstring


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_the_core_has_no_sentence(path: Path) -> None:
    found = list(_sentences(ast.parse(path.read_text())))
    if str(path.relative_to(ROOT)) in _OTHER_TEXTS:
        assert found, "this exception is no longer needed"
    else:
        assert found == []


def test_a_planted_sentence_is_found() -> None:
    planted = 'builder.tell_agents("Somebody took this ticket over.")\nlog.info("one two three")'
    assert [text for _, text in _sentences(ast.parse(planted))] == [
        "Somebody took this ticket over."
    ]
