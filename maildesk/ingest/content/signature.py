"""Finds where a person's words end and the signature begins. In doubt there is no signature."""

import re
from collections.abc import Sequence

from maildesk.ingest.languages import WORDS

_WORDS = WORDS.signatures
_LINES = 15
_FOOTER_LINES = 4
_LOOSE = re.compile(r"\s{0,3}(?:--|—|––|__)[ \t]*$")
DELIMITER = "-- "  # RFC 3676 §4.3
_FOOTER = re.compile(r"\s{0,3}(?:_{20,60}|-{40,60})\s*$")
_RULE = re.compile(r"\s{0,10}(?:[-_=*#~+—–]{2,200}|ᐧ)\s*$")
_INITIALLED = re.compile(r"-{1,2} ?[^\W\d_]\w{1,20} [^\W\d_]\w{1,20}$")
_DEVICE = re.compile(
    rf"[\s*_\[(<]{{0,10}}(?:{_WORDS.sent_from_device.either}).{{0,80}}$", re.IGNORECASE
)
# `Sent from my desk, it is quicker` is a person's sentence.
_SENTENCE = re.compile(rf"[ ,](?:{_WORDS.sentence_words.either})\b", re.IGNORECASE)


def signature_start(lines: Sequence[str]) -> int:
    """The index of the first line after the person's words; `len(lines)` where all are theirs."""
    end = _without_rules(lines, len(lines))
    exact = [at for at in range(max(0, end - _LINES), end) if lines[at] == DELIMITER]
    if exact:  # a bare `--` above it is part of the text
        return _without_rules(lines, exact[0])
    for at in range(max(0, end - _LINES), end):
        if _LOOSE.match(lines[at]) or _list_footer(lines, at, end):
            return _without_rules(lines, at)
    end = _without_devices(lines, end)
    if end > 1 and _INITIALLED.match(lines[end - 1]):
        return _without_rules(lines, end - 1)
    return end


def _list_footer(lines: Sequence[str], at: int, end: int) -> bool:
    """A long rule with a few lines below it, as mailing lists and companies add it."""
    if not _FOOTER.match(lines[at]):
        return False
    return sum(1 for line in lines[at + 1 : end] if line.strip()) <= _FOOTER_LINES


def _without_rules(lines: Sequence[str], end: int) -> int:
    """Drop blank lines and ruled lines from the end."""
    while end and (not lines[end - 1].strip() or _RULE.match(lines[end - 1])):
        end -= 1
    return end


def _without_devices(lines: Sequence[str], end: int) -> int:
    """`Sent from my …` counts only as the last lines of the text, and not as the only ones."""
    at = end
    while at and (not lines[at - 1].strip() or _names_device(lines[at - 1][:300])):
        at -= 1
    return at or end


def _names_device(line: str) -> bool:
    return bool(_DEVICE.match(line)) and not _SENTENCE.search(line)
