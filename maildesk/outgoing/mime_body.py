"""Encodes a mail's body so that every transport keeps it: 7-bit, short lines (RFC 2045). No I/O.

The stdlib's EmailMessage takes longer for this than all other work on an outgoing mail together.
"""

import base64
import binascii
import re

_LONGEST = 990  # RFC 5322 §2.1.1 allows 998 without CRLF
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def alternative(boundary: str, text: str, html: str) -> bytes:
    """multipart/alternative, the plain text first (RFC 2046 §5.1.4)."""
    edge = f"--{boundary}".encode()
    return b"\r\n".join((edge, _part("plain", text), edge, _part("html", html), edge + b"--", b""))


def body_text(text: str) -> str:
    """The text with LF line ends and without control characters and lone surrogates."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return _UNFIT.sub("", lines.replace("\u2029", "\n\n"))


def _part(subtype: str, text: str) -> bytes:
    encoding, data = _transfer(text, html=subtype == "html")
    head = (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + data


def _transfer(text: str, *, html: bool) -> tuple[str, bytes]:
    """The cheapest of the encodings of RFC 2045 §6 that suits the text."""
    lines = text.split("\n")
    data = "\r\n".join(lines).encode()
    foreign = 0 if text.isascii() else len(data) - len(data.decode("ascii", "ignore"))
    if foreign * 6 > len(data):
        return "base64", base64.encodebytes(data).replace(b"\n", b"\r\n")
    if html:
        # HTML can be written in ASCII with character references, which needs no = at each line end.
        data = data.decode().encode("ascii", "xmlcharrefreplace")
    elif foreign:
        return "quoted-printable", _quoted_printable(data)
    if max(map(len, data.split(b"\r\n"))) <= _LONGEST:
        return "7bit", data
    return "quoted-printable", _quoted_printable(data)


def _quoted_printable(data: bytes) -> bytes:
    # The stdlib copies the line ending of the first line, and uses LF if there is only one line.
    return binascii.b2a_qp(data if b"\n" in data else data + b"\r\n", istext=True)
