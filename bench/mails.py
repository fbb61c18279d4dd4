"""The mails of the bench: the same ones for the same seed, whatever machine makes them."""

import base64
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

SEED = 20261123
SENDERS = 500
DESK = "desk@example.org"
_BEGAN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
_PROSE = """
the mail server answer room key since morning cannot open window please look again screen
report yesterday file folder shared print update login password café Grüße früher naïve
meeting budget order number invoice customer project deadline Monday floor desk cable
"""
_WORDS = _PROSE.split()
_SUBJECTS = (
    "Question about the {} form",
    "Cannot open the {} folder",
    "Printer on the {} floor says {}",  # a shipped rule fires
    "VPN drops during the {} call",  # another one
    "The {} page is down",  # a third
    "Access to the {} report",
    "Über das {}-Formular",
)
_KINDS = ("plain",) * 7 + ("html",) * 2 + ("attachment",)


def mails(count: int, seed: int = SEED) -> Iterator[bytes]:
    """Seven of ten plain (2 KB), two HTML (15 KB), one with an attachment of 200 KB."""
    source = random.Random(seed)
    for number in range(count):
        yield mail(number, source, _KINDS[number % 10])


def large_mail(size: int, seed: int = SEED) -> bytes:
    """One mail of about `size` bytes, nearly all of it one attachment."""
    return mail(0, random.Random(seed), "attachment", attached=size * 57 // 78, name="large")


def mail(
    number: int, source: random.Random, kind: str, *, attached: int = 200_000, name: str = "mail"
) -> bytes:
    """One mail as a mail program and two relays would leave it."""
    body = {"plain": _plain, "html": _html, "attachment": _with_attachment}[kind]
    text = _text(source, 1300)
    content = body(text, source, attached)
    head = "\r\n".join(_head(number, source, name))
    return f"{head}\r\n".encode() + content


def sender(number: int) -> str:
    """The address that wrote the mail of this number."""
    return f"user{number * 7919 % SENDERS}@customer{number * 7919 % SENDERS % 40}.example"


def _head(number: int, source: random.Random, name: str) -> Iterator[str]:
    at = format_datetime(_BEGAN + timedelta(minutes=number))
    person = f"User {number * 7919 % SENDERS} Example"
    subject = source.choice(_SUBJECTS).format(source.choice(_WORDS), source.choice(_WORDS))
    for relay in ("mx.example.org", "out.customer.example"):
        yield f"Received: from relay{source.randrange(99)}.example (192.0.2.{number % 200})"
        yield f"\tby {relay} (Postfix) with ESMTPS id {source.getrandbits(60):X}"
        yield f"\tfor <{DESK}>; {at}"
    yield f"From: {person} <{sender(number)}>"
    yield f"To: Service Desk <{DESK}>"
    yield f"Subject: {_encoded(subject)}"
    yield f"Date: {at}"
    yield f"Message-ID: <{name}.{number}.{source.getrandbits(64):x}@customer.example>"
    yield "User-Agent: Mozilla Thunderbird"
    yield "MIME-Version: 1.0"


def _encoded(text: str) -> str:
    if text.isascii():
        return text
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="


def _text(source: random.Random, size: int) -> str:
    lines, line, length = ["Hello,", ""], "", 0
    while length < size:
        line = f"{line} {source.choice(_WORDS)}".strip()
        if len(line) > 66:
            lines.append(line)
            length, line = length + len(line), ""
    return "\r\n".join((*lines, "", "Kind regards", "--", "A customer, somewhere", ""))


def _part(kind: str, text: str) -> str:
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    )


def _plain(text: str, _source: random.Random, _attached: int) -> bytes:
    return _part("plain", text).encode()


def _html(text: str, source: random.Random, _attached: int) -> bytes:
    style = "font-family:Calibri,sans-serif;font-size:11pt;margin:0;color:#1f1f1f"
    blocks = [
        f'<p class="MsoNormal" style="{style}"><span lang="EN-GB">{_text(source, 240)}</span></p>'
        for _ in range(26)
    ]
    page = "<html><head><style>p{margin:0}</style></head><body>\r\n{}\r\n</body></html>"
    html = page.replace("{}", "\r\n".join(blocks), 1)
    edge = f"=_{source.getrandbits(80):x}"
    return (
        f'Content-Type: multipart/alternative; boundary="{edge}"\r\n\r\n'
        f"--{edge}\r\n{_part('plain', text)}--{edge}\r\n{_part('html', html)}--{edge}--\r\n"
    ).encode()


def _with_attachment(text: str, source: random.Random, attached: int) -> bytes:
    edge = f"=_{source.getrandbits(80):x}"
    data = base64.encodebytes(source.randbytes(attached)).replace(b"\n", b"\r\n")
    return b"".join(
        (
            f'Content-Type: multipart/mixed; boundary="{edge}"\r\n\r\n'.encode(),
            f"--{edge}\r\n{_part('plain', text)}--{edge}\r\n".encode(),
            b'Content-Type: application/pdf; name="report.pdf"\r\n',
            b'Content-Disposition: attachment; filename="report.pdf"\r\n',
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            data,
            f"--{edge}--\r\n".encode(),
        )
    )
