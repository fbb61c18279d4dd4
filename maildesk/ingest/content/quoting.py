"""How mail programs mark what they quote: attribution lines, header blocks, separators.

The words come from the language files. A pattern is applied to one line, or to up to five joined,
cut to 1,000 characters, so the time is linear in the text.
"""

import re
from collections.abc import Sequence

from maildesk.ingest.languages import WORDS

_LINE = 1_000
ATTRIBUTION_LINES = 5
_BLOCK_LINES = 12
_SHARED_LINES = 3
_MOST_PLACES = 5
_WRAPPED_AT = 50
_RARE_MARKS = tuple("#|}%")
_RULES = tuple("-_=*>")

_MARKUP = r"[\s>*_-]{0,40}"
_WORDS = WORDS.quotes
_WROTE_ALONE = _WORDS.wrote_undated.either
_SAME_LINE_OPENING = "|".join(map(re.escape, _WORDS.same_line_openings))
_SAME_LINE_END = "|".join(map(re.escape, _WORDS.same_line_ends))
_BIDI_MARKS = dict.fromkeys(
    map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
_WROTE_AT_END = re.compile(rf"\b(?:{_WORDS.wrote.either})\b.{{0,60}}$", re.IGNORECASE)
_WROTE_SUFFIX = re.compile(rf"(?:{_WORDS.wrote_suffixes.either})[^:：]{{0,20}}[:：]?\s*$")
_OPENERS = re.compile(
    rf"{_MARKUP}(?:{_WORDS.openings.either}|{_WORDS.weekdays.either}|\d{{1,4}})"
    r"(?:\b|(?<=\d)[年년])",
    re.IGNORECASE,
)
# Followed by the date, before any address.
_DATED_OPENING = re.compile(
    rf"(?:(?P<word>{_WORDS.openings.either})(?:\b|(?<=[在于於]))|(?P<day>{_WORDS.weekdays.either})\b|"
    r"(?P<date>\d{4}\s?[-/.年년]|(?<!\d)\d{1,2}[./-](?=\d{1,2}[./-])))"
    r"(?=[^<>@\d]{0,30}\d)",
    re.IGNORECASE,
)
_LETTERS_AT_END = re.compile(r"[^\W\d_]{1,40}\Z")
_MONTHS = frozenset({"apr", "agosto", "augusto", "august", "sept"})  # end like a weekday
_TIME_OF_DAY = re.compile(r"\d{1,2}[:.]\d{2}")
_NAME_AND_ADDRESS = re.compile(r"[^<>]{1,80}<(?:mailto:)?[^\s<>@]{1,100}@")
_DATED_SENDER = re.compile(
    rf"{_MARKUP}(?:(?:{_WORDS.weekdays.either})\b[.,]*\s+)?\d{{1,4}}[-/. 年].{{4,120}}"
    r"<\s*(?:mailto:)?[^\s<>]{1,200}@[^\s<>]{1,200}>\s*:?\s*$",
    re.IGNORECASE,
)
_SENDER_WROTE = re.compile(
    rf"{_MARKUP}.{{2,200}}\b(?:{_WROTE_ALONE})\b.{{0,40}}[:-][\s*_-]*$", re.IGNORECASE
)
_SEPARATED = re.compile(
    rf"\s*[-_=*]{{2,}}\s*(?:(?:{_SAME_LINE_OPENING})\b.{{4,160}}\b(?:{_SAME_LINE_END})|"
    rf".{{2,80}}\b(?:{_WROTE_ALONE}))"
    r"\s*:?\s*[-_=*]{0,}\s*$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@]{1,100}")
_MAILTO_TAIL = re.compile(r"<(?:mailto:)?[^<>]{1,200}>")
_ORIGINAL = re.compile(
    rf"[\s>]{{0,20}}[-_=*]{{1,40}}\s*\**(?:{_WORDS.original_message.either})\**\s*[-_=*]{{0,40}}\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    rf"[\s>]{{0,20}}(?:[-_=*]{{1,40}}\s*)?(?:{_WORDS.forwarded_message.either})"
    r"(?: follows)?\s*[:.]?\s*[-_=*]{0,40}:?\s*$",
    re.IGNORECASE,
)
_ROLE_OF = {
    label: role
    for role, labels in (
        ("from", WORDS.header_labels.from_),
        ("date", WORDS.header_labels.date),
        ("to", WORDS.header_labels.to),
        ("cc", WORDS.header_labels.cc),
        ("subject", WORDS.header_labels.subject),
    )
    for label in labels
}
_HEADER_LINE = re.compile(
    r"[\s>|]{0,20}[*_]{0,2}([^\W\d][^:：*_<>@]{0,24}?)\s?[*_]{0,2}\s?[:：]\s?[*_]{0,2}(.*)$"
)


def quoted(line: str) -> bool:
    """Whether the line begins with a quote mark."""
    return line.lstrip(" \t*").startswith(">") and ">>> >>>" not in line


def ends_with_colon(line: str) -> bool:
    """Whether the line ends with a colon, apart from marks of the text's direction and of style."""
    end = line[-20:].rstrip(" *_-")
    return end.translate(_BIDI_MARKS).rstrip(" *_-").endswith((":", "："))


def usual_marks(lines: list[str]) -> list[str]:
    """The lines with `>` for another mark that quotes behind an attribution (`#`, `|`, `}`)."""
    mark, out = "", []
    for line, below, next_below in zip(lines, [*lines[1:], ""], [*lines[2:], "", ""], strict=False):
        if line.endswith(":") and below[:1] in _RARE_MARKS and below[:1] == next_below[:1]:
            mark = below[:1] if _is_attribution(line[:_LINE]) else ""
            out.append(line)
        elif mark and line.startswith(mark):
            out.append(">" + line[1:])
        else:
            mark = mark if not line else ""
            out.append(line)
    return out


def may_mark(line: str) -> bool:
    """Whether a line can be (the end of) any mark at all: cheap, and false for most lines."""
    return "@" in line or ":" in line or "：" in line or line[-1:] in _RULES or line[:1] in _RULES


def attribution(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """(number of lines of the attribution at `at`, whether it is certain); (0, False) if none.

    Uncertain ones (without date and address) count only if a quote follows.
    """
    first = lines[at][:_LINE]
    if not first.strip() or role(first):
        return 0, False
    if _SEPARATED.match(first):
        return 1, True
    if not any(map(_may_end, lines[at : at + ATTRIBUTION_LINES])):
        return 0, False
    if _is_attribution(first):
        return 1, any(c.isdigit() for c in first) or _names_only(first)
    if _OPENERS.match(first) or _ADDRESS.search(first):
        count = _joined_lines(lines, at)
        if count and not _begins_below(lines, at):
            return count, True
    return (1, False) if _SENDER_WROTE.match(first) else (0, False)


def _names_only(line: str) -> bool:
    """Whether a name alone is before the address, unlike in "the support of Acme <…> wrote:"."""
    words = line.translate(_BIDI_MARKS).partition("<")[0].split()
    return not any(word[0].islower() for word in words)


def _begins_below(lines: Sequence[str], at: int) -> bool:
    """Whether the attribution is whole without its first line, in which there is no date."""
    first, below = lines[at][:_LINE], lines[at + 1][:_LINE]
    if any(c.isdigit() for c in first) or "@" in first or not _OPENERS.match(below):
        return False
    return _is_attribution(below) or _joined_lines(lines, at + 1) > 0


def _may_end(line: str) -> bool:
    """Whether an attribution can end with this line."""
    return "@" in line or ends_with_colon(line)


def _joined_lines(lines: Sequence[str], at: int) -> int:
    """How many lines an attribution that was wrapped takes, or 0."""
    joined = lines[at].strip()[:_LINE]
    for count in range(2, min(ATTRIBUTION_LINES, len(lines) - at) + 1):
        line = lines[at + count - 1].strip()
        if not _may_continue(line, joined, lines, at + count):
            return 0
        joined = f"{joined} {line}" if line else joined
        if _is_attribution(joined):
            return count
    return 0


def _may_continue(line: str, joined: str, lines: Sequence[str], after: int) -> bool:
    if len(joined) > 300 or len(line) > 200:
        return False
    if not line:  # only before a lone address
        return after < len(lines) and lines[after].lstrip().startswith("<")
    open_angle = joined.count("<") > joined.count(">")
    return not quoted(line) or open_angle or quoted(joined)


def _is_attribution(text: str) -> bool:
    if len(text) > 400:
        return False
    text = text.translate(_BIDI_MARKS).lstrip("> ")
    if _DATED_SENDER.match(text):
        return True
    bare = _MAILTO_TAIL.sub("<>", text)
    if not (_WROTE_AT_END.search(bare[-120:]) or _WROTE_SUFFIX.search(bare[-60:])):
        return False
    dated = any(c.isdigit() for c in text)
    ends = ends_with_colon(text)
    addressed = _MAILTO_TAIL.search(text) is not None
    return (ends and addressed) or bool(dated and _OPENERS.match(text) and (ends or addressed))


def shared_line(lines: Sequence[str], at: int) -> int:
    """Where an attribution starts behind the writer's words on the line `at`, or -1.

    Some programs put the caret right before it ("ThanksOn 2026-11-30 22:41, Ann wrote:"). Without
    an address in it, it counts only if a quote follows.
    """
    joined = first = lines[at][:_LINE].rstrip()
    if not first.strip() or quoted(first):
        return -1
    for count in range(1, _SHARED_LINES + 1):
        if ends_with_colon(joined):
            start = _shared_at(joined)
            sure = start > 0 and ("@" in joined[start:] or quote_follows(lines, at + count))
            return start if sure and start < len(first) and _bare(first[:start]) else -1
        below = lines[at + count][:_LINE].strip() if at + count < len(lines) else ""
        if not below or quoted(below) or len(first) < _WRAPPED_AT:
            return -1
        joined = f"{joined} {below}"
    return -1


def _bare(text: str) -> str:
    return text.translate(_BIDI_MARKS).strip(" >*")


def _shared_at(line: str) -> int:
    """Where the attribution in the line begins, or -1.

    One that is glued to a word is certain. Of others the last counts, since a sentence before it
    may begin like one.
    """
    places = [(one.start(), one.end()) for one in _DATED_OPENING.finditer(line) if _opens(one)]
    apart = [place for place in places if not _is_glued(line, place[0])]
    first = apart[0][0] if apart else len(line)
    glued = [*_glued_names(line), *(at for at, _ in places if _is_glued(line, at) and at < first)]
    for at in glued[:_MOST_PLACES]:
        dated_before = line[at : at + 1].islower() and any(c.isdigit() for c in line[:at])
        if not dated_before and _is_attribution(line[at:].strip()):
            return at
    for number in range(len(apart) - 1, max(-1, len(apart) - 1 - _MOST_PLACES), -1):
        if not _is_attribution(line[apart[number][0] :].strip()):
            continue
        while number and not line[apart[number - 1][1] : apart[number][0]].strip(" ,."):
            number -= 1  # "On" of "On Monday"
        return apart[number][0]
    return -1


def _is_glued(line: str, at: int) -> bool:
    before = line[at - 1 : at]
    return before.isalnum() or (bool(before) and ord(before) in _BIDI_MARKS)


def _glued_names(line: str) -> list[int]:
    """Where the name before an address begins behind a word of a script without capitals.

    Amid other letters it can't be told from a name such as McDonald or HelpDesk.
    """
    named = _NAME_AND_ADDRESS.match(line)
    if named is None:
        return []
    letters = line[: named.end()]
    return [
        at
        for at in range(1, len(letters))
        if letters[at].isupper() and _has_no_case(letters[at - 1])
    ]


def _has_no_case(letter: str) -> bool:
    return letter.isalpha() and letter.lower() == letter.upper()


def _opens(found: re.Match[str]) -> bool:
    """Whether an opening word is written as the first of an attribution.

    Amid letters only what hardly occurs there opens one: a capital, a date, a weekday before one,
    or a word of a script without capitals.
    """
    first = found[0][0]
    if not _is_glued(found.string, found.start()):
        return not (found["word"] and first.islower())
    if found["word"]:
        return first.isupper() or _has_no_case(first)
    if found["day"]:
        word = _LETTERS_AT_END.search(found.string[: found.end()])
        below = found.string[found.end() : found.end() + 3].lstrip(".,")
        return below[:1] == " " and not (word and word[0].lower() in _MONTHS)
    return True


def quote_follows(lines: Sequence[str], at: int) -> bool:
    """Whether the next line with text is quoted."""
    following = next((line for line in lines[at : at + 5] if line.strip()), "")
    return quoted(following)


def role(line: str) -> str | None:
    """Which field of a quoted header block a line is: from, date, to, cc, subject."""
    found = _HEADER_LINE.match(line[:_LINE])
    return _ROLE_OF.get(" ".join(found[1].lower().split())) if found else None


def header_block(lines: Sequence[str], at: int) -> int:
    """How many lines the header of a quoted or forwarded mail takes from here on; 0 if none.

    Without an address in it, it must name sender, date and subject; without a sender, the time of
    day: a person who lists what is to be done may write `Date:` and `To:`, too.
    """
    if role(lines[at]) not in ("from", "date"):
        return 0
    roles: dict[str, None] = {}
    blank, count = False, 0
    for number, line in enumerate(lines[at : at + _BLOCK_LINES], 1):
        found = role(line)
        if found:
            roles[found] = None
            count = number
        elif blank and roles:
            break
        blank = not line.strip()
    addressed = any("@" in line for line in lines[at : at + count])
    timed = role(lines[at]) == "date" and _TIME_OF_DAY.search(lines[at][:_LINE])
    certain = len(roles) > 1 and ("from" in roles or timed)
    sure = {"from", "date", "subject"} <= roles.keys() or (addressed and certain)
    return count if sure else 0


def original(line: str) -> bool:
    """Whether the line says that the original message follows."""
    return bool(_ORIGINAL.match(line[:_LINE]))


def forwarded(line: str) -> bool:
    """Whether the line says that a forwarded message follows."""
    return bool(_FORWARDED.match(line[:_LINE]))
