"""`maildesk demo`: a complete helpdesk to try out, or an automatic story."""

from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console.errors import FAILED, CommandFailed
from maildesk.cli.console.options import call_of

try:
    from maildesk.demo.performance import NotServed, play, tell
except ModuleNotFoundError as error:
    if (error.name or "").startswith("maildesk"):
        raise
    MISSING = (error.name or "").partition(".")[0]
else:
    MISSING = ""


def demo(
    ctx: typer.Context,
    story: Annotated[
        bool,
        typer.Option("--story", help="Play the whole story automatically; exit 1 if it fails."),
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the web page; 0 picks a free port.")
    ] = 0,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Keep the installation in this folder; default: temporary."),
    ] = None,
) -> None:
    """Run a complete helpdesk with its own mail servers and mailboxes, only on this machine."""
    if MISSING:
        raise CommandFailed(f"the demo needs {MISSING}; run pip install 'maildesk[demo]'")
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise CommandFailed(f"{folder} is not empty; give the name of a new folder")
    debug = call_of(ctx).debug
    if story and not tell(folder, debug=debug):
        raise typer.Exit(FAILED)
    if not story:
        _play(folder, port, debug)


def _play(folder: Path | None, port: int, debug: bool) -> None:
    try:
        play(folder, port, debug=debug)
    except NotServed as error:
        raise CommandFailed(str(error)) from error
