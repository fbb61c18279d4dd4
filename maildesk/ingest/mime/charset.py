"""Decodes bytes to clean text. Never raises, whatever charset the label names."""

import codecs
import re
from functools import lru_cache

import charset_normalizer

_SAMPLE = 8_192

# Labels seen in mails, and the codec that reads what is really meant by them: the wider
# superset where mail programs are known to send it under the narrower name.
_ALIASES = {
    "": "ascii",
    "ascii": "ascii",
    "us-ascii": "ascii",
    "ansi_x3.4-1968": "ascii",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "big5": "cp950",
    "x-big5": "cp950",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "unicode-1-1-utf-7": "utf-7",
    "mac": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-mac-ce": "mac_latin2",
    "utf8mb4": "utf-8",
    "utf-8-mac": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "ansi": "cp1252",
    "8859-1": "cp1252",
    "latin-9": "iso8859_15",
    "koi8-ru": "koi8_u",
    "gb_2312": "gb18030",
    "cn-gb": "gb18030",
    "ks_c_5601-1989": "cp949",
    "iso-ir-149": "cp949",
    "csksc56011987": "cp949",
    "sjis-win": "cp932",
    "windows-sjis": "cp932",
    "eucjp-win": "euc_jp",
    "iso-2022-jp-ms": "iso2022_jp_ext",
}

# Code pages of Windows: those whose number Python does not know as `cp`, or not as what is meant.
_CODE_PAGES = {
    "936": "gb18030",
    "20127": "ascii",
    "20866": "koi8_r",
    "21866": "koi8_u",
    "20932": "euc_jp",
    "28591": "cp1252",
    "28592": "iso8859_2",
    "28595": "iso8859_5",
    "28597": "iso8859_7",
    "28599": "cp1254",
    "28605": "iso8859_15",
    "50220": "iso2022_jp_ext",
    "50221": "iso2022_jp_ext",
    "50222": "iso2022_jp_ext",
    "50225": "iso2022_kr",
    "51932": "euc_jp",
    "51949": "cp949",
    "52936": "hz",
    "54936": "gb18030",
    "65000": "utf-7",
    "65001": "utf-8",
}
_CODE_PAGE = re.compile(r"(?:x-)?(?:windows|win|cp|ibm|dos|ms|ansi)[-_]?(\d{3,5})")

# Codecs Python knows that are no charsets of mail, or are slow on hostile input.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}

_GUESSES = [
    "cp1251",
    "koi8_r",
    "cp1250",
    "cp1252",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp932",
    "euc_jp",
    "gb18030",
    "cp950",
    "cp949",
]
_HIGH = bytes(range(128, 256))
_UNCLEAN = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without NUL and lone surrogates: fit for UTF-8 and for every database."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return _UNCLEAN.sub("", text)


def decode(data: bytes, label: str | None = None) -> str:
    """Decode by label, else as UTF-8, else by what the bytes look like. Linear, never raises."""
    if data.isascii() and b"\x1b" not in data and (label is None or _is_plain(label)):
        return clean(data.decode("ascii"))
    codec = _codec(label)
    if b"\x1b$" in data and (label is None or _is_plain(label)):
        codec = "iso2022_jp_ext"  # no other charset of mail switches by ESC $
    other = None if data.isascii() else "utf-8"  # all that is ASCII is UTF-8 too: no evidence
    tries = ((codec, _strict), (other, _strict), (codec, _lenient), ("utf-8", _lenient))
    for name, read in tries:
        text = read(data, name) if name else None
        if text is not None:
            return clean(text)
    return clean(data.decode(_guess(data), "replace"))


def encode(text: str, label: str) -> bytes:
    """The bytes the text would have had in that charset: UTF-8 where it cannot say it."""
    try:
        return text.encode(_codec(label) or "utf-8")
    except (LookupError, UnicodeError, ValueError):
        return text.encode("utf-8", "replace")


@lru_cache(maxsize=256)
def _codec(label: str | None) -> str | None:
    name = (label or "").strip(" \t\"'").lower()
    if len(name) > 40:
        return None
    page = _CODE_PAGE.fullmatch(name)
    meant = _CODE_PAGES.get(page[1], f"cp{page[1]}") if page else _ALIASES.get(name, name)
    for spelling in (_ALIASES.get(name, meant), name.removeprefix("x-")):
        try:
            found = codecs.lookup(_ALIASES.get(spelling, spelling)).name
        except (LookupError, ValueError, UnicodeError):
            continue
        return None if found.replace("-", "_") in _REFUSED else found
    return None


@lru_cache(maxsize=256)
def _is_plain(label: str) -> bool:
    codec = _codec(label)
    return codec is None or codec.startswith(("ascii", "utf-8", "cp12", "iso8859", "koi8"))


def _strict(data: bytes, codec: str) -> str | None:
    try:
        # `str` fails here where a codec turns bytes into bytes (base64, zip) or stumbles
        text = str(data, codec, "surrogatepass" if codec == "utf-8" else "strict")
    except (LookupError, UnicodeError, ValueError):
        return None
    return text.removeprefix("\ufeff")


def _lenient(data: bytes, codec: str) -> str | None:
    """A few broken characters do not change what an Asian or Unicode charset is."""
    if not codec.startswith(("gb", "big5", "cp9", "iso2022", "euc", "utf-16", "utf-8")):
        return None
    try:
        text = str(data, codec, "replace")
    except (LookupError, UnicodeError, ValueError):
        return None
    lost = text.count("\ufffd")
    read = len(text) - len(text.encode("ascii", "ignore")) - lost
    if codec == "utf-8":  # accents of another charset leave no character whole
        return text if lost * 2 <= read else None
    return text if lost <= read or lost * 20 <= len(text) else None


def _guess(data: bytes) -> str:
    sample = data[:_SAMPLE]
    high = len(sample) - len(sample.translate(None, _HIGH))
    outgoing_mails = sum(sample.count(c) for c in b"etaoinsr")
    if high <= outgoing_mails:  # a few accents among Latin letters
        return "cp1252"
    best = charset_normalizer.from_bytes(sample, cp_isolation=_GUESSES, threshold=0.5).best()
    return best.encoding if best else "cp1252"
