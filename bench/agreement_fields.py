"""The fields of a mail beside what other projects read in it: names, addresses, text, attachments.

How a source's way of saying is put into ours is in `agreement_sources.py`, as rules that hold for
the whole source. Where a single mail disagrees all the same, the reason is in `agreement_known.py`.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from bench.agreement import Agreement, Item, items, spaced
from bench.agreement_known import KNOWN
from bench.agreement_ours import Mine, Ours, ours_of
from bench.agreement_sources import SOURCES, File, Source, same_or_lost
from maildesk.ingest.mime.file_names import safe_name


def measure() -> Iterator[Agreement]:
    """Agreement of each field of each source that says what it expects of whole mails."""
    for name, source in SOURCES.items():
        counted: dict[str, list[tuple[str, str]]] = {}
        for item in items():
            if item.source == name and item.expected_file and item.format in ("rfc822", "tnef"):
                for field, difference in _compared(item, source):
                    counted.setdefault(field, []).append((item.path, difference))
        for field, results in counted.items():
            yield _agreement(name, field, results)


def _agreement(source: str, field: str, results: list[tuple[str, str]]) -> Agreement:
    differing = tuple(
        (path, KNOWN.get((path, field), f"not explained: {difference}"))
        for path, difference in results
        if difference
    )
    return Agreement(source, field, len(results) - len(differing), len(results), differing)


def _compared(item: Item, source: Source) -> Iterator[tuple[str, str]]:
    """(field, "" or how it differs) for each field of which something is wanted."""
    ours = source.seen_as(ours_of(_as_mail(item)))
    for field, value in source.wanted(item).items():
        if field == "attachments":
            yield field, _files_differ(ours.files, value)
        else:
            found = OURS[field](ours)
            same = source.same_text(value, found) if isinstance(value, str) else value == found
            yield field, "" if same else f"wanted {_short(value)}, read {_short(found)}"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) < 200 else f"{shown[:120]}…{shown[-60:]}"


OURS: dict[str, Callable[[Ours], Any]] = {
    "subject": lambda ours: spaced(ours.mail.subject),
    "from": lambda ours: ours.mail.senders[0].address.lower() if ours.mail.senders else "",
    "to": lambda ours: [one.address.lower() for one in ours.mail.to],
    "cc": lambda ours: [one.address.lower() for one in ours.mail.cc],
    "date": lambda ours: ours.mail.date,
    "text": lambda ours: spaced(ours.text),
}


def _as_mail(item: Item) -> bytes:
    """The mail; a bare winmail.dat is put into one."""
    if item.format == "rfc822":
        return item.raw()
    head = b"Content-Type: application/ms-tnef; name=winmail.dat\n"
    return head + b"Content-Transfer-Encoding: binary\n\n" + item.raw()


def _files_differ(ours: tuple[Mine, ...], wanted: list[File]) -> str:
    if len(ours) != len(wanted):
        said = [one.name or one.type for one in wanted]
        return f"wanted {said}, read {[one.name for one in ours]}"
    found = (_file_differs(*pair) for pair in zip(ours, wanted, strict=True))
    return next((one for one in found if one), "")


def _file_differs(mine: Mine, theirs: File) -> str:
    if theirs.name and not same_or_lost(safe_name(theirs.name), mine.name):
        return f"wanted the name {theirs.name!r}, read {mine.name!r}"
    if theirs.type and theirs.type != mine.type:
        return f"wanted {theirs.type}, read {mine.type}"
    if theirs.size is not None and theirs.size != mine.size:
        return f"wanted {theirs.size} bytes of {mine.name}, read {mine.size}"
    if theirs.data is not None and sha256(theirs.data).hexdigest() != mine.sha256:
        return f"other bytes in {mine.name}"
    if theirs.text is not None and not same_or_lost(spaced(theirs.text), mine.text()):
        return f"other text in {mine.name}"
    return ""
