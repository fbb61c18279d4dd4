"""Parses raw bytes into a `Mail`. Never raises; what exceeds a limit is named in `defects`.

The only module that uses mail-parser. Each field comes from the parser that gets it right:
the skeleton and the encoded-words from our own scanner (both libraries hold 4 to 5 copies of a
mail, and break on real charsets); plain addresses by a pattern; awkward ones by mail-parser's
recovery, which tells a display name from a second identity; what it will not decide by the
stdlib; dates by the stdlib, then mail-parser.
"""

import email.errors
import email.utils
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailparser.dates import parse_mail_date  # type: ignore[import-untyped]
from mailparser.utils import get_addresses  # type: ignore[import-untyped]

from maildesk.ingest.mime import attachments, charset, fields, smime
from maildesk.ingest.mime.body import Body, attached, body
from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.ingest.mime.structure import Part, scan
from maildesk.ingest.reading import header_only
from maildesk.model.mail import WHOLE_MAIL, Address, Attachment, Mail

RECIPIENTS = 500
_ADDRESS_CHARACTERS = 64_000
_LONGEST_ADDRESS = 320
_PIECE = 1_048_576
_DATES = 5
_ONCE = ("from", "sender", "reply-to", "to", "subject", "date")  # RFC 5322 §3.6
_SIGNATURES = 3  # one around the other
ENCRYPTED = "[This mail is encrypted. The service desk has no key to read it.]"

_ATOM = r"[^\s<>\"(),:;@\\\[\]\x7f]+"
_MAILBOX = re.compile(
    rf'\s*(?:(?:"([^"\\<>@]*)"|([^"<>,;:()@\\\[\]]*?))\s*<({_ATOM}@{_ATOM})>|({_ATOM}@{_ATOM}))\s*'
    r"(?:[,;]|$)"
)
_IN_ANGLES = re.compile(rf"<\s*({_ATOM}@{_ATOM})\s*>")
_WHOLLY_ENCODED = re.compile(r"(?:=\?[^\s?]{1,75}\?[bBqQ]\?[^?]{0,1000}\?=\s{0,5}){1,20}")
_ANYWHERE = re.compile(rf"({_ATOM}@{_ATOM})")
_SOUND = re.compile(rf"{_ATOM}@{_ATOM}")


