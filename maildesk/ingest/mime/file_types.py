"""What an attachment is by its first bytes, beside what it says it is. Never raises."""

from typing import Any

import filetype  # type: ignore[import-untyped]

HEAD_BYTES = 8_192
_SKIPPED_FRAME = b"\x2a\x4d\x18"  # of zstd: the library steps into each, one call in another

# Kinds of content that are told apart: a JPEG called .png harms nobody, a program called .pdf may.
_KINDS = {
    "program": "exe dll com scr msi bat cmd elf so dex apk swf jar app deb rpm crx nes class wasm",
    "pdf": "pdf",
    "image": "jpg jpeg jpe png gif bmp tif tiff webp ico heic heif avif jxr psd jp2 apng dwg xcf",
    "zip": "zip docx xlsx pptx docm xlsm pptm dotx potx odt ods odp odg odf epub kmz xps vsdx",
    "office": "doc xls ppt dot pot pps msg vsd pub mpp",
    "archive": "rar 7z gz tgz tar bz2 xz zst lz lzo z cab ar iso",
    "media": "mp3 mp4 m4a m4v wav ogg oga ogv flac aac amr aiff mid midi avi mov mkv webm wmv mpg"
    " mpeg flv 3gp m3gp weba",
    "rich text": "rtf",
    "font": "woff woff2 ttf otf eot",
    "text": "txt htm html csv log ics vcf eml md json xml css js ini conf yml yaml asc",
}
_KIND_OF = {extension: kind for kind, all_ in _KINDS.items() for extension in all_.split()}
_TYPES = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/msword": "office",
    "application/vnd.ms-excel": "office",
    "application/vnd.ms-powerpoint": "office",
    "application/rtf": "rich text",
    "text/rtf": "rich text",
}
_BY_MAJOR = {"image": "image", "audio": "media", "video": "media", "text": "text", "font": "font"}
_SAME = frozenset(
    {("office", "rich text"), ("office", "zip"), ("zip", "office"), ("zip", "archive")}
    | {("archive", "zip")}
)
_OPEN_XML = ("application/vnd.openxmlformats-", "application/vnd.oasis.opendocument.")


def look(name: str, declared: str, head: bytes) -> tuple[str, bool]:
    """(the media type that the first bytes show, "" where they show none; whether it is another
    kind of thing than the name, or without a telling name the declared type, says)."""
    found = _found(head[:HEAD_BYTES])
    if found is None:
        return "", False
    said = _KIND_OF.get(_extension(name)) or _kind_of_type(declared)
    return found.mime, _differ(said, _KIND_OF.get(found.extension), head)


def _found(head: bytes) -> Any:
    if head[1:4] == _SKIPPED_FRAME:
        return None
    try:
        return filetype.guess(head)
    except (TypeError, ValueError, LookupError, RecursionError):
        return None


def _differ(said: str | None, shown: str | None, head: bytes) -> bool:
    if shown is None or shown == said or (said, shown) in _SAME:
        return False
    if said == "text" and b"\0" not in head:  # text may begin with BM, MZ or ID3 too
        return False
    return said is not None or shown == "program"


def _kind_of_type(declared: str) -> str | None:
    if declared.startswith(_OPEN_XML):
        return "zip"
    return _TYPES.get(declared) or _BY_MAJOR.get(declared.partition("/")[0])


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
