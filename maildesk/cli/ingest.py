"""`maildesk ingest`: mails from files, folders, mbox files and Maildirs into the journal."""

import hashlib
import mailbox
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from maildesk.cli.desk import the_office
from maildesk.cli.edge import CommandFailed
from maildesk.desk.desk import Desk
from maildesk.model.mail import RawMail, Source

BATCH = 50


def ingest(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...")],
    silent: Annotated[
        bool, typer.Option("--silent", help="Make tickets, but answer nobody (for imports).")
    ] = False,
) -> None:
    """Keep mails from .eml files, folders, mbox files and Maildirs; the daemon works them."""
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise CommandFailed(f"{missing[0]}: no such file or folder; nothing was taken in")
    with the_office(ctx) as office:
        desk = Desk(office)
        kept = 0
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("keeping", total=None)
            for batch in _batches(raw for path in paths for raw in mails_in(path)):
                desk.keep([_raw_mail(raw) for raw in batch], silent=silent)
                kept += len(batch)
                progress.update(task, completed=kept)
    typer.echo(f"{kept} mails kept; `maildesk run` works them")


def mails_in(path: Path) -> Iterator[bytes]:
    """The bytes of every mail in a file, a folder of files, an mbox or a Maildir."""
    if path.is_dir() and (path / "cur").is_dir() and (path / "new").is_dir():
        for folder in (path / "new", path / "cur"):
            yield from (file.read_bytes() for file in sorted(folder.iterdir()))
    elif path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield from mails_in(file)
    elif _is_mbox(path):
        with closing(mailbox.mbox(path, create=False)) as box:
            yield from (box.get_bytes(key) for key in box.iterkeys())
    else:
        yield path.read_bytes()


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _batches(raws: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for raw in raws:
        batch.append(raw)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _raw_mail(raw: bytes) -> RawMail:
    return RawMail(
        raw=raw,
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        source=Source.FILE,
        mailbox="ingest",
        received_at=datetime.now(UTC),
    )
