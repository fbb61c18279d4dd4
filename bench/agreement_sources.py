"""What other projects say of their mails, put into our terms by rules that hold for a source."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bench.agreement import Item, spaced
from bench.agreement_ours import Ours, opened
from maildesk.ingest.html.plain_text import to_text

CONVENTIONS = (
    "every source: white space is made one blank; U+FFFD stands for characters the source lost, a"
    " word of nothing else for garbage that does not count; an address named twice counts once; a"
    " file name is compared in the spelling of our safe names; a name the source leaves out may be"
    " any; a mail of which the source says nothing in a field does not count for that field",
    "imap_tools: bytes it cannot decode it drops, so where its value is all ASCII ours is compared"
    " without other characters; it reads ISO-8859-1 to the letter, where we read the Windows"
    " characters that are meant; its text is the plain parts alone, so a mail without one does not"
    " count for text; the text and the files of an attached mail are listed behind it; a"
    " delivery-status part is no attachment; it keeps sizes, not bytes, and writes attached mails"
    " anew, so that their size is not compared; 1900-01-01 is its word for no date",
    "stalwart: the text is what text_body names (RFC 8621), an HTML part in it laid out by our"
    " reader; a text part without a name that it lists as an attachment although no"
    " Content-Disposition says so is text with us; attachments are compared byte by byte, those of"
    " text by their text",
    "mimekit: the lists beside winmail.dat name files, body.html and body.rtf being the message,"
    " which is text with us; the summaries of mailboxes give types: parts of text are not"
    " compared, and an attached mail is one attachment with us, whatever it holds",
    "perl-mime-tools: parts that have a name, with their sizes; an attached mail is one attachment"
    " with us; BodyFilename, under which it stores a part, is its own affair and not compared; a"
    " mail that it cannot read does not count",
)

Wanted = dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as a source expects it: None where it says nothing."""

    name: str | None = None
    type: str | None = None
    size: int | None = None
    data: bytes | None = None
    text: str | None = None


def imap_tools(item: Item) -> Wanted:
    """Subject, from, to, cc, date, text and attachments out of the JSON beside the mail."""
    said = json.loads(item.wanted())
    found = {
        "subject": spaced(said["subject"]),
        "from": (said["from_"] or "").lower(),
        "to": _once(said["to"]),
        "cc": _once(said["cc"]),
        "attachments": [
            File(
                name=one["filename"],
                size=one["payload"]["bytes_len"]
                if one["content_type"] != "message/rfc822"
                else None,
            )
            for one in said["attachments"]
        ],
    }
    date = datetime.fromisoformat(said["date"])
    if date.year > 1900:
        found["date"] = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    if said["text"].strip():
        found["text"] = spaced(said["text"])
    return found


def _once(addresses: list[str]) -> list[str]:
    return list(dict.fromkeys(one.lower() for one in addresses))


def stalwart(item: Item) -> Wanted:
    """The same out of a parse tree."""
    said = json.loads(item.wanted())
    head = _fields(said["parts"][0])
    found: Wanted = {}
    if "Text" in head.get("subject", {}):
        found["subject"] = spaced(head["subject"]["Text"])
    if "from" in head:
        found["from"] = next(iter(_addresses(head["from"])), "")
    found |= {name: _addresses(head[name]) for name in ("to", "cc") if name in head}
    if "DateTime" in head.get("date", {}):
        found["date"] = _date(head["date"]["DateTime"])
    parts = said["parts"]
    files = [one for one in said["attachments"] if not _is_text(parts[one])]
    texts = sorted({*said["text_body"], *said["attachments"]} - set(files))
    if text := spaced("\n".join(_text(parts[one]) for one in texts)):
        found["text"] = text
    found["attachments"] = [_file(item, parts[one]) for one in files]
    return found


def _is_text(part: dict[str, Any]) -> bool:
    """Without a name, and no Content-Disposition makes an attachment of it."""
    if not {"Text", "Html"} & set(part["body"]):
        return False
    disposition = _fields(part).get("content_disposition", {}).get("ContentType", {})
    return _name(part) is None and disposition.get("c_type") != "attachment"


def _name(part: dict[str, Any]) -> str | None:
    fields = _fields(part)
    named = (
        str(one["value"])
        for field, key in (("content_disposition", "filename"), ("content_type", "name"))
        for one in fields.get(field, {}).get("ContentType", {}).get("attributes") or []
        if one["name"] == key
    )
    return next(named, None)


def _fields(part: dict[str, Any]) -> dict[str, Any]:
    return {
        one["name"]: one["value"]
        for one in reversed(part["headers"])
        if isinstance(one["name"], str) and isinstance(one["value"], dict)
    }


def _addresses(value: dict[str, Any]) -> list[str]:
    address = value.get("Address", {})
    groups = address.get("Group", [])
    listed = address.get("List", []) + [one for group in groups for one in group["addresses"]]
    return _once([one["address"] for one in listed if "@" in (one["address"] or "")])


