"""Reads decisions by mail, such as "approve" or "reject". Pure.

Only the new text of a mail is read, never a quote.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile

from maildesk.ingest.intent.thanks import CLOSINGS
from maildesk.ingest.languages import WORDS
from maildesk.model.cause import Choice

_WORDS = WORDS.decisions
_UNSOLVED = WORDS.unsolved
CHOICE_WORDS: dict[Choice, frozenset[str]] = {
    Choice.APPROVE: _WORDS.approve,
    Choice.REJECT: _WORDS.reject,
    Choice.ACCEPT: _WORDS.accept,
    Choice.WITHDRAW: _WORDS.withdraw,
}


def _either(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words)))


# What may come before a decision and belongs to it: a greeting on its own line, and "I".
_GREETING = re.compile(
    rf"\s{{0,5}}(?:{_WORDS.greetings.either})\b[^\n.?:;]{{0,60}}\n\s{{0,20}}", re.IGNORECASE
)
_I = re.compile(
    rf"\s{{0,5}}(?:(?:{_either(_WORDS.speakers)})(?: (?:{_either(_WORDS.adverbs)}))? |"
    rf"(?:{_WORDS.elided_speakers.either}))",
    re.IGNORECASE,
)
# What may follow it: what is decided about.
_OBJECT = re.compile(
    rf"[ \t]{{1,5}}(?:{_either(_WORDS.pronouns)}|(?:{_WORDS.determiners.either})"
    rf"(?: (?:{_either(_WORDS.requests)}))?)"
    r"(?=[ \t]{0,5}(?:[.,;:!\n–—-]|\Z))",
    re.IGNORECASE,
)
# A sentence that withdraws a request, and what only sounds like one.
_TAKES_BACK = re.compile(
    rf"\s{{0,5}}(?:(?:{_WORDS.withdraw_openings.either}) )?"
    rf"(?:{_WORDS.withdraw_sentences.either})(?=\s{{0,5}}(?:[.,;:!\n–—-]|\Z))",
    re.IGNORECASE,
)
_WITHDRAWING = re.compile(rf"\b(?:{_WORDS.withdraw_hints.either})\b", re.IGNORECASE)
_KEEP = re.compile(rf"\s{{0,5}}(?:{_WORDS.keep_open.either})\b", re.IGNORECASE)
_SIGNING = _WORDS.polite.union(_WORDS.sign_off)
_SAYS = re.compile(r"[0-9]|[^\w\s.,;:!'’*_()\-–—\u200b-\u200f\u2060\ufeff]")
_DOUBTS = _WORDS.conditions.union(_WORDS.doubts)
_DOUBT_ENDINGS = tuple(_WORDS.doubt_endings)
# Below a yes these make it unclear. None of them is in a disclaimer: "it may still contain
# viruses", "we do not accept" and "please do not print" do not match.
_TROUBLE = re.compile(
    rf"\b(?:{_UNSOLVED.sentences.either})\b".replace("{verbs}", _UNSOLVED.verbs.either).replace(
        "{states}", _UNSOLVED.states.either
    ),
    re.IGNORECASE,
)
_DECISIONS = {word: choice for choice, words in CHOICE_WORDS.items() for word in words}
# To take a request back is no answer to a question of ours: beside others it leaves no doubt.
_DECIDING = frozenset(word for word, said in _DECISIONS.items() if said is not Choice.WITHDRAW)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_FIRST = re.compile(r"[\s*_\"'“„«]{0,5}([^\W\d_]{1,40})[*_\"'”“»]{0,3}(.*)", re.DOTALL)
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_QUESTIONS = ("?", "¿", "？")
_SEPARATORS = ".,;:!-–—\n"
_LOOKED_AT = 4_000  # characters: a decision is at the beginning
_OPENING_LINES = 3


@dataclass(frozen=True, slots=True)
class DecisionWord:
    """What was decided, and the words beside it.

    Strict on purpose: a decision is the first word of the first line. A yes with a condition,
    a question, a negation or a second decision beside it is unclear, and never a yes.

    `unclear`: the text speaks of a decision but does not make one; ask with a link.
    `withdrawing`: it seems to take a request back; ask whoever made one.
    """

    choice: Choice | None
    reason: str = ""
    unclear: bool = False
    withdrawing: bool = False


def read_decision(text: str, author: str = "") -> DecisionWord:
    """The decision in the new text of a reply. Never raises; in doubt there is none.

    Where the `author` only signs, no reason is given.
    """
    read = _read_decision(text.strip())
    return replace(read, reason="") if author and _only_signs(read.reason, author) else read


def _read_decision(whole: str) -> DecisionWord:
    front = unicodedata.normalize("NFC", whole[:_LOOKED_AT]).replace("’", "'")
    opening = _opening(front)
    plain = _without_greeting(front + whole[_LOOKED_AT:])
    back = _TAKES_BACK.match(plain)
    if back is not None and _is_plain(Choice.WITHDRAW, plain[back.end() :]):
        return DecisionWord(Choice.WITHDRAW, plain[back.end() :].lstrip(_SEPARATORS + " \t"))
    kept = _KEEP.match(plain)
    if kept is not None and _is_plain(Choice.KEEP, plain[kept.end() :]):
        return DecisionWord(Choice.KEEP, plain[kept.end() :].lstrip(_SEPARATORS + " \t").strip())
    said = _I.match(plain)
    first = _FIRST.match(plain[said.end() :] if said else plain)
    choice = _DECISIONS.get(first[1].casefold()) if first else None
    withdrawing = bool(_WITHDRAWING.search(opening))
    if first is None or choice is None:
        return DecisionWord(None, unclear=_speaks_of_one(opening), withdrawing=withdrawing)
    about = _OBJECT.match(first[2])
    rest = first[2][about.end() :] if about else first[2]
    reason = rest.lstrip(_SEPARATORS + " \t").strip()
    if _is_plain(choice, rest):
        return DecisionWord(choice, reason)
    return DecisionWord(None, reason, unclear=True, withdrawing=withdrawing)


def _without_greeting(text: str) -> str:
    greeting = _GREETING.match(text)
    return text[greeting.end() :] if greeting else text


def takes_back(comment: str) -> bool:
    """Whether words that somebody adds to a yes on a page take it back, or make it depend.

    All of them count: below a comment of a page there is neither a signature nor a disclaimer.
    """
    looked_at = unicodedata.normalize("NFC", comment[:_LOOKED_AT]).replace("’", "'")
    words = _words(looked_at)
    rejects = any(_DECISIONS.get(word) is Choice.REJECT for word in words)
    asks = any(mark in looked_at for mark in _QUESTIONS)
    return rejects or asks or any(map(_is_doubt, words)) or bool(_TROUBLE.search(looked_at))


def _only_signs(words: str, name: str) -> bool:
    """Whether the words below a decision are no more than a name, a greeting, or what stands below
    the line that closes a mail."""
    signing = {*_words(name), *_SIGNING, *CLOSINGS}
    said = "\n".join(takewhile(_goes_on, words.splitlines()))
    return all(word in signing for word in _words(said)) and not _SAYS.search(said)


def _goes_on(line: str) -> bool:
    """Whether no mail is closed by the line, as by `Kind regards,`."""
    words = set(_words(line))
    return not words or words <= _WORDS.polite or not words <= CLOSINGS


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _speaks_of_one(opening: str) -> bool:
    return any(word in _DECIDING for word in _words(opening))


def _opening(text: str) -> str:
    lines = [line for line in text[:_LOOKED_AT].splitlines() if line.strip()]
    return "\n".join(lines[:_OPENING_LINES])


def _is_plain(choice: Choice, rest: str) -> bool:
    """Whether the words beside the decision leave no doubt of it."""
    beside = _beside(rest)
    words = _words(beside)
    follows = rest.lstrip(" \t\r")
    if follows.startswith(_QUESTIONS) or any(word in _DECIDING for word in words):
        return False
    if choice is Choice.REJECT:
        return not words or words[0] not in _WORDS.conditions
    polite = bool(words) and words[0] in _WORDS.polite
    separate = not follows or follows[0] in _SEPARATORS or polite
    asked = any(mark in beside for mark in _QUESTIONS)
    contradicted = bool(_TROUBLE.search(rest[:_LOOKED_AT]))
    return separate and not asked and not contradicted and not any(map(_is_doubt, words))


def _beside(rest: str) -> str:
    """The rest of the decision's paragraph, and the first word of the next.

    No more: a disclaimer further down ("if you are not the intended ...") is no condition.
    """
    opening, *below = _PARAGRAPH.split(rest[:_LOOKED_AT], maxsplit=1)
    return " ".join([opening, *_WORD.findall("".join(below))[:1]])


def _is_doubt(word: str) -> bool:
    return word in _DOUBTS or word.endswith(_DOUBT_ENDINGS)
