"""Mails whose text or HTML costs some reader much. One function a shape."""

from bench.fuzz_letter import Shape, Source, size, text_mail, words
from bench.fuzz_words import CHARSETS, LANGUAGES


def html_nest(source: Source) -> bytes:
    opening = source.choice(
        (
            b"<div>",
            b"<table><tr><td>",
            b"<blockquote>",
            b"<b><i>",
            b"<a href=x>",
            b"<font>",
            b"<ul><li>",
            b"<svg>",
            b"<math>",
            b"<select>",
            b"<object>",
            b"<p><form>",
        )
    )
    count = size(source, 120_000)
    closed = b"</div>" * count if source.random() < 0.3 else b""
    return text_mail(source, opening * count + b"Hello" + closed, b"text/html; charset=utf-8")


def html_garbage(source: Source) -> bytes:
    unit = source.choice(
        (
            b"<",
            b"<!--",
            b"<a ",
            b"<a b='",
            b"&",
            b"&#x41;",
            b"<style>*{}</style>",
            b"<![CDATA[",
            b"<x:y>",
            b"<p style='" + b"a:b;" * 50 + b"'>x</p>",
            b"<img src=http://t.example/x.gif>",
            b"</p>",
            b"<br>",
            b"<td>x",
            b"<?xml",
            b"<a" + b" b=c" * 200 + b">",
            b"\0",
            b"\xff",
            b"<script>x</script>",
            b"]]>",
        )
    )
    return text_mail(source, unit * size(source, 60_000), b"text/html")


def wide_tables(source: Source) -> bytes:
    """Cells that a layout pads to the widest or the longest beside them."""
    long = b"<td>" + source.choice((b"a<br>", b"<p>a", b"<div>a</div>")) * size(source, 9_000)
    wide = b"<td>" + source.choice((b"b ", b"b", b"<b>b</b>")) * size(source, 60_000)
    row = source.choice((b"<tr>" + long + wide, b"<tr>" + wide + b"<tr><td>x<td>y" * 2_000))
    page = b"<table>" + row * source.choice((1, 1, 1, 5)) + b"</table>"
    return text_mail(source, page, b"text/html")


def quotes(source: Source) -> bytes:
    lines = []
    for _ in range(size(source, 8_000)):
        lines.append(
            source.choice(
                (
                    "> " * source.randrange(1, 40) + "quoted",
                    source.choice(LANGUAGES),
                    "",
                    " ",
                    "own words",
                    words(source, 40),
                    ">",
                    "|",
                    "> > >",
                    "From: a",
                    "*From:* b",
                    "On x",
                    "wrote:",
                    "-" * 40,
                )
            )
        )
    return text_mail(source, "\r\n".join(lines).encode("utf-8", "replace"))


def quote_pattern(source: Source) -> bytes:
    """One pattern that quote finders look for, again and again."""
    unit = source.choice(
        (
            "On ",
            "On Mon ",
            "wrote: ",
            "<a@b.c> ",
            "\n",
            "\r\n\r\n",
            " ",
            "\t",
            "> ",
            ">",
            "-- \n",
            "From: ",
            "From: a\nTo: b\n",
            "On x,\n",
            "2024-01-01 ",
            "*",
            "_",
            "Le ",
            "Am ",
            "a@b ",
            ": ",
            "\u00a0",
            "#x\n",
            *(f"{line}\n" for line in LANGUAGES),
        )
    )
    text = unit * (size(source, 300_000) // len(unit) + 1)
    return text_mail(source, text.encode() + b"x")


def attribution_long(source: Source) -> bytes:
    line = "On " + "a" * size(source, 500_000) + source.choice((" wrote:", "", " <a@b> wrote", ":"))
    return text_mail(source, (line + "\n> q\n").encode())


def short_lines(source: Source) -> bytes:
    line = source.choice(
        ("a\n", ">a\n", "> \n\n", "On x\n", "a wrote:\n", "# a\n", "-- \n", "<br>", "<p>x")
    )
    wide = source.choice(("", "", "\U0001f600"))
    kind = b"text/html" if line.startswith("<") else b"text/plain"
    text = wide + line * (size(source, 2_000_000) // len(line))
    return text_mail(source, text.encode(), kind + b"; charset=utf-8")


def charsets(source: Source) -> bytes:
    label = source.choice(CHARSETS)
    body = source.choice(
        (
            source.randbytes(size(source, 300_000)),
            words(source, size(source, 30_000)).encode(),
            b"\x1b$B" * size(source, 50_000),
            b"\xed\xa0\x80" * size(source, 50_000),
            b"+AGE-" * size(source, 50_000),
            bytes(range(128, 256)) * size(source, 500),
        )
    )
    return text_mail(source, body, b"text/plain; charset=" + label)


def no_charset(source: Source) -> bytes:
    text = words(source, size(source, 20_000))
    coded = text.encode(source.choice(("utf-16", "cp1251", "shift_jis", "gb18030")), "replace")
    return text_mail(source, coded, b"text/plain")


def nuls(source: Source) -> bytes:
    return text_mail(source, b"a\0" * size(source, 300_000)) + b"\0" * size(source, 300_000)


def bare_cr(source: Source) -> bytes:
    return text_mail(source, b"line\r" * size(source, 100_000)).replace(b"\r\n", b"\r")


def only_line_ends(source: Source) -> bytes:
    end = source.choice((b"\n", b"\r\n", b"\r", b" \n", b"\n\n"))
    return text_mail(source, end * size(source, 500_000))


def bounce_text(source: Source) -> bytes:
    unit = source.choice(
        (
            b"550 5.1.1 <a@b.example>: User unknown\r\n",
            b"<a@b>:\r\n",
            b"a@b ",
            b"550 ",
            b"5.1.1.",
            b"4.4.4 ",
            b"    (reason: 550)\r\n",
            b"Message-Id: <x@y>\r\n",
            b"To: a\r\n",
            b"> To: " + b"a" * 500 + b"\r\n",
        )
    )
    text = b"Undelivered mail returned to sender\r\n" + unit * size(source, 20_000)
    return b"From: MAILER-DAEMON@x.example\r\n" + text_mail(source, text)


def tokens(source: Source) -> bytes:
    unit = source.choice(
        (
            "Ref: md-" + "a" * 52 + "\n",
            "Ref: md-",
            "[MD-1] ",
            "[MD-",
            "[ MD - 12 ]",
            "desk+" + "b" * 52 + " ",
            "# resolve x\n",
            "#assign a\n",
            "#" * 100 + "\n",
            "approve\n",
            "reject\n",
            "accept ",
            "# \u202e\n",
        )
    )
    text = unit * (size(source, 300_000) // len(unit) + 1)
    subject = text[:2_000].replace("\n", " ").encode()
    return b"Subject: " + subject + b"\r\n" + text_mail(source, text.encode())


def flowed(source: Source) -> bytes:
    line = source.choice(
        (b"soft \r\n", b"> soft \r\n", b" \r\n", b">> > \r\n", b"-- \r\n", b"x\r\n")
    )
    kind = b"text/plain; format=flowed" + source.choice((b"", b"; delsp=yes"))
    return text_mail(source, line * size(source, 100_000), kind)


TEXTS: tuple[Shape, ...] = (
    html_nest,
    html_garbage,
    wide_tables,
    quotes,
    quote_pattern,
    attribution_long,
    short_lines,
    charsets,
    no_charset,
    nuls,
    bare_cr,
    only_line_ends,
    bounce_text,
    tokens,
    flowed,
)
