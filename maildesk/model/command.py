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
    """One command: its full name, its argument, and one line of help."""

    name: str
    takes: Takes
    shape: str
    help: str

    @property
    def usage(self) -> str:
        """How to write the command, as in `#team <team>`."""
        return f"#{self.name} {self.shape}".rstrip()


COMMANDS: tuple[CommandKind, ...] = (
    CommandKind("take", Takes.NOTHING, "", "the ticket is mine"),
    CommandKind("assign", Takes.VALUE, "<agent>", "the ticket is that agent's"),
    CommandKind("team", Takes.VALUE, "<team>", "the ticket is that team's"),
    CommandKind("status", Takes.VALUE, "<status>", "move the ticket to another status"),
    CommandKind(
        "hold", Takes.TEXT, "<reason> [until 2026-12-01]", "keep it until somebody answers"
    ),
    CommandKind("priority", Takes.VALUE, "<priority>", "set the priority"),
    CommandKind("service", Takes.VALUE, "<service>", "set the service"),
    CommandKind("type", Takes.VALUE, "<request type>", "set the request type"),
    CommandKind("category", Takes.VALUE, "<category> [/ <sub>]", "set category and sub-category"),
    CommandKind("impact", Takes.VALUE, "<high|medium|low>", "set the impact"),
    CommandKind("urgency", Takes.VALUE, "<high|medium|low>", "set the urgency"),
    CommandKind("note", Takes.TEXT, "<text>", "the text is for agents only"),
    CommandKind(
        "resolve", Takes.TEXT, "<text>", "resolve the ticket; the text is sent to the requester"
    ),
    CommandKind("close", Takes.MAYBE, "[category][: note]", "close the ticket without asking"),
    CommandKind("reopen", Takes.MAYBE, "[why]", "continue work on a resolved ticket"),
    CommandKind(
        "escalate", Takes.TEXT, "<L2|L3|field|team|back|requester> <why>", "hand it on, or ask"
    ),
    CommandKind("approval", Takes.MAYBE, "[kind]", "ask for an approval; manager if none is named"),
    CommandKind(
        "delegate",
        Takes.VALUE,
        "<person>",
        "reply to an approval mail: that person decides instead",
    ),
    CommandKind("parent", Takes.VALUE, "<ticket|none>", "this ticket is a child of that one"),
    CommandKind("child", Takes.VALUE, "<ticket>", "that ticket is a child of this one"),
    CommandKind("merge", Takes.VALUE, "<ticket>", "merge this ticket into that one"),
    CommandKind("split", Takes.MAYBE, "[subject]", "make the last mail a separate ticket"),
    CommandKind(
        "link",
        Takes.VALUE,
        "[related|duplicate|blocks|blocked-by|none] <ticket>",
        "name a relation",
    ),
    CommandKind("cc", Takes.VALUE, "<address>", "add that person to the ticket"),
    CommandKind("uncc", Takes.VALUE, "<address>", "remove that person from the ticket"),
    CommandKind("tag", Takes.VALUE, "<tag>", "add a tag; -tag takes it off"),
    CommandKind("spam", Takes.NOTHING, "", "close it without a word; the sender's mails are held"),
    CommandKind(
        "onbehalf",
        Takes.VALUE,
        "<address> [phone|portal|mail]",
        "the ticket is that person's request, who asked by phone",
    ),
    CommandKind("template", Takes.VALUE, "<name>", "put a ready answer in this place"),
    CommandKind("kb", Takes.VALUE, "<name>", "put an article in this place"),
    CommandKind("undo", Takes.NOTHING, "", "reply to a transcript: take back what it tells"),
    CommandKind("help", Takes.NOTHING, "", "show the commands"),
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
