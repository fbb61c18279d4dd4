"""Mails whose parts and attachments cost some reader much. One function a shape."""

import zlib

from bench.fuzz_letter import Shape, Source, attached, head, size, text_mail, words


def deep_multiparts(source: Source) -> bytes:
    raw = head(source)
    for level in range(size(source, 3_000)):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    return raw + b"\r\nHello.\r\n"


def deep_messages(source: Source) -> bytes:
    return head(source) + b"Content-Type: message/rfc822\r\n\r\n" * size(source, 5_000) + b"Hello."


def many_parts(source: Source) -> bytes:
    part = source.choice(
        (
            b"--b\r\n\r\nx\r\n",
            b"--b\r\nContent-Type: text/html\r\n\r\n<p>x\r\n",
            b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n",
            b"--b\r\n",
            b"--b--\r\n",
            b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n",
        )
    )
    top = head(source, b"Content-Type: multipart/mixed; boundary=b")
    return top + b"\r\n" + part * size(source, 20_000)


def same_boundary(source: Source) -> bytes:
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    top = head(source, b"Content-Type: multipart/mixed; boundary=b")
    return top + b"\r\n" + inner * size(source, 2_000) + b"--b--\r\n" * 10


def boundaries_like(source: Source) -> bytes:
    """Lines that begin like a boundary and are none."""
    edge = b"=_" + b"x" * source.choice((1, 60, 900))
    top = head(source, b'Content-Type: multipart/alternative; boundary="' + edge + b'"')
    return top + b"\r\n" + (b"--" + edge + b"y\r\n") * size(source, 3_000)


def alternatives(source: Source) -> bytes:
    html = ("<p>" + words(source, 50) + "</p>") * size(source, 2_000)
    top = head(source, b"Content-Type: multipart/alternative; boundary=b")
    return (
        top
        + b"\r\n--b\r\n\r\nHello.\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        + (html.encode("utf-8", "replace") + b"\r\n--b--\r\n")
    )


def names(source: Source) -> bytes:
    name = source.choice(
        (
            "../" * 50 + "etc/passwd",
            "con.txt",
            "a\u202egpj.exe",
            "x" * 5_000,
            "\u200b",
            "a/b\\c",
            "..",
            "",
            words(source, 100),
            "a.\0exe",
            "\ufffe",
            "a" + "\u0300" * 3_000,
        )
    )
    field = "".join(f'\r\n filename*{n}="{name}";' for n in range(size(source, 300)))
    body = b"--b\r\nContent-Disposition: attachment;" + field.encode() + b"\r\n\r\nx\r\n--b--\r\n"
    return head(source, b"Content-Type: multipart/mixed; boundary=b") + b"\r\n" + body


def base64_garbage(source: Source) -> bytes:
    unit = source.choice((b"=", b"====\n", b"A", b"AB=C", b"\xff", b"A\n", b"-_", b"AAAA=\n", b" "))
    kind = source.choice((b"text/plain", b"text/html", b"application/pdf", b"message/rfc822"))
    return attached(source, kind, unit * size(source, 700_000), b"Base64")


def qp_garbage(source: Source) -> bytes:
    unit = source.choice((b"=", b"=\n", b"==", b"=X", b"=3D", b"=0", b" \n", b"=00", b"=\r\n\r\n"))
    data = unit * size(source, 300_000)
    return attached(source, b"text/plain", data, b"quoted-printable")


def uu_garbage(source: Source) -> bytes:
    data = b"begin 644 x\n" + source.choice(
        (b"M\n", b"`\n", b"M" + b"A" * 60 + b"\n", b"begin 1 a\n", b"~")
    )
    return attached(source, b"text/plain", data * size(source, 200_000), b"x-uuencode")


def zip_like(source: Source) -> bytes:
    packed = zlib.compress(b"\0" * 1_000_000)
    entry = b"PK\x03\x04\x14\0\0\0\x08\0" + source.randbytes(20) + b"a.txt" + packed
    end = b"PK\x05\x06" + source.randbytes(18)
    return attached(source, b"application/zip", entry * size(source, 50) + end)


def tnef_like(source: Source) -> bytes:
    data = b"\x78\x9f\x3e\x22" + source.randbytes(2)
    for _ in range(size(source, 3_000)):
        level = source.choice((b"\x01", b"\x02", b"\0"))
        length = source.choice((0, 1, 4, 200, 2**31 - 1, 2**32 - 1)).to_bytes(4, "little")
        tag = source.choice(
            (
                (0x069003).to_bytes(4, "little"),
                (0x06800F).to_bytes(4, "little"),
                source.randbytes(4),
                (0x069005).to_bytes(4, "little"),
                (0x018010).to_bytes(4, "little"),
            )
        )
        data += level + tag + length + source.randbytes(source.choice((0, 6, 40)))
    kind = source.choice((b"application/ms-tnef", b"application/octet-stream; name=winmail.dat"))
    return attached(source, kind, data)


def calendar_like(source: Source) -> bytes:
    line = source.choice(
        (
            "BEGIN:VEVENT\r\n",
            "SUMMARY:x\r\n",
            'DTSTART;TZID="x:20261301T250000\r\n',
            "RRULE:FREQ=SECONDLY\r\n",
            'ATTENDEE;CN="a:b":mailto:a@b\r\n',
            " folded\r\n",
            "X;" + "A=B;" * 300 + ":v\r\n",
            "END:VEVENT\r\n",
        )
    )
    text = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n" + line * size(source, 20_000)
    kind = b"text/calendar; method=REQUEST; charset=utf-8"
    if source.random() < 0.5:
        return text_mail(source, text.encode(), kind)
    return attached(source, kind, text.encode())


def dsn_like(source: Source) -> bytes:
    block = source.choice(
        (
            b"Final-Recipient: rfc822; a@b\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n",
            b"Status: 5.x\r\n\r\n",
            b"Diagnostic-Code: smtp; " + b"5.1.1 " * 3_000 + b"\r\n\r\n",
            b"\r\n",
            b"Action: relayed\r\n\r\n",
            b"Original-Recipient: rfc822;" + b"a@" * 2_000 + b"\r\n\r\n",
            b"Final-Recipient:;;;\r\n\r\n",
        )
    )
    top = head(
        source,
        b"Return-Path: <>",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    )
    return top + (
        b"\r\n--b\r\n\r\nThis is the mail system.\r\n--b\r\n"
        b"Content-Type: message/delivery-status\r\n\r\n"
        + block
        * size(source, 5_000)
        + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Message-ID: <x@y>\r\nSubject: y\r\n\r\nz\r\n--b--\r\n"
    )


def large_attachment(source: Source) -> bytes:
    if source.random() < 0.9:
        return attached(source, b"application/pdf", source.randbytes(size(source, 100_000)))
    return attached(source, b"application/pdf", bytes(size(source, 8_000_000)))


PARTS: tuple[Shape, ...] = (
    deep_multiparts,
    deep_messages,
    many_parts,
    same_boundary,
    boundaries_like,
    alternatives,
    names,
    base64_garbage,
    qp_garbage,
    uu_garbage,
    zip_like,
    tnef_like,
    calendar_like,
    dsn_like,
    large_attachment,
)
