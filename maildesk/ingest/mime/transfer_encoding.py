"""Decodes transfer encodings in pieces (RFC 2045 §6), so that no attachment is in memory whole."""

import binascii
import re
from collections.abc import Iterator

from maildesk.ingest.mime.fields import base64_bytes
from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.ingest.mime.structure import Part

_PIECE = 1_048_576
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FOREIGN = bytes(set(range(256)) - set(_ALPHABET))
_BASE64_LINE = re.compile(rb"\s*(?:[A-Za-z0-9+/]+[ \t]*(?:[\r\n]|=|$)|$)")
_UU_BEGIN = re.compile(rb"begin [0-7]{3,4} [^\n]*\n")


def pieces(raw: Raw, part: Part) -> Iterator[bytes]:
    """The decoded bytes of a part, about a megabyte at a time. Never raises."""
    match part.encoding:
        case "base64":
            return _base64(raw, part.body, part.end)
        case "quoted-printable":
            return _quoted_printable(raw, part.body, part.end)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _uuencoded(raw, part.body, part.end)
        case _:
            return (raw[at : min(at + _PIECE, part.end)] for at in _steps(part.body, part.end))


def whole(raw: Raw, part: Part, limit: int) -> tuple[bytes, bool]:
    """(decoded bytes of a part up to `limit`, whether that was all of it)."""
    taken: list[bytes] = []
    left = limit
    for piece in pieces(raw, part):
        taken.append(piece[:left])
        if len(piece) > left:
            return b"".join(taken), False
        left -= len(piece)
    return b"".join(taken), True


def is_base64(raw: Raw, part: Part) -> bool:
    """Whether the first line of a part labelled base64 is of base64 at all."""
    return _BASE64_LINE.match(raw, part.body, min(part.end, part.body + 2_000)) is not None


def _steps(start: int, end: int) -> range:
    return range(start, end, _PIECE)


def _base64(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    if end - start <= _PIECE:
        yield base64_bytes(raw[start:end])
        return
    carry = b""
    for at in _steps(start, end):
        outgoing_mails = carry + raw[at : min(at + _PIECE, end)].translate(None, _FOREIGN)
        stop = outgoing_mails.find(b"=")
        if stop >= 0:
            carry = outgoing_mails[:stop]
            break
        usable = len(outgoing_mails) - len(outgoing_mails) % 4
        yield binascii.a2b_base64(outgoing_mails[:usable])
        carry = outgoing_mails[usable:]
    yield base64_bytes(carry)


def _quoted_printable(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    at = start
    while at < end:
        stop = min(at + _PIECE, end)
        if stop < end:  # not inside `=XX`, nor inside a soft line break
            line = raw.rfind(b"\n", at, stop)
            stop = line + 1 if line > at else stop
        yield binascii.a2b_qp(raw[at:stop])
        at = stop


def _uuencoded(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    begin = _UU_BEGIN.search(raw, start, end)
    at = begin.end() if begin else end
    found = bytearray()  # a line by itself would cost its reader more than it says
    while at < end:
        stop = raw.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        line = raw[at : min(stop, at + 200)].strip(b"\r\n")
        if line == b"end":
            break
        found += _uu_line(line)
        if len(found) >= _PIECE:
            yield bytes(found)
            found.clear()
        at = stop + 1
    yield bytes(found)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some encoders drop or add trailing blanks
        size = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
        try:
            return binascii.a2b_uu(line[:size])
        except binascii.Error:
            return b""
