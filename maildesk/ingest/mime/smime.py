"""Mails inside S/MIME: the content of an opaque signature, and what is encrypted. Pure.

An opaque signature (RFC 8551 §3.5.2) wraps the whole mail in a CMS structure that anybody can read
without a key (RFC 5652 §5.2). Nothing is verified here. The structure is BER with lengths that
strangers write, so each step is bounded by the bytes that are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from maildesk.ingest.mime import transfer_encoding
from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.ingest.mime.structure import Part

_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_BYTES = 40_000_000
_PIECES = 100_000
_DEPTH = 12  # of elements of indefinite length
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_ENCRYPTED = (
    bytes.fromhex("2a864886f70d010703"),  # EnvelopedData
    bytes.fromhex("2a864886f70d0109100117"),  # AuthEnvelopedData (RFC 5083)
)
_DATA = bytes.fromhex("2a864886f70d010701")
_OBJECT_ID, _OCTETS, _CONSTRUCTED_OCTETS, _SEQUENCE, _TAGGED = 0x06, 0x04, 0x24, 0x30, 0xA0
_PGP = b"-----BEGIN PGP MESSAGE-----"


@dataclass(frozen=True, slots=True)
class _Element:
    """A BER element: its tag, and where its content is; `end` is behind the whole of it."""

    tag: int
    begin: int
    stop: int
    end: int


def is_encrypted(raw: Raw, root: Part) -> bool:
    """Whether the mail as a whole is encrypted, with S/MIME or OpenPGP (RFC 3156 §4)."""
    if root.type == "multipart/encrypted":
        return True
    if root.type in _TYPES:
        return _content_type(transfer_encoding.whole(raw, root, _BYTES)[0]) in _ENCRYPTED
    return root.type == "text/plain" and raw[root.body : root.body + 200].lstrip().startswith(_PGP)


def unwrapped(raw: Raw, root: Part) -> bytes | None:
    """The mail without its opaque signature: its header block with the signed content as its body.

    None where it has none. Of the signed content only the Content fields of the header count.
    """
    if root.type not in _TYPES:
        return None
    content = _signed_content(transfer_encoding.whole(raw, root, _BYTES)[0])
    if content is None:
        return None
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    outer = [field for field in _fields(raw[root.start : root.body]) if not _is_content(field)]
    inner = [field for field in _fields(head) if _is_content(field)]
    return b"".join((*outer, *inner)) + b"\n" + body


def _fields(head: bytes) -> Iterator[bytes]:
    """The header fields with their continuation lines, each with its line end."""
    field = b""
    for line in head.replace(b"\r\n", b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            field += line + b"\n"
            continue
        if field:
            yield field
        field = line + b"\n" if line else b""
    if field:
        yield field


def _is_content(field: bytes) -> bool:
    return field[:8].lower() == b"content-"


def _content_type(data: bytes) -> bytes:
    """The object identifier of a CMS structure; empty where it is none."""
    outer = _element(data, 0, len(data))
    if outer is None or outer.tag != _SEQUENCE:
        return b""
    kind = _element(data, outer.begin, outer.stop)
    return data[kind.begin : kind.stop] if kind is not None and kind.tag == _OBJECT_ID else b""


def _signed_content(data: bytes) -> bytes | None:
    """The content of SignedData, or None: ContentInfo > [0] > SignedData > EncapsulatedContentInfo
    > [0] > OCTET STRING."""
    if _content_type(data) != _SIGNED_DATA:
        return None
    info = _inside(data, _element(data, 0, len(data)))
    tagged = next((one for one in info if one.tag == _TAGGED), None)
    signed = _inside(data, next(iter(_inside(data, tagged)), None))
    encapsulated = next((one for one in signed if one.tag == _SEQUENCE), None)
    held = _inside(data, encapsulated)
    if not held or data[held[0].begin : held[0].stop] != _DATA:
        return None
    content = next((one for one in held if one.tag == _TAGGED), None)
    octets = next(iter(_inside(data, content)), None)
    return b"".join(_octets(data, octets)) if octets is not None else None


def _octets(data: bytes, element: _Element) -> Iterator[bytes]:
    """An OCTET STRING, in one piece or in several."""
    if element.tag == _OCTETS:
        yield data[element.begin : element.stop]
    elif element.tag == _CONSTRUCTED_OCTETS:
        for one in _inside(data, element):
            if one.tag == _OCTETS:
                yield data[one.begin : one.stop]


def _inside(data: bytes, element: _Element | None) -> list[_Element]:
    """The elements in a constructed one."""
    found: list[_Element] = []
    at = element.begin if element is not None else 0
    stop = element.stop if element is not None else 0
    while at < stop and len(found) < _PIECES:
        one = _element(data, at, stop)
        if one is None:
            break
        found.append(one)
        at = one.end
    return found


def _element(data: bytes, at: int, stop: int, depth: int = 0) -> _Element | None:
    """The element at `at` (X.690 §8.1), or None where there is no whole one."""
    if at + 2 > stop or data[at] & 0x1F == 0x1F:  # no tag of several bytes is used here
        return None
    tag, length, begin = data[at], data[at + 1], at + 2
    if length == 0x80:
        return _indefinite(data, tag, begin, stop, depth)
    if length > 0x80:
        count = length & 0x7F
        if count > 4 or begin + count > stop:
            return None
        length = int.from_bytes(data[begin : begin + count], "big")
        begin += count
    end = begin + length
    return _Element(tag, begin, end, end) if end <= stop else None


def _indefinite(data: bytes, tag: int, begin: int, stop: int, depth: int) -> _Element | None:
    """An element of indefinite length ends with two zero bytes (X.690 §8.1.5)."""
    at = begin
    for _ in range(_PIECES if depth < _DEPTH else 0):
        if data[at : at + 2] == b"\0\0":
            return _Element(tag, begin, at, at + 2)
        one = _element(data, at, stop, depth + 1)
        if one is None:
            return None
        at = one.end
    return None
