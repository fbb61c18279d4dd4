"""Encodes a mail's body so that every transport keeps it: 7-bit, short lines (RFC 2045). No I/O.

The stdlib's EmailMessage takes longer for this than all other work on an outgoing mail together.
"""

import base64
import binascii
import re
from urllib.parse import quote

_LONGEST = 990  # RFC 5322 §2.1.1 allows 998 without CRLF
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
_COMPOSITE = ("message/", "multipart/")  # must not be encoded (RFC 2045 §6.4)
_OPAQUE = "application/octet-stream"
_CHARSET = "utf-8''"
_PLAIN = re.compile(r"[A-Za-z0-9 ._()\-]{1,60}")
_PIECE = re.compile(r"(?:%[0-9A-F]{2}|[^%]){1,50}")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def alternative(boundary: str, text: str, html: str) -> bytes:
    """multipart/alternative, the plain text first (RFC 2046 §5.1.4)."""
    edge = f"--{boundary}".encode()
    return b"\r\n".join((edge, _part("plain", text), edge, _part("html", html), edge + b"--", b""))


def open_mixed(outer: str, inner: str, alternative_body: bytes) -> bytes:
    """multipart/mixed that begins with the texts; `file_part` and `closing` complete it."""
    edge = f"--{outer}".encode()
    head = f'Content-Type: multipart/alternative; boundary="{inner}"\r\n'.encode()
    return b"\r\n".join((edge, head, alternative_body))


def file_part(outer: str, name: str, type_: str, data: bytes) -> bytes:
    """A file as a part of multipart/mixed, encoded in base64 (RFC 2183, names by RFC 2231)."""
    kind = type_ if _TYPE.fullmatch(type_) and not type_.startswith(_COMPOSITE) else _OPAQUE
    head = (
        f"--{outer}\r\nContent-Type: {kind}\r\n"
        f"Content-Disposition: attachment{_file_name(name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def _file_name(name: str) -> str:
    """The parameter `filename`: quoted, or in pieces of RFC 2231 where it is long or not ASCII."""
    if _PLAIN.fullmatch(name):
        return f';\r\n filename="{name}"'
    pieces = _PIECE.findall(quote(name, safe="", errors="replace"))
    return "".join(
        f";\r\n filename*{number}*={'' if number else _CHARSET}{piece}"
        for number, piece in enumerate(pieces)
    )


def closing(outer: str) -> bytes:
    """The end of multipart/mixed."""
    return f"--{outer}--\r\n".encode()


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
