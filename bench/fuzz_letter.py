"""What every hostile mail is put together from."""

import base64
import random
from collections.abc import Callable
from typing import TypeAlias

Source: TypeAlias = random.Random
Shape: TypeAlias = Callable[[Source], bytes]


def size(source: Source, most: int) -> int:
    """Small ones often, `most` now and then: the exponent is even."""
    return max(1, int(most ** source.random()))


def head(source: Source, *more: bytes) -> bytes:
    """Header fields without the blank line below them."""
    fields = [
        b"From: Rita <rita@example.org>",
        b"To: desk@example.org",
        b"Subject: Printer broken",
        b"Date: Mon, 23 Nov 2026 09:00:00 +0000",
        b"Message-ID: <%d@x>" % source.getrandbits(40),
    ]
    return b"\r\n".join((*more, *fields)) + b"\r\n"


def text_mail(source: Source, text: bytes, kind: bytes = b"text/plain; charset=utf-8") -> bytes:
    """A mail of one part."""
    return head(source, b"Content-Type: " + kind) + b"\r\n" + text


def words(source: Source, count: int) -> str:
    """So many letters of several scripts, and marks that readers look for."""
    outgoing_mails = (
        "abcdefghij äöüßéñ日本語한국어ёжик\u202e\u2066\u200b\ufeff\u00a0,.;:!?<>&\"'()[]{}#-_=*"
    )
    return "".join(source.choice(outgoing_mails) for _ in range(count))


def attached(source: Source, kind: bytes, data: bytes, coding: bytes = b"base64") -> bytes:
    """A text and one attachment."""
    coded = base64.encodebytes(data) if coding == b"base64" else data
    return head(source, b"Content-Type: multipart/mixed; boundary=b") + (
        b"\r\n--b\r\n\r\nHello.\r\n--b\r\nContent-Type: "
        + kind
        + b"\r\nContent-Transfer-Encoding: "
        + coding
        + b"\r\n\r\n"
        + coded
        + b"\r\n--b--\r\n"
    )
