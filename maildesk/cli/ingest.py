"""`maildesk ingest`: imports mails from files, folders, mbox files and Maildirs."""

import hashlib
import mailbox
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_runtime
from maildesk.cli.console.output import counted
from maildesk.model.mail import RawMail, Source
from maildesk.processing.desk import Desk
from maildesk.store.queries import integrity

BATCH = 50
BATCH_BYTES = 8_000_000
MAILBOX = "ingest"


@dataclass(slots=True)
class _Count:
    """Counts the mails of this call by result."""

    kept: int = 0
    known: int = 0
    too_large: int = 0

    def __str__(self) -> str:
        known = f", {self.known} already in the journal" if self.known else ""
        return f"{counted(self.kept, 'mail')} stored{known}; `maildesk run` processes them"


def ingest(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...")],
    silent: Annotated[
        bool, typer.Option("--silent", help="Open tickets without sending any mail (for imports).")
    ] = False,
) -> None:
    """Import mails from .eml files, folders, mbox files and Maildirs into the journal.

    `maildesk run` processes them. After an interruption run the command again: it skips mails
    that are already in the journal.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise CommandFailed(f"{missing[0]}: file or folder not found; nothing was imported")
    with desk_runtime(ctx) as runtime:
        count = _take_in(Desk(runtime), paths, silent=silent)
    typer.echo(str(count))
    if count.too_large:
        raise CommandFailed(
            f"{counted(count.too_large, 'mail')} skipped: larger than desk.max_mail_bytes"
        )


def _take_in(desk: Desk, paths: list[Path], *, silent: bool) -> _Count:
    count = _Count()
    limit = desk.runtime.settings.desk.max_mail_bytes
    with desk.runtime.store.read() as connection:
        known = integrity.every_digest(connection, MAILBOX)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("importing", total=_bytes_in(paths))
        for batch in _batches(raw for path in paths for raw in mails_in(path)):
            fresh = []
            for mail in map(_raw_mail, batch):
                digest = bytes.fromhex(mail.sha256)
                count.known += digest in known
                count.too_large += mail.size > limit
                if digest not in known and mail.size <= limit:
                    known.add(digest)
                    fresh.append(mail)
            if fresh:
                desk.keep(fresh, silent=silent)
            count.kept += len(fresh)
            progress.advance(task, sum(map(len, batch)))
    return count


def _bytes_in(paths: list[Path]) -> int:
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    return sum(file.stat().st_size for file in files if file.is_file())


def mails_in(path: Path) -> Iterator[bytes]:
    """The bytes of every mail in a file, a folder, an mbox file or a Maildir."""
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
    """Batches of at most 50 mails and about 8 MB, since an mbox file may have any size."""
    batch: list[bytes] = []
    for raw in raws:
        batch.append(raw)
        if len(batch) == BATCH or sum(map(len, batch)) >= BATCH_BYTES:
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
        mailbox=MAILBOX,
        received_at=datetime.now(UTC),
    )
