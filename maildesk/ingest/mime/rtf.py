"""Rich text of Outlook as plain text: unpacked (MS-OXRTFCP) and without its marks. Never raises.

Both readers are linear in their input and stop at a bound of output.
"""

import re
import struct
from collections.abc import Iterator

from maildesk.ingest.mime import charset

RTF_BYTES = 500_000
_DEPTH = 500

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss "
    b"\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
    b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,9})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)|\\"
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr"
    b" themedata colorschememapping datastore latentstyles listtable listoverridetable rsidtbl"
    b" generator xmlnstbl filetbl revtbl".split()
)
_SAID = {
    b"par": "\n",
    b"line": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"row": "\n",
    b"cell": "\t",
    b"tab": "\t",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
}
_SIGNS = {b"~": " ", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}


def unpacked(data: bytes) -> bytes:
    """Compressed RTF as RTF, at most 500 kB of it; b"" where it is no such thing."""
    if len(data) < 16:
        return b""
    size, magic = struct.unpack_from("<I4s", data, 4)
    if magic == b"MELA":
        return data[16 : 16 + min(size, RTF_BYTES)]
    return _inflated(data, min(size, RTF_BYTES)) if magic == b"LZFu" else b""


def _inflated(data: bytes, size: int) -> bytes:
    """LZFu: a ring of 4,096 bytes, eight tokens behind a byte that says which are references."""
    out = bytearray(_DICTIONARY)
    end, at = len(_DICTIONARY) + size, 16
    while at < len(data) and len(out) < end:
        flags, at = data[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            if at + 2 > len(data):
                break
            word, at = int.from_bytes(data[at : at + 2], "big"), at + 2
            back = (len(out) - (word >> 4)) % _WINDOW
            if back == 0:  # a reference to the place of writing ends the stream
                end = min(end, len(out))
                break
            _copy(out, len(out) - back, (word & 15) + 2)
    return bytes(out[len(_DICTIONARY) : end])


def _copy(out: bytearray, start: int, length: int) -> None:
    for at in range(start, start + length):
        out.append(out[at] if at >= 0 else 0)


class _State:
    """What a group inherits: silent, hidden from text, and how many characters follow a \\u."""

    __slots__ = ("hidden", "silent", "skip")

    def __init__(self, silent: bool, hidden: bool, skip: int) -> None:
        self.silent, self.hidden, self.skip = silent, hidden, skip


def to_text(rtf: bytes) -> str:
    """The text a reader of the RTF sees; HTML packed into RTF gives the text of that HTML."""
    if not rtf.startswith(b"{\\rtf"):
        return ""
    text = "".join(_spoken(rtf[:RTF_BYTES]))
    return charset.clean(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")).strip()


def _spoken(rtf: bytes) -> Iterator[str]:
    """Runs of text in order; bytes of one run are decoded together (a character may be two)."""
    reader = _Reader()
    for token in _TOKEN.finditer(rtf):
        yield from reader.take(token)
    yield reader.flushed()


class _Reader:
    """Where we are in the groups of a text, and the bytes that wait to be decoded."""

    def __init__(self) -> None:
        self._states = [_State(silent=False, hidden=False, skip=1)]
        self._waiting = bytearray()
        self._codepage = "cp1252"
        self._passing = 0
        self._starred = False

    def take(self, token: re.Match[bytes]) -> Iterator[str]:
        word, number, byte, sign, brace, run = token.groups()
        if brace:
            yield self.flushed()
            self._group(brace)
        elif word:
            yield from self._control(word, number)
        elif sign is not None:
            self._starred = sign == b"*"
            yield from self._say(_SIGNS.get(sign, ""))
        elif byte or run:
            self._bytes(bytes.fromhex(byte.decode()) if byte else run)

    def flushed(self) -> str:
        data, self._waiting = bytes(self._waiting), bytearray()
        return charset.decode(data, self._codepage) if data else ""

    def _group(self, brace: bytes) -> None:
        now = self._states[-1]
        if brace == b"{" and len(self._states) < _DEPTH:
            self._states.append(_State(now.silent, now.hidden, now.skip))
        elif brace == b"}" and len(self._states) > 1:
            self._states.pop()
        self._passing, self._starred = 0, False

    def _control(self, word: bytes, number: bytes | None) -> Iterator[str]:
        now, value = self._states[-1], int(number or 0)
        if self._starred or word in _SILENT:
            now.silent, self._starred = True, False
        match word:
            case b"htmlrtf":
                now.hidden = number != b"0"
            case b"uc":
                now.skip = min(max(value, 0), 8)
            case b"ansicpg":
                self._codepage = f"cp{value}"
            case b"u":
                yield from self._say(chr(value % 65_536))
                self._passing = now.skip
            case _:
                yield from self._say(_SAID.get(word, ""))

    def _say(self, text: str) -> Iterator[str]:
        if text and not (self._states[-1].silent or self._states[-1].hidden):
            yield self.flushed()
            yield text

    def _bytes(self, data: bytes) -> None:
        passed = min(self._passing, len(data))
        self._passing -= passed
        if not (self._states[-1].silent or self._states[-1].hidden):
            self._waiting += data[passed:]
