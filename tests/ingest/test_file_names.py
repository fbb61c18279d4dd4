"""File names of strangers become fit for a page, a file system and a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.ingest.mime.file_names import default_name, safe_name


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("offer.pdf", "offer.pdf"),
        ("Größe € 漢字 😀.pdf", "Größe € 漢字 😀.pdf"),
        ("e\u0301.pdf", "é.pdf"),  # one spelling for one name
        # paths of every system
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\rita\\a.txt", "a.txt"),
        ("\\\\server\\share\\a.txt", "a.txt"),
        ("folder/", "folder"),
        ("..", ""),
        ("/", ""),
        ("  .hidden ", "hidden"),
        ("a.txt...", "a.txt"),
        ("a.txt. . ", "a.txt"),
        ("a.txt::$DATA", "a.txt__$DATA"),
        ('a<b>"c"|d?*.txt', "a_b__c__d__.txt"),
        # devices of Windows, in any case, with any ending
        ("nul.txt", "_nul.txt"),
        ("CON", "_CON"),
        ("con .pdf", "_con .pdf"),
        ("Com1.tar.gz", "_Com1.tar.gz"),
        ("CONIN$", "_CONIN$"),
        ("console.txt", "console.txt"),
        # what nobody sees
        ("a\u202etxt.exe", "atxt.exe"),
        ("\u2067a\u2069.pdf", "a.pdf"),
        ("a\u200b\ufeff\u00ad.pdf", "a.pdf"),
        ("a\u3164\u2800\u115f.pdf", "a.pdf"),
        ("a\0b\x07\x85.pdf", "ab.pdf"),
        ("a\u2028b.pdf", "ab.pdf"),
        ("two\r\n\tlines.pdf", "two lines.pdf"),
        ("a \u00a0  b.pdf", "a b.pdf"),
        ("\ud800a.pdf", "a.pdf"),
        # too long: the extension stays
        ("x" * 500 + ".pdf", "x" * 116 + ".pdf"),
        ("x" * 500, "x" * 120),
        ("x" * 119 + " y", "x" * 119),
        ("漢" * 100 + ".docx", "漢" * 78 + ".docx"),
        ("a." + "x" * 500, "a." + "x" * 118),
    ],
)
def test_a_file_name_has_no_path_no_device_and_nothing_invisible(
    given_name: str, safe: str
) -> None:
    assert safe_name(given_name) == safe


@given(st.text(max_size=400))
def test_a_safe_name_is_safe_whatever_it_was_and_stays_as_it_is(name: str) -> None:
    safe = safe_name(name)
    assert len(safe) <= 120
    assert len(safe.encode()) <= 240
    assert not set(safe) & set('/\\<>:"|?*\0\r\n')
    assert safe == safe.strip(". ")
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("type_", "seen", "name"),
    [
        ("application/pdf", "", "attachment-3.pdf"),
        ("application/octet-stream", "image/png", "attachment-3.png"),
        ("image/jpg", "image/jpeg", "attachment-3.jpg"),
        ("text/x-log", "", "attachment-3.txt"),
        ("a/b", "", "attachment-3.bin"),
    ],
)
def test_without_a_name_it_is_numbered_and_has_the_extension_of_its_type(
    type_: str, seen: str, name: str
) -> None:
    assert default_name(type_, 2, seen) == name
