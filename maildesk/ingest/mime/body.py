"""Which parts of a mail are its text, and which are attachments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from maildesk.ingest.html import plain_text
from maildesk.ingest.mime import (
    attachments,
    calendar_invite,
    charset,
    data_pictures,
    tnef,
    transfer_encoding,
)
from maildesk.ingest.mime.attachments import Kept
from maildesk.ingest.mime.flowed import unflowed
from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.ingest.mime.structure import Part

TEXT_BYTES = 2_000_000
TEXT_LINES = 100_000
_HTML_BYTES = 12_000_000  # with the pictures that are written into it
_NOT_BODY = frozenset(
    [
        "text/calendar",
        "text/vnd.google.email-reaction+json",
        "text/csv",
        "text/rfc822-headers",
        "text/x-amp-html",
        "text/vcard",
        "text/x-vcard",
        "text/css",
        "text/javascript",
        "text/xml",
        "text/x-patch",
        "text/x-diff",
        "text/directory",
    ]
)
_CALENDARS = frozenset({"text/calendar", "application/ics"})
_CALENDAR_BYTES = 400_000
_MOST_CALENDARS = 5
_META = re.compile(rb"<meta\b[^<>]{0,200}?\bcharset\s*=\s*[\"']?([\w.:-]{1,40})", re.I | re.ASCII)
_META_BYTES = 2_000
_LINE_BREAKS = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class Body:
    """The text and HTML of a mail, and the parts that are neither."""

    text: str
    html: str | None
    attachments: tuple[Kept, ...]
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One stretch of the body: its plain form, its HTML form, or both as alternatives."""

    plain: str | None = None
    html: str | None = None


def is_text(part: Part) -> bool:
    """Whether a part is read as part of the body, not kept as an attachment."""
    if not part.type.startswith("text/") or part.type in _NOT_BODY:
        return False
    named = "filename" in part.disposition_params or "name" in part.params
    if part.disposition == "attachment" or "filename" in part.disposition_params:
        return False
    return not named or part.disposition == "inline" or part.type == "text/html"


@dataclass(slots=True)
class _Found:
    """What one walk through the parts has found beside the text."""

    raw: Raw
    attachments: list[Kept] = field(default_factory=list)
    pictures: list[Kept] = field(default_factory=list)
    packed: list[tnef.Packed] = field(default_factory=list)
    calendars: int = 0
    events: dict[str, None] = field(default_factory=dict)
    defects: list[str] = field(default_factory=list)


def body(raw: Raw, root: Part) -> Body:
    """Divide a mail into text, HTML and attachments.

    The text begins with a line for each event of a calendar part, and is that of a winmail.dat
    where the mail has none of its own.
    """
    found = _Found(raw)
    pieces = list(_pieces(root, found))
    said = [_plain(piece) for piece in pieces]
    if found.packed and not any(one.strip() for one in said):
        pieces = [_of_winmail(found.packed[0])]
        said = [_plain(piece) for piece in pieces]
    written = [piece.html for piece in pieces if piece.html is not None]
    joined = "\n".join(filter(None, (*found.events, *said)))
    text = joined[:TEXT_BYTES]
    if text.count("\n") > TEXT_LINES:  # in a list a line costs fifty bytes and more
        text = "\n".join(text.split("\n", TEXT_LINES)[:TEXT_LINES])
    if len(text) < len(joined):
        found.defects.append("text-too-long")
    markup = _bounded("\n".join(written), found.defects) if written else None
    defects = tuple(found.defects)
    return Body(text, markup, (*found.attachments, *found.pictures), defects)


def _of_winmail(packed: tnef.Packed) -> _Piece:
    if packed.html and not packed.text:
        return _Piece(html=packed.html)
    return _Piece(packed.said() or None, packed.html or None)


def _bounded(markup: str, defects: list[str]) -> str:
    if len(markup) > plain_text.HTML_CHARACTERS:
        defects.append("html-too-long")
        markup = markup[: plain_text.HTML_CHARACTERS]
    if plain_text.too_deep(markup):
        defects.append("html-too-deep")
    return markup


def attached(raw: Raw, root: Part) -> Iterator[Kept]:
    """The attachments alone, in the order of `Attachment.index`: pictures of the HTML come last."""
    leaves = [leaf for leaf in root.walk() if not leaf.container]
    yield from attachments.attached(raw, (leaf for leaf in leaves if not is_text(leaf)))
    found = _Found(raw)
    for leaf in leaves:
        if is_text(leaf) and leaf.type == "text/html":
            _markup(leaf, found)
    yield from found.pictures


def _pieces(part: Part, found: _Found) -> Iterator[_Piece]:
    if part.container:
        below = [one for child in part.children for one in _pieces(child, found)]
        yield from [_alternative(below)] if part.type == "multipart/alternative" else below
    elif not is_text(part):
        _keep(part, found)
    elif part.type == "text/html":
        yield _Piece(html=_markup(part, found))
    else:
        yield _Piece(plain=_unflowed(part, _decoded(part, TEXT_BYTES, found)))


def _markup(part: Part, found: _Found) -> str:
    """The HTML of a part, whose pictures are kept apart."""
    html, pictures = data_pictures.taken_out(_decoded(part, _HTML_BYTES, found))
    found.pictures += [attachments.picture(part, one) for one in pictures]
    return html


def _keep(part: Part, found: _Found) -> None:
    files, packed = attachments.kept(found.raw, part)
    found.attachments.extend(files)
    if packed and not packed.empty:
        found.packed.append(packed)
    if attachments.is_winmail(part) and not (packed and packed.whole):
        found.defects.append("broken-winmail")
    if part.type in _CALENDARS and found.calendars < _MOST_CALENDARS:
        found.calendars += 1
        data, _ = transfer_encoding.whole(found.raw, part, _CALENDAR_BYTES)
        if said := calendar_invite.line(
            charset.decode(data, part.params.get("charset") or "utf-8")
        ):
            found.events[said] = None


def _alternative(pieces: list[_Piece]) -> _Piece:
    """The same content in several forms (RFC 2046 §5.1.4): one piece."""
    plain = [piece.plain for piece in pieces if piece.plain and piece.plain.strip()]
    written = [piece.html for piece in pieces if piece.html is not None]
    return _Piece("\n".join(plain) if plain else None, "\n".join(written) if written else None)


def _plain(piece: _Piece) -> str:
    if piece.plain is not None:
        return piece.plain
    return plain_text.to_text(piece.html) if piece.html else ""


def _decoded(part: Part, limit: int, found: _Found) -> str:
    if part.encoding == "base64" and not transfer_encoding.is_base64(found.raw, part):
        found.defects.append("bad-base64")
        part = replace(part, encoding="8bit")
    data, complete = transfer_encoding.whole(found.raw, part, limit)
    if not complete:
        found.defects.append("text-too-long")
    text = charset.decode(data, part.params.get("charset") or _said_inside(part, data))
    return _LINE_BREAKS.sub("\n", text) if "\r" in text else text


def _said_inside(part: Part, data: bytes) -> str | None:
    """The charset that HTML without a label says it is in."""
    found = _META.search(data, 0, _META_BYTES) if part.type == "text/html" else None
    return found[1].decode("ascii") if found else None


def _unflowed(part: Part, text: str) -> str:
    if part.params.get("format", "").lower() != "flowed":
        return text
    return unflowed(text, delete_space=part.params.get("delsp", "").lower() == "yes")
