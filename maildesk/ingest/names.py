"""File names of strangers, made fit for a page, a file system and a log."""

import re
import unicodedata

_LENGTH = 120
_SEPARATORS = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_EXTENSIONS = {
    "application/octet-stream": "bin",
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


def default_name(type_: str, index: int) -> str:
    """A name for the attachment that came without one."""
    extension = _EXTENSIONS.get(type_, "txt" if type_.startswith("text/") else "bin")
    return f"attachment-{index + 1}.{extension}"


def _invisible(character: str) -> bool:
    return character not in "\r\n\t" and unicodedata.category(character) in _HIDDEN


def _shortened(name: str) -> str:
    if len(name) <= _LENGTH:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:_LENGTH]
    return stem[: _LENGTH - len(extension) - 1] + dot + extension
