"""Builds header fields from text of strangers: cleaned, encoded, folded and verified. No I/O.

A subject can be an attack: CR, LF or U+2028 start another field, and an encoded word inside a
decoded one becomes a real `Bcc:` line in readers that decode twice. `clean` removes all of these,
and `intact` parses the finished block to make sure.
"""

import base64
import re
import unicodedata
from collections.abc import Iterable
from email.parser import BytesHeaderParser

SUBJECT_LIMIT = 200
NAME_LIMIT = 100
ADDRESS_LIMIT = 320  # RFC 5321 §4.5.3.1: 64 and 255, and the @
REFERENCES_LIMIT = 20
_LINE = 78  # RFC 5322 §2.1.1: SHOULD
_WORD_BYTES = 45  # 60 letters of base64: an encoded word stays below 75 (RFC 2047 §2)

# C0, C1, line and paragraph separators, bidirectional overrides, zero-width and BOM, surrogates.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff]+"
)
_NOT_IN_ADDRESS = re.compile(r"[\s<>,;]")
_ANSWERS = re.compile(r"(?:(?:re|aw|sv|antw)(?:\[\d+\])? ?: ?)+", re.IGNORECASE)
_TAG = re.compile(r"\[MD-\d{1,9}\] ?", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>\Z")
_LINK_LIKE = re.compile(
    r"[a-z][a-z0-9+-]*:/|www\.|\w@\w|\w\.[^\W\d_]{2}|[a-z0-9-][\u3002\uff61][a-z0-9]"
    r"|\d\.\d+\.\d+\.\d|xn--",
    re.IGNORECASE,
)
_PARSER = BytesHeaderParser()
# Fields of printable ASCII with CRLF; no line of a folded field is blank (RFC 5322 §2.2, §2.2.3).
_PLAIN_BLOCK = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*: [!-~][ -~]*\r\n(?:[ \t]+[!-~][ -~]*\r\n)*)+")
_FIELD_NAME = re.compile(rb"^([A-Za-z0-9-]+):", re.MULTILINE)


def clean(text: str, limit: int) -> str:
    """One line without control characters and encoded words, at most `limit` characters."""
    # Only eight times the limit is read, so that a megabyte of blanks costs nothing.
    flat = _UNFIT.sub(" ", text[: limit * 8])
    line = " ".join(flat.split()).replace("=?", "= ?")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def bare_subject(text: str) -> str:
    """The subject without leading `Re:` and without any ticket's tag; "" if nothing is left."""
    line = _TAG.sub("", clean(text, SUBJECT_LIMIT)).strip()
    return line[match.end() :].lstrip() if (match := _ANSWERS.match(line)) else line


def names_a_link(text: str) -> bool:
    """Whether a mail program may turn a part into a link: scheme, www., bare domain."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return bool(_LINK_LIKE.search(unicodedata.normalize("NFKC", visible)))


def encoded(text: str) -> str:
    """ASCII unchanged; other text as encoded words (RFC 2047 §2), separated by a blank."""
    if text.isascii():
        return text
    return " ".join(
        f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in _pieces(text.encode())
    )


def _pieces(data: bytes) -> Iterable[bytes]:
    # RFC 2047 §5: no character is split between two encoded words.
    start = 0
    while start < len(data):
        end = min(start + _WORD_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end]
        start = end


def wire_address(address: str) -> str:
    """The address as it is sent, cleaned and with the domain in ASCII (RFC 5891).

    A local part that is not ASCII stays; such mail needs SMTPUTF8 (RFC 6531).
    """
    fit = _NOT_IN_ADDRESS.sub("", _UNFIT.sub("", address))
    if fit.isascii():
        return fit
    local, at, domain = fit.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return fit


def mailbox(name: str, address: str) -> str:
    """`"Name" <address>` (RFC 5322 §3.4), or the address alone if there is no name."""
    shown = clean(name, NAME_LIMIT)
    if not shown:
        return wire_address(address)
    if shown.isascii():
        escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{wire_address(address)}>'
    return f"{encoded(shown)} <{wire_address(address)}>"


def references(thread: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that References may name: the first and the last ones (RFC 5322 §3.6.4)."""
    ids = tuple(known for known in thread if _MESSAGE_ID.match(known))
    return ids if len(ids) <= REFERENCES_LIMIT else (ids[0], *ids[1 - REFERENCES_LIMIT :])


def folded(name: str, value: str) -> str:
    """One field in lines of at most 78 characters if its blanks allow it (RFC 5322 §2.2.3)."""
    line = f"{name}: {value}"
    if len(line) <= _LINE:
        return line
    lines, current = [], f"{name}:"
    for word in value.split(" "):
        if len(current) + 1 + len(word) > _LINE and current != f"{name}:":
            lines.append(current)
            current = ""
        current = f"{current} {word}"
    return "\r\n".join((*lines, current))


def block(fields: Iterable[tuple[str, str]]) -> bytes:
    """The header block with CRLF, without the empty line. UTF-8 only in addresses (RFC 6532)."""
    return "".join(f"{folded(name, value)}\r\n" for name, value in fields).encode()


def intact(head: bytes, names: list[str]) -> bool:
    """Whether a parser finds exactly these fields in this order."""
    if _PLAIN_BLOCK.fullmatch(head):  # every parser reads such a block alike
        return [name.decode() for name in _FIELD_NAME.findall(head)] == names
    read = _PARSER.parsebytes(head)
    return read.keys() == names and not read.get_payload() and not read.defects
