"""What a person wrote in an answer, where the texts are known that the mail answers. Pure.

The desk has every mail that it sent, so a quote of it is found by comparison: with or without quote
marks, above, below or between the person's words, in every language. What is left is the person's,
even where a guess from the text alone took it for a quote. A mail of somebody else that the person
quotes without marks is shown as a quote and not dropped.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from maildesk.ingest.content.known_text import KnownText, count_words
from maildesk.ingest.content.line_marks import Line, Mark, lines_of
from maildesk.ingest.content.quoting import ends_with_colon, quoted
from maildesk.ingest.content.reply import tidy
from maildesk.ingest.content.signature import signature_start

_UNANNOUNCED = 20  # words without a heading or mark that are taken for a quote
_MOSTLY = 0.4
_HARDLY = 0.1
_HEADING_LINES = 12
_LINE = 300
_LABEL = re.compile(r"[\s>]{0,9}[*_]{0,2}[^\W\d_][^:：\n]{0,30}[:：]\s")
_RULE = re.compile(r"\s{0,9}[-_=*]{2,60}(?:[^\n]{0,60}[-_=*]{2,60})?\s*\Z")
_ATTRIBUTION = re.compile(r"(?:\d|(?=[^\n]{0,250}\d)[^\n]{0,250}@)[^\n]{0,250}[:：]\s*\Z")
_WORD = re.compile(r"\w")
_QUOTED = (Mark.QUOTE, Mark.KNOWN)
_HEADINGS = (Mark.ATTRIBUTION, Mark.HEADING, Mark.REST_HEADING)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The person's words; what they quote of others that nobody here has read, as a quote; and how
    many lines quote what is known."""

    text: str
    foreign: str = ""
    known_lines: int = 0


def own_words(
    text: str,
    marks: str,
    known: KnownText,
    visible: Callable[[], KnownText],
    names: Collection[str] = (),
) -> OwnWords | None:
    """The words of the mail `text`, whose lines have these `marks`; None where nothing is known.

    `known` are the mails that this one may quote, and `names` their senders. `visible` are those of
    their words that every reader of the answer may see: only such lines are kept where answers
    stand between quotes.
    """
    lines = lines_of(text)
    if len(marks) != len(lines):
        marks = Mark.OWN * len(lines)
    marked = _compared([Line(Mark(m), line) for m, line in zip(marks, lines, strict=True)], known)
    if not any(line.mark is Mark.KNOWN for line in marked):
        return None
    marked = _regions_settled(_headings_found(_repeated_kept(marked)))
    marked = [_words_before_name(line, names) for line in marked]
    return _assembled(marked, visible)


def unmarked_rest(text: str, marks: str) -> str:
    """The mails of others below the person's words, as quotes, where no text is known."""
    lines = lines_of(text)
    if len(marks) != len(lines):
        return ""
    return _rest_as_quote(Line(Mark(m), line) for m, line in zip(marks, lines, strict=True))


def _compared(lines: Sequence[Line], known: KnownText) -> list[Line]:
    """The lines with known ones marked; one that is known in part keeps its rest."""
    out: list[Line] = []
    for line, found in zip(lines, known.compare([one.text for one in lines]), strict=True):
        if found.is_known and not found.rest:
            out.append(replace(line, mark=Mark.KNOWN))
        elif line.mark is Mark.QUOTE and not quoted(line.text) and _below_known(out):
            out.append(replace(line, mark=Mark.OWN))  # not the rest of the line above, as it seemed
        else:
            out.append(replace(line, text=found.rest))
    return out


def _below_known(lines: Sequence[Line]) -> bool:
    return bool(lines) and lines[-1].mark is Mark.KNOWN and quoted(lines[-1].text)


def _repeated_kept(lines: Sequence[Line]) -> list[Line]:
    """A few of our words at the top that nothing announces as a quote are the person's."""
    out = list(lines)
    end = next((at for at, one in enumerate(out) if _announces(one)), len(out))
    for first, last in _blocks(out[:end]):
        words = sum(count_words(one.text) for one in out[first:last])
        if words < _UNANNOUNCED and not _lead(out, first):
            out[first:last] = [replace(one, mark=Mark.OWN) for one in out[first:last]]
    return out


def _announces(line: Line) -> bool:
    return line.mark not in (Mark.OWN, Mark.KNOWN, Mark.FORWARD) or quoted(line.text)


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The runs of known lines: (the first, the one after the last)."""
    at = 0
    while at < len(lines):
        first = at
        while at < len(lines) and lines[at].mark is Mark.KNOWN:
            at += 1
        if at > first:
            yield first, at
        at += 1


def _headings_found(lines: Sequence[Line]) -> list[Line]:
    """Mark what announces known words, in whichever language, as what announces a quote."""
    out = list(lines)
    for first, _ in _blocks(lines):
        lead = _lead(out, first)
        for at in range(first - lead, first):
            if out[at].mark is Mark.OWN:
                out[at] = replace(out[at], mark=Mark.ATTRIBUTION)
    return out


def _words_before_name(line: Line, names: Collection[str]) -> Line:
    """The person's words that are glued to an attribution: "ThanksService Desk <…> wrote:"."""
    places = [line.text[:_LINE].find(name) for name in names if name]
    at = min((place for place in places if place >= 0), default=-1)
    if line.mark is not Mark.ATTRIBUTION or at < 1 or not line.text[at - 1].isalpha():
        return line
    return Line(Mark.OWN, line.text[:at])


