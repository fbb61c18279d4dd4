"""`maildesk demo`: a whole desk to play with, or a story that plays itself."""

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
        bool, typer.Option("--story", help="Play the whole story by itself; exit 1 if it fails.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes any free one.")
    ] = 0,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Keep the installation here; else it is temporary.")
    ] = None,
) -> None:
    """Run a desk with mail servers, mailboxes and people of its own, on this machine alone."""
    if MISSING:
        raise CommandFailed(f"the demo needs {MISSING}: pip install 'maildesk[demo]'")
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise CommandFailed(f"{folder} is not empty; name a folder that is new")
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
