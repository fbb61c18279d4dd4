"""`maildesk init`: writes the first configuration of an installation."""

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.config.shipped import policy_files
from maildesk.config.starter import starter

_KEY_FILE = "secret.key"


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to write to; created if missing.")
    ],
) -> None:
    """Write a commented maildesk.toml, config/*.toml and a new signing key."""
    files = {folder / "maildesk.toml": starter().encode()}
    files |= {folder / "config" / shipped.name: shipped.read_bytes() for shipped in policy_files()}
    key = folder / _KEY_FILE
    there = [str(path) for path in (*files, key) if path.exists()]
    if there:
        raise CommandFailed(f"{', '.join(there)}: already exists; nothing was written")
    (folder / "config").mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        _write(path, content, 0o644)
    _write(key, secrets.token_urlsafe(48).encode() + b"\n", 0o600)
    typer.echo(f"wrote {', '.join(str(path) for path in (*files, key))}")
    typer.echo(f"next: edit {folder / 'maildesk.toml'}, then run `maildesk check` in that folder")


def _write(path: Path, content: bytes, mode: int) -> None:
    """Create the file with its final mode. Fails if it exists, even if it was created just now."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
