"""The structure of a mail: where each part is (RFC 2046 §5). Linear in the bytes.

Only the header fields of parts are decoded and copied. Beyond a limit (depth 30, 500 parts) the
rest becomes one opaque part, and `defects` says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maildesk.ingest.mime.fields import Head, head, parameters
from maildesk.ingest.mime.raw_bytes import Raw

DEPTH = 30
PARTS = 500
_CANDIDATES = 5_000
_LONG_MARK = 20
_NO_END_OF_TEXT = (b" ", b"\t", b">", b'"', b"'", b"=", b"-", b"*")
_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_LIKELY_BOUNDARY = re.compile(rb"--([^\r\n]{3,70}?)[ \t]*\r?\n(?=[Cc]ontent-)")


@dataclass(frozen=True, slots=True)
class Part:
    """One part; offsets are into the raw mail: header `start`, `body`, `end`."""

    head: Head
    start: int
    body: int
    end: int
    type: str
    params: dict[str, str]
    disposition: str
    disposition_params: dict[str, str]
    encoding: str
    children: tuple["Part", ...] = ()

    @property
    def container(self) -> bool:
        """Whether it holds parts instead of bytes of its own."""
        return self.type.startswith("multipart/") and bool(self.children)

    @property
    def content_id(self) -> str:
        """Content-ID without its angle brackets, "" where there is none."""
        return parameters(self.head.first("content-id") or b"")[0].strip("<> \t")

    def walk(self) -> Iterator["Part"]:
        """This part, then all parts below it, in the order of the mail."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(slots=True)
class _Scan:
    """One walk through the bytes: what is left of the bounds, and what was wrong."""

    raw: Raw
    left: int
    defects: list[str]

    def part(self, start: int, end: int, depth: int, default: str) -> Part:
        self.left -= 1
        found = head(self.raw, start, end)
        self.defects.extend(found.defects)
        type_, params = parameters(found.first("content-type") or default.encode())
        type_ = _media_type(type_)
        disposition, more = parameters(found.first("content-disposition") or b"")
        encoding = parameters(found.first("content-transfer-encoding") or b"")[0]
        children: tuple[Part, ...] = ()
        if type_.startswith("multipart/"):
            children = self._children(found.body, end, depth, type_, params)
            type_ = type_ if children else "text/plain"
        return Part(
            found, start, found.body, end, type_, params, disposition, more, encoding, children
        )

    def _children(
        self, start: int, end: int, depth: int, type_: str, params: dict[str, str]
    ) -> tuple[Part, ...]:
        if depth >= DEPTH:
            self.defects.append("too-deep")
            return ()
        default = "message/rfc822" if type_ == "multipart/digest" else "text/plain"
        spans = self._spans(start, end, params.get("boundary", ""))
        parts: list[Part] = []
        for low, high in spans:
            if self.left <= 0:
                self.defects.append("too-many-parts")
                break
            parts.append(self.part(low, high, depth + 1, default))
        return tuple(parts)

    def _spans(self, start: int, end: int, boundary: str) -> list[tuple[int, int]]:
        """Where the parts of a multipart are; without a boundary parameter, one is searched for."""
        mark = boundary.rstrip().encode("utf-8", "replace")
        spans = self._split(start, end, mark) if mark else []
        if spans or (mark and (spans := self._split(start, end, mark, loose=True))):
            return spans
        self.defects.append("no-boundary")
        likely = _LIKELY_BOUNDARY.search(self.raw, start, min(end, start + 10_000))
        return self._split(start, end, likely[1]) if likely else []

    def _split(
        self, start: int, end: int, mark: bytes, *, loose: bool = False
    ) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        open_at = -1
        for low, high, last in self._delimiters(start, end, b"--" + mark, loose):
            if open_at >= 0:
                spans.append((open_at, _before_line_break(self.raw, open_at, low)))
            open_at = high
            if last:
                return spans
        if open_at >= 0:
            self.defects.append("not-closed")
            spans.append((open_at, end))
        return spans

    def _delimiters(
        self, start: int, end: int, mark: bytes, loose: bool
    ) -> Iterator[tuple[int, int, bool]]:
        """(start of line, end of line, closing) of each delimiter line (RFC 2046 §5.1.1).

        By that paragraph a line that begins with the mark is one; `loose` takes it at its word,
        which would break nested marks where one begins with the other.
        """
        at = start
        for _ in range(_CANDIDATES):
            at = self.raw.find(mark, at, end)
            if at < 0:
                return
            stop = self.raw.find(b"\n", at, end)
            stop = end if stop < 0 else stop + 1
            rest = self.raw[at + len(mark) : min(stop, at + len(mark) + 200)].strip(b" \t\r\n")
            begins = at == start or self.raw[at - 1 : at] == b"\n"
            exact = rest in (b"", b"--")
            if (begins and (exact or loose)) or (exact and self._was_glued(at, stop, end, mark)):
                yield at, stop, rest.startswith(b"--")
            at = stop
        self.defects.append("too-many-parts")

    def _was_glued(self, at: int, stop: int, end: int, mark: bytes) -> bool:
        """Whether the last line of a part was not ended before the mark: some programs forget it.

        Only a long mark counts, or one that closes at the very end.
        """
        if len(mark) < _LONG_MARK:
            return end - stop < 100 and not self.raw[stop:end].strip()
        return self.raw[at - 1 : at] not in _NO_END_OF_TEXT


def scan(raw: Raw) -> tuple[Part, tuple[str, ...]]:
    """The tree of parts, and words for what is wrong with it. Never raises."""
    state = _Scan(raw, PARTS, [])
    root = state.part(0, len(raw), 0, "text/plain")
    return root, tuple(dict.fromkeys(state.defects))


def _media_type(value: str) -> str:
    """A usable `type/subtype`: RFC 2045 §5.2 reads anything else as plain text."""
    if _TYPE.fullmatch(value):
        return value
    return "text/html" if value in ("html", "text/html:") else "text/plain"


def _before_line_break(raw: Raw, low: int, high: int) -> int:
    """The line break before a delimiter line belongs to the delimiter."""
    if high > low and raw[high - 1 : high] == b"\n":
        high -= 1
    if high > low and raw[high - 1 : high] == b"\r":
        high -= 1
    return high
