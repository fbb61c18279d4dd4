"""Raw bytes become a Mail: each trouble has a mail of its own in tests/mails."""

import binascii
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.ingest.mime import fields, transfer_encoding
from maildesk.ingest.mime.mail_parser import cut, parse
from maildesk.ingest.mime.structure import scan
from maildesk.ingest.reading.analyse import contract, read
from maildesk.model.mail import Address, Mail

MAILS = Path(__file__).resolve().parent.parent / "mails"
KEYS = (
    "path subject from to cc reply_to date message_id in_reply_to references text reply_text "
    "html attachments kind bounce defects"
)


def mail(name: str) -> Mail:
    return parse((MAILS / f"{name}.eml").read_bytes())


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("plain", "The printer is broken"),
        ("word-split-inside-character", "Größe"),  # RFC 2047 forbids it, programs do it
        ("eight-bit-header", "Drucker für Köln"),  # read in the charset of the body
        ("nul-and-surrogates", "ab c"),
        ("folded-subject", "a subject that is folded twice"),
        ("no-header-at-all", ""),
    ],
)
def test_a_subject_is_read(name: str, subject: str) -> None:
    assert mail(name).subject == subject


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain", "Good morning,\nit prints nothing."),
        ("no-header-at-all", "just words\nand no header"),
        ("unknown-charset", "Grüße aus Köln"),
        ("wrong-charset-label", "Grüße aus Köln"),
        ("eight-bit-header", "schön"),
        ("nul-and-surrogates", "text"),
        ("html-only", "Hello desk,\n\nit broke.\nTwice."),
        ("alternative", "plain words"),
        ("attached-message", "my own words"),  # nothing of the message that is attached
        ("missing-end-boundary", "the text"),
        ("wrong-boundary", "the text"),
        ("bare-carriage-returns", "one\ntwo"),
        ("format-flowed", "this is one line\n> quoted \nstays\n-- \nRita"),
        ("bad-base64", "Hello desk"),
    ],
)
def test_the_text_is_read(name: str, text: str) -> None:
    assert mail(name).text.strip() == text


@pytest.mark.parametrize(
    ("name", "senders"),
    [
        ("plain", [Address("Rita Ray", "rita@example.org")]),
        # two From fields prove nobody
        ("two-from", [Address("Ann", "ann@example.com"), Address("", "mallory@example.net")]),
        # what stands in a display name is no address
        (
            "from-display-name-is-address",
            [Address("boss@example.com", "mallory@example.net")],
        ),
        ("from-encoded-comma", [Address("boss@example.com,", "mallory@example.net")]),
        ("no-date-no-from", []),
    ],
)
def test_senders_are_all_addresses_of_all_from_fields(name: str, senders: list[Address]) -> None:
    read_mail = mail(name)
    assert list(read_mail.senders) == senders
    assert (read_mail.sender is None) == (len(senders) != 1)


@pytest.mark.parametrize(
    ("field", "addresses"),
    [
        ("a@example.org, B <b@example.org>", ["a@example.org", "b@example.org"]),
        ('"Ray, Rita" <rita@example.org>', ["rita@example.org"]),
        ("friends: a@example.org, b@example.org;", ["a@example.org", "b@example.org"]),
        ("undisclosed-recipients:;", []),
        ("rita@example.org (Rita)", ["rita@example.org"]),
        ("Rita rita@example.org", ["rita@example.org"]),  # no grammar, yet meant
        ("<rita@example.org", ["rita@example.org"]),
        ("Rita <a@example.org>; b@example.org", ["a@example.org", "b@example.org"]),
        ("rita", []),
        ('"rita@example.org"@evil.example', []),  # not Rita's, who is named inside it
        ("rita@example.org@evil.example", []),
        ("rita@example.org\0@evil.example", []),
        ("", []),
    ],
)
def test_addresses_are_read_as_they_are_meant(field: str, addresses: list[str]) -> None:
    raw = f"To: {field}\r\n\r\n".encode()
    assert [one.address for one in parse(raw).to] == addresses


