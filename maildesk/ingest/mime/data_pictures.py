"""Pictures that a program wrote into the HTML itself, as `data:` addresses (RFC 2397). Pure.

They are taken out before the HTML is read, so that a screenshot of a megabyte does not use up the
limits of the text beside it, and become attachments. Linear in the HTML.
"""

import base64
import binascii
import re
from dataclasses import dataclass

_MOST = 50
_BYTES = 30_000_000  # of all pictures, encoded
_BEGIN = re.compile(
    r"(?<=[\"'=(])data:(image/(?:png|jpe?g|gif|webp|bmp))(?:;[a-z0-9=.-]{1,40}){0,3};base64,",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"[A-Za-z0-9+/=%\r\n]*")
_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")


@dataclass(frozen=True, slots=True)
class DataPicture:
    """A picture of the HTML. `content_id` is the address that the HTML names instead."""

    type: str
    data: bytes
    content_id: str


def taken_out(html: str) -> tuple[str, tuple[DataPicture, ...]]:
    """(The HTML with a `cid:` address in the place of each picture, the pictures)."""
    pictures: list[DataPicture] = []
    kept: list[str] = []
    at = size = 0
    for begin in _BEGIN.finditer(html):
        if begin.start() < at:
            continue
        encoded = _ENCODED.match(html, begin.end())
        end = encoded.end() if encoded else begin.end()
        size += end - begin.end()
        data = _decoded(html[begin.end() : end])
        if data.startswith(_HEADS) and len(pictures) < _MOST and size <= _BYTES:
            one = DataPicture(begin[1].lower(), data, f"data-{len(pictures) + 1}@html")
            pictures.append(one)
            kept += (html[at : begin.start()], f"cid:{one.content_id}")
            at = end
    return "".join((*kept, html[at:])), tuple(pictures)


def _decoded(text: str) -> bytes:
    plain = "".join(text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").split())
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return b""