_OF_A_SERVER = frozenset(
    {"authentication-results", "received", "received-spf", "dkim-signature", "return-path"}
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A mail and its skeleton, for those who must look into single parts of it."""

    raw: Raw
    root: Part
    mail: Mail


def parse(raw: Raw) -> Mail:
    """Read a mail. Never raises, whatever the bytes."""
    return parse_whole(raw).mail


def parse_whole(raw: Raw) -> Parsed:
    """Read a mail and keep its skeleton. Never raises, whatever the bytes."""
    raw, root, defects = _scanned(raw)
    divided = body(raw, root)
    if smime.is_encrypted(raw, root):
        divided = replace(divided, text=ENCRYPTED, html=None)
        defects = (*defects, "encrypted")
    found, wrong = attachments.read(raw, divided.attachments)
    mail = _mail(raw, root, divided, found, (*defects, *divided.defects, *wrong))
    return Parsed(raw, root, mail)


def cut(raw: Raw, index: int) -> tuple[Attachment, Iterator[bytes]]:
    """Attachment `index` of the mail and its decoded bytes, about a megabyte at a time.

    Raises IndexError where the mail has no such attachment.
    """
    if index == WHOLE_MAIL:
        return header_only.whole(raw), header_only.pieces(raw)
    raw, root, _ = _scanned(raw)
    one = list(attached(raw, root))[index]
    return attachments.described(raw, one, index)[0], attachments.pieces(raw, one)


def _scanned(raw: Raw) -> tuple[Raw, Part, tuple[str, ...]]:
    """(The bytes that offsets are into, the skeleton, what is wrong with it); without opaque
    signatures, in which the whole mail is wrapped."""
    given, raw = raw, _with_line_feeds(raw)
    root, defects = scan(raw)
    defects = defects if raw is given else (*defects, "bare-returns")
    for _ in range(_SIGNATURES):
        inner = smime.unwrapped(raw, root)
        if inner is None:
            break
        raw = inner
        root, more = scan(raw)
        defects = tuple(dict.fromkeys((*defects, *more, "opaque-signature")))
    return raw, root, defects


def _mail(
    raw: Raw,
    root: Part,
    divided: Body,
    found: tuple[Attachment, ...],
    defects: tuple[str, ...],
) -> Mail:
    hint = next((p.params["charset"] for p in root.walk() if "charset" in p.params), None)
    lines = tuple((name, fields.unfold(value, hint)) for name, value in root.head.fields)
    headers = tuple((name, _read_field(name, line)) for name, line in lines)
    first = dict(reversed(headers))
    words = {*defects, *_field_defects(lines)}
    return Mail(
        subject=first.get("subject", ""),
        senders=addresses(lines, "from"),
        to=addresses(lines, "to"),
        cc=addresses(lines, "cc"),
        reply_to=addresses(lines, "reply-to"),
        date=_first_date([value for name, value in headers if name == "date"]),
        message_id=next(iter(fields.message_ids(first.get("message-id", ""))), None),
        in_reply_to=next(iter(fields.message_ids(first.get("in-reply-to", ""))), None),
        references=fields.message_ids(first.get("references", "")),
        headers=headers,
        text=divided.text,
        html=divided.html,
        attachments=found,
        content_key=_content_key(raw, root, first),
        defects=tuple(sorted(words)),
    )


def _read_field(name: str, line: str) -> str:
    """The field decoded (RFC 2047), but for what servers wrote.

    Encoded words have no place in Authentication-Results (RFC 8601 §2.2) and its like: an envelope
    sender that our own server quotes there would otherwise decode into a verdict.
    """
    of_a_server = name in _OF_A_SERVER or name.startswith("arc-")
    return line if of_a_server else fields.words(line)


def _field_defects(lines: tuple[tuple[str, str], ...]) -> Iterator[str]:
    if any(fields.too_many_words(line) for _, line in lines):
        yield "encoded-words"
    for name in ("to", "cc", "reply-to", "from"):
        if any(key == name and line.count("@") > RECIPIENTS for key, line in lines):
            yield "too-many-recipients"
    names = [name for name, _ in lines]
    yield from (f"repeated-{name}" for name in _ONCE if names.count(name) > 1)
    yield from (f"no-{name}" for name in ("from", "date") if name not in names)


def addresses(lines: tuple[tuple[str, str], ...], field: str) -> tuple[Address, ...]:
    """All addresses of all fields of that name, without repetition, at most 500.

    `lines` are unfolded but not decoded: an encoded-word must not add an address.
    """
    found: dict[Address, None] = {}
    for name, line in lines:
        if name == field and len(found) < RECIPIENTS:
            found.update(dict.fromkeys(addresses_of(line)))
    return tuple(found)[:RECIPIENTS]


def addresses_of(line: str) -> tuple[Address, ...]:
    """The addresses of one field. A field that is wholly encoded-words, which RFC 2047 §5 forbids,
    is decoded first and names at most one address."""
    line = line[:_ADDRESS_CHARACTERS]
    found = _addresses(line)
    if not found and _WHOLLY_ENCODED.fullmatch(line.strip()):
        found = _addresses(fields.words(line))
        return tuple(found) if len(found) == 1 else ()
    return tuple(found)


def _addresses(line: str) -> list[Address]:
    for reader in (_plain_addresses, _recovered_addresses, _stdlib_addresses, _last_resort):
        found = reader(line)
        if found:
            return found
    return []


def _plain_addresses(line: str) -> list[Address]:
    """The common forms; nothing at all where any of the line is of another form."""
    found: list[Address] = []
    at = 0
    while at < len(line) and len(found) < RECIPIENTS:
        one = _MAILBOX.match(line, at)
        if one is None:
            return []
        found.append(_address(one[1] or one[2] or "", one[3] or one[4]))
        at = one.end()
    return found


def _recovered_addresses(line: str) -> list[Address]:
    try:
        pairs = get_addresses(_first_recipients(line), decode_names=True)
    except (ValueError, LookupError, AttributeError, RecursionError, email.errors.MessageError):
        return []
    return [_address(name, address) for name, address in pairs if _SOUND.fullmatch(address)]


def _stdlib_addresses(line: str) -> list[Address]:
    try:
        pairs = email.utils.getaddresses([_first_recipients(line)[:8_000]])
    except (ValueError, IndexError, RecursionError, email.errors.MessageError):
        return []
    return [_address(name, address) for name, address in pairs if _SOUND.fullmatch(address)]


def _last_resort(line: str) -> list[Address]:
    """What looks like an address in a field that is none by any grammar."""
    anywhere = _ANYWHERE.finditer(line[:8_000])
    found = _IN_ANGLES.findall(line) or [one[1] for one in anywhere if _is_whole(line, one.end())]
    return [_address("", address.strip("'[]")) for address in found[:RECIPIENTS]]


def _is_whole(line: str, end: int) -> bool:
    """Whether an address ends there; "rita@example.org"@evil.example is none of Rita's."""
    return not line[end : end + 2].lstrip('"').startswith("@")


def _first_recipients(line: str) -> str:
    return ",".join(line.split(",")[: RECIPIENTS + 1])


def _address(name: str, address: str) -> Address:
    shown = fields.words(name) if "=?" in name else charset.clean(" ".join(name.split()))
    return Address(shown.strip("'\" "), charset.clean(address)[:_LONGEST_ADDRESS])


def _first_date(values: list[str]) -> datetime | None:
    return next(filter(None, map(date, values[:_DATES])), None)


def date(value: str) -> datetime | None:
    """The Date field in UTC, or None where nobody can read it; without a zone it is UTC."""
    try:
        found = email.utils.parsedate_to_datetime(value[:200])
    except (ValueError, TypeError, IndexError, OverflowError):
        found = parse_mail_date(value[:200]).value
    return _utc(found)


def _utc(found: datetime | None) -> datetime | None:
    if found is None:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def _content_key(raw: Raw, root: Part, first: dict[str, str]) -> str:
    """The same for the same mail by two ways, another for other content.

    Taken over the Message-ID, From, Date and Subject fields and the body with its line ends
    made one; trace fields and Delivered-To differ by the way and do not count.
    """
    digest = hashlib.sha256()
    for name in ("message-id", "from", "date", "subject"):
        digest.update(" ".join(first.get(name, "").split()).encode() + b"\0")
    end = _written_end(raw, root.body)
    for at in range(root.body, end, _PIECE):
        digest.update(raw[at : min(at + _PIECE, end)].replace(b"\r", b""))
    return digest.hexdigest()


def _written_end(raw: Raw, start: int) -> int:
    """Where the body ends but for blank space, which mail servers add and cut."""
    end = len(raw)
    while end > start:
        low = max(start, end - _PIECE)
        written = len(raw[low:end].rstrip())
        if written:
            return low + written
        end = low
    return start


def _with_line_feeds(raw: Raw) -> Raw:
    """Mails of bare carriage returns are read as if they were line feeds; offsets stay."""
    if raw.find(b"\n", 0, 100_000) < 0 <= raw.find(b"\r", 0, 100_000):
        return raw[:].replace(b"\r", b"\n")
    return raw
