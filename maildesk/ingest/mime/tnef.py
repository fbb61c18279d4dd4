"""What is inside a winmail.dat (MS-OXTNEF): the files, and the text. Never raises.

Linear in the bytes: each step takes at least one attribute or property off the input. Files are
offsets into the bytes, so that nothing is copied.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from maildesk.ingest.mime import charset, rtf

FILES = 500
_SIGNATURE = 0x223E9F78
_MESSAGE, _FILE = 1, 2
_ATTRIBUTES = 20_000
_PROPERTIES = 5_000

# Attributes of a message and of an attachment (MS-OXTNEF §2.1.3)
_BODY = 0x2800C
_CODEPAGE = 0x69007
_MESSAGE_PROPERTIES = 0x69003
_NEW_FILE = 0x69002
_TITLE = 0x18010
_DATA = 0x6800F
_FILE_PROPERTIES = 0x69005

# Properties (MS-OXPROPS)
_PLAIN, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_INTERNET_CODEPAGE = 0x3FDE
_LONG_NAME, _NAME, _DISPLAY_NAME = 0x3707, 0x3704, 0x3001
_MIME_TYPE, _CONTENT_ID, _OBJECT = 0x370E, 0x3712, 0x3701

# Types of property values: size of a fixed one in the stream
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_UNICODE, _OBJECT_TYPE = 0x1F, 0x0D
_INTERFACE_ID = 16


@dataclass(frozen=True, slots=True)
class File:
    """One attached file: its name, and its place in the bytes."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Packed:
    """What was found. `whole` is False where bytes are left that made no sense."""

    files: tuple[File, ...]
    text: str
    html: str
    rtf: bytes
    whole: bool

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that a reader would miss."""
        return not (self.files or self.text or self.html or self.rtf)

    def said(self) -> str:
        """The plain text, if need be that of the rich text (which takes time to work out)."""
        text = self.text or rtf.to_text(rtf.unpacked(self.rtf))
        return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class _Value:
    """A property's value: its type, and its place in the bytes."""

    type: int
    start: int
    end: int


@dataclass(slots=True)
class _Reading:
    """What has been found so far."""

    data: bytes
    codepage: str = "cp1252"
    files: list[File] = field(default_factory=list)
    text: str = ""
    html: str = ""
    rtf: bytes = b""
    titles: dict[int, tuple[int, int]] = field(default_factory=dict)

    def message(self, attribute: int, start: int, end: int) -> None:
        if attribute == _CODEPAGE and end - start >= 4:
            self.codepage = self._label(_Value(3, start, start + 4))
        elif attribute == _BODY:
            self.text = self._string(start, end)
        elif attribute == _MESSAGE_PROPERTIES:
            self._message_properties(_properties(self.data, start, end))

    def _message_properties(self, found: dict[int, _Value]) -> None:
        codepage = found.get(_INTERNET_CODEPAGE)
        label = self._label(codepage) if codepage else self.codepage
        if _PLAIN in found:
            self.text = self._text(found[_PLAIN])
        if _HTML in found:
            value = found[_HTML]
            markup = self.data[value.start : value.end]
            self.html = (
                self._text(value) if value.type == _UNICODE else charset.decode(markup, label)
            )
        if _RTF in found:
            self.rtf = self.data[found[_RTF].start : found[_RTF].end]

    def _label(self, value: _Value) -> str:
        return f"cp{int.from_bytes(self.data[value.start : value.end][:4], 'little')}"

    def file(self, attribute: int, start: int, end: int) -> None:
        if attribute == _NEW_FILE and len(self.files) <= FILES:
            self.files.append(File())
        elif self.files and attribute == _TITLE:
            name = self._string(start, end)
            self.files[-1] = replace(self.files[-1], name=self.files[-1].name or name)
        elif self.files and attribute == _DATA:
            self.files[-1] = replace(self.files[-1], start=start, end=end)
        elif self.files and attribute == _FILE_PROPERTIES:
            self._file_properties(_properties(self.data, start, end))

    def _file_properties(self, found: dict[int, _Value]) -> None:
        names = [found[one] for one in (_LONG_NAME, _NAME, _DISPLAY_NAME) if one in found]
        known = self.files[-1]
        name = self._text(names[0]) if names else ""
        self.files[-1] = replace(
            known,
            name=name or known.name,
            type=self._text(found[_MIME_TYPE]).lower() if _MIME_TYPE in found else "",
            content_id=self._text(found[_CONTENT_ID]).strip("<>") if _CONTENT_ID in found else "",
        )
        inner = found.get(_OBJECT)
        if inner and known.end == known.start:
            skip = _INTERFACE_ID if inner.type == _OBJECT_TYPE else 0
            start = min(inner.start + skip, inner.end)
            self.files[-1] = replace(self.files[-1], start=start, end=inner.end)

    def _text(self, value: _Value) -> str:
        if value.type != _UNICODE:
            return self._string(value.start, value.end)
        data = self.data[value.start : value.end]
        return charset.clean(data.decode("utf-16-le", "replace"))

    def _string(self, start: int, end: int) -> str:
        return charset.decode(self.data[start:end].rstrip(b"\0"), self.codepage)


