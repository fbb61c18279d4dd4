"""Reads a yes or a no in a person's own words, as the answer to the question that the desk asked.

"Yes, it works now" answers "Does this resolve your request?", "Go ahead" answers a request for
approval. Strict on purpose: every clause must be a known answer, polite, or a name. A yes beside
anything else is unclear, and never a decision. Pure; only the beginning of a text is read.
"""

import enum
import re
import unicodedata
from collections.abc import Iterable, Sequence

from maildesk.ingest.intent.decisions import DecisionWord
from maildesk.ingest.intent.thanks import GREETINGS, THANKING, is_signature, parted
from maildesk.ingest.languages import WORDS
from maildesk.ingest.languages.schema import Patterns
from maildesk.model.cause import Choice

_LOOKED_AT = 600  # characters
_CLAUSES = 12
_NAME_WORDS = 3
_SPLIT = re.compile(r"\s*(?:[.!?,;:…\n。、，！？；：~]|\s[-–—]\s)[\s.!]*")
_ASKS = re.compile(r"[?？¿؟]")
_PICTURES = re.compile("[\u2705\u2611\u2714\u263a\U0001f44d\U0001f642\U0001f600\U0001f64f\ufe0f]")
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_WORDS = WORDS.answers
_POLITE = WORDS.decisions.polite.union(WORDS.decisions.sign_off, THANKING, _WORDS.praise)
_THANKED = re.compile("|".join((*WORDS.thanks.phrases, *WORDS.thanks.filler_phrases)) or "(?!)")
_FILLERS = WORDS.thanks.fillers
_QUOTES = "\"'“”„«»*()"


class Question(enum.Enum):
    """What the desk asked the person."""

    APPROVAL = "Do you approve this request?"
    RESOLUTION = "Does this resolve your request?"


class _Said(enum.Enum):
    YES = enum.auto()
    NO = enum.auto()
    BUT = enum.auto()  # begins with a yes, and goes on
    POLITE = enum.auto()
    OTHER = enum.auto()


def _all_of(*phrases: Patterns) -> "re.Pattern[str]":
    every = [one for patterns in phrases for one in patterns]
    return re.compile("|".join(f"(?:{one})" for one in every) or "(?!)", re.IGNORECASE)


_YES = {
    Question.APPROVAL: _all_of(_WORDS.yes, _WORDS.granted),
    Question.RESOLUTION: _all_of(_WORDS.yes, _WORDS.solved),
}
_NO = {
    Question.APPROVAL: _all_of(_WORDS.no, _WORDS.refused),
    Question.RESOLUTION: _all_of(_WORDS.no),
}
_AGREES = {Question.APPROVAL: Choice.APPROVE, Question.RESOLUTION: Choice.ACCEPT}


def read_answer(text: str, question: Question, author: str = "") -> DecisionWord:
    """The answer in the new text of a reply. Never raises.

    No choice where the text is no answer, and for a no to a resolution: whatever follows it
    reopens the ticket. `unclear` where it begins with a yes and says something else, too.
    """
    front = unicodedata.normalize("NFC", text[:_LOOKED_AT]).replace("’", "'")
    lines = [line.strip() for line in _PICTURES.sub(" ", front).splitlines() if line.strip()]
    body, signed = parted(lines)
    names = frozenset(word.casefold() for word in _WORD.findall(author))
    clauses = [one for one in _SPLIT.split("\n".join(body)) if _WORD.search(one)][:_CLAUSES]
    said = [_said(clause, question, names) for clause in clauses]
    telling = [one for one in said if one is not _Said.POLITE]
    if not telling or telling[0] is _Said.OTHER:
        return DecisionWord(None)
    whole = len(text) <= _LOOKED_AT and len(clauses) < _CLAUSES and is_signature(signed)
    plain = whole and len(set(telling)) == 1 and not _ASKS.search(front)
    if telling[0] is _Said.YES and plain:
        return DecisionWord(_AGREES[question])
    if not {_Said.YES, _Said.BUT}.isdisjoint(telling):
        return DecisionWord(None, unclear=True)
    return _rejected(text, clauses, said) if question is Question.APPROVAL else DecisionWord(None)


def _rejected(text: str, clauses: Sequence[str], said: Sequence[_Said]) -> DecisionWord:
    """A no, with what else is said as its reason."""
    if _Said.OTHER not in said and not any(one is _Said.NO for one in said[1:]):
        return DecisionWord(Choice.REJECT)
    first = clauses[said.index(_Said.NO)]
    rest = text.replace("’", "'").partition(first)[2]
    return DecisionWord(Choice.REJECT, rest.lstrip(" .,;:!-–—\n").strip())


def _said(clause: str, question: Question, names: Iterable[str]) -> _Said:
    plain = " ".join(clause.strip().strip(_QUOTES).split())
    for form in (plain, _without_polite_ends(plain)):
        if form and _NO[question].fullmatch(form):
            return _Said.NO
        if form and _YES[question].fullmatch(form) and form.casefold() not in THANKING:
            return _Said.YES
    if _is_polite(plain, names):
        return _Said.POLITE
    return _opened(plain, question)


def _opened(clause: str, question: Question) -> _Said:
    """What a clause says that may begin with a yes without a comma: "yes it works"."""
    first, _, rest = clause.partition(" ")
    agrees = _YES[question].fullmatch
    if not rest or not agrees(first):
        return _Said.OTHER
    return _Said.YES if agrees(rest) else _Said.BUT


def _without_polite_ends(clause: str) -> str:
    """ "yes" of "yes please thank you"."""
    words = clause.split()
    while words and words[-1].casefold() in _POLITE:
        words.pop()
    while words and words[0].casefold() in _POLITE:
        words.pop(0)
    return " ".join(words)


def _is_polite(clause: str, names: Iterable[str]) -> bool:
    """Whether it thanks, greets, or is a name."""
    words = [word.casefold() for word in _WORD.findall(_THANKED.sub(" ", clause))]
    if not words:
        return True
    if words[0] in GREETINGS and len(words) <= 1 + _NAME_WORDS:
        return True
    known = _POLITE.union(names)
    thanks = not THANKING.isdisjoint(words) and all(w in known or w in _FILLERS for w in words)
    return thanks or all(word in known or word in GREETINGS for word in words)