@pytest.mark.parametrize(
    ("date", "read_as"),
    [
        ("Mon, 3 Feb 2025 10:11:12 +0100", datetime(2025, 2, 3, 9, 11, 12, tzinfo=UTC)),
        ("Mon, 3 Feb 2025 10:11:12 -0000", datetime(2025, 2, 3, 10, 11, 12, tzinfo=UTC)),
        ("3 Feb 25 10:11 EST", datetime(2025, 2, 3, 15, 11, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:00:00 -1400", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_utc_or_none(date: str, read_as: datetime | None) -> None:
    assert parse(f"Date: {date}\r\n\r\n".encode()).date == read_as


def test_of_several_dates_the_first_that_can_be_read_counts() -> None:
    raw = b"Date: Tue, 7 Apr 2026 10:00:t\nDate: Tue, 7 Apr 2026 10:00:01 +0000\n\n"
    assert parse(raw).date == datetime(2026, 4, 7, 10, 0, 1, tzinfo=UTC)


def test_message_ids_keep_their_brackets_and_lose_their_spaces() -> None:
    read_mail = mail("bare-message-ids")
    assert read_mail.in_reply_to == "<one@example.org>"
    assert read_mail.references == ("<one@example.org>", "<two@example.org>")


def test_no_more_than_a_hundred_references_are_kept_and_they_are_the_last() -> None:
    ids = " ".join(f"<{n}@example.org>" for n in range(250))
    references = parse(f"References: {ids}\r\n\r\n".encode()).references
    assert (len(references), references[-1]) == (100, "<249@example.org>")


def test_names_of_attachments_are_safe() -> None:
    attachments = mail("attachment-names").attachments
    names = [one.name for one in attachments]
    assert names == ["passwd", "€ rates.pdf", "invoicefdp.exe", "attachment-4.png", "_con.pdf"]
    assert [one.size for one in attachments] == [1, 2, 3, 8, 1]
    assert [one.inline for one in attachments] == [False, False, False, True, False]
    assert attachments[3].content_id == "logo@x"


def test_an_attached_message_is_an_attachment_named_by_its_subject() -> None:
    (attached,) = mail("attached-message").attachments
    assert (attached.name, attached.type) == ("the inner mail.eml", "message/rfc822")


@pytest.mark.parametrize("index", range(5))
def test_an_attachment_is_cut_out_of_the_raw_mail_again(index: int) -> None:
    raw = (MAILS / "attachment-names.eml").read_bytes()
    attachment, pieces = cut(raw, index)
    data = b"".join(pieces)
    assert attachment == parse(raw).attachments[index]
    assert hashlib.sha256(data).hexdigest() == attachment.sha256


def test_there_is_no_attachment_to_cut_out_where_there_is_none() -> None:
    with pytest.raises(IndexError):
        cut((MAILS / "plain.eml").read_bytes(), 0)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "x-uuencode"])
def test_pieces_of_a_large_part_are_the_whole(encoding: str) -> None:
    data = bytes(range(256)) * 16_000
    raw = b"Content-Type: a/b\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n"
    raw += _encoded(data, encoding)
    root, _ = scan(raw)
    assert b"".join(transfer_encoding.pieces(raw, root)) == data


def _encoded(data: bytes, encoding: str) -> bytes:
    lines = [data[at : at + 45] for at in range(0, len(data), 45)]
    match encoding:
        case "base64":
            return b"".join(binascii.b2a_base64(line) for line in lines)
        case "quoted-printable":
            return b"".join(
                b"=%02X" % byte + b"=\n" * (n % 20 == 19) for n, byte in enumerate(data)
            )
        case "x-uuencode":
            return b"begin 644 f\n" + b"".join(map(binascii.b2a_uu, lines)) + b"end\n"
        case _:
            return data


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"X: " + b"y" * 300_000 + b"\r\n\r\ntext", "headers-too-long"),
        (b"X: y\r\n" * 3_000 + b"\r\ntext", "too-many-headers"),
        (b"To: " + b"a@example.org," * 600 + b"\r\n\r\n", "too-many-recipients"),
        (b"Subject: " + b"=?utf-8?q?a?= " * 600 + b"\r\n\r\n", "encoded-words"),
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 600,
            "too-many-parts",
        ),
        (
            b"".join(
                b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                for n in range(40)
            ),
            "too-deep",
        ),
        (b"Content-Type: text/html\r\n\r\n" + b"<div>" * 1_000, "html-too-deep"),
        (b"Content-Type: text/html\r\n\r\n" + b"<b>x</i>" * 1_000, "html-too-deep"),
        (
            b"Content-Type: text/html\r\n\r\n" + b"<b>" * 200 + b"</p><p>" * 5_000,
            "html-too-deep",
        ),
        (b"Content-Type: text/html\r\n\r\n" + b"<p>x" * 300_000, "html-too-long"),
        (b"\r\n" + b"word " * 500_000, "text-too-long"),
    ],
    ids=[
        *("a long field", "many fields", "many recipients", "many encoded words", "many parts"),
        *("deep multiparts", "deep HTML", "closing tags of nothing", "formatting opened again"),
        *("much HTML", "much text"),
    ],
)
def test_past_a_bound_there_is_still_a_mail_and_a_word(raw: bytes, word: str) -> None:
    assert word in parse(raw).defects


