"""Bytes of any charset become the text that was meant, whatever the label says."""

import pytest

from maildesk.ingest.mime import charset, fields
from maildesk.ingest.mime.mail_parser import parse

GERMAN = "Die Hasen und die Frösche klagten über ihre mißliche Lage"
RUSSIAN = "Доброе утро, принтер в третьем кабинете снова не печатает ничего"


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        # labels that mean a wider charset than they name
        ("“quoted” – €".encode("cp1252"), "iso-8859-1", "“quoted” – €"),
        ("ěščř €".encode("cp1250"), "windows-1250", "ěščř €"),
        ("ığüş".encode("cp1254"), "iso-8859-9", "ığüş"),
        ("镕你好".encode("gb18030"), "gb2312", "镕你好"),  # 镕 is not in GB 2312
        ("똠방각하".encode("cp949"), "ks_c_5601-1987", "똠방각하"),
        ("똠방각하".encode("cp949"), "euc-kr", "똠방각하"),
        ("①髙".encode("cp932"), "Shift_JIS", "①髙"),
        ("สวัสดี€".encode("cp874"), "windows-874", "สวัสดี€"),
        ("สวัสดี".encode("cp874"), "tis-620", "สวัสดี"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
        ("שלום".encode("iso8859_8"), "iso-8859-8-i", "שלום"),
        (b"Hi Mom +Jjo-!", "utf-7", "Hi Mom ☺!"),
        (b"Hi Mom +Jjo-!", "unicode-1-1-utf-7", "Hi Mom ☺!"),
        ("Größe".encode("utf-16"), "utf-16", "Größe"),
        ("Größe".encode(), '"UTF8"', "Größe"),
        ("привет".encode("koi8-r"), "koi8-r", "привет"),
        ("똠방각하".encode("cp949"), "windows-949", "똠방각하"),
        ("ěščř €".encode("cp1250"), "win-1250", "ěščř €"),
        ("ěščř €".encode("cp1250"), "x-cp1250", "ěščř €"),
        ("Größe".encode("cp850"), "dos-850", "Größe"),
        ("日本".encode("iso2022_jp"), "cp50220", "日本"),
        ("日本".encode("euc_jp"), "x-euc-jp", "日本"),
        ("Größe".encode("utf-16"), "unicode", "Größe"),
        ("Größe".encode(), "cp65001", "Größe"),
        # wrong or missing labels
        (GERMAN.encode("latin-1"), "utf-8", GERMAN),
        (GERMAN.encode("latin-1"), None, GERMAN),
        (GERMAN.encode("latin-1"), "x-unknown", GERMAN),
        (GERMAN.encode(), "us-ascii", GERMAN),
        (RUSSIAN.encode("cp1251"), None, RUSSIAN),
        (RUSSIAN.encode("koi8-r"), "utf-8", RUSSIAN),
        ("日本語のメール".encode(), "iso-2022-jp", "日本語のメール"),
        ("日本語のメール".encode(), "gb2312", "日本語のメール"),
        ("日本".encode("iso2022_jp"), None, "日本"),
        ("日本".encode("iso2022_jp"), "us-ascii", "日本"),
        # one broken character does not change what the rest is
        ("Grüße aus Köln, Grüße".encode() + b"\xc3", "utf-8", "Grüße aus Köln, Grüße\ufffd"),
        ("你好".encode("gb18030") + b"\x81", "gb2312", "你好\ufffd"),
        ("日本".encode("iso2022_jp")[:-3] + b"-b\x1b(B", "iso-2022-jp", "日本\ufffd"),
        # what may not reach the database
        (b"a\0b", "utf-8", "ab"),
        (b"a\xed\xa0\x80b", "utf-8", "ab"),
        (b"a+2AA-b", "utf-7", "ab"),
        (b"\xef\xbb\xbfa", "utf-8", "a"),
        # codecs that are no charsets
        (b"aGk=", "base64", "aGk="),
        (b"a\\u0041", "unicode_escape", "a\\u0041"),
        (b"abc", "rot13", "abc"),
    ],
)
def test_bytes_are_read_as_they_were_meant(data: bytes, label: str | None, text: str) -> None:
    assert charset.decode(data, label) == text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),  # split inside a character
        ("=?utf-8?b?w6Q==?=", "ä"),
        ("=?utf-8?b?aGk?=", "hi"),
        ("=?iso-2022-jp?B?GyRCJUYlOSVI?= =?iso-2022-jp?B?GyhC?=", "テスト"),
        ("=?utf-8*de?q?=C3=A4?=", "ä"),  # RFC 2231 §5
        ("=?utf-8?q?a b?=", "a b"),
        ("=?UTF-8?Q?f=C3=BCr?=x", "fürx"),
        ("TEST =?utf-8?q?a?=", "TEST a"),
        ("=?x-unknown?q?=FC?=", "ü"),
        ("=?utf-8?Q?a=ZZ?=", "a=ZZ"),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("100 % =? sure", "100 % =? sure"),
    ],
)
def test_encoded_words_are_read_with_what_programs_make_of_them(field: str, text: str) -> None:
    assert fields.text_of(field.encode()) == text


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b"a/b; name=plain.txt", "plain.txt"),
        (b'a/b; name="with blank.txt"', "with blank.txt"),
        (b"a/b; name*=utf-8''%e2%82%ac%20rates.txt", "€ rates.txt"),
        (b"a/b; name*=UTF-8'en'Gr%C3%B6%C3%9Fe.txt", "Größe.txt"),
        (b'a/b; name*0="very "; name*1="long.txt"', "very long.txt"),
        (b'a/b; name*1="long.txt"; name*0="very "', "very long.txt"),
        (b"a/b; name*0*=utf-8''%C3; name*1*=%A4.txt", "ä.txt"),  # split inside a character
        (b"a/b; name*0*=iso-8859-1''%e4; name*1=b.txt", "äb.txt"),
        (b"a/b; name=x.txt; name*=utf-8''y.txt", "y.txt"),  # the better one wins
        (b'a/b; name="=?utf-8?q?Gr=C3=B6=C3=9Fe.txt?="', "Größe.txt"),
        (b"a/b; name*=no-charset.txt", "no-charset.txt"),
        (b"a/b; name*=utf-8''%", "%"),
        (b'a/b; name="a\\"b.txt"', 'a"b.txt'),
        (b'a/b; name="never closed.txt', "never closed.txt"),
    ],
)
def test_a_parameter_is_read_in_every_way_it_is_written(field: bytes, name: str) -> None:
    assert fields.parameters(field)[1]["name"] == name


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="windows-1251">',
        "<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset=windows-1251'>",
    ],
)
def test_html_without_a_label_is_read_by_what_it_says_inside(meta: str) -> None:
    short = "Да"  # too short to be guessed
    raw = b"Content-Type: text/html\n\n" + f"<head>{meta}</head><p>{short}".encode("cp1251")
    assert parse(raw).text == short
