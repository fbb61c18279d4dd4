"""Header fields: their place in the bytes, and their values (RFC 5322, 2047, 2231)."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from maildesk.ingest.mime import charset
from maildesk.ingest.mime.raw_bytes import Raw

HEADER_BYTES = 256_000
BLANK = "blank-before-colon"
MBOX = "mbox-line"
AMBIGUOUS = frozenset(
    {BLANK, MBOX, "broken-header", "too-many-headers", "headers-too-long", "bare-returns"}
    | {f"repeated-{name}" for name in ("from", "sender", "reply-to", "to", "date", "subject")}
)
"""Defects of a header block that programs read in different ways. Such a mail proves nobody."""
_FIELDS = 2_000
_ENCODED_WORDS = 500
_PARAMETERS = 60
_REFERENCES = 100

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)\n?")
_LINE = re.compile(rb"[^\n]*\n?")
_FOLD = re.compile(r"\r?\n[ \t]*|\r[ \t]*")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?((?:[^?]*|(?:[^?]|\?(?!=)){0,300}))\?=", re.ASCII)
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?", re.DOTALL)
_MESSAGE_ID = re.compile(r"<([^<>]{1,998})>")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_BARE_ID = re.compile(r"[^\s<>,;()\"]{1,400}@[^\s<>,;()\"]{1,400}")


@dataclass(frozen=True, slots=True)
class Head:
    """A header block: its fields in order (names in lower case) and where the body starts."""

    fields: tuple[tuple[str, bytes], ...]
    body: int
    defects: tuple[str, ...] = ()

    def first(self, name: str) -> bytes | None:
        """The raw value of the first field of that name, or None."""
        return next((value for key, value in self.fields if key == name), None)


def head(raw: Raw, start: int, end: int) -> Head:
    """Read the header block that starts at `start`. Linear; at most 256 kB and 2,000 fields."""
    fields: list[tuple[str, bytes]] = []
    defects: list[str] = []
    limit = min(end, start + HEADER_BYTES)
    at = start
    while at < limit:
        found = _FIELD.match(raw, at, limit)
        if found:
            at = found.end()
            fields.append((found[1].decode("ascii").lower(), found[2].rstrip(b"\r")))
            if raw[found.end(1) : found.end(1) + 1] != b":" and BLANK not in defects:
                defects.append(BLANK)
            if len(fields) > _FIELDS:
                defects.append("too-many-headers")
                return Head(tuple(fields), _skip(raw, at, end), tuple(defects))
            continue
        stop = _other_line(raw, at, limit, first=at == start, defects=defects)
        if stop is not None:
            return Head(tuple(fields), stop, tuple(defects))
        at = _line_end(raw, at, limit)
    if at < end:
        defects.append("headers-too-long")
        at = _skip(raw, max(at - 4, start), end)
    return Head(tuple(fields), at, tuple(defects))


def _other_line(raw: Raw, at: int, limit: int, *, first: bool, defects: list[str]) -> int | None:
    """Where the body starts if this line ends the header, else None to pass over the line."""
    line = raw[at : min(_line_end(raw, at, limit), at + 1_000)]
    following = _line_end(raw, at, limit)
    if not line.strip(b"\r\n"):
        return following
    if first and line.startswith((b"From ", b">From ")):
        defects.append(MBOX)
        return None
    defects.append("broken-header")
    return None if _FIELD.match(raw, following, limit) else at


def _line_end(raw: Raw, at: int, limit: int) -> int:
    found = raw.find(b"\n", at, limit)
    return limit if found < 0 else found + 1


def _skip(raw: Raw, at: int, end: int) -> int:
    """The body's start, when the header block is too long to be read: after an empty line."""
    places = [(raw.find(mark, at, end), len(mark)) for mark in (b"\n\r\n", b"\n\n")]
    return min((place + size for place, size in places if place >= 0), default=end)


def unfold(value: bytes, hint: str | None = None) -> str:
    """One line of text from a raw value; 8-bit bytes are read as UTF-8, else as `hint`."""
    text = charset.decode(value, None if hint is None or _utf8(value) else hint)
    return _FOLD.sub(" ", text).strip() if "\n" in text or "\r" in text else text.strip()