def _lead(lines: Sequence[Line], first: int) -> int:
    """How many lines above `first` announce what is below: blanks, a header block, a rule, an
    attribution that ends with a colon."""
    at = first
    labels = 0
    while at and first - at < _HEADING_LINES:
        above = lines[at - 1]
        text = above.text[:_LINE]
        if above.mark in _HEADINGS or not text.strip():
            at -= 1
        elif above.mark is Mark.OWN and _LABEL.match(f"{text} "):
            labels += 1
            at -= 1
        elif above.mark is Mark.OWN and _RULE.match(text):
            at -= 1
        else:
            break
    announced = any(one.mark in _HEADINGS or _RULE.match(one.text) for one in lines[at:first])
    if labels <= 1 and not announced:
        return _attribution_above(lines, first)
    while at < first and not lines[at].text.strip():
        at += 1
    return first - at


def _attribution_above(lines: Sequence[Line], first: int) -> int:
    """How many lines an attribution above `first` takes with the blanks below it, or 0.

    It begins with a date, or has one and an address, and blank lines set it apart.
    """
    at = first
    while at and not lines[at - 1].text.strip():
        at -= 1
    alone = at == 1 or (at > 1 and not lines[at - 2].text.strip())
    text = lines[at - 1].text[:_LINE] if at else ""
    if alone and ends_with_colon(text) and _ATTRIBUTION.match(text):
        return first - at + 1
    return 0


def _regions_settled(lines: Sequence[Line]) -> list[Line]:
    """Decide for each announced mail without quote marks whether it is known: then its heading is
    dropped, and what is not known in it was written into it."""
    out = list(lines)
    for begin, end in _regions(lines):
        body = [one for one in lines[begin:end] if one.mark not in _HEADINGS and one.text.strip()]
        if not _is_known(body):
            continue
        for at in range(begin, end):
            if out[at].mark in _HEADINGS:
                out[at] = replace(out[at], mark=Mark.ATTRIBUTION)
            elif out[at].mark is Mark.REST:
                out[at] = replace(out[at], mark=Mark.OWN)
    return out


def _regions(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The mails that a heading announces: (its first line, the line after the mail's end)."""
    starts = [
        at
        for at, one in enumerate(lines)
        if one.mark in (Mark.HEADING, Mark.REST_HEADING)
        and (at == 0 or lines[at - 1].mark is not one.mark)
    ]
    yield from pairwise([*starts, len(lines)])


def _is_known(body: Sequence[Line]) -> bool:
    """Whether the body of an announced mail is one of ours."""
    known = [one.mark is Mark.KNOWN for one in body]
    return bool(known) and (any(known[:2]) or sum(known) >= _MOSTLY * len(known))


def _assembled(lines: Sequence[Line], visible: Callable[[], KnownText]) -> OwnWords:
    kept = _with_quotes(lines, visible()) if _answers_inline(lines) else _own(lines)
    text = tidy(kept[: signature_start(kept)])
    foreign = _rest_as_quote(lines)
    known = sum(one.mark is Mark.KNOWN and bool(one.text.strip()) for one in lines)
    if text or foreign:
        return OwnWords(text, foreign, known)
    # Where all that is unknown was taken for a quote, it is shown.
    unknown = [one.text for one in lines if one.mark is Mark.QUOTE and _WORD.search(one.text)]
    return OwnWords("", tidy(unknown), known)


def _own(lines: Sequence[Line]) -> list[str]:
    return [one.text for one in lines if one.mark in (Mark.OWN, Mark.FORWARD, Mark.HEADING)]


def _answers_inline(lines: Sequence[Line]) -> bool:
    """Whether the person answers in several places between quotes."""
    answers, below = 0, False
    for line in lines:
        if line.mark in _QUOTED:
            below = True
        elif below and line.is_own:
            answers += 1
            below = False
    return answers > 1


def _with_quotes(lines: Sequence[Line], visible: KnownText) -> list[str]:
    """The words with the quoted lines between them, as far as every reader may see those."""
    found = visible.compare([one.text for one in lines])
    last = max(at for at, one in enumerate(lines) if one.is_own)
    kept: list[str] = []
    for line, seen in zip(lines[: last + 1], found, strict=False):
        if line.mark in (Mark.OWN, Mark.FORWARD, Mark.HEADING):
            kept.append(line.text)
        elif line.mark in _QUOTED and seen.is_known and not seen.rest and line.text.strip(" >"):
            kept.append(line.text if quoted(line.text) else f"> {line.text}")
    return kept


def _rest_as_quote(lines: Sequence[Line] | Iterator[Line]) -> str:
    """The mails of others that stand below without quote marks, with such marks."""
    rest = [one.text for one in lines if one.mark in (Mark.REST, Mark.REST_HEADING)]
    return as_quote(tidy(rest))


def as_quote(text: str) -> str:
    """The text with quote marks; "" where there are no words in it."""
    if not _WORD.search(text):
        return ""
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n ").split("\n"))
