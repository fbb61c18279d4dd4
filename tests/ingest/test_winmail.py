"""What is in a winmail.dat comes out: its files, and its text where the mail has none."""

import random
import struct

import pytest

from maildesk.ingest.mime import rtf, tnef
from maildesk.ingest.mime.mail_parser import cut, parse

RENDER, TITLE, DATA, PROPERTIES = 0x69002, 0x18010, 0x6800F, 0x69005
BODY, CODEPAGE, MESSAGE = 0x2800C, 0x69007, 0x69003


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + b"\0\0"


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """(type, id, bytes) of variable length each."""
    out = struct.pack("<I", len(values))
    for kind, name, data in values:
        padding = b"\0" * (-len(data) % 4)
        out += struct.pack("<HHII", kind, name, 1, len(data)) + data + padding
    return out


def winmail(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def file(title: bytes, data: bytes, *more: tuple[int, int, bytes]) -> bytes:
    return (
        attribute(2, RENDER, b"\0" * 14)
        + attribute(2, TITLE, title + b"\0")
        + attribute(2, DATA, data)
        + (attribute(2, PROPERTIES, properties(*more)) if more else b"")
    )


def mail(packed: bytes, text: bytes = b"") -> bytes:
    return (
        b"Content-Type: multipart/mixed; boundary=bound\n\n--bound\n\n" + text + b"\n--bound\n"
        b"Content-Type: application/ms-tnef; name=winmail.dat\n"
        b"Content-Transfer-Encoding: binary\n\n" + packed + b"\n--bound--\n"
    )


LONG_NAME = (0x1F, 0x3707, "Größe.txt".encode("utf-16-le"))
CONTENT_ID = (0x1E, 0x3712, b"logo@x")
MIME_TYPE = (0x1E, 0x370E, b"text/plain")


def test_files_come_out_with_their_long_names_and_can_be_cut_out() -> None:
    raw = mail(winmail(file(b"GRE~1.TXT", b"first", LONG_NAME, MIME_TYPE), file(b"b.txt", b"2nd")))
    read = parse(raw)
    assert [(one.name, one.type, one.size) for one in read.attachments] == [
        ("Größe.txt", "text/plain", 5),
        ("b.txt", "application/octet-stream", 3),
    ]
    assert [b"".join(cut(raw, index)[1]) for index in range(2)] == [b"first", b"2nd"]
    assert cut(raw, 1)[0] == read.attachments[1]


def test_an_object_of_outlook_comes_out_without_the_id_of_its_interface() -> None:
    inner = (0x0D, 0x3701, bytes(16) + b"the object")
    shell = attribute(2, RENDER, b"") + attribute(2, PROPERTIES, properties(LONG_NAME, inner))
    raw = mail(winmail(shell))
    assert [one.name for one in parse(raw).attachments] == ["Größe.txt"]
    assert b"".join(cut(raw, 0)[1]) == b"the object"


def test_html_in_it_is_read_in_its_own_charset() -> None:
    html = properties((0x102, 0x1013, "<p>привет</p>".encode("cp1251")))
    codepage = struct.pack("<HHI", 0x3, 0x3FDE, 1251)
    both = struct.pack("<I", 2) + codepage + html[4:]
    assert parse(mail(winmail(attribute(1, MESSAGE, both)))).text == "привет"


def test_a_picture_that_the_text_shows_is_inline() -> None:
    (picture,) = parse(mail(winmail(file(b"a.png", b"x", CONTENT_ID)))).attachments
    assert (picture.inline, picture.content_id) == (True, "logo@x")


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (attribute(1, BODY, b"plain words\0"), "plain words"),
        (
            attribute(1, CODEPAGE, struct.pack("<II", 1251, 0))
            + attribute(1, BODY, "привет".encode("cp1251")),
            "привет",
        ),
        (
            attribute(1, MESSAGE, properties((0x1F, 0x1000, "Grüße".encode("utf-16-le")))),
            "Grüße",
        ),
        (attribute(1, MESSAGE, properties((0x102, 0x1013, b"<p>from <b>HTML</b>"))), "from HTML"),
        (
            attribute(
                1,
                MESSAGE,
                properties(
                    (
                        0x102,
                        0x1009,
                        struct.pack("<II4sI", 0, 20, b"MELA", 0) + b"{\\rtf1 rich text}",
                    )
                ),
            ),
            "rich text",
        ),
    ],
)
def test_its_text_is_read_where_the_mail_has_none(packed: bytes, text: str) -> None:
    assert parse(mail(winmail(packed))).text == text
    assert parse(mail(winmail(packed), b"own words")).text == "own words"


