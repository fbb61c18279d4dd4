"""Groups of similar tickets, by the words of subject and text. Pure.

Two tickets are similar if their subjects share 60 % of their words (Dice coefficient: twice the
shared words by all words), or their texts share half of their word pairs and at least four. Words
have three letters or more, no digits, and are not stop words (`_NOTHING`); the first forty words
of a text count. A ticket is compared with the first ticket of each group and joins the most
similar one.

The time is linear in the tickets: a ticket looks up at most a hundred of its own words in an
index, and each word lists at most `POSTINGS` groups; a more frequent word does not distinguish
groups.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from maildesk.model.report import Issue

POSTINGS = 32
TEXT_CHARACTERS = 1_000
_SUBJECT_WORDS = 20
_TEXT_WORDS = 40
_SUBJECT_SHARE = 0.6
_TEXT_SHARE = 0.5
_TEXT_PAIRS = 4
_WORD = re.compile(r"[^\W\d_]{3,40}")  # linear: one class, no overlap
_NOTHING = frozenset(
    _WORD.findall(
        "and the for with from not can has have are was this that you your our but please help "
        "hello dear thanks urgent problem issue request question fwd und der die das ein eine mit "
        "ist nicht bitte hilfe hallo danke anfrage frage les des une est pas avec pour bonjour "
        "merci demande"
    )
)

Feature = str | tuple[str, str]
Shared = TypeVar("Shared", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Spoken:
    """Subject and first text of a ticket."""

    number: int
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class _Features:
    subject: frozenset[str]
    text: frozenset[tuple[str, str]]

    def __iter__(self) -> Iterator[Feature]:
        yield from self.subject
        yield from self.text

    def likeness(self, other: "_Features") -> float:
        """The similarity; 0 if they are not similar."""
        subject = _dice(self.subject, other.subject)
        text = _dice(self.text, other.text)
        by_text = text >= _TEXT_SHARE and len(self.text & other.text) >= _TEXT_PAIRS
        by_subject = subject >= _SUBJECT_SHARE
        return subject + text if by_subject or by_text else 0.0


@dataclass(slots=True)
class _Group:
    first: _Features
    subject: str
    numbers: list[int]


@dataclass(slots=True)
class _Groups:
    """The groups so far, and an index from the features of their first tickets."""

    every: list[_Group] = field(default_factory=list)
    index: dict[Feature, list[int]] = field(default_factory=lambda: defaultdict(list))

    def take(self, one: Spoken) -> None:
        """Add the ticket to the most similar group, or to a new one."""
        features = _features(one)
        best, place = max(
            ((self.every[at].first.likeness(features), -at) for at in self._near(features)),
            default=(0.0, 0),
        )
        if best:
            self.every[-place].numbers.append(one.number)
        else:
            self._begin(one, features)

    def _near(self, features: _Features) -> Iterable[int]:
        return {at for feature in features for at in self.index.get(feature, ())}

    def _begin(self, one: Spoken, features: _Features) -> None:
        for feature in features:
            named = self.index[feature]
            if len(named) < POSTINGS:
                named.append(len(self.every))
        self.every.append(_Group(features, one.subject, [one.number]))


def issues(tickets: Iterable[Spoken]) -> tuple[Issue, ...]:
    """Groups of at least two tickets, largest first. `tickets` are ordered from old to new."""
    groups = _Groups()
    for one in tickets:
        groups.take(one)
    found = (Issue(g.subject, tuple(g.numbers)) for g in groups.every if len(g.numbers) > 1)
    return tuple(sorted(found, key=lambda issue: (-issue.tickets, issue.numbers)))


def _features(one: Spoken) -> _Features:
    text = _words(one.text[:TEXT_CHARACTERS])[:_TEXT_WORDS]
    return _Features(frozenset(_words(one.subject)[:_SUBJECT_WORDS]), frozenset(pairwise(text)))


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in _NOTHING]


def _dice(one: frozenset[Shared], other: frozenset[Shared]) -> float:
    shared = len(one & other)
    return 2 * shared / (len(one) + len(other)) if shared else 0.0
