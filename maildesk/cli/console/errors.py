"""Turns errors into one line on stderr and an exit status, for every command.

CommandFailed       the command failed: one line that says what, where and what to do next
"""

import os
import sys
import traceback
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.text import Text

from maildesk.config.load import ConfigErrors

DONE = 0
FAILED = 1
WRONG_USE = 2
INTERRUPTED = 130

_ANYWHERE = {"--debug": 0, "--config": 1}  # global options and the number of their arguments


class CommandFailed(Exception):
    """A command failed. The message is one line for the user."""


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run one call and return its exit status. Never raises."""
    arguments = to_the_front(arguments)
    command = typer.main.get_command(app)
    try:
        status = command.main(args=list(arguments), prog_name="maildesk", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_went_away()
    except KeyboardInterrupt:
        return INTERRUPTED
    except typer.Abort:
        return FAILED
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exception(error)
        return _explained(error)
    return status if isinstance(status, int) else DONE


def to_the_front(arguments: Sequence[str]) -> list[str]:
    """`check --config X` becomes `--config X check`: global options may follow the command."""
    front: list[str] = []
    rest = list(arguments)
    place = 0
    while place < len(rest) and rest[place] != "--":
        name, equals, _ = rest[place].partition("=")
        if name not in _ANYWHERE:
            place += 1
            continue
        width = 1 if equals else 1 + _ANYWHERE[name]
        front += rest[place : place + width]
        del rest[place : place + width]
    return front + rest


def complain(message: str) -> None:
    """Print one line to stderr, in red on a terminal."""
    line = " ".join(message.split("\n"))
    Console(stderr=True, soft_wrap=True, highlight=False).print(Text(line, style="red"))


def show_mark(marked: str) -> None:
    """Print the faulty line with a caret under the error to stderr."""
    for line in marked.split("\n") if marked else ():
        printable = "".join(c if c.isprintable() else " " for c in line)
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text(f"    {printable}"))


def _explained(error: Exception) -> int:
    if isinstance(error, ConfigErrors):
        for finding in error.findings:
            complain(str(finding))
            show_mark(finding.marked)
        return WRONG_USE
    if isinstance(error, typer.TyperException):
        if error.format_message():  # if empty, typer has already shown the help
            complain(_usage(error))
        return error.exit_code
    if isinstance(error, CommandFailed):
        complain(f"maildesk: {error}")
        return FAILED
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    complain(f"maildesk: {what}; run with --debug to see the traceback")
    return FAILED


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "maildesk"
    return f"maildesk: {error.format_message().rstrip('.')}; see `{path} --help`"


def _reader_went_away() -> int:
    # Otherwise Python flushes stdout again at exit and prints an error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