def test_html_in_it_is_the_html_of_the_mail_where_it_has_no_text() -> None:
    packed = winmail(attribute(1, MESSAGE, properties((0x102, 0x1013, b"<p>from <b>HTML</b>"))))
    assert parse(mail(packed)).html == "<p>from <b>HTML</b>"
    assert parse(mail(packed, b"own words")).html is None


def test_an_empty_one_is_no_attachment_and_a_broken_one_is_kept() -> None:
    assert parse(mail(winmail(attribute(1, BODY, b"")))).attachments == ()
    broken = parse(mail(b"no winmail at all"))
    assert [one.name for one in broken.attachments] == ["winmail.dat"]
    assert "broken-winmail" in broken.defects


def test_what_broke_off_gives_what_was_whole() -> None:
    whole = winmail(file(b"a.txt", b"first"), file(b"b.txt", b"second"))
    read = parse(mail(whole[:-6]))
    assert [(one.name, one.size) for one in read.attachments] == [("a.txt", 5), ("b.txt", 0)]
    assert "broken-winmail" in read.defects


def test_no_more_than_500_files_come_out() -> None:
    found = tnef.unpack(winmail(*(file(b"x", b"y") for _ in range(700))))
    assert found is not None
    assert (len(found.files), found.whole) == (500, False)


def test_no_mutation_makes_it_raise() -> None:
    whole = winmail(
        attribute(1, CODEPAGE, struct.pack("<II", 1252, 0)),
        attribute(1, MESSAGE, properties(LONG_NAME, (0x101E, 0x8001, b"x"), (0x3, 0x3FDE, b"1"))),
        file(b"a", b"b", LONG_NAME, MIME_TYPE, (0x0D, 0x3701, b"z" * 40)),
    )
    chance = random.Random(1)
    for _ in range(3_000):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(6, len(broken))
            broken[at : at + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 6))
            broken.extend(b"\0\0")
        found = tnef.unpack(bytes(broken))
        assert found is not None
        assert all(0 <= one.start <= one.end <= len(broken) for one in found.files)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1 one\par two}", "one\ntwo"),
        (rb"{\rtf1{\fonttbl{\f0 Arial;}}{\*\generator Riched;}seen}", "seen"),
        (rb"{\rtf1\ansicpg1251 \'ef\'f0\'e8}", "при"),
        (rb"{\rtf1\uc1 \u8364?\u-10179?\u-8704?}", "€😀"),
        (rb"{\rtf1\ansicpg932 \'93\'fa\'96\'7b}", "日本"),  # a character of two bytes
        (rb"{\rtf1 a\{b\}\\c\~d}", "a{b}\\c d"),
        # HTML that was packed into RTF (MS-OXRTFEX): the tags are no text
        (rb"{\rtf1\fromhtml1 {\*\htmltag64 <p>}seen{\htmlrtf hidden\htmlrtf0}}", "seen"),
        (rb"{\rtf1 " + b"{" * 5_000 + b"deep", "deep"),
        (b"{\\rtf1 \\", ""),
        (b"no RTF", ""),
    ],
)
def test_rich_text_is_read_as_text(source: bytes, text: str) -> None:
    assert rtf.to_text(source) == text


def test_compressed_rich_text_is_unpacked() -> None:
    # the first example of MS-OXRTFCP 4.1.1
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a0072637067313235"
        "42320af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf.unpacked(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf.unpacked(packed[:30]).startswith(b"{\\rtf1")
    assert rtf.unpacked(b"short") == b""
