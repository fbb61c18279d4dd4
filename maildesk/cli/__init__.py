"""The `maildesk` command. A new command is a module in this package and one entry in COMMANDS.

Only the module of the requested command is imported, so that `maildesk parse` does not wait for
the libraries of the daemon. No other module imports by name.
"""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from maildesk import __version__
from maildesk.cli.console.errors import run, to_the_front
from maildesk.cli.console.options import Call, config_option
from maildesk.cli.console.output import log_to_stderr

COMMANDS: dict[str, str] = {
    "init": "maildesk.cli.init",
    "demo": "maildesk.cli.demo",
    "run": "maildesk.cli.run",
    "check": "maildesk.cli.check",
    "ingest": "maildesk.cli.ingest",
    "parse": "maildesk.cli.parse",
    "explain": "maildesk.cli.explain",
    "ledger": "maildesk.cli.ledger",
    "mail": "maildesk.cli.mail",
    "quarantine": "maildesk.cli.quarantine",
    "ticket": "maildesk.cli.ticket",
    "people": "maildesk.cli.people",
    "outbox": "maildesk.cli.outbox",
    "template": "maildesk.cli.template",
    "report": "maildesk.cli.report",
    "rules": "maildesk.cli.rules",
    "workflow": "maildesk.cli.workflow",
    "simulate": "maildesk.cli.simulate",
    "replay": "maildesk.cli.replay",
    "db": "maildesk.cli.db",
}
"""Each command and its module, in the order of `maildesk --help`. The module has an attribute of
the command's name: a function, or a typer.Typer whose commands are its verbs."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"maildesk {__version__}")
        raise typer.Exit


def options(
    ctx: typer.Context,
    config: config_option = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version."),
    ] = False,
) -> None:
    """An e-mail-driven helpdesk. Its users need only a mail program."""
    log_to_stderr()
    ctx.obj = Call(config, debug)


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line application with the given commands."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit status: 0 success, 1 failure, 2 wrong usage or wrong configuration.",
    )
    app.callback()(options)
    for name in names:
        command = getattr(import_module(COMMANDS[name]), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def asked_for(arguments: Sequence[str]) -> Iterable[str]:
    """The command that the arguments name, or all commands if they name none (for the help)."""
    words = iter(to_the_front(arguments))
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return (word,) if word in COMMANDS else COMMANDS
        elif word == "--version":
            return ("parse",)
    return COMMANDS


def main() -> None:
    """Run the command line and exit with its exit status."""
    sys.exit(run(build(asked_for(sys.argv[1:])), sys.argv[1:]))