def _utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def words(text: str) -> str:
    """Decode the encoded-words of a text (RFC 2047 §6.2), also those split inside a character.

    Past 500 encoded-words the rest stays as it came.
    """
    if "=?" not in text:
        return text
    return charset.clean(_SPACE.sub(" ", "".join(_decoded(text)))).strip()


def _decoded(text: str) -> Iterator[str]:
    at, pending, label = 0, b"", ""
    for count, word in enumerate(_WORD.finditer(text)):
        gap = text[at : word.start()]
        if count >= _ENCODED_WORDS:
            break
        mark = word[1].partition("*")[0].lower()
        if pending and (gap.strip() or mark != label):
            yield charset.decode(pending, label)
            pending = b""
        if at == 0 or gap.strip():
            yield gap
        pending += _word_bytes(mark, word[2], word[3])
        label, at = mark, word.end()
    yield charset.decode(pending, label)
    yield text[at:]


def too_many_words(text: str) -> bool:
    """Whether a field holds more encoded-words than are decoded."""
    return text.count("=?") > _ENCODED_WORDS


def _word_bytes(label: str, encoding: str, payload: str) -> bytes:
    data = payload.encode() if payload.isascii() else charset.encode(payload, label)
    if encoding in "qQ":
        return binascii.a2b_qp(data.replace(b" ", b"_"), header=True)
    return base64_bytes(data)


def base64_bytes(data: bytes) -> bytes:
    """Decode base64 with anything missing at its end mended. Never raises."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        outgoing_mails = data.translate(
            None, _NOT_BASE64
        )  # re.sub holds a hundred bytes for each found
    usable = outgoing_mails[: len(outgoing_mails) - (len(outgoing_mails) % 4 == 1)]
    return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


def text_of(value: bytes, hint: str | None = None) -> str:
    """The decoded text of an unstructured field, on one line."""
    return words(unfold(value, hint))


@lru_cache(maxsize=1024)
def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """(value, parameters) of a MIME field, both RFC 2231 and RFC 2047 decoded. Do not change it."""
    text = unfold(value)
    first = text.partition(";")[0].strip().lower()
    sections: dict[str, list[tuple[int, str, bool]]] = {}
    for _, found in zip(range(_PARAMETERS), _PARAMETER.finditer(text), strict=False):
        name = _SECTION.fullmatch(found[1].lower())
        if name:
            piece = (int(name[2] or 0), _unquoted(found[2]), bool(name[3]))
            sections.setdefault(name[1] + ("*" if name[2] or name[3] else ""), []).append(piece)
    plain = {name: words(parts[0][1]) for name, parts in sections.items() if name[-1] != "*"}
    extended = {name[:-1]: _join(parts) for name, parts in sections.items() if name[-1] == "*"}
    return first, plain | extended


def _unquoted(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:].removesuffix('"'))
    return value


def _join(parts: list[tuple[int, str, bool]]) -> str:
    """Continuations in order (RFC 2231 §3), percent-decoded in the charset of the first (§4)."""
    label, data = "", b""
    for place, (_, value, extended) in enumerate(sorted(parts, key=lambda part: part[0])):
        if extended and place == 0 and value.count("'") >= 2:
            label, _, value = value.split("'", 2)
        encoded = value.encode("utf-8", "replace")
        data += unquote_to_bytes(encoded) if extended else encoded
    return words(charset.decode(data, label or None))


def message_ids(value: str) -> tuple[str, ...]:
    """The last 100 message ids of a field (RFC 5322 §3.6.4): in angle brackets, without spaces.

    An id that came without its brackets gets them, so that equal ids are equal texts.
    """
    found = [_SPACE.sub("", one) for one in _MESSAGE_ID.findall(value)]
    found = [one for one in found if one] or _BARE_ID.findall(value[:20_000])
    return tuple(dict.fromkeys(f"<{one}>" for one in found[-_REFERENCES:]))