def _date(value: dict[str, Any]) -> datetime | None:
    offset = timedelta(hours=value["tz_hour"], minutes=value["tz_minute"])
    zone = timezone(-offset if value["tz_before_gmt"] else offset)
    units = (value[one] for one in ("year", "month", "day", "hour", "minute", "second"))
    try:
        return datetime(*units, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(part: dict[str, Any]) -> str:
    body = part["body"]
    return to_text(body["Html"]) if "Html" in body else str(body.get("Text", ""))


def _file(item: Item, part: dict[str, Any]) -> File:
    body, name = part["body"], _name(part)
    if "Message" in body:
        return File(name, data=item.raw()[part["offset_body"] : part["offset_end"]])
    text = body.get("Text", body.get("Html"))
    if text is not None:
        return File(name, text=text)
    return File(name, data=bytes(body.get("Binary", body.get("InlineBinary", []))))


def mimekit(item: Item) -> Wanted:
    """Names out of the list beside a winmail.dat; types out of the summary of an mbox."""
    if item.format == "tnef":
        names = [one for one in item.wanted().split("\n") if one]
        return {"attachments": [File(one) for one in names if not one.startswith("body.")]}
    number = int(item.path.rpartition("-")[2].removesuffix(".eml"))
    summary = re.split(r"(?m)^From (?=[-\d])", item.wanted())[number]
    return {"attachments": [File(type=one) for one in _types(summary.splitlines())]}


def _types(summary: list[str]) -> Iterator[str]:
    """Types of the parts that are no text and hold no parts, but for those in attached mails."""
    tree = [_TYPE.fullmatch(line) for line in summary]
    inside = 1_000
    for depth, type_ in ((len(one[1]), one[2]) for one in tree if one):
        if depth > inside:
            continue
        inside = depth if type_ == "message/rfc822" else 1_000
        if not type_.startswith(("multipart/", "text/")):
            yield type_


def perl_mime_tools(item: Item) -> Wanted:
    """Sizes of the parts that have a name, and the name unless it is one it made itself."""
    said = item.wanted()
    if "Fail" in said:
        return {}
    return {"attachments": list(_named_parts(said))}


_TYPE = re.compile(r"( *)Content-Type: (\S+)")
_BLOCK = re.compile(r'"(?:Msg|Part_[\d_]+)"\s*=>\s*\{(.*?)\n\s*\}', re.DOTALL)
_NAMED = re.compile(r'"Filename"\s*=>\s*(?:"([^"\n]*)"|qq\{([^}\n]*)\})')
_SIZE = re.compile(r'"Size"\s*=>\s*(\d+)')
_ESCAPE = re.compile(r"\\x\{([0-9a-f]+)\}")


def _named_parts(said: str) -> Iterator[File]:
    for (block,) in (found.groups() for found in _BLOCK.finditer(said)):
        name, size = _NAMED.search(block), _SIZE.search(block)
        if name or '"BodyFilename"' in block:
            given = (name[1] or name[2]) if name else None
            shown = given and _ESCAPE.sub(lambda found: chr(int(found[1], 16)), given)
            yield File(shown, size=int(size[1]) if size else None)


def as_imap_tools(ours: Ours) -> Ours:
    """With what is in attached mails, without delivery-status parts."""
    all_ = opened(ours)
    files = tuple(one for one in all_.files if one.type != "message/delivery-status")
    return Ours(all_.mail, all_.text, files)


def without_text(ours: Ours) -> Ours:
    """Without attachments of text."""
    files = tuple(one for one in ours.files if not one.type.startswith("text/"))
    return Ours(ours.mail, ours.text, files)


def without_mails(ours: Ours) -> Ours:
    """Without attached mails."""
    files = tuple(one for one in ours.files if one.type != "message/rfc822")
    return Ours(ours.mail, ours.text, files)


def same_or_lost(wanted: str, ours: str) -> bool:
    """Equal; what the source lost (U+FFFD) may be anything short."""
    wanted = " ".join(one for one in wanted.split(" ") if set(one) != {"\ufffd"})
    if "\ufffd" not in wanted:
        return wanted == ours
    pattern = ".{1,8}?".join(re.escape(one) for one in re.split("\ufffd+", wanted))
    return re.fullmatch(pattern, ours) is not None


def same_but_dropped(wanted: str, ours: str) -> bool:
    """Equal, by the rule of imap_tools for what it cannot decode and for ISO-8859-1."""
    meant = re.sub("[\x80-\x9f]", _as_windows, wanted)
    if wanted.isascii() and not ours.isascii():
        ours = spaced(ours.encode("ascii", "ignore").decode())
    return same_or_lost(meant, ours)


def _as_windows(found: re.Match[str]) -> str:
    return found[0].encode("latin-1").decode("cp1252", "replace")


@dataclass(frozen=True, slots=True)
class Source:
    """How to read what a source expects, how it would see what we read, what is equal."""

    wanted: Callable[[Item], Wanted]
    seen_as: Callable[[Ours], Ours] = lambda ours: ours
    same_text: Callable[[str, str], bool] = same_or_lost


SOURCES: dict[str, Source] = {
    "imap_tools": Source(imap_tools, as_imap_tools, same_but_dropped),
    "stalwart": Source(stalwart),
    "mimekit": Source(mimekit, without_text),
    "perl-mime-tools": Source(perl_mime_tools, without_mails),
}
