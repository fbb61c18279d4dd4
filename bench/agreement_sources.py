"""What other projects say of their mails, put into our terms by rules that hold for a source."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bench.agreement import Item, spaced
from maildesk.ingest.html import to_text

CONVENTIONS = (
    "every source: white space is made one blank; U+FFFD stands for characters the source lost; a"
    " file name is compared in the spelling of our safe names; a name that the source leaves out"
    " may be any; a mail of which the source says nothing in a field does not count for the field",
    "imap_tools: its text is the plain parts alone, so a mail without one does not count for text;"
    " it keeps the size of an attachment, not the bytes, and writes attached mails anew, so that"
    " their size is not compared; 1900-01-01 is its word for no date",
    "stalwart: the text is what text_body names (RFC 8621), an HTML part in it laid out by our"
    " reader; attachments are compared byte by byte, those of text and attached mails by text",
    "mimekit: the lists beside winmail.dat name files, body.html and body.rtf being the message,"
    " which is text with us",
    "perl-mime-tools: parts that have a name, with their sizes; a nested mail is one attachment"
    " with us; BodyFilename, under which it stores a part, is its own affair and not compared",
)

Wanted = dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as a source expects it: None where it says nothing."""

    name: str | None = None
    size: int | None = None
    data: bytes | None = None
    text: str | None = None


def imap_tools(item: Item) -> Wanted:
    """Subject, from, to, cc, date, text and attachments out of the JSON beside the mail."""
    said = json.loads(item.wanted())
    found = {
        "subject": spaced(said["subject"]),
        "from": (said["from_"] or "").lower(),
        "to": [one.lower() for one in said["to"]],
        "cc": [one.lower() for one in said["cc"]],
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
    if text := spaced("\n".join(_text(said["parts"][one]) for one in said["text_body"])):
        found["text"] = text
    found["attachments"] = [_file(item, said["parts"][one]) for one in said["attachments"]]
    return found


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
    return [one["address"].lower() for one in listed if "@" in (one["address"] or "")]


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
    fields = _fields(part)
    named = [
        one["value"]
        for field, key in (("content_disposition", "filename"), ("content_type", "name"))
        for one in fields.get(field, {}).get("ContentType", {}).get("attributes") or []
        if one["name"] == key
    ]
    body = part["body"]
    name = named[0] if named else None
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
    return {}


def perl_mime_tools(item: Item) -> Wanted:
    """Names and sizes of the parts that have a name."""
    said = item.wanted()
    if "Fail" in said:
        return {}
    return {"attachments": list(_named_parts(said))}


_NAMED = re.compile(r'"Filename"\s*=>\s*(?:"([^"\n]*)"|qq\{([^}\n]*)\})')
_SIZE = re.compile(r'"Size"\s*=>\s*(\d+)')
_ESCAPE = re.compile(r"\\x\{([0-9a-f]+)\}")


def _named_parts(said: str) -> Iterator[File]:
    for block in said.split("}"):
        if name := _NAMED.search(block):
            size = _SIZE.search(block)
            shown = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), name[1] or name[2])
            yield File(shown, int(size[1]) if size else None)


SOURCES: dict[str, Callable[[Item], Wanted]] = {
    "imap_tools": imap_tools,
    "stalwart": stalwart,
    "mimekit": mimekit,
    "perl-mime-tools": perl_mime_tools,
}
