"""Lists every sentence that maildesk shows to people, and flags wording that reads badly.

`python bench/sentences.py` prints all of them, `--flagged` only those that a pattern matches
(exit status 1 if there are any), `--code` adds docstrings and comments. Paths restrict the list.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_WORD = re.compile(r"[A-Za-z][a-z']*")
_FEWEST_WORDS = 3

PATTERNS: dict[str, str] = {
    "by itself": (
        r"\bby (itself|themselves)\b|\b(an?|the) [a-z]+ of (its|their|one's|his) own\b"
    ),
    "stands": r"(?<!no longer )\b(stand|stands|stood|stands in)\b(?! for\b)",
    "goes": r"\b(goes|go) (?!back\b|to (the )?(page|next)|wrong\b|down\b)\w+",
    "is told": r"\b(is|are|was|were|be|been) told\b|\bhears?\b|\bhear of\b",
    "whoever": r"\b(whoever|whomever|whosever|whoever's|whatever|wherever)\b",
    "mend": r"\bmend(s|ed|ing)?\b",
    "relative clause without noun": (
        r"(?:^|[.;:] )(?:Who|Whom|Whose|What|Which|who|whom) [^?;.]*[a-z][.;]"
        r"|\b(of|to|for|by|from|at|with|is|are|than) (who|whom|whose)\b"
    ),
    "fronted genitive": r"(?:^|[.;:] )Of (an?|the|what|whom?|people|those|these|it|each|such)\b",
    "one for the noun": r"\b(such a one|of one name|no such one)\b",
    "takes part": r"\b(take|takes|took|taking) part\b",
    "held back, let in": r"\b(held back|turned (down|away)|lets? in|passed (on|over))\b",
    "anew": r"\banew\b|\bno more\b|\bmeanwhile\b|\bbesides\b",
    "so long": r"\bso (long|often|many|much|few)\b(?! as\b)",
    "promise": r"\bpromis(e|es|ed|ing)\b",
    "room, door, bell": (
        r"(?<!mail )(?<!meeting )(?<!is )(?<!\[\[)"
        r"\b(rooms?(?! \d)|doors?|bells?|sight|rungs?|ladders?|strikes?)\b"
    ),
    "where for if": (
        r"\bwhere (it|he|she|they|one|nobody|somebody|there|a|the|no)\b[^.;]*"
        r"\b(is|are|has|have|can|does|do|says?|may)\b"
    ),
    "is no": r"(?<!there )\bis no (?!longer\b)[a-z]+\b",
    "of ours": r"\bof (ours|yours|theirs|hers)\b",
}  # fmt: skip
"""The wording that STYLE asks to avoid. Code in backticks is removed before a pattern is tried."""

_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}


class Sentence(NamedTuple):
    """One text for people and the place where it is written."""

    path: Path
    line: int
    text: str

    def flags(self) -> list[str]:
        """The names of the patterns that the text matches."""
        plain = re.sub(r"`[^`]*`|\{[^}]*\}|https?://\S+", "X", self.text)
        return [name for name, pattern in _COMPILED.items() if pattern.search(plain)]


def sentences(*, code: bool) -> Iterator[Sentence]:
    """Every sentence of the product, its documentation and, with `code`, its source comments."""
    for path in sorted((ROOT / "maildesk").rglob("*.py")):
        yield from sorted(_literals(path), key=lambda one: one.line)
        if code:
            yield from _comments(path)
    for path in sorted((ROOT / "maildesk" / "templates").rglob("*")):
        if path.suffix in (".txt", ".html", ".jinja", ".j2"):
            yield from _template(path)
    for path in sorted((ROOT / "maildesk").rglob("*.po")):
        yield from _catalogue(path)
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")]):
        yield from _document(path)
    for path in sorted([*ROOT.glob("*.toml"), *ROOT.glob("config/*.toml")]):
        yield from _toml(path)


def _literals(path: Path) -> Iterator[Sentence]:
    """String literals of three words or more; docstrings only of commands, as their help text."""
    tree = ast.parse(path.read_text("utf-8"))
    hidden = {id(node) for node in _docstrings(tree, keep_help="cli" in path.parts)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            hidden.update(id(value) for value in node.values)
            yield from _if_long(path, node.lineno, _joined(node))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in hidden
        ):
            yield from _if_long(path, node.lineno, node.value)


def _docstrings(tree: ast.Module, *, keep_help: bool) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_help = keep_help and isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        for part in node.body:
            if isinstance(part, ast.Expr) and not is_help:
                yield part.value


def _joined(node: ast.JoinedStr) -> str:
    values = (v.value if isinstance(v, ast.Constant) else "{x}" for v in node.values)
    return "".join(map(str, values))


def _comments(path: Path) -> Iterator[Sentence]:
    """Docstrings, and comments joined over the lines that they span."""
    source = path.read_text("utf-8")
    for node in _docstrings(ast.parse(source), keep_help="cli" in path.parts):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _split(path, node.lineno, node.value)
    first, lines = 0, []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            first, lines = (first, lines) if lines else (token.start[0], [])
            lines.append(token.string.lstrip("# "))
        elif token.type != tokenize.NL and lines:
            yield from _split(path, first, " ".join(lines))
            lines = []


def _template(path: Path) -> Iterator[Sentence]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = re.sub(r"\{%.*?%\}|\{#.*?#\}|<[^>]*>", " ", line)
        text = re.sub(r"\{\{.*?\}\}", "{x}", text)
        yield from _if_long(path, number, text)


def _catalogue(path: Path) -> Iterator[Sentence]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        found = re.match(r'(?:msgid|msgid_plural|msgstr(?:\[\d\])?)? ?"(.*)"$', line)
        if found:
            yield from _if_long(path, number, found[1])


def _document(path: Path) -> Iterator[Sentence]:
    """The sentences of a page, without its code blocks."""
    text = re.sub(
        r"```.*?```", lambda m: "\n" * m[0].count("\n"), path.read_text("utf-8"), flags=re.S
    )
    number = 1
    for block in re.split(r"(\n\s*\n|\n(?=[-|#]|\d+\. ))", text):
        yield from _split(path, number + len(block) - len(block.lstrip("\n")), block)
        number += block.count("\n")


def _toml(path: Path) -> Iterator[Sentence]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        comment = re.search(r"(?:^|\s)#+ ?(.*)", line)
        if comment and not re.match(r"\S+ = |\[", comment[1]):
            yield from _if_long(path, number, comment[1])


def _split(path: Path, line: int, text: str) -> Iterator[Sentence]:
    for one in re.split(r"(?<=[.?!])\s+(?=[A-Z`])", " ".join(text.split())):
        yield from _if_long(path, line, one)


def _if_long(path: Path, line: int, text: str) -> Iterator[Sentence]:
    text = " ".join(text.split())
    if len(_WORD.findall(re.sub(r"\{x\}", "", text))) >= _FEWEST_WORDS and " " in text:
        yield Sentence(path.relative_to(ROOT), line, text)


def main() -> int:
    """Print the list. The exit status is 1 if `--flagged` finds a sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flagged", action="store_true", help="only what a pattern matches")
    parser.add_argument("--code", action="store_true", help="docstrings and comments, too")
    parser.add_argument("paths", nargs="*", help="only files below these paths")
    chosen = parser.parse_args()
    found = flagged = 0
    for one in sentences(code=chosen.code):
        if chosen.paths and not any(one.path.is_relative_to(path) for path in chosen.paths):
            continue
        flags = one.flags()
        found, flagged = found + 1, flagged + bool(flags)
        if flags or not chosen.flagged:
            print(
                f"{one.path}:{one.line}: {one.text}" + (f"  <- {', '.join(flags)}" if flags else "")
            )
    print(f"{found} sentences, {flagged} flagged", file=sys.stderr)
    return 1 if chosen.flagged and flagged else 0


if __name__ == "__main__":
    sys.exit(main())
