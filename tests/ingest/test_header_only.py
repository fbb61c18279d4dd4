"""A mail that exceeds the limits is read from its header block only."""

import pytest

from maildesk.ingest.reading import header_only
from maildesk.ingest.reading.analyse import read_head

HEAD = b"From: rita@example.org\r\nSubject: Printer\r\nMessage-ID: <one@example.org>\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "head"),
    [
        (HEAD + b"body\r\n\r\nmore", HEAD),
        (b"A: b\n\nbody", b"A: b\n\n"),
        (b"A: b\r\rbody", b"A: b\r\r"),
        (b"A: b", b"A: b"),
        (b"", b""),
        (b"A: " + b"b" * 99_999, (b"A: " + b"b" * 99_999)[: header_only.HEAD_BYTES]),
    ],
)
def test_the_header_block_ends_at_the_first_blank_line(raw: bytes, head: bytes) -> None:
    assert header_only.head_of(raw) == head


def test_the_same_mail_by_two_ways_has_one_key_and_another_body_another() -> None:
    keys = {
        read_head(raw).mail.content_key
        for raw in (
            HEAD + b"body\r\n",
            b"Received: from x\r\n" + HEAD + b"body\n",
            HEAD + b"another body\r\n",
        )
    }
    assert len(keys) == 2


def test_nothing_of_the_body_is_read() -> None:
    reading = read_head(HEAD + b"#resolve toner\r\n")
    assert reading.mail.text == reading.reply_text == header_only.TEXT
    assert (reading.mail.subject, reading.mail.message_id) == ("Printer", "<one@example.org>")
