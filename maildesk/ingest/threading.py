"""Finds the ticket that a mail belongs to, and the evidence for it. Pure.

Outlook's Thread-Index is shown in the trace and never used: anybody who has seen a mail of the
conversation can copy it, and programs keep it under another subject.

The order is that of the evidence's strength: a reply token in a recipient address, a
Message-ID in In-Reply-To or References (RFC 5322 §3.6.4), a reply token quoted in the body,
a subject tag of a ticket in which the sender is a participant. The same subject alone never
threads.

A token in the body counts after the references and proves nothing about the sender: it is quoted
and forwarded with the text, so everybody who was shown the mail has it.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from maildesk.config.schema.settings import Desk
from maildesk.model.links.token import ReplyToken, read_message_id, read_reply
from maildesk.model.mail import Mail, Step
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

BODY_MARKER = re.compile(r"\bRef:[ \t\xa0]{0,3}md-([a-z2-7]{20,80})(?![a-z0-9])", re.IGNORECASE)
SUBJECT_TAG = re.compile(r"\[\s{0,2}MD\s{0,2}[-–‑]?\s{0,2}([0-9]{1,9})\s{0,2}\]", re.IGNORECASE)

_RECIPIENT_HEADERS = ("delivered-to", "x-original-to")
_ADDRESS = re.compile(r"[^\s<>,;:()\"]{1,320}")
_THREAD_INDEX = 32  # letters of base64: six bytes of time, sixteen of the conversation, two more
_MARKERS = 20
_TAGS = 10
_MERGES = 5  # of tickets merged one into the other
_WORDS = 12  # lines of evidence kept for `explain`

How = Literal["token", "reference", "subject", "none"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A Message-ID that the mail answers. `ticket` is set where we signed it."""

    message_id: str
    ticket: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What a mail says of its ticket, before anything was looked up.

    `references` stand nearest first. `bad` holds in words what could be taken for evidence and is
    none.
    """

    tokens: tuple[ReplyToken, ...] = ()
    references: tuple[Reference, ...] = ()
    markers: tuple[ReplyToken, ...] = ()
    tags: tuple[int, ...] = ()
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the shell is to look up: in which tickets these messages are, and these tickets."""

    message_ids: tuple[str, ...]
    tickets: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found. `tickets` also holds those that `by_message_id` leads to, and the survivors
    of those that were merged.
    """

    by_message_id: Mapping[str, int] = field(default_factory=dict)
    tickets: Mapping[int, Ticket] = field(default_factory=dict)

    def survivor(self, number: int) -> int:
        """The ticket itself, or the one that it was merged into."""
        for _ in range(_MERGES):
            ticket = self.tickets.get(number)
            if ticket is None or ticket.merged_into is None:
                break
            number = ticket.merged_into
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The ticket, or None for a new one.

    `held`: the evidence is good, but the sender takes no part in that ticket; an agent decides.
    `round` is the round of our mail that the sender answers, where a token of the sender tells it.
    """

    ticket: int | None
    how: How
    held: bool
    step: Step
    round: int | None = None


@dataclass(frozen=True, slots=True)
class _Naming:
    """One thing in the mail that names a ticket; `person` owns the token it came from."""

    ticket: int | None
    how: How
    words: str
    person: int | None = None


def clues(
    mail: Mail, desk: Desk, keys: tuple[bytes, ...], envelope_to: Iterable[str] = ()
) -> Clues:
    """Everything in the mail that may name a ticket; tokens and our own ids are verified."""
    tags = [tag for address in _recipients(mail, envelope_to) if (tag := desk.tag_in(address))]
    read = {tag: read_reply(tag, keys) for tag in dict.fromkeys(tags)}
    marked = {text.lower(): read_reply(text, keys) for text in _markers(mail.text)}
    bad = [f"{tag[:40]!r} behind our address is no reply token" for tag in read if not read[tag]]
    bad += ["a reference in the text is no reply token" for token in marked.values() if not token]
    bad += _conversations(mail)
    return Clues(
        tokens=tuple(token for token in read.values() if token),
        references=tuple(_references(mail, keys)),
        markers=tuple(token for token in marked.values() if token),
        tags=tuple(_subject_tags(mail.subject)),
        bad=tuple(bad),
    )


def _recipients(mail: Mail, envelope_to: Iterable[str]) -> Iterator[str]:
    # A long address may have been folded in its middle; a blank is no part of one.
    for address in (*mail.to, *mail.cc):
        yield "".join(address.address.split())
    for name in _RECIPIENT_HEADERS:
        for value in mail.all_headers(name):
            yield from _ADDRESS.findall(value)
    yield from envelope_to


def _markers(text: str) -> list[str]:
    found = (match[1] for match in BODY_MARKER.finditer(text))
    return [marker for marker, _ in zip(found, range(_MARKERS), strict=False)]


def _conversations(mail: Mail) -> Iterator[str]:
    """What Outlook calls the conversation (MS-OXOMSG §2.2.1.3): the same in each of its mails."""
    for value in mail.all_headers("thread-index")[:1]:
        try:
            guid = base64.b64decode(value[:_THREAD_INDEX] + "==")[6:22].hex()
        except (binascii.Error, ValueError):
            continue
        if len(guid) == 32:
            yield f"Thread-Index of conversation {guid}: it alone names no ticket"


