"""Whether a reply says thanks and nothing else. Pure; bounded by `_LONGEST` characters.

Strict on purpose: every word must be in the language files, or be in the place of a name. Anything
else (a "but", a negation, a number, a question mark) means more than thanks. Missing a mail of
thanks costs an agent a minute; taking a complaint for thanks loses the complaint.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from maildesk.ingest.languages import WORDS

_LONGEST = 600
_WORDS = 24
_SIGNED = 24  # words below the closing line
_NAMES = 3

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_REFUSED = re.compile(r"[?？¿؟%]|[:;]-?[(/\\|]|👎|😞|😠|😡|😢|☹")
_THUMBS = re.compile("[👍🙏]")


_CJK_GREETING = re.compile(
    rf"^[^\s、。，,!！]{{1,12}}(?:{WORDS.thanks.honorifics.either})[、，,]?$", re.MULTILINE
)

_CLOSING_LINES = 6  # of the end of a text in which a closing may begin
_CLOSING_LINE = 80  # characters of such a line

GREETINGS = WORDS.thanks.greetings
THANKING = WORDS.thanks.thank
CLOSINGS = WORDS.thanks.closings
_FILLERS = WORDS.thanks.fillers


def _either(phrases: Sequence[str]) -> "re.Pattern[str]":
    return re.compile("|".join(sorted(phrases, key=len, reverse=True)))


_CJK_THANKED = _either(WORDS.thanks.phrases)
_CJK_POLITE = _either((*WORDS.thanks.phrases, *WORDS.thanks.filler_phrases))


def is_thanks(text: str) -> bool:
    """Whether the new text of a reply thanks and says nothing else. Never raises."""
    if len(text) > _LONGEST or _REFUSED.search(text):
        return False
    plain = unicodedata.normalize("NFC", text).replace("’", "'")
    thanked = bool(_CJK_THANKED.search(plain) or _THUMBS.search(plain))
    plain = _CJK_GREETING.sub(" ", _CJK_POLITE.sub(" ", plain))
    lines = [line.strip() for line in plain.splitlines() if _WORD.search(line)]
    body, signed = parted(lines)
    words = [word for line in body for word in _folded(line)]
    thanked = thanked or not THANKING.isdisjoint(words)
    polite = all(_is_polite(line) for line in body)
    return thanked and polite and len(words) <= _WORDS and is_signature(signed)


def closing_at(lines: Sequence[str]) -> int:
    """Where the closing ("Kind regards" and a signature of a few lines) begins that ends a text;
    len(lines) where there is none."""
    shown = [at for at, line in enumerate(lines) if line.strip()][-_CLOSING_LINES:]
    for at in shown:
        words = _folded(lines[at][:_CLOSING_LINE])
        if words and set(words) <= CLOSINGS and is_signature(lines[at + 1 :]):
            return at
    return len(lines)


def _folded(line: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(line)]


def parted(lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """(what is said, the closing line and the signature, or the name that ends the mail)."""
    for at, line in enumerate(lines):
        words = _folded(line)
        if at and set(words) <= CLOSINGS and THANKING.isdisjoint(words):
            return lines[:at], lines[at:]
    if len(lines) > 1 and _is_name(_WORD.findall(lines[-1])):
        return lines[:-1], lines[-1:]
    return lines, ()


def is_signature(lines: Sequence[str]) -> bool:
    """Whether the lines below the words are few and complain about nothing."""
    words = [word for line in lines for word in _folded(line)]
    return len(words) <= _SIGNED and WORDS.thanks.complaints.isdisjoint(words)


def _is_name(words: Sequence[str]) -> bool:
    shown = all(word[0].isupper() and word.isalpha() for word in words)
    known = WORDS.thanks.complaints.union(_FILLERS, THANKING)
    return shown and len(words) <= _NAMES and known.isdisjoint(word.casefold() for word in words)


def _is_polite(line: str) -> bool:
    """Whether each word of a line is polite, or the name of whom it is said to."""
    return all(
        word.casefold() in THANKING or word.casefold() in _FILLERS or is_name
        for word, is_name in _words(line)
    )


def _words(line: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it is a greeting or a name: `Hi Ann,` and `Thanks Ann!`."""
    found = list(_WORD.finditer(line))
    before = ""
    for match in found:
        word, follows = match[0], line[match.end() : match.end() + 1]
        greets = match is found[0] and word.casefold() in GREETINGS
        called = before in GREETINGS or before in THANKING
        named = called and _is_name([word]) and follows in ("", ",", "!", ".", "-", "，", "！")
        more = before in GREETINGS and word.casefold() in GREETINGS
        yield word, greets or named or more
        before = word.casefold()
