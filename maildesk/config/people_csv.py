"""Reads people from a CSV file and reports all errors at once, with line and column."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from maildesk.config.checks.installation import outside_address_fault
from maildesk.config.checks.name_references import zone_faults
from maildesk.config.error_messages import near, quoted
from maildesk.config.errors import ConfigErrors
from maildesk.config.schema.people import LANGUAGE
from maildesk.config.schema.settings import Desk
from maildesk.model.directory import Listed, Origin
from maildesk.model.finding import Finding
from maildesk.model.mail import address_key

COLUMNS = ("name", "address", "addresses", "manager", "organisation", "vip", "language", "zone")
_NEEDED = ("name", "address")
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0", ""})


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the file and the line on which the row begins."""

    line: int
    person: Listed

    @property
    def keys(self) -> tuple[str, ...]:
        """Every address of the person, normalised for comparison, the main one first."""
        every = (self.person.address, *self.person.addresses)
        return tuple(dict.fromkeys(map(address_key, every)))


_Record = tuple[int, dict[str, str]]


def read_people(path: Path, desk: Desk, known: Iterable[str]) -> tuple[Row, ...]:
    """The people of the file. `known` are further addresses that managers may have.

    Raises ConfigErrors with all errors of the file.
    """
    records, findings = _records(path)
    rows = tuple(_row(line, cells) for line, cells in records)
    findings += [found for line, cells in records for found in _cells(path, line, cells, desk)]
    findings += [*_doubles(path, rows), *_managers(path, rows, known)]
    if findings:
        raise ConfigErrors(sorted(findings, key=lambda finding: finding.line or 0))
    return rows


def wrong(path: Path, line: int, column: str, what: str, remedy: str) -> Finding:
    """A finding in one cell."""
    return Finding(file=str(path), line=line, key=column, what=what, remedy=remedy)


def _records(path: Path) -> tuple[list[_Record], list[Finding]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        what = f"{error.strerror}"
        return [], [
            Finding(file=str(path), key="", what=what, remedy="give the path of a readable file")
        ]
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [], [wrong(path, line, "", "the file is not UTF-8", "export the file as UTF-8")]
    reader = csv.reader(StringIO(text, newline=""), strict=True, delimiter=_divider(text))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        findings = list(_header(path, header))
        return ([], findings) if findings else _body(path, header, reader)
    except csv.Error as error:
        what = f"the file is not valid CSV: {error}"
        return [], [wrong(path, reader.line_num, "", what, "close every quotation mark")]


def _divider(text: str) -> str:
    """The delimiter; some spreadsheets export semicolons instead of commas."""
    head = text.partition("\n")[0]
    return ";" if head.count(";") > head.count(",") else ","


def _header(path: Path, header: list[str]) -> Iterator[Finding]:
    for name in header:
        if name not in COLUMNS:
            what = f"unknown column {quoted(name)}"
            yield wrong(path, 1, "header", what, near(name, COLUMNS))
    for name, count in Counter(header).items():
        if count > 1 and name in COLUMNS:
            yield wrong(path, 1, "header", f"the column {name} appears twice", "remove one of them")
    for name in _NEEDED:
        if name not in header:
            remedy = f"begin the file with a line such as {','.join(COLUMNS)}"
            yield wrong(path, 1, "header", f"the column {name} is missing", remedy)


def _body(
    path: Path, header: list[str], lines: Iterable[list[str]]
) -> tuple[list[_Record], list[Finding]]:
    records: list[_Record] = []
    findings: list[Finding] = []
    line = 2
    for cells in lines:
        if cells and len(cells) != len(header):
            what = f"{len(cells)} cells, but the header has {len(header)}"
            findings.append(
                wrong(path, line, "", what, "quote cells that contain a comma or a semicolon")
            )
        elif any(cells):
            stripped = (cell.strip() for cell in cells)
            records.append((line, dict(zip(header, stripped, strict=True))))
        line += 1 + sum(cell.count("\n") for cell in cells)
    return records, findings


def _row(line: int, cells: dict[str, str]) -> Row:
    person = Listed(
        name=cells["name"],
        address=cells["address"],
        addresses=_words(cells.get("addresses", "")),
        manager=cells.get("manager", ""),
        organisation=cells.get("organisation", ""),
        vip=cells.get("vip", "").lower() in _YES,
        language=cells.get("language", ""),
        zone=cells.get("zone", ""),
        origin=Origin.IMPORT,
    )
    return Row(line, person)


def _words(cell: str) -> tuple[str, ...]:
    return tuple(cell.replace(";", " ").split())


def _cells(path: Path, line: int, cells: dict[str, str], desk: Desk) -> Iterator[Finding]:
    if not cells["name"].isprintable() or not cells["name"]:
        yield wrong(
            path,
            line,
            "name",
            "the name is missing or has a line break",
            "write the person's name on one line",
        )
    every = [("addresses", one) for one in _words(cells.get("addresses", ""))]
    for column, address in (("address", cells["address"]), *every):
        for fault in outside_address_fault((column,), address, desk):
            yield wrong(path, line, column, fault.problem, fault.remedy)
    if cells.get("vip", "").lower() not in _YES | _NO:
        what = f"{quoted(cells['vip'])} is neither yes nor no"
        yield wrong(path, line, "vip", what, "write yes or no")
    if not re.fullmatch(LANGUAGE, cells.get("language", "")):
        what = f"{quoted(cells['language'])} is not a language"
        yield wrong(path, line, "language", what, 'write, for example, "de" or "pt-BR"')
    for fault in zone_faults(("zone",), cells.get("zone", "")):
        yield wrong(path, line, "zone", fault.problem, fault.remedy)


def _doubles(path: Path, rows: Iterable[Row]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for row in rows:
        for key in filter(None, row.keys):
            if first.setdefault(key, row.line) != row.line:
                what = f"{quoted(key)} belongs to another person on line {first[key]}"
                yield wrong(path, row.line, "address", what, "use each address for one person only")


def _managers(path: Path, rows: tuple[Row, ...], known: Iterable[str]) -> Iterator[Finding]:
    there = {key for row in rows for key in row.keys} | {address_key(one) for one in known}
    for row in rows:
        manager = row.person.manager
        if manager and address_key(manager) not in there:
            what = f"no person has the address {quoted(manager)}"
            yield wrong(path, row.line, "manager", what, "add a row for that person")
