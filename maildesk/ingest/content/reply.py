"""The new text of a mail, apart from quotes, attribution lines and signature.

Each line is marked. Lines that are certainly quoted are dropped; in doubt a line is kept. Quotes
are kept if the person answered between them, or at great length below them, since the answers make
no sense without them. A forwarded mail is kept, since the person wants to show it. The whole text
is always in `Mail.text`. Linear in the text.
"""

import enum
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from maildesk.ingest.content import quote_html, quoting
from maildesk.ingest.content.signature import signature_start

_LINES = 20_000
_LOOKS = 1_500
_WRAPPED = 60
_LONG_ANSWER = 7
_SHARED_LOOKS = 200
_BLANKS = 8
_LINKS_RULE = re.compile(r"-{4,40}$")
_LINK = re.compile(r"\[\d{1,3}\](?: \S+)?$|[a-z]{2,10}:\S+$")
_WORD = re.compile(r"\w")


class _Mark(enum.Enum):
    OWN = enum.auto()
    HEADING = enum.auto()  # of another mail, above which the person wrote nothing
    QUOTE = enum.auto()
    ATTRIBUTION = enum.auto()


@dataclass(frozen=True, slots=True)
class _Line:
    mark: _Mark
    text: str

    @property
    def is_shown(self) -> bool:
        """Whether it is kept where quotes are dropped."""
        return self.mark in (_Mark.OWN, _Mark.HEADING)


def reply_text(text: str, html: str | None = None) -> str:
    """What the person wrote in this mail; all of it where nothing seems to be theirs.

    `html` only decides where the text shows no quote. Never raises.
    """
    own, found = _own_text(text)
    if found or html is None or not quote_html.has_quotes(html):
        return own
    outside = quote_html.without_quotes(html)
    return _own_text(outside)[0] if outside else own


def _own_text(text: str) -> tuple[str, bool]:
    """(the person's text, whether anything was seen to be a quote)."""
    lines = text.replace("\u00a0", " ").split("\n", _LINES)
    rest = lines[_LINES:]
    lines = quoting.usual_marks([line.rstrip() for line in lines[:_LINES]])
    marked, cut = _marked(_apart(lines))
    quotes = cut or not all(line.is_shown for line in marked)
    marked = marked[: signature_start([line.text for line in marked])]
    kept = _kept(marked) + rest
    own = _tidy(kept[: signature_start(kept)])
    if own or any(line.mark is _Mark.ATTRIBUTION for line in marked):
        return own, quotes
    return _tidy(lines + rest) if _WORD.search(text) else "", quotes


def _kept(marked: Sequence[_Line]) -> list[str]:
    inline = _answers_inline(marked)
    last = max((n for n, one in enumerate(marked) if _own(one)), default=-1)
    shown = marked[: last + 1] if inline else [one for one in marked if one.is_shown]
    return [one.text for one in shown]


def _own(line: _Line) -> bool:
    return line.mark is _Mark.OWN and bool(line.text.strip())


def _answers_inline(marked: Sequence[_Line]) -> bool:
    """Whether the person answers between the quotes, or at great length below one."""
    answers, length, below, attributed = 0, 0, False, False
    for line in marked:
        attributed = attributed or line.mark is _Mark.ATTRIBUTION
        own = _own(line)
        if line.mark is _Mark.QUOTE:
            below = True
        elif below and own:
            answers += 1
            below = False
        length += bool(answers and own)
    return answers > 1 or length >= _LONG_ANSWER or (answers == 1 and not attributed)


def _marked(lines: list[str]) -> tuple[list[_Line], bool]:
    """(the lines with their marks, whether the rest was cut off as quoted)."""
    marked: list[_Line] = []
    near = _near_marks(lines)
    began, looks, at = False, 0, 0
    while at < len(lines):
        plain = _plain(marked, lines[at])
        look = near[at] and plain.mark is _Mark.OWN and looks < _LOOKS
        looks += look
        step = _look(lines, at, began=began) if look else [plain]
        links = _link_list(lines, at) if look and _below_quote(marked) else 0
        if links:
            step = [_Line(_Mark.QUOTE, one) for one in lines[at : at + links]]
        if step is None:
            return marked, True
        marked.extend(step)
        began = began or _own(step[0])
        at += len(step)
        if near[at - 1] and quoting.forwarded(step[0].text):
            return marked + [_Line(_Mark.OWN, line) for line in lines[at:]], True
    return marked, False


