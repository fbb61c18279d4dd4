"""Pictures written into the HTML are attachments, and the words beside them are the text."""

import base64
import random

import pytest

from maildesk.ingest.mime.mail_parser import cut, parse
from maildesk.ingest.reading.analyse import read
from tests.web.pictures import png

PIXEL = png(200, 30, 30)


def mail(html: str, more: bytes = b"") -> bytes:
    head = b"From: rita@example.org\r\nTo: desk@example.org\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
    return head + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode() + more


def shown(data: bytes, kind: str = "image/png") -> str:
    return f'<img src="data:{kind};base64,{base64.b64encode(data).decode()}" alt="shot">'


@pytest.mark.parametrize("size", [0, 300_000, 1_000_000, 3_000_000])
def test_the_words_below_a_picture_are_the_text(size: int) -> None:
    data = PIXEL + random.Random(1).randbytes(size)
    style = "<style>p { color: red }</style>"
    raw = mail(f"{style}<p>See:</p>{shown(data)}<p>It happens in ZX-9.</p>")
    reading = read(raw)
    assert "It happens in ZX-9." in reading.reply_text
    assert "color" not in reading.reply_text
    assert "base64" not in reading.reply_text
    (picture,) = reading.mail.attachments
    assert (picture.name, picture.type, picture.size) == ("picture-1.png", "image/png", len(data))
    assert picture.inline
    assert b"".join(cut(raw, picture.index)[1]) == data
    assert f"cid:{picture.content_id}" in (reading.mail.html or "")


def test_several_pictures_keep_their_order_and_come_after_other_files() -> None:
    boundary = b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
    html = f"<p>a</p>{shown(PIXEL)}<p>b</p>{shown(PIXEL + b'2', 'image/gif')}"
    raw = (
        b"From: rita@example.org\r\nSubject: s\r\nMIME-Version: 1.0\r\n" + boundary
        + b"Content-Type: text/html\r\n\r\n" + html.encode()
        + b"\r\n--B\r\nContent-Type: text/csv; name=log.csv\r\n\r\n1;2\r\n--B--\r\n"
    )  # fmt: skip
    found = parse(raw).attachments
    assert [one.name for one in found] == ["log.csv", "picture-1.png", "picture-2.gif"]
    assert [b"".join(cut(raw, one.index)[1]) for one in found] == [
        b"1;2", PIXEL, PIXEL + b"2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "html",
    [
        '<p>a</p><img src="data:image/png;base64,"><p>b</p>',
        '<p>a</p><img src="data:image/png;base64,!!!"><p>b</p>',
        '<p>a</p><img src="data:image/svg+xml;base64,PHN2Zz4="><p>b</p>',
        "<p>a</p><p>The address data:image/png;base64,isnopicture b</p>",
        "<p>a</p><img src='data:image/png;base64,aXNubw=='><p>b</p>",
        "<p>a</p>" + "data:image/png;base64," * 20_000 + "<p>b</p>",
    ],
)
def test_what_is_no_picture_hides_nothing(html: str) -> None:
    reading = read(mail(html))
    assert "a" in reading.reply_text
    assert "b" in reading.reply_text
    assert reading.mail.attachments == ()


def test_words_in_many_nested_tags_are_read() -> None:
    html = "<style>p{color:red}</style>" + "<div>" * 400 + "<p>It happens in ZX-9.</p>"
    reading = read(mail(html + "</div>" * 400))
    assert reading.reply_text == "It happens in ZX-9."


def test_a_style_sheet_that_is_not_closed_hides_nothing() -> None:
    html = "<div>" * 400 + "<p>above</p><style>p{color:red}<p>below</p>"
    text = read(mail(html)).reply_text
    assert "above" in text
    assert "below" in text
