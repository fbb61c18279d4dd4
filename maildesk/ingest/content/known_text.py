"""Recognises words that we sent or have read before, however a program quotes them. Pure.

Programs wrap quoted lines anew, mark them or not, rewrite their links and flatten their tables; the
sequence of the words survives. So words are compared, not lines: a run of `_RUN` words in the same
order is a quote. The time is linear in the text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_RUN = 6  # words; shorter runs occur by chance
_PLACES = 4  # places of the same three words that are compared
_MANY = 20  # words that are known in a line that has others, too
_WORDS = 60_000  # words of a mail that are compared
_SOLID = 12  # characters without blanks that hardly occur twice, such as half of a link
_BESIDE_SOLID = 2  # words
_SOLID_TEXT = 200_000  # characters that such pieces are looked for in
_SOLID_LOOKS = 300  # lines for which that is done
_SOLID_LINE = 2_000
_KNOWN_WORDS = 60_000
_NEARLY_ALL = 0.8
_SCRIPTS_WITHOUT_BLANKS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_WORD = re.compile(rf"[{_SCRIPTS_WITHOUT_BLANKS}]|[^\W_{_SCRIPTS_WITHOUT_BLANKS}]{{1,200}}")
_NO_WORD = re.compile(r"[\d/_]")
_LINK = re.compile(r"(?:\b(?:https?|ftp)://|\bmailto:|\bwww\.)[^\s<>]*", re.IGNORECASE)


@dataclass(slots=True)
class _Line:
    """A line of the mail: its words, and which of them are known."""

    text: str
    words: list[tuple[str, int, int]]  # the word, its first character, the one after it
    known: bytearray

    @property
    def share(self) -> float:
        """The share of known words; 0 without a word."""
        return sum(self.known) / len(self.words) if self.words else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """A line compared with the known texts: what is left of it, and whether any of it is known."""

    rest: str
    is_known: bool


class KnownText:
    """Texts whose words are recognised."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words: list[str] = []
        self._solid = ""
        for text in texts:
            if len(self._words) < _KNOWN_WORDS:
                self._words += [*_words_of(text), "\n"]
                self._solid = f"{self._solid}{''.join(text.split())}\n"[:_SOLID_TEXT]
        self._places: dict[tuple[str, ...], list[int]] = {}
        for at in range(len(self._words) - 2):
            places = self._places.setdefault(tuple(self._words[at : at + 3]), [])
            if len(places) < _PLACES:
                places.append(at)

    def __bool__(self) -> bool:
        return bool(self._words)

    def compare(self, lines: Sequence[str]) -> list[Compared]:
        """Each line without the words that are known from these texts.

        A known line leaves an empty rest. So does a line without words, such as a rule or a link,
        between two known ones.
        """
        read = [_read(line) for line in lines]
        self._mark_runs(read)
        looks = iter(range(_SOLID_LOOKS))
        known = [self._is_known(line, looks) for line in read]
        self._join(read, known)
        return [
            Compared("", True) if known[at] else _remainder(line) for at, line in enumerate(read)
        ]

    def share(self, lines: Sequence[str]) -> float:
        """The share of the words that are known, between 0 and 1."""
        read = [_read(line) for line in lines]
        self._mark_runs(read)
        words = sum(len(line.words) for line in read)
        return sum(sum(line.known) for line in read) / words if words else 0.0

    def _mark_runs(self, lines: Sequence[_Line]) -> None:
        places = [(line, n) for line in lines for n in range(len(line.words))][:_WORDS]
        words = [line.words[n][0] for line, n in places]
        at = 0
        while at + 2 < len(words):
            length = self._longest_run(words, at)
            if length >= _RUN:
                for line, n in places[at : at + length]:
                    line.known[n] = 1
            at += length if length >= _RUN else 1

    def _longest_run(self, words: Sequence[str], at: int) -> int:
        starts = self._places.get(tuple(words[at : at + 3]), ())
        return max((self._run(words, at, start) for start in starts), default=0)

    def _run(self, words: Sequence[str], at: int, start: int) -> int:
        length = 3
        most = min(len(words) - at, len(self._words) - start)
        while length < most and words[at + length] == self._words[start + length]:
            length += 1
        return length

    def _is_known(self, line: _Line, looks: Iterator[int]) -> bool:
        pieces = line.text[:_SOLID_LINE].split()
        solid = [one for one in pieces if len(one) >= _SOLID and _NO_WORD.search(one)]
        if solid and next(looks, None) is not None and len(pieces) - len(solid) <= _BESIDE_SOLID:
            return all(one.strip("<>()") in self._solid for one in solid)
        return bool(line.words) and line.share >= _NEARLY_ALL

    def _join(self, lines: Sequence[_Line], known: list[bool]) -> None:
        """Count what stands between known lines with them: short lines of the same texts, rules,
        links and blanks."""
        for first, last in _gaps(known):
            gap = [[word for word, _, _ in line.words] for line in lines[first:last]]
            if all(not words or self._holds(words) for words in gap):
                known[first:last] = [True] * (last - first)

    def _holds(self, words: Sequence[str]) -> bool:
        """Whether these words, at least three, stand in a known text one after the other."""
        starts = self._places.get(tuple(words[:3]), ())
        return any(self._run(words, 0, start) == len(words) for start in starts)


def count_words(text: str) -> int:
    """The number of words as they are compared: in scripts without blanks, of characters."""
    return len(_WORD.findall(text))


def _gaps(known: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The unknown lines between two known ones: (the first, the one after the last)."""
    last = -1
    for at, is_known in enumerate(known):
        if is_known:
            if 0 <= last < at - 1:
                yield last + 1, at
            last = at


def _read(line: str) -> _Line:
    bare = _LINK.sub(lambda found: " " * len(found[0]), line)
    words = [(one[0].casefold(), one.start(), one.end()) for one in _WORD.finditer(bare)]
    return _Line(line, words, bytearray(len(words)))


def _words_of(text: str) -> list[str]:
    return [one.casefold() for one in _WORD.findall(_LINK.sub(" ", text))]


def _remainder(line: _Line) -> Compared:
    """The line without its known words, where these are too many to be there by chance."""
    if sum(line.known) < _MANY:
        return Compared(line.text, False)
    first, last = line.known.index(1), line.known.rindex(1)
    before = line.text[: line.words[first][1]].rstrip()
    after = line.text[line.words[last][2] :].lstrip(" .,;:!?")
    return Compared(" ".join(part for part in (before, after) if part.strip(" >|")), True)
