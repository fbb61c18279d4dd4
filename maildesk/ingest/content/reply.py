"""The new text of a mail, apart from quotes, attribution lines and signature.

Lines that are certainly quoted are dropped; in doubt a line is kept. Quotes are kept if the person
answered between them, or at great length below them, since the answers make no sense without them.
A forwarded mail is kept, since the person wants to show it. The whole text is always in
`Mail.text`. Linear in the text.
"""

import re
from collections.abc import Sequence

from maildesk.ingest.content import quote_html
from maildesk.ingest.content.line_marks import Line, Mark, lines_of, mark_lines
from maildesk.ingest.content.signature import DELIMITER, signature_start

_LONG_ANSWER = 7
_WORD = re.compile(r"\w")
_SHOWN = (Mark.OWN, Mark.FORWARD, Mark.HEADING)
_NO_QUOTE = (Mark.OWN, Mark.HEADING)


def reply_text(text: str, html: str | None = None) -> str:
    """What the person wrote in this mail; all of it where nothing seems to be theirs.

    `html` only decides where the text shows no quote. Never raises.
    """
    return marked_reply(text, html)[0]


def marked_reply(text: str, html: str | None = None) -> tuple[str, str]:
    """(what the person wrote, the marks of the text's lines as `own_words` takes them)."""
    lines = lines_of(text)
    marks = mark_lines(lines)
    own, found = _own_text(text, lines, marks)
    if found or html is None or not quote_html.has_quotes(html):
        return own, marks
    outside = quote_html.without_quotes(html)
    if not outside:
        return own, marks
    lines = lines_of(outside)
    return _own_text(outside, lines, mark_lines(lines))[0], marks


def _own_text(text: str, lines: list[str], marks: str) -> tuple[str, bool]:
    """(the person's text, whether anything was seen to be a quote)."""
    end = next((at for at, mark in enumerate(marks) if mark == Mark.REST_HEADING), len(marks))
    marked = [Line(Mark(mark), line) for mark, line in zip(marks[:end], lines, strict=False)]
    quotes = end < len(marks) or not all(line.mark in _NO_QUOTE for line in marked)
    end_of_words = signature_start([line.text for line in marked])
    signed = any(line.text == DELIMITER for line in marked[end_of_words:])
    marked = marked[:end_of_words]
    kept = _kept(marked)
    own = tidy(kept if signed else kept[: signature_start(kept)])
    if own or any(line.mark is Mark.ATTRIBUTION for line in marked):
        return own, quotes
    return tidy(lines) if _WORD.search(text) else "", quotes


def _kept(marked: Sequence[Line]) -> list[str]:
    inline = _answers_inline(marked)
    last = max((n for n, one in enumerate(marked) if one.is_own), default=-1)
    shown = marked[: last + 1] if inline else [one for one in marked if one.mark in _SHOWN]
    return [one.text for one in shown]


def _answers_inline(marked: Sequence[Line]) -> bool:
    """Whether the person answers between the quotes, or at great length below one."""
    answers, length, below, attributed = 0, 0, False, False
    for line in marked:
        attributed = attributed or line.mark is Mark.ATTRIBUTION
        if line.mark is Mark.QUOTE:
            below = True
        elif below and line.is_own:
            answers += 1
            below = False
        length += bool(answers and line.is_own)
    return answers > 1 or length >= _LONG_ANSWER or (answers == 1 and not attributed)


def tidy(lines: Sequence[str]) -> str:
    """The lines as one text without blank lines around it."""
    return "\n".join(lines).strip("\n ")
