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
        str, typer.Option(help=f"Run only these services, comma-separated: {','.join(KINDS)}.")
    ] = "",
) -> None:
    """Run the helpdesk until SIGTERM or Ctrl-C."""
    wanted = frozenset(word.strip() for word in only.split(",") if word.strip())
    unknown = sorted(wanted - set(KINDS))
    if unknown:
        raise typer.BadParameter(f"unknown service {unknown[0]!r}; choose from: {', '.join(KINDS)}")
    config = call_of(ctx).config()
    log_to_stdout()
    try:
        Daemon(config, wanted).run()
    except DBAPIError as error:
        raise CommandFailed(f"database: {error.orig}; no service was started") from error
