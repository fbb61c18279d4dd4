"""File names of strangers, made safe for a page, a file system and a log."""

import re
import unicodedata

_LENGTH = 120
_BYTES = 240  # file systems take 255 bytes of UTF-8
_SEPARATORS = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$) *(\.|$)", re.IGNORECASE)
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Letters and signs that show nothing: joiner, Hangul fillers, Khmer vowels, Braille blank.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_EXTENSIONS = {
    "application/pdf": "pdf",
    "application/pgp-signature": "asc",
    "application/pkcs7-signature": "p7s",
    "application/zip": "zip",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "message/delivery-status": "txt",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/rfc822-headers": "txt",
}


def safe_name(name: str) -> str:
    """The last path component without control, bidi and invisible characters; may be ""."""
    shown = unicodedata.normalize("NFC", name[:2_000])
    shown = "".join(" " if c in "\r\n\t" else c for c in shown if not _invisible(c))
    last = _SEPARATORS.split(shown.rstrip("/\\"))[-1]
    last = _FORBIDDEN.sub("_", " ".join(last.split())).strip(". ")
    return _shortened("_" + last if _DEVICES.match(last) else last)


def default_name(type_: str, index: int, seen: str = "") -> str:
    """A name for the attachment that came without one, by its type or by what was seen in it."""
    known = _EXTENSIONS.get(type_) or _EXTENSIONS.get(seen)
    extension = known or ("txt" if type_.startswith("text/") else "bin")
    return f"attachment-{index + 1}.{extension}"


def _invisible(character: str) -> bool:
    if character in "\r\n\t":
        return False
    return unicodedata.category(character) in _HIDDEN or character in _BLANK


def _shortened(name: str) -> str:
    """At most 120 characters and 240 bytes; an extension is kept."""
    if len(name) <= _LENGTH and len(name.encode()) <= _BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        stem, dot, extension = name, "", ""
    service = _BYTES - len((dot + extension).encode())
    kept = stem[: _LENGTH - len(dot + extension)].encode()[:service].decode("utf-8", "ignore")
    return kept.rstrip(". ") + dot + extension
