"""Where the parts of a mail stand, also where the delimiters are not as they should be."""

import pytest

from maildesk.ingest.html.plain_text import to_text
from maildesk.ingest.mime.mail_parser import parse

LONG = "----=_NextPart_000_0001"


@pytest.mark.parametrize(
    ("boundary", "body", "text"),
    [
        ("b", "--b\n\none\n--b--\n", "one"),
        # not closed, cut off, or closed by an outer one
        ("b", "--b\n\none\n", "one"),
        # the line before a delimiter was not ended: only a long mark may stand there
        (LONG, f"--{LONG}\n\none--{LONG}\nContent-Type: a/b\n\nx\n--{LONG}--", "one"),
        (LONG, f"--{LONG}\n\none\n> --{LONG}\ntwo\n--{LONG}--", f"one\n> --{LONG}\ntwo"),
        ("1", "--1\n\nsee--1\ntwo\n--1--\n", "see--1\ntwo"),
        ("1", "--1\n\none--1--\n", "one"),  # but to close at the very end
        # lines that only begin with the mark (RFC 2046 §5.1.1), where there is no better one
        ("a", "--ab\n\none\n--ab--\n", "one"),
        ("a", "--a\n\none\n--ab\ntwo\n--a--\n", "one\n--ab\ntwo"),
        # the text is not encoded as its part says
        (
            "b",
            "--b\nContent-Transfer-Encoding: base64\n\nplain words, sorry\n--b--",
            "plain words, sorry",
        ),
        ("b", "--b\nContent-Transfer-Encoding: base64\n\naGVs\nbG8=\n--b--", "hello"),
    ],
)
def test_the_text_of_a_multipart_is_found(boundary: str, body: str, text: str) -> None:
    raw = f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n{body}'
    assert parse(raw.encode()).text.strip() == text


def test_an_attached_mail_is_an_attachment_and_nothing_of_it_is_text() -> None:
    inner = "Subject: inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\n#close\n--i--\n"
    raw = (
        "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nmine\n--o\n"
        f"Content-Type: message/rfc822\n\n{inner}\n--o--\n"
    )
    mail = parse(raw.encode())
    assert mail.text.strip() == "mine"
    assert [(one.name, one.type) for one in mail.attachments] == [("inner.eml", "message/rfc822")]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (
            'the <a href="https://desk.example/a">page</a> fails',
            "the page <https://desk.example/a> fails",
        ),
        ('<a href="http://www.desk.example/">desk.example</a>', "desk.example"),  # it says so
        ('<a href="https://desk.example/a">https://desk.example/a</a>', "https://desk.example/a"),
        # what the words claim is not where it goes
        (
            '<a href="https://evil.example/">bank.example</a>',
            "bank.example <https://evil.example/>",
        ),
        ('<a href="mailto:a@example.org">Ann</a>', "Ann"),
        ('<a href="javascript:x()">Ann</a>', "Ann"),
        (f'<a href="https://desk.example/{"x" * 200}">long</a>', "long"),
        ('<a href="https://desk.example/a"></a>end', "end"),
    ],
)
def test_text_from_html_says_where_a_link_goes(markup: str, text: str) -> None:
    assert to_text(f"<p>{markup}</p>") == text
