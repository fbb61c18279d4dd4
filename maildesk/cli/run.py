"""`maildesk run`: the daemon."""

from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.options import call_of
from maildesk.daemon.run import KINDS, Daemon, log_to_stdout


def run(
    ctx: typer.Context,
    only: Annotated[
        str, typer.Option(help=f"Run some rooms only, with commas: {','.join(KINDS)}.")
    ] = "",
) -> None:
    """Run the desk until SIGTERM or Ctrl-C."""
    wanted = frozenset(word.strip() for word in only.split(",") if word.strip())
    unknown = sorted(wanted - set(KINDS))
    if unknown:
        raise typer.BadParameter(f"there is no room {unknown[0]!r}; rooms: {', '.join(KINDS)}")
    config = call_of(ctx).config()
    log_to_stdout()
    try:
        Daemon(config, wanted).run()
    except DBAPIError as error:
        raise CommandFailed(f"database: {error.orig}; nothing was started") from error