def test_no_more_than_500_recipients_are_read() -> None:
    raw = b"To: " + b",".join(b"a%d@example.org" % n for n in range(700)) + b"\r\n\r\n"
    assert len(parse(raw).to) == 500


def test_the_content_key_is_the_same_by_two_ways_and_another_for_other_content() -> None:
    raw = (MAILS / "plain.eml").read_bytes()
    by_another_way = b"Received: from mx2\r\nDelivered-To: x\r\n" + raw.replace(b"\r\n", b"\n")
    other_content = raw.replace(b"nothing", b"garbage")
    keys = [parse(one).content_key for one in (raw, by_another_way, other_content)]
    assert keys[0] == keys[1] != keys[2]


def test_html_is_sanitised_in_the_contract_and_shows_no_remote_image() -> None:
    shown = contract("x", (MAILS / "alternative.eml").read_bytes())["html"]
    assert "<i>words</i>" in shown
    assert "track" not in shown


def test_the_contract_has_its_keys_and_no_others() -> None:
    for path in sorted(MAILS.glob("*.eml")):
        assert list(contract(path, path.read_bytes())) == KEYS.split()


@pytest.mark.parametrize(
    "raw",
    [
        b"To: =?utf-8?b?x?= (=?utf-8?b?y?=) <a@example.org>, b\r\n\r\n",  # no base64
        b"Content-Type: text/html\r\n\r\n<blockquote>a</blockquote>\x01 b",  # no XML
        b"From: mailer-daemon@example.org\r\nFrom: \xff\r\nSubject: failure notice\r\n\r\n",
    ],
)
def test_what_libraries_raise_on_is_read(raw: bytes) -> None:
    read(raw)


@given(st.binary(max_size=2_000))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    read(raw)


@given(st.sampled_from(sorted(MAILS.glob("*.eml"))), st.data())
def test_no_broken_mail_makes_it_raise_nor_leaves_what_utf8_cannot_say(
    path: Path, data: st.DataObject
) -> None:
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=10))
        raw += b"x"
    reading = contract("x", bytes(raw))
    assert "\0" not in repr(reading).encode().decode()


@given(st.text(alphabet="=?utf-8qQbB \r\n\tÄ_ü", max_size=60))
def test_no_field_makes_it_raise(field: str) -> None:
    fields.text_of(field.encode())
    fields.parameters(field.encode())
