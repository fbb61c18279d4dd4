"""Marks each line of a mail: the person's own, quoted, or what announces a quote. Pure.

The marks are a guess from the text alone. `own_words` corrects them where the texts are known that
the mail answers. Linear in the text.
"""

import enum
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from maildesk.ingest.content import quoting

_LINES = 20_000  # lines that are examined; those below are the person's own
_LOOKS = 1_500  # lines at which a mark may begin that are examined closely
_WRAPPED = 60
_SHARED_LOOKS = 200
_BLANKS = 8
_LINKS_RULE = re.compile(r"-{4,40}$")
_LINK = re.compile(r"\[\d{1,3}\](?: \S+)?$|[a-z]{2,10}:\S+$")


class Mark(enum.StrEnum):
    """What a line is. One letter each, so that the marks of a mail are one string."""

    OWN = "o"
    FORWARD = "f"
    """Announces a mail that the person passes on; all below it is theirs to show."""
    HEADING = "h"
    """Announces another mail, above which the person wrote nothing."""
    QUOTE = "q"
    ATTRIBUTION = "a"
    REST_HEADING = "R"
    """Announces another mail whose lines carry no quote marks."""
    REST = "r"
    """A line of such a mail."""
    KNOWN = "k"
    """Words that we sent or have read before, by comparison."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a mail and its mark."""

    mark: Mark
    text: str

    @property
    def is_own(self) -> bool:
        """Whether the person wrote it, and it is not blank."""
        return self.mark in (Mark.OWN, Mark.FORWARD) and bool(self.text.strip())


def lines_of(text: str) -> list[str]:
    """The lines of a mail as they are marked: an attribution behind the person's words stands on
    a line of its own, and every quote mark is `>`."""
    lines = text.replace("\u00a0", " ").split("\n")
    examined = quoting.usual_marks([_without_blanks(line) for line in lines[:_LINES]])
    return _apart(examined) + lines[_LINES:]


def _without_blanks(line: str) -> str:
    return line if line == "-- " else line.rstrip()


def mark_lines(lines: list[str]) -> str:
    """The marks of these lines, one letter each."""
    marks: list[Mark] = []
    examined = lines[:_LINES]
    near = _near_marks(examined)
    began, looks, at = False, 0, 0
    while at < len(examined):
        plain = _plain(marks, lines[at])
        look = near[at] and plain is Mark.OWN and looks < _LOOKS
        looks += look
        step = _look(examined, at, began=began) if look else [plain]
        links = _link_list(examined, at) if look and _below_quote(marks, lines) else 0
        if links:
            step = [Mark.QUOTE] * links
        if step is None:
            return "".join(marks) + _rest(lines, at, near)
        marks.extend(step)
        began = began or (step[0] is Mark.OWN and bool(lines[at].strip()))
        if step[0] is Mark.FORWARD:
            break
        at += len(step)
    return "".join(marks) + Mark.OWN * (len(lines) - len(marks))


def _rest(lines: Sequence[str], start: int, near: bytearray) -> str:
    """The marks of the mail that begins at `start`, and of those that it quotes in turn."""
    marks: list[str] = []
    looks = 0
    while start + len(marks) < len(lines):
        at = start + len(marks)
        look = at < len(near) and bool(near[at]) and looks < _LOOKS
        looks += look
        heading = _heading(lines, at) if look else 0
        marks.extend(Mark.REST_HEADING * heading or Mark.REST)
    return "".join(marks)


def _heading(lines: Sequence[str], at: int) -> int:
    """How many lines that announce a mail without quote marks begin at `at`."""
    if quoting.original(lines[at]):
        return 1 + (quoting.header_block(lines, at + 1) if at + 1 < len(lines) else 0)
    block = quoting.header_block(lines, at)
    if block:
        return block
    count, sure = quoting.attribution(lines, at)
    return count if sure else 0


def _apart(lines: list[str]) -> list[str]:
    """The lines, with the first attribution that shares one with the person's words on its own."""
    ends = (at for at, line in enumerate(lines) if quoting.ends_with_colon(line))
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


def _link_list(lines: Sequence[str], at: int) -> int:
    """How many lines a list of links takes, as Roundcube adds it below a quote; 0 if none."""
    if at + 2 >= len(lines) or not (lines[at].endswith(":") and _LINKS_RULE.match(lines[at + 1])):
        return 0
    rest = itertools.takewhile(lambda one: not one or _LINK.match(one), lines[at + 2 :])
    count = len(list(rest))
    return count + 2 if lines[at + 2].startswith("[") and count else 0


def _below_quote(marks: Sequence[Mark], lines: Sequence[str]) -> bool:
    """Whether the last line with text is quoted."""
    above = range(len(marks) - 1, max(-1, len(marks) - 1 - _BLANKS), -1)
    last = next((at for at in above if lines[at].strip()), None)
    return last is not None and marks[last] is Mark.QUOTE


def _plain(marks: Sequence[Mark], line: str) -> Mark:
    """The mark of a line that announces nothing: a quote if it continues one."""
    goes_on = bool(marks) and marks[-1] is Mark.QUOTE
    return Mark.QUOTE if goes_on and quoting.quoted(line) else Mark.OWN


def _near_marks(lines: Sequence[str]) -> bytearray:
    """1 for each line that must be looked at: a mark may begin in it and end a few below."""
    near = bytearray(len(lines))
    for at, line in enumerate(lines):
        if quoting.may_mark(line):
            first = max(0, at - quoting.ATTRIBUTION_LINES + 1)
            near[first : at + 1] = b"\1" * (at + 1 - first)
    return near


def _look(lines: Sequence[str], at: int, *, began: bool) -> list[Mark] | None:
    """The mark of the next line, or of all lines of an attribution; None if the rest is another
    mail."""
    line = lines[at]
    if quoting.forwarded(line):
        return [Mark.FORWARD]
    heading = 1 if quoting.original(line) else quoting.header_block(lines, at)
    if heading:
        return None if began else [Mark.HEADING] * heading
    count, sure = quoting.attribution(lines, at)
    quote_follows = bool(count) and quoting.quote_follows(lines, at + count)
    if sure and not quote_follows and began:
        return None
    if sure or quote_follows:
        return [Mark.ATTRIBUTION] * count
    if quoting.quoted(line) or _wrapped_quote(lines, at):
        return [Mark.QUOTE]
    return [Mark.OWN]


def _wrapped_quote(lines: Sequence[str], at: int) -> bool:
    """The rest of a quoted line that a mail program broke: between two quoted ones."""
    if not 0 < at < len(lines) - 1 or not lines[at].strip():
        return False
    before, after = lines[at - 1], lines[at + 1]
    if not (quoting.quoted(before) and quoting.quoted(after)):
        return False
    broken = len(before) >= _WRAPPED and before[-1] not in ".!?:;"
    return broken or lines[at].endswith(" >")
