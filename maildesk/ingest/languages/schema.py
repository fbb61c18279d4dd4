"""What a language file may hold: one table per purpose, one key per list of words.

Three kinds of values:

- `Words`: single words in one string, compared without case: `thank = "danke dank"`.
- `Phrases`: literal texts in an array: `from = ["von"]`.
- `Patterns`: regular expressions in an array, in lower case, matched without case. A blank is a
  blank. Groups must be non-capturing, `(?:…)`, and repeats bounded, `{0,60}`, since strangers
  write the text that is searched. A single-quoted TOML string needs no doubled backslashes.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_SPECIAL = re.compile(r"[][\\^$.|?*+(){}]")
_UNKNOWN_PLACE = re.compile(r"\{(?!(?:verbs|states)\})[A-Za-z]")


class Words(frozenset[str]):
    """Single words, case-folded and in Unicode's composed form (NFC)."""

    @classmethod
    def read(cls, value: object) -> list[str]:
        """The words of one file's value. Raises ValueError."""
        if not isinstance(value, str) or not value.split():
            raise ValueError("expected a string of words separated by blanks")
        return [unicodedata.normalize("NFC", word).casefold() for word in value.split()]

    @classmethod
    def merged(cls, values: Iterable[str]) -> Self:
        """The words of all languages."""
        return cls(values)


class Phrases(tuple[str, ...]):
    """Literal texts without repetition, in the order of the files."""

    __slots__ = ()

    @classmethod
    def read(cls, value: object) -> list[str]:
        """The texts of one file's value. Raises ValueError."""
        if not isinstance(value, list) or not value:
            raise ValueError("expected an array of strings")
        if not all(isinstance(one, str) and one.strip() for one in value):
            raise ValueError("expected strings that are not blank")
        return value

    @classmethod
    def merged(cls, values: Iterable[str]) -> Self:
        """The texts of all languages."""
        return cls(dict.fromkeys(values))


class Patterns(Phrases):
    """Regular expressions, to be set into a larger one."""

    __slots__ = ()

    @classmethod
    def read(cls, value: object) -> list[str]:
        """The expressions of one file's value. Raises ValueError."""
        found = super().read(value)
        for one in filter(_SPECIAL.search, found):  # to compile each plain word takes 30 ms
            _check(one)
        return found

    @property
    def either(self) -> str:
        """All of them as alternatives, without a group around them; without any, no text fits."""
        return "|".join(self) or "(?!)"


def _check(pattern: str) -> None:
    """Raise ValueError for an expression that would break the larger one or match everywhere."""
    if _UNKNOWN_PLACE.search(pattern):
        raise ValueError(f"{pattern!r}: only {{verbs}} and {{states}} can be filled in")
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    if compiled.groups:
        raise ValueError(f"{pattern!r} has a capturing group: write (?:…)")
    if compiled.match(""):
        raise ValueError(f"{pattern!r} matches the empty text")


@dataclass(frozen=True, slots=True)
class Quotes:
    """How mail programs announce what they quote (`quoting`)."""

    wrote: Patterns
    """Verbs near the end of an attribution: "On 3 May Ann wrote:"."""
    wrote_undated: Patterns
    """Those that also mark one without a date, where a quote follows: "Ann wrote:"."""
    wrote_suffixes: Patterns
    """The same in scripts without blanks, at the end: "Ann <ann@example.com>のメール:"."""
    same_line_openings: Phrases
    """First words of an attribution that follows the writer's words on one line, as written."""
    same_line_ends: Phrases
    """Its last words, before the colon."""
    weekdays: Patterns
    """Names of weekdays, short and long, with which an attribution may begin."""
    openings: Patterns
    """Other words with which one may begin: "On", "Am", "Le"."""
    original_message: Patterns
    """The heading of a quoted mail: "-----Original Message-----"."""
    forwarded_message: Patterns
    """The heading of a forwarded mail: "Begin forwarded message:"."""


@dataclass(frozen=True, slots=True)
class HeaderLabels:
    """Field names in the header block of a quoted or forwarded mail, in lower case (`quoting`)."""

    from_: Phrases
    date: Phrases
    to: Phrases
    cc: Phrases
    subject: Phrases


@dataclass(frozen=True, slots=True)
class Signatures:
    """What phones and programs add below a mail (`signature`)."""

    sent_from_device: Patterns
    """"Sent from my iPhone"."""
    sentence_words: Patterns
    """Words that show such a line to be a person's sentence: "Sent from my desk, it is quicker"."""


@dataclass(frozen=True, slots=True)
class Forwards:
    """How the subject marks a forwarded mail (`forward`)."""

    subject_prefixes: Patterns
    """"Fwd", "WG", without the colon."""


