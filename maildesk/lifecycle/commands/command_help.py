"""The answer to `#help`: every command with an example, grouped by subject."""

from maildesk.model.command import COMMANDS
from maildesk.model.message import Message

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("help.group-assignment", ("take", "assign", "team", "escalate")),
    ("help.group-words", ("note", "template", "kb", "cc", "uncc")),
    (
        "help.group-status",
        ("resolve", "close", "reopen", "hold", "status", "approval", "delegate", "spam"),
    ),
    (
        "help.group-classification",
        ("service", "type", "category", "impact", "urgency", "priority", "tag", "onbehalf"),
    ),
    ("help.group-relations", ("parent", "child", "merge", "split", "link")),
    ("help.group-other", ("undo", "help")),
)
_KINDS = {kind.name: kind for kind in COMMANDS}


def command_help() -> Message:
    """All commands, one group below the other."""
    groups = tuple(_group(title, names) for title, names in GROUPS)
    return Message.of("help.page", introduction=Message.of("help.introduction"), groups=groups)


def _group(title: str, names: tuple[str, ...]) -> Message:
    lines = tuple(_line(name) for name in names)
    return Message.of("help.group", title=Message.of(title), lines=lines)


def _line(name: str) -> Message:
    kind = _KINDS[name]
    return Message.of("help.line", example=kind.example, help=Message.of(kind.help))
