"""The `maildesk` command. A new command is a module here and one entry in COMMANDS or GROUPS."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from maildesk import __version__
from maildesk.cli.call import Call, config_option
from maildesk.cli.check import check
from maildesk.cli.edge import run
from maildesk.cli.init import init
from maildesk.cli.parse import parse

COMMANDS: tuple[Callable[..., None], ...] = (init, check, parse)
"""Functions that typer makes a command of, in the order of `maildesk --help`."""

GROUPS: dict[str, typer.Typer] = {}
"""Commands with verbs of their own: `maildesk ticket list` is `list` in GROUPS["ticket"]."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 the thing failed, 2 wrong use or wrong configuration.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"maildesk {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: config_option = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version."),
    ] = False,
) -> None:
    """An e-mail-driven helpdesk: people need nothing but their mail program."""
    ctx.obj = Call(config, debug)


for command in COMMANDS:
    app.command()(command)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run(app, sys.argv[1:]))