@dataclass(frozen=True, slots=True)
class Bounces:
    """What mail servers say of a mail that they could not deliver (`screen`, `bounce`)."""

    subject: Patterns
    """The subject of a bounce."""
    text: Patterns
    """Sentences in its text."""
    delayed: Patterns
    """Words in the subject that say the server still tries."""
    copy_headings: Patterns
    """Words in the ruled heading above the copy of the original mail."""
    copy_follows: Patterns
    """Sentences that announce this copy."""
    soft: Patterns
    """Reasons that may pass: a full mailbox, a block, a time-out (`permanence`)."""
    hard: Patterns
    """Reasons that last: no such user, no such host (`permanence`)."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """How automatic replies and absences sound (`screen`)."""

    subject: Patterns
    """The beginning of an automatic reply's subject."""
    absence_subject: Patterns
    """Words in such a subject that tell of an absence, not only of a program."""
    absence_sentence: Patterns
    """How somebody who is away begins. A person may write it too, so it needs another sign."""
    absence_note: Patterns
    """What else an absence says, and a person who writes by hand does not."""
    absence_in_reply: Patterns
    """Short words of absence; they only count in a mail known to be automatic."""
    reaction: Patterns
    """How a mail program says in a line that its user reacted to a mail with an emoji."""
    receipt: Patterns
    """How programs confirm a mail: "your ticket was received". People may write it, too."""


@dataclass(frozen=True, slots=True)
class Thanks:
    """Mails that thank and say nothing else, and the frame of any mail (`thanks`)."""

    thank: Words
    """Words that thank."""
    fillers: Words
    """Words that may be beside them in a mail of thanks."""
    phrases: Patterns
    """Words of thanks in scripts without blanks."""
    filler_phrases: Patterns
    """What may be beside them there."""
    honorifics: Patterns
    """What follows a name in a greeting there: "田中様"."""
    greetings: Words
    """Words of a salutation: "Hi Ann,"."""
    closings: Words
    """Words of a closing line: "Kind regards"."""
    complaints: Words
    """Words that never occur in a signature: the text that holds them is part of the message."""


@dataclass(frozen=True, slots=True)
class StatusInquiry:
    """Mails that only ask about the status of a request (`chasing`)."""

    asks: Words
    """Words that ask or urge."""
    fillers: Words
    """Words that may be beside them."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Answers of approvers and requesters (`decisions`)."""

    approve: Words
    reject: Words
    accept: Words
    withdraw: Words
    withdraw_openings: Patterns
    """What may come before a sentence that withdraws a request: "please"."""
    withdraw_sentences: Patterns
    """Such sentences: "cancel my request"."""
    withdraw_hints: Patterns
    """Words that only sound like it; the writer is asked."""
    keep_open: Patterns
    """The answer to a reminder that a ticket closes: "keep it open"."""
    greetings: Patterns
    """Salutations that may be on the line above a decision."""
    speakers: Words
    """"I" and "we" before a decision."""
    elided_speakers: Patterns
    """The same, joined to the word that follows: "j'approuve"."""
    adverbs: Words
    """What may be between the speaker and the decision: "hereby"."""
    pronouns: Words
    """What a decision is about, as a word: "approve it"."""
    determiners: Patterns
    """Articles and the like: "approve this"."""
    requests: Words
    """The noun that may follow them: "approve this order"."""
    polite: Words
    """Polite words that leave a decision clear."""
    sign_off: Words
    """Words of a sign-off below a decision, which are no reason for it."""
    conditions: Words
    """"if", "unless": they make also a rejection unclear."""
    doubts: Words
    """Words that make a yes unclear: "but", "not", "later"."""
    doubt_endings: Phrases
    """Endings of such words: "n't"."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers in people's own words to a question of the desk; a clause each (`yes_or_no`)."""

    yes: Patterns
    """To any question: "yes", "that's fine"."""
    solved: Patterns
    """To "Does this resolve your request?": "it works now"."""
    granted: Patterns
    """To a request for approval: "go ahead"."""
    no: Patterns
    """To any question: "no", "unfortunately not"."""
    refused: Patterns
    """To a request for approval: "don't order it"."""
    praise: Words
    """Words beside an answer that say neither yes nor no: "great"."""


@dataclass(frozen=True, slots=True)
class Unsolved:
    """Sentences that say that a problem persists; they make a yes unclear (`decisions`)."""

    sentences: Patterns
    """`{verbs}` and `{states}` in them are the alternatives of the other two keys."""
    verbs: Patterns
    """What a device or program does: "print"."""
    states: Patterns
    """The state it is in: "broken"."""


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """All that language files hold; a field is a table of the file."""

    quotes: Quotes
    header_labels: HeaderLabels
    signatures: Signatures
    forwards: Forwards
    bounces: Bounces
    automatic: Automatic
    thanks: Thanks
    status_inquiry: StatusInquiry
    decisions: Decisions
    answers: Answers
    unsolved: Unsolved
