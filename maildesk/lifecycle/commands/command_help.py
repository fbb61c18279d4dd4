"""The answer to `#help`: every command with an example, grouped by subject."""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from maildesk.model.command import COMMANDS, CommandKind
from maildesk.model.message import Message


def command_help() -> Message:
    """All commands, one group below the other."""
    groups = tuple(_group(*one) for one in groupby(COMMANDS, key=attrgetter("group")))
    return Message.of("help.page", introduction=Message.of("help.introduction"), groups=groups)


def _group(title: str, kinds: Iterable[CommandKind]) -> Message:
    lines = tuple(
        Message.of("help.line", example=kind.example, help=Message.of(kind.help)) for kind in kinds
    )
    return Message.of("help.group", title=Message.of(title), lines=lines)