def unpack(data: bytes) -> Packed | None:
    """The contents of a winmail.dat; None where these bytes are none."""
    if len(data) < 6 or _long(data, 0) != _SIGNATURE:
        return None
    reading = _Reading(data)
    at = 6
    for level, attribute, start, end in _attributes(data):
        take = reading.message if level == _MESSAGE else reading.file
        take(attribute, start, end)
        at = end + 2
    whole = len(data) - at < 9 and len(reading.files) <= FILES
    files = tuple(reading.files[:FILES])
    return Packed(files, reading.text, reading.html, reading.rtf, whole)


def _attributes(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(level, attribute, start, end) of each attribute, until one that does not fit."""
    at = 6
    for _ in range(_ATTRIBUTES):
        if at + 9 > len(data):
            return
        level, attribute, size = struct.unpack_from("<BII", data, at)
        if level not in (_MESSAGE, _FILE) or at + 9 + size > len(data):
            return
        yield level, attribute, at + 9, at + 9 + size
        at += 9 + size + 2


def _properties(data: bytes, start: int, end: int) -> dict[int, _Value]:
    """The first value of each property, until one that does not fit."""
    found: dict[int, _Value] = {}
    block = memoryview(data)[start:end]
    at = 4
    try:
        for _ in range(min(_long(block, 0), _PROPERTIES)):
            kind, name = struct.unpack_from("<HH", block, at)
            at = _after_name(block, at + 4, name)
            value, at = _values(block, at, kind)
            if at > len(block):
                break
            if value:
                placed = _Value(value.type, start + value.start, start + value.end)
                found.setdefault(name, placed)
    except struct.error:  # it broke off
        pass
    return found


def _after_name(block: memoryview, at: int, name: int) -> int:
    """Behind the name of a named property (MS-OXTNEF §2.1.3.4)."""
    if name < 0x8000:
        return at
    if _long(block, at + 16) == 0:
        return at + 24
    return at + 24 + _padded(_long(block, at + 20))


def _values(block: memoryview, at: int, kind: int) -> tuple[_Value | None, int]:
    """(first value, the place behind all of them)."""
    type_, several = kind & 0xFFF, bool(kind & 0x1000)
    if type_ not in _VARIABLE:
        size = _SIZES.get(type_, 4)
        count, at = (_long(block, at), at + 4) if several else (1, at)
        return (_Value(type_, at, at + size) if count else None), at + size * count
    count, at = _long(block, at), at + 4
    first: _Value | None = None
    for _ in range(min(count, _PROPERTIES)):
        size, at = _long(block, at), at + 4
        first = first or _Value(type_, at, at + size)
        at += _padded(size)
    return first, at


def _long(data: bytes | memoryview, at: int) -> int:
    value: int = struct.unpack_from("<I", data, at)[0]
    return value


def _padded(size: int) -> int:
    return size + -size % 4