def _references(mail: Mail, keys: tuple[bytes, ...]) -> Iterator[Reference]:
    nearest_first = (mail.in_reply_to, *reversed(mail.references))
    for message_id in dict.fromkeys(one for one in nearest_first if one):
        yield Reference(message_id, read_message_id(message_id, keys))


def _subject_tags(subject: str) -> list[int]:
    found = dict.fromkeys(int(match[1]) for match in SUBJECT_TAG.finditer(subject))
    return list(found)[:_TAGS]


def wanted(clues: Clues) -> Wanted:
    """What `thread` needs to know."""
    tickets = [token.ticket for token in (*clues.tokens, *clues.markers)]
    tickets += [one.ticket for one in clues.references if one.ticket is not None]
    return Wanted(
        message_ids=tuple(one.message_id for one in clues.references if one.ticket is None),
        tickets=tuple(dict.fromkeys([*tickets, *clues.tags])),
    )


def thread(clues: Clues, sender: Person, known: Known) -> Thread:
    """The ticket by the strongest evidence; the step also names the weaker evidence."""
    taken: _Naming | None = None
    evidence: list[str] = []
    rejected = list(clues.bad)
    for naming in (_followed(one, known) for one in _namings(clues, sender, known)):
        objection = _objection(naming, taken, sender, known)
        if objection:
            rejected.append(f"{naming.words}: {objection}")
            continue
        evidence.append(naming.words)
        taken = taken or naming
    found = _thread(taken, sender, known, _some(evidence), _some(rejected))
    return replace(found, round=_round(clues, found.ticket, sender, known))


def _namings(clues: Clues, sender: Person, known: Known) -> Iterator[_Naming]:
    """All that names a ticket, strongest first; of several tokens the sender's own first."""
    for token in sorted(clues.tokens, key=lambda token: token.person != sender.id):
        yield _by_token(token, sender, "reply token")
    for one in clues.references:
        signed = "of ours" if one.ticket is not None else "that is stored"
        ticket = known.by_message_id.get(one.message_id) if one.ticket is None else one.ticket
        words = f"answers {one.message_id[:120]}"
        yield _Naming(ticket, "reference", f"{words} {signed}" if ticket is not None else words)
    for token in sorted(clues.markers, key=lambda token: token.person != sender.id):
        yield _by_token(token, sender, "reply token in the text")
    for tag in clues.tags:
        yield _Naming(tag, "subject", f"subject tag [MD-{tag}]")


def _followed(naming: _Naming, known: Known) -> _Naming:
    """What names a ticket that was merged names the one it was merged into."""
    if naming.ticket is None:
        return naming
    survivor = known.survivor(naming.ticket)
    if survivor == naming.ticket:
        return naming
    words = f"{naming.words}, of ticket {naming.ticket} that was merged"
    return replace(naming, ticket=survivor, words=words)


def _by_token(token: ReplyToken, sender: Person, what: str) -> _Naming:
    whose = "the sender" if token.person == sender.id else "somebody else"
    return _Naming(token.ticket, "token", f"{what} made for {whose}", token.person)


def _objection(naming: _Naming, taken: _Naming | None, sender: Person, known: Known) -> str:
    """Why this does not count, "" where it does."""
    if naming.ticket is None:
        return "no such message is known"
    if naming.ticket not in known.tickets:
        return f"there is no ticket {naming.ticket}"
    if taken and naming.ticket != taken.ticket:
        return f"names ticket {naming.ticket}, but {taken.words} is stronger"
    if naming.how == "subject" and not _is_insider(sender, known.tickets[naming.ticket]):
        return "the sender takes no part in that ticket"
    return ""


def _is_insider(sender: Person, ticket: Ticket) -> bool:
    return sender.is_agent or ticket.takes_part(sender.id)


def _thread(
    taken: _Naming | None,
    sender: Person,
    known: Known,
    evidence: tuple[str, ...],
    rejected: tuple[str, ...],
) -> Thread:
    if taken is None or taken.ticket is None:
        step = Step("thread", "a new ticket: nothing names one", evidence, rejected)
        return Thread(ticket=None, how="none", held=False, step=step)
    insider = _is_insider(sender, known.tickets[taken.ticket])
    held = not insider and taken.person != sender.id
    verdict = f"ticket {taken.ticket} by {taken.how}"
    if held:
        verdict += ", held: the sender takes no part in it"
    step = Step("thread", verdict, evidence, rejected)
    return Thread(ticket=taken.ticket, how=taken.how, held=held, step=step)


def _some(words: list[str]) -> tuple[str, ...]:
    words = list(dict.fromkeys(words))
    more = len(words) - _WORDS
    return (*words[:_WORDS], f"and {more} more") if more > 0 else tuple(words)


def _round(clues: Clues, ticket: int | None, sender: Person, known: Known) -> int | None:
    """Of several tokens the latest round: an old one may stand in a quote or an address book.

    A round of a ticket that was merged is none of the survivor's: 0, in which nothing is asked.
    """
    for tokens in (clues.tokens, clues.markers):
        own = [one for one in tokens if _is_own(one, ticket, sender, known)]
        if own:
            return max(one.round if one.ticket == ticket else 0 for one in own)
    return None


def _is_own(token: ReplyToken, ticket: int | None, sender: Person, known: Known) -> bool:
    return token.person == sender.id and known.survivor(token.ticket) == ticket


def token_proves(clues: Clues, thread: Thread, sender: Person, known: Known) -> bool:
    """Whether a token in a recipient address was made for this sender and this ticket."""
    return any(_is_own(token, thread.ticket, sender, known) for token in clues.tokens)
