"""Finds the line of each key in a TOML file that `tomllib` has accepted."""

import itertools
import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:""?(?!"))?'
    r"|'''.*?'''(?:''?(?!'))?"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def line_numbers(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table, key and array item; items are counted from 0."""
    return _Scanner(text).scan()


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """The line of the key, or of the nearest enclosing table that has one."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


class _Scanner:
    """Scans the text once. The TOML is known to be valid, so nothing is checked again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted = 0
        self._number = 1
        self._lines: dict[KeyPath, int] = {}
        self._last: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        """Read `[a.b]` or `[[a.b]]`; the second form begins the next item of an array."""
        line = self._line()
        array = self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        path = self._resolved(self._key())
        if array:
            self._last[path] = self._last.get(path, -1) + 1
            path = (*path, self._last[path])
        self._at = self._text.index("]", self._at) + (2 if array else 1)
        self._lines.setdefault(path, line)
        return path

    def _resolved(self, key: KeyPath) -> KeyPath:
        """`a.b`, with the index of the current item if `a` is an array of tables."""
        path: KeyPath = ()
        for word in key[:-1]:
            path = (*path, word)
            if path in self._last:
                path = (*path, self._last[path])
        return (*path, key[-1])

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        key = self._key()
        for end in range(1, len(key) + 1):
            self._lines.setdefault((*table, *key[:end]), line)
        self._at = self._text.index("=", self._at) + 1
        self._value((*table, *key))

    def _key(self) -> KeyPath:
        words: list[str | int] = [self._word()]
        while self._text.startswith(".", self._at):
            self._at += 1
            words.append(self._word())
        return tuple(words)

    def _word(self) -> str:
        self._skip(_SPACE)
        word = self._take(_STRING) or self._take(_BARE_KEY)
        self._skip(_SPACE)
        return str(tomllib.loads(f"word = {word}")["word"]) if word[0] in "\"'" else word

    def _value(self, path: KeyPath) -> None:
        self._skip(_BLANK)
        self._lines.setdefault(path, self._line())
        if self._text[self._at] == "[":
            self._array(path)
        elif self._text[self._at] == "{":
            self._inline_table(path)
        elif not self._take(_STRING):
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        for index in self._items("]"):
            self._value((*path, index))

    def _inline_table(self, path: KeyPath) -> None:
        for _ in self._items("}"):
            self._pair(path)

    def _items(self, end: str) -> Iterator[int]:
        """Move to each item in turn, then past the closing bracket."""
        for index in itertools.count():
            self._at += 1  # the opening bracket, then each comma
            self._skip(_BLANK)
            if self._text[self._at] == end:
                break
            yield index
            self._skip(_BLANK)
            if self._text[self._at] == end:
                break
        self._at += 1

    def _line(self) -> int:
        self._number += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._number

    def _skip(self, what: re.Pattern[str]) -> None:
        self._take(what)

    def _take(self, what: re.Pattern[str]) -> str:
        match = what.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match.group()
