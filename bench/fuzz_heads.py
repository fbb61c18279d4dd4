"""Mails whose header block costs some reader much. One function a shape."""

import base64

from bench.fuzz_letter import Shape, Source, head, size, text_mail, words
from bench.fuzz_words import CHARSETS, HEADER_NAMES


def long_header(source: Source) -> bytes:
    unit = source.choice(
        (b"a", b"a ", b"=?", b"<a@b>, ", b"(", b'"', b"\t", b"a@", b";x=", b"<", b",")
    )
    name = source.choice(HEADER_NAMES)
    count = size(source, 1_000_000) // len(unit) + 1
    return name + b": " + unit * count + b"\r\n" + text_mail(source, b"Hello.\r\n")


def many_headers(source: Source) -> bytes:
    one = source.choice(HEADER_NAMES) + b": " + words(source, 30).encode()
    return (one + b"\r\n") * size(source, 20_000) + text_mail(source, b"Hello.\r\n")


def folded_header(source: Source) -> bytes:
    fold = source.choice((b"\r\n ", b"\n\t", b"\r\n \r\n ", b"\n \n"))
    return b"Subject: x" + (fold + b"y") * size(source, 60_000) + b"\r\n" + text_mail(source, b"x")


def encoded_words(source: Source) -> bytes:
    label = source.choice(CHARSETS)
    payload = base64.b64encode(source.randbytes(source.choice((3, 30, 300))))
    word = b"=?" + label + b"?" + source.choice((b"B", b"Q", b"b", b"X")) + b"?" + payload + b"?="
    name = source.choice((b"Subject", b"From", b"To", b"Content-Type", b"Content-Disposition"))
    glue = source.choice((b" ", b"", b"\r\n ", b"?"))
    return (
        name + b": " + glue.join([word] * size(source, 20_000)) + b"\r\n" + text_mail(source, b"x")
    )


def huge_encoded_word(source: Source) -> bytes:
    payload = base64.b64encode(source.randbytes(size(source, 700_000)))
    return b"Subject: =?utf-8?B?" + payload + b"?=\r\n" + text_mail(source, b"x")


def addresses(source: Source) -> bytes:
    one = source.choice(
        (
            b"a@b.c",
            b"<a@b.c>",
            b'"x" <a@b.c>',
            b"group: a@b, c@d;",
            b'"unclosed <a@b.c>',
            b"(c) a@b",
            b"=?utf-8?Q?a=40b?= <c@d>",
            b"<@r,@s:a@b>",
            b"a b c",
            b'"a\\"b"@[1.2.3.4]',
            b"a@b@c",
            b"<>",
        )
    )
    name = source.choice((b"From", b"To", b"Cc", b"Reply-To"))
    return (
        name + b": " + b", ".join([one] * size(source, 20_000)) + b"\r\n" + text_mail(source, b"x")
    )


def references(source: Source) -> bytes:
    one = source.choice((b"<a%d@b>", b"<a%d", b"a%d@b", b"<%d>", b"<<%d@a>>"))
    every = b" ".join(one % n for n in range(size(source, 30_000)))
    name = source.choice((b"References", b"In-Reply-To", b"Message-ID"))
    return name + b": " + every + b"\r\n" + text_mail(source, b"Hello.")


def parameters(source: Source) -> bytes:
    unit = source.choice(
        (b';a="', b";a*0*=utf-8''x", b";charset", b"; boundary=b", b";=", b'"\\', b";a=(x)")
    )
    field = b"Content-Type: text/plain" + unit * size(source, 60_000)
    return head(source, field) + b"\r\nHello.\r\n"


def authentication_results(source: Source) -> bytes:
    unit = source.choice(
        (
            "dmarc=pass header.from=example.org;",
            "dkim=pass (",
            "((((",
            "))",
            "spf=pass smtp.mailfrom=a@b; ",
            "dkim=pass header.d=example.org; ",
            '"',
            "\\",
            "=",
            ";",
            "a.b=c ",
            "mx.example.org 1; ",
            "\u202e",
        )
    )
    value = "mx.example.org; " + unit * size(source, 5_000)
    return b"Authentication-Results: " + value.encode() + b"\r\n" + text_mail(source, b"Hello.")


def noise(source: Source) -> bytes:
    return source.randbytes(size(source, 1_000_000))


def nothing(source: Source) -> bytes:
    return source.choice(
        (b"", b"\n", b"\r\n\r\n", b"\0", b"From", b"From \n", b":", b": \n", b"a: b")
    )


HEADS: tuple[Shape, ...] = (
    long_header,
    many_headers,
    folded_header,
    encoded_words,
    huge_encoded_word,
    addresses,
    references,
    parameters,
    authentication_results,
    noise,
    nothing,
)
