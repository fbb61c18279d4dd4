"""Which parts of a mail are its text, and which are attachments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maildesk.ingest import charset, content, html
from maildesk.ingest.mime import Part
from maildesk.ingest.raw import Raw

TEXT_BYTES = 2_000_000
_HTML_BYTES = 4_000_000
_NOT_BODY = frozenset(
    [
        "text/calendar",
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
_LINE_BREAKS = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class Body:
    """The text and HTML of a mail, and the parts that are neither."""

    text: str
    html: str | None
    attachments: tuple[Part, ...]
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


def body(raw: Raw, root: Part) -> Body:
    """Divide a mail into text, HTML and attachments."""
    attachments: list[Part] = []
    defects: list[str] = []
    pieces = list(_pieces(raw, root, attachments, defects))
    written = [piece.html for piece in pieces if piece.html is not None]
    joined = "\n".join(filter(None, (_plain(piece) for piece in pieces)))
    if len(joined) > TEXT_BYTES:
        defects.append("text-too-long")
    markup: str | None = "\n".join(written) if written else None
    if markup is not None and len(markup) > html.HTML_CHARACTERS:
        defects.append("html-too-long")
        markup = markup[: html.HTML_CHARACTERS]
    if markup is not None and html.too_deep(markup):
        defects.append("html-too-deep")
    return Body(joined[:TEXT_BYTES], markup, tuple(attachments), tuple(defects))


def attached(root: Part) -> tuple[Part, ...]:
    """The attachments alone, in the order of `Attachment.index`."""
    return tuple(part for part in _leaves(root) if not is_text(part))


def _leaves(part: Part) -> Iterator[Part]:
    return (leaf for leaf in part.walk() if not leaf.container)


def _pieces(raw: Raw, part: Part, attachments: list[Part], defects: list[str]) -> Iterator[_Piece]:
    if part.container:
        below = [
            one for child in part.children for one in _pieces(raw, child, attachments, defects)
        ]
        yield from [_alternative(below)] if part.type == "multipart/alternative" else below
    elif not is_text(part):
        attachments.append(part)
    elif part.type == "text/html":
        yield _Piece(html=_decoded(raw, part, _HTML_BYTES, defects))
    else:
        yield _Piece(plain=_unflowed(part, _decoded(raw, part, TEXT_BYTES, defects)))


def _alternative(pieces: list[_Piece]) -> _Piece:
    """The same content in several forms (RFC 2046 §5.1.4): one piece."""
    plain = [piece.plain for piece in pieces if piece.plain and piece.plain.strip()]
    written = [piece.html for piece in pieces if piece.html is not None]
    return _Piece("\n".join(plain) if plain else None, "\n".join(written) if written else None)


def _plain(piece: _Piece) -> str:
    if piece.plain is not None:
        return piece.plain
    return html.to_text(piece.html) if piece.html else ""


def _decoded(raw: Raw, part: Part, limit: int, defects: list[str]) -> str:
    data, complete = content.whole(raw, part, limit)
    if not complete:
        defects.append("text-too-long")
    text = charset.decode(data, part.params.get("charset"))
    return _LINE_BREAKS.sub("\n", text) if "\r" in text else text


def _unflowed(part: Part, text: str) -> str:
    """Soft line breaks of format=flowed undone (RFC 3676 §4.1); quoted lines stay as they are."""
    if part.params.get("format", "").lower() != "flowed":
        return text
    delete = part.params.get("delsp", "").lower() == "yes"
    out: list[str] = []
    for line in text.split("\n"):
        quoted = line.startswith(">")
        line = line[1:] if line.startswith(" ") else line
        if (quoted or line == "-- ") and out and out[-1] != "\n":
            out.append("\n")
        soft = line.endswith(" ") and line != "-- " and not quoted
        out.append(line[:-1] if soft and delete else line)
        if not soft:
            out.append("\n")
    return "".join(out).removesuffix("\n")
