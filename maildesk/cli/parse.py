"""`maildesk parse`: shows how maildesk reads a mail. The JSON keys are stable (docs/cli.md)."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from maildesk.cli.console.errors import FAILED, complain
from maildesk.cli.console.output import print_json
from maildesk.ingest.reading.analyse import contract


def parse(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Mail files and folders of mail files."),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per mail.")
    ] = False,
) -> None:
    """Show how maildesk reads mails. It reads any file, even a malformed one."""
    failed = False
    for path in _with_progress(list(_files(paths))):
        try:
            raw = path.read_bytes()
        except OSError as error:
            complain(f"maildesk: {path}: {error.strerror}; give the path of a readable file")
            failed = True
            continue
        reading = contract(_printable(path), raw)
        if as_json:
            print_json(reading)
        else:
            typer.echo(_for_people(reading))
    if failed:
        raise typer.Exit(FAILED)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files in order; for a folder all files below it, sorted. Missing paths are kept."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        else:
            yield path


def _with_progress(files: list[Path]) -> Iterable[Path]:
    """Show a progress bar on a terminal, unless the results are printed there too."""
    shown = sys.stderr.isatty() and not sys.stdout.isatty()
    console = Console(stderr=True)
    return track(files, "reading", console=console, transient=True, disable=not shown)


def _printable(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _for_people(reading: dict[str, Any]) -> str:
    people = {field: _addresses(reading[field]) for field in ("to", "cc", "reply_to")}
    fields = {
        "from": _addresses([reading["from"]] if reading["from"] else []),
        **people,
        "date": reading["date"],
        "subject": reading["subject"],
        "kind": reading["kind"],
        "attachments": ", ".join(part["name"] for part in reading["attachments"]),
        "defects": ", ".join(reading["defects"]),
    }
    lines = [f"{name}: {_one_line(value)}" for name, value in fields.items() if value]
    text = [_one_line(line) for line in reading["reply_text"].split("\n")]
    return "\n".join([f"== {_one_line(reading['path'])}", *lines, "", *text, ""])


def _addresses(people: Iterable[dict[str, str]]) -> str:
    return ", ".join(f"{p['name']} <{p['address']}>".strip() for p in people)


def _one_line(text: str) -> str:
    """The text without control characters, which could move the cursor of a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
