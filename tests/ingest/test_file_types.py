"""The type of an attachment is detected from its bytes."""

import pytest

from maildesk.ingest.mime import file_types
from maildesk.ingest.mime.mail_parser import parse

EXE = b"MZ\x90\x00\x03\x00\x00\x00"
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 60
PDF = b"%PDF-1.7\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
ZIP = b"PK\x03\x04\x14\x00\x06\x00\x08\x00"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
RTF = b"{\\rtf1\\ansi"


@pytest.mark.parametrize(
    ("name", "declared", "head", "differs"),
    [
        # a program is a program, whatever it is called
        ("invoice.pdf", "application/pdf", EXE, True),
        ("invoice.pdf", "application/pdf", ELF, True),
        ("photo.jpg", "image/jpeg", EXE, True),
        ("invoice", "application/octet-stream", EXE, True),
        ("notes.txt", "text/plain", EXE, True),
        ("setup.exe", "application/pdf", EXE, False),  # the name says it
        # things of one kind take each other's place, and harm nobody
        ("photo.png", "image/png", JPEG, False),
        ("a.docx", "application/octet-stream", ZIP, False),
        ("a.zip", "application/zip", b"7z\xbc\xaf\x27\x1c", False),
        ("a.doc", "application/msword", RTF, False),
        ("a.xls", "application/vnd.ms-excel", ZIP, False),
        # another kind is another kind
        ("a.pdf", "application/pdf", ZIP, True),
        ("a.jpg", "image/jpeg", PDF, True),
        ("", "image/png", PDF, True),
        ("a.bin", "application/octet-stream", PDF, False),  # it says nothing
        # a text may begin with any letters
        ("a.txt", "text/plain", b"BM is a maker of cars", False),
        ("a.txt", "text/plain", b"MZ is the first word", False),
        ("a.txt", "text/plain", b"", False),
        ("a.pdf", "application/pdf", b"not at all", False),  # broken, not disguised
        ("a.pdf", "application/pdf", b"\x50\x2a\x4d\x18\0\0\0\0" * 1_024, False),  # nested
    ],
)
def test_what_is_seen_is_held_against_what_is_said(
    name: str, declared: str, head: bytes, differs: bool
) -> None:
    assert file_types.look(name, declared, head)[1] is differs


def test_an_attachment_says_what_was_seen_in_it_and_the_mail_has_a_word() -> None:
    raw = b"Content-Type: application/pdf; name=a.pdf\n\n" + EXE
    mail = parse(raw)
    (attachment,) = mail.attachments
    assert (attachment.type, attachment.seen) == ("application/pdf", "application/x-msdownload")
    assert "type-mismatch" in mail.defects


def test_an_attachment_without_a_name_is_named_by_what_was_seen() -> None:
    mail = parse(b"Content-Type: application/octet-stream\n\n" + PNG)
    assert [one.name for one in mail.attachments] == ["attachment-1.png"]
