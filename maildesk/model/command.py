"""The `#` commands of agents, and how a command names a ticket."""

import enum
import re
from dataclasses import dataclass


class Takes(enum.Enum):
    """Whether a command takes an argument, and of which form."""

    NOTHING = "nothing"
    VALUE = "value"  # on the same line
    MAYBE = "maybe"  # on the same line, and can be left out
    TEXT = "text"  # on the same line and the lines below


@dataclass(frozen=True, slots=True)
class CommandKind:
    """One command: its full name, its argument, and for `#help` the message id of its help and an
    example."""

    name: str
    takes: Takes
    shape: str
    help: str
    example: str

    @property
    def usage(self) -> str:
        """How to write the command, as in `#team <team>`."""
        return f"#{self.name} {self.shape}".rstrip()


COMMANDS: tuple[CommandKind, ...] = (
    CommandKind("take", Takes.NOTHING, "", "help.take", "#take"),
    CommandKind("assign", Takes.VALUE, "<agent>", "help.assign", "#assign Lee"),
    CommandKind("team", Takes.VALUE, "<team>", "help.team", "#team Network"),
    CommandKind(
        "escalate",
        Takes.TEXT,
        "<L2|L3|field|team|back|requester> <why>",
        "help.escalate",
        "#escalate L2 The switch drops packets",
    ),
    CommandKind("note", Takes.TEXT, "<text>", "help.note", "#note The vendor calls back on Monday"),
    CommandKind("template", Takes.VALUE, "<name>", "help.template", "#template password-reset"),
    CommandKind("kb", Takes.VALUE, "<name>", "help.kb", "#kb vpn-setup"),
    CommandKind("cc", Takes.VALUE, "<address>", "help.cc", "#cc will@example.org"),
    CommandKind("uncc", Takes.VALUE, "<address>", "help.uncc", "#uncc will@example.org"),
    CommandKind(
        "resolve", Takes.TEXT, "<text>", "help.resolve", "#resolve Your new cable is on your desk"
    ),
    CommandKind(
        "close", Takes.MAYBE, "[category][: note]", "help.close", "#close Duplicate: see MD-1001"
    ),
    CommandKind(
        "reopen", Takes.MAYBE, "[why]", "help.reopen", "#reopen The cable was the wrong one"
    ),
    CommandKind(
        "hold",
        Takes.TEXT,
        "<reason> [until 2026-12-01 | until 16:00]",
        "help.hold",
        "#hold Waiting for a spare part until Monday",
    ),
    CommandKind("status", Takes.VALUE, "<status>", "help.status", "#status Analysis"),
    CommandKind("approval", Takes.MAYBE, "[kind]", "help.approval", "#approval"),
    CommandKind("delegate", Takes.VALUE, "<person>", "help.delegate", "#delegate Maria"),
    CommandKind("spam", Takes.NOTHING, "", "help.spam", "#spam"),
    CommandKind("service", Takes.VALUE, "<service>", "help.service", "#service Workplace"),
    CommandKind("type", Takes.VALUE, "<request type>", "help.type", "#type incident"),
    CommandKind(
        "category",
        Takes.VALUE,
        "<category> [/ <sub>]",
        "help.category",
        "#category Hardware / Printer",
    ),
    CommandKind("impact", Takes.VALUE, "<high|medium|low>", "help.impact", "#impact low"),
    CommandKind("urgency", Takes.VALUE, "<high|medium|low>", "help.urgency", "#urgency high"),
    CommandKind("priority", Takes.VALUE, "<priority>", "help.priority", "#priority P2"),
    CommandKind("tag", Takes.VALUE, "<tag>", "help.tag", "#tag vip"),
    CommandKind(
        "onbehalf",
        Takes.VALUE,
        "<address> [phone|portal|mail]",
        "help.onbehalf",
        "#onbehalf rita@example.org phone",
    ),
    CommandKind("parent", Takes.VALUE, "<ticket|none>", "help.parent", "#parent MD-1001"),
    CommandKind("child", Takes.VALUE, "<tickets>", "help.child", "#child MD-1003, MD-1004"),
    CommandKind("merge", Takes.VALUE, "<ticket>", "help.merge", "#merge MD-1001"),
    CommandKind("split", Takes.MAYBE, "[subject]", "help.split", "#split A new keyboard"),
    CommandKind(
        "link",
        Takes.VALUE,
        "[related|duplicate|blocks|blocked-by|none] <ticket>",
        "help.link",
        "#link blocks MD-1004",
    ),
    CommandKind("undo", Takes.NOTHING, "", "help.undo", "#undo"),
    CommandKind("help", Takes.NOTHING, "", "help.help", "#help"),
)
PEOPLE = frozenset({"delegate", "cc", "uncc", "onbehalf"})
TICKETS = frozenset({"parent", "child", "merge", "link"})

_NUMBER = re.compile(r"\[?#?(?:[A-Za-z]{1,10}-)?([0-9]{1,9})\]?\Z")
SOURCES = ("phone", "portal", "mail")  # how a request can reach the agent who enters it


def on_behalf(argument: str) -> tuple[str, str]:
    """(person, source) of an argument like `rita@example.org phone`; "" if it names no source."""
    person, _, last = argument.strip().rpartition(" ")
    said = last.casefold()
    return (person.strip(), said) if person and said in SOURCES else (argument.strip(), "")


def ticket_number(text: str) -> int | None:
    """The number in `1042`, `MD-1042` or `[MD-1042]`; of several words, the last one counts."""
    words = text.split()
    match = _NUMBER.match(words[-1]) if words else None
    return int(match[1]) if match else None