def _apart(lines: list[str]) -> list[str]:
    """The lines, with the first attribution that shares one with the person's words on its own."""
    ends = (at for at, line in enumerate(lines) if line.rstrip(" *_-").endswith((":", "：")))
    for end in itertools.islice(ends, _SHARED_LOOKS):
        for at in range(max(0, end - 2), end + 1):
            start = quoting.shared_line(lines, at)
            if start > 0:
                return [
                    *lines[:at],
                    lines[at][:start].rstrip(),
                    lines[at][start:],
                    *lines[at + 1 :],
                ]
    return lines


def _link_list(lines: list[str], at: int) -> int:
    """How many lines a list of links takes, as Roundcube adds it below a quote; 0 if none."""
    if at + 2 >= len(lines) or not (lines[at].endswith(":") and _LINKS_RULE.match(lines[at + 1])):
        return 0
    rest = itertools.takewhile(lambda one: not one or _LINK.match(one), lines[at + 2 :])
    count = len(list(rest))
    return count + 2 if lines[at + 2].startswith("[") and count else 0


def _below_quote(marked: Sequence[_Line]) -> bool:
    """Whether the last line with text is quoted."""
    above = next((one for one in reversed(marked[-_BLANKS:]) if one.text), None)
    return above is not None and above.mark is _Mark.QUOTE


def _plain(marked: Sequence[_Line], line: str) -> _Line:
    """The mark of a line that announces nothing: a quote if it continues one."""
    goes_on = bool(marked) and marked[-1].mark is _Mark.QUOTE
    return _Line(_Mark.QUOTE if goes_on and quoting.quoted(line) else _Mark.OWN, line)


def _near_marks(lines: list[str]) -> bytearray:
    """1 for each line that must be looked at: a mark may begin in it and end a few below."""
    near = bytearray(len(lines))
    for at, line in enumerate(lines):
        if quoting.may_mark(line):
            first = max(0, at - quoting.ATTRIBUTION_LINES + 1)
            near[first : at + 1] = b"\1" * (at + 1 - first)
    return near


def _look(lines: list[str], at: int, *, began: bool) -> list[_Line] | None:
    """The next line with its mark, or all lines of an attribution; None if the rest is a quote."""
    line = lines[at]
    if quoting.forwarded(line):
        return [_Line(_Mark.OWN, line)]
    heading = 1 if quoting.original(line) else quoting.header_block(lines, at)
    if heading:
        return None if began else [_Line(_Mark.HEADING, one) for one in lines[at : at + heading]]
    count, sure = quoting.attribution(lines, at)
    quote_follows = bool(count) and quoting.quote_follows(lines, at + count)
    if sure and not quote_follows and began:
        return None
    if sure or quote_follows:
        return [_Line(_Mark.ATTRIBUTION, one) for one in lines[at : at + count]]
    if quoting.quoted(line) or _wrapped_quote(lines, at):
        return [_Line(_Mark.QUOTE, line)]
    return [_Line(_Mark.OWN, line)]


def _wrapped_quote(lines: list[str], at: int) -> bool:
    """The rest of a quoted line that a mail program broke: between two quoted ones."""
    if not 0 < at < len(lines) - 1 or not lines[at].strip():
        return False
    before, after = lines[at - 1], lines[at + 1]
    if not (quoting.quoted(before) and quoting.quoted(after)):
        return False
    broken = len(before) >= _WRAPPED and before[-1] not in ".!?:;"
    return broken or lines[at].endswith(" >")


def _tidy(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n ")
