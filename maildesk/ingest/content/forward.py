"""A forwarded mail: its author, its text, and the words above it. Pure.

The forwarded mail is in the text below a header block, or attached. The subject must say so too,
since a quoted mail below an answer looks the same, and a mail can be attached as an example. Some
programs leave the subject to the writer: it is then that of the inner mail, or empty.

At most `_LINES` lines are examined, each cut to 1,000 characters.
"""

import re
from dataclasses import dataclass

from maildesk.ingest.content.quoting import forwarded, header_block, original, role
from maildesk.ingest.languages import WORDS
from maildesk.model.mail import Address, Enclosed, Reading

_LINES = 2_000
_LINE = 1_000
_SUBJECT = re.compile(
    r"\s{0,9}(?:\[[^\]]{0,40}\]\s{0,9})?"
    rf"(?:{WORDS.forwards.subject_prefixes.either})\s{{0,3}}[:：]\s{{0,9}}",
    re.IGNORECASE,
)
# mutt writes the author and the subject: [bob@example.org: Printer jams]
_AUTHOR_AND_SUBJECT = re.compile(r"\s{0,9}\[[^\s\[\]]{1,320}@[^\s\[\]:]{1,255}: (.{0,500})\]\s*\Z")
_BEGIN = re.compile(r"-{2,20} ?Forwarded message from .{0,700}-{2,20}\Z", re.IGNORECASE)
_END = re.compile(r"-{2,20} ?End (?:of )?forwarded message ?-{2,20}\Z", re.IGNORECASE)
_ADDRESS = re.compile(r"([^\s<>()\[\]:;,\"']{1,64}@[^\s<>()\[\]:;,\"']{1,255})")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The inner mail: its author and text; and the words of the person who forwarded it."""

    author: Address
    subject: str
    text: str
    words: str


def passed_on(reading: Reading) -> Forwarded | None:
    """The mail that this one forwards, in its text or attached, or None."""
    mail = reading.mail
    return forwarded_in(mail.subject, mail.text) or _attached(
        mail.subject, mail.text, reading.enclosed
    )


def _attached(subject: str, text: str, inner: Enclosed | None) -> Forwarded | None:
    marked = _SUBJECT.match(subject)
    if inner is None or not (marked or subject.strip() in ("", inner.subject.strip())):
        return None
    return Forwarded(inner.author, inner.subject, inner.text.strip(), text.strip())


def forwarded_in(subject: str, text: str) -> Forwarded | None:
    """The mail forwarded in the text, or None if that is unclear."""
    inner_subject = _inner_subject(subject)
    if inner_subject is None:
        return None
    lines = text.split("\n")
    for at in range(min(len(lines), _LINES)):
        count = header_block(lines, at) if "@" in "".join(lines[at : at + 6]) else 0
        author = _author(lines[at : at + count])
        if author is not None:
            words = "\n".join(_without_mark(lines[:at])).strip()
            inner = "\n".join(_up_to_the_end(lines[at + count :])).strip()
            return Forwarded(author, inner_subject, inner, words)
    return None


def _inner_subject(subject: str) -> str | None:
    """The subject of the forwarded mail; None if the subject does not say that one is forwarded."""
    marked = _SUBJECT.match(subject)
    if marked is not None:
        return subject[marked.end() :]
    bracketed = _AUTHOR_AND_SUBJECT.match(subject[:1_200])
    return bracketed[1] if bracketed else None


def _up_to_the_end(lines: list[str]) -> list[str]:
    """The forwarded lines, without what is below the line that ends them."""
    ends = (at for at, line in enumerate(lines[:_LINES]) if _END.match(line[:_LINE].strip()))
    return lines[: next(ends, len(lines))]


def above_the_first(text: str) -> str:
    """The text above the first forwarded or quoted mail, whatever the subject says."""
    lines = text.split("\n")
    for at, line in enumerate(lines[:_LINES]):
        if _is_mark(line) or header_block(lines, at):
            return "\n".join(lines[:at]).strip()
    return text.strip()


def _author(block: list[str]) -> Address | None:
    """The author in the block's only From line; None if it holds several addresses."""
    senders = [line[:_LINE] for line in block if role(line) == "from"]
    if len(senders) != 1:
        return None
    value = re.split("[:：]", senders[0], maxsplit=1)[1].replace("mailto:", "")
    found = list(dict.fromkeys(_ADDRESS.findall(value)))
    if len(found) != 1:
        return None
    name = value.partition(found[0])[0].strip(" <[(*\"'")
    return Address(name, found[0])


def _without_mark(lines: list[str]) -> list[str]:
    while lines and (not lines[-1].strip() or _is_mark(lines[-1])):
        lines = lines[:-1]
    return lines


def _is_mark(line: str) -> bool:
    """Whether a program writes such a line above a forwarded or quoted mail."""
    return forwarded(line) or original(line) or bool(_BEGIN.match(line[:_LINE].strip()))
