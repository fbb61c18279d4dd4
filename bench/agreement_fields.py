"""The fields of a mail beside what other projects read in it: names, addresses, text, attachments.

How a source's way of saying is put into ours is in `agreement_sources.py`, as rules that hold for
the whole source. Where a single mail disagrees all the same, the reason is in `agreement_known.py`.
"""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from bench.agreement import Agreement, Item, items, spaced
from bench.agreement_known import KNOWN
from bench.agreement_sources import SOURCES, File, Wanted
from maildesk.ingest import charset
from maildesk.ingest.body import attached
from maildesk.ingest.names import safe_name
from maildesk.ingest.parse import Parsed, cut, parse_whole
from maildesk.model.mail import Mail


def measure() -> Iterator[Agreement]:
    """Agreement of each field of each source that says what it expects of whole mails."""
    for source, wanted_by in SOURCES.items():
        counted: dict[str, list[tuple[str, str]]] = {}
        for item in items():
            if item.source == source and item.expected_file and item.format in ("rfc822", "tnef"):
                for field, difference in _compared(item, wanted_by(item)):
                    counted.setdefault(field, []).append((item.path, difference))
        for field, results in counted.items():
            yield _agreement(source, field, results)


def _agreement(source: str, field: str, results: list[tuple[str, str]]) -> Agreement:
    differing = tuple(
        (path, KNOWN.get((path, field), f"not explained: {difference}"))
        for path, difference in results
        if difference
    )
    return Agreement(source, field, len(results) - len(differing), len(results), differing)


def _compared(item: Item, wanted: Wanted) -> Iterator[tuple[str, str]]:
    """(field, "" or how it differs) for each field of which something is wanted."""
    parsed = parse_whole(_as_mail(item))
    for field, value in wanted.items():
        if field == "attachments":
            yield field, _files_differ(parsed, value)
        else:
            ours = OURS[field](parsed.mail)
            same = _same_text(value, ours) if isinstance(value, str) else value == ours
            yield field, "" if same else f"wanted {_short(value)}, read {_short(ours)}"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) < 200 else f"{shown[:120]}…{shown[-60:]}"


OURS: dict[str, Callable[[Mail], Any]] = {
    "subject": lambda mail: spaced(mail.subject),
    "from": lambda mail: mail.senders[0].address.lower() if mail.senders else "",
    "to": lambda mail: [one.address.lower() for one in mail.to],
    "cc": lambda mail: [one.address.lower() for one in mail.cc],
    "date": lambda mail: mail.date,
    "text": lambda mail: spaced(mail.text),
}


def _same_text(wanted: str, ours: str) -> bool:
    """Equal; what the source lost (U+FFFD) may be anything short."""
    if "\ufffd" not in wanted:
        return wanted == ours
    pattern = ".{1,8}?".join(re.escape(one) for one in re.split("\ufffd+", wanted))
    return re.fullmatch(pattern, ours) is not None


def _as_mail(item: Item) -> bytes:
    """The mail; a bare winmail.dat is put into one."""
    if item.format == "rfc822":
        return item.raw()
    head = b"Content-Type: application/ms-tnef; name=winmail.dat\n"
    return head + b"Content-Transfer-Encoding: binary\n\n" + item.raw()


def _files_differ(parsed: Parsed, wanted: list[File]) -> str:
    names = [one.name for one in parsed.mail.attachments]
    if len(names) != len(wanted):
        return f"wanted {[one.name for one in wanted]}, read {names}"
    found = (_file_differs(parsed, index, theirs) for index, theirs in enumerate(wanted))
    return next((one for one in found if one), "")


def _file_differs(parsed: Parsed, index: int, theirs: File) -> str:
    mine = parsed.mail.attachments[index]
    if theirs.name and not _same_text(safe_name(theirs.name), mine.name):
        return f"wanted the name {theirs.name!r}, read {mine.name!r}"
    if theirs.size is not None and theirs.size != mine.size:
        return f"wanted {theirs.size} bytes of {mine.name}, read {mine.size}"
    if theirs.data is not None and sha256(theirs.data).hexdigest() != mine.sha256:
        return f"other bytes in {mine.name}"
    if theirs.text is not None and not _same_text(spaced(theirs.text), _text(parsed, index)):
        return f"other text in {mine.name}"
    return ""


def _text(parsed: Parsed, index: int) -> str:
    data = b"".join(cut(parsed.raw, index)[1])
    return spaced(charset.decode(data, attached(parsed.root)[index].params.get("charset")))
