"""Reads an agent's commands: lines that begin with `#`. Pure.

Only the new text of a mail is read, never a quote.

Commands are at the top or at the bottom of the text. A line is a command if it begins with `#`
and a letter directly after it: `# heading` and `#1` are text. What mail programs put in front (a
bullet, asterisks of bold text, invisible characters) is skipped if the full name of a command
follows.

- At the top, a command that takes text takes its own line and the lines right below it, up to
  the next blank line or command. The text after it is sent to the requester.
- At the bottom, it takes everything up to the next command or the end.
- A short closing ("Kind regards", a name) may follow the last command; it ends the text.
- A command between other text, also a misspelt one, is neither carried out nor sent: it is
  reported as wrong, and the caller sends nothing. An unknown word there is text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice

from maildesk.ingest.intent.thanks import closing_at
from maildesk.model.cause import Command, WrongCommand
from maildesk.model.command import COMMANDS, TICKETS, Takes, ticket_number
from maildesk.model.message import Message

_KINDS = {kind.name: kind for kind in COMMANDS}
_LINE = re.compile(r"#([A-Za-z]\S{0,39})(?:\s+(.*))?\Z", re.DOTALL)
_TOO_MANY = Message.of("refusal.too-many-commands")
_IN_FRONT = re.compile(r"(?:[\s*_+•·◦▪▫●○■□‣➢–—-]|[0-9]{1,3}[.)]){0,12}\Z")
_SPEAKING = frozenset({"template", "kb", "resolve"})  # bring words that a closing may end
_BOLD = "*_"
_FENCE = re.compile(r"\s{0,3}```[\w-]{0,20}\s*\Z")
_VERBATIM = "\ufdd0"  # Unicode keeps it for such use; no text holds it
_LOOKED_CLOSELY = 500  # lines amid text that are compared with every command
_NEAR = 0.75  # how alike a word is to a command that it probably means
_BETWEEN_TICKETS = re.compile(r"\s*[,;&]\s*|\s+(?:and|und|et|y|e|en|og|och)\s+", re.IGNORECASE)
_MOST = 50  # commands that are read in one mail
_CERTAIN = 3  # letters from which a beginning counts as a command in the middle of text


@dataclass(frozen=True, slots=True)
class CommandReading:
    """The text without its commands, the commands in order, and the lines that are wrong."""

    text: str
    commands: tuple[Command, ...] = ()
    wrong: tuple[WrongCommand, ...] = ()


@dataclass(slots=True)
class _Block:
    """A command line and the lines of text that belong to it."""

    line: str
    word: str
    rest: list[str]

    @property
    def argument(self) -> str:
        return "\n".join(self.rest).strip()


def read_commands(text: str) -> CommandReading:
    """Separate the agent's new text from its commands. Never raises.

    Lines between two lines of ``` are text, whatever they begin with.
    """
    lines = _fenced(text.splitlines())
    cut = closing_at(lines)
    above = next((line for line in reversed(lines[:cut]) if line.strip()), "")
    block = _block(above)
    goes_on = any(_block(line) for line in lines[cut:])
    if cut == len(lines) or goes_on or block is None or _takes_text(block):
        reading = _read(lines)
    else:
        reading = _read(lines[:cut])
        closing = "\n".join(lines[cut:]).strip()
        reading = replace(reading, text=f"{reading.text}\n\n{closing}".strip())
    speaks = not reading.commands or any(one.name in _SPEAKING for one in reading.commands)
    is_closing = not speaks and closing_at(reading.text.splitlines()) == 0
    return _unfenced(replace(reading, text="") if is_closing else reading)


def _fenced(lines: list[str]) -> list[str]:
    """The lines, with a sign before each one between fences by which it is no command."""
    fences = [at for at, line in enumerate(lines) if _FENCE.match(line)]
    out = list(lines)
    for begin, end in zip(fences[::2], fences[1::2], strict=False):
        out[begin : end + 1] = [_VERBATIM + line for line in lines[begin : end + 1]]
    return out


def _unfenced(reading: CommandReading) -> CommandReading:
    """The same as the agent wrote it, without the fences."""
    if _VERBATIM not in reading.text and not any(
        _VERBATIM in one.argument for one in reading.commands
    ):
        return reading
    commands = tuple(replace(one, argument=_plain(one.argument)) for one in reading.commands)
    return replace(reading, text=_plain(reading.text), commands=commands)


def _plain(text: str) -> str:
    lines = [line for line in text.split("\n") if not _FENCE.match(line.removeprefix(_VERBATIM))]
    return "\n".join(line.replace(_VERBATIM, "") for line in lines).strip()


def _read(lines: list[str]) -> CommandReading:
    top, begin = _top(lines)
    end = _bottom_start(lines, begin)
    blocks = top + list(_blocks(lines[end:]))
    read = [
        one
        for place, block in enumerate(blocks[:_MOST])
        for one in _each_ticket(_understood(block, place < len(top)))
    ]
    read += [WrongCommand(block.line[:200], _TOO_MANY) for block in blocks[_MOST:][:1]]
    middle = islice(_in_the_middle(lines[begin:end]), _MOST)
    return CommandReading(
        text="\n".join(lines[begin:end]).strip(),
        commands=tuple(one for one in read if isinstance(one, Command)),
        wrong=(*(one for one in read if isinstance(one, WrongCommand)), *middle),
    )


def _block(line: str) -> _Block | None:
    """The command that a line begins, or None where it is text."""
    if "#" not in line:
        return None
    head, _, rest = line.partition("#")
    head, rest = _seen(head), _seen(rest)
    if not _IN_FRONT.match(head):
        return None
    decorated = head.strip()
    if set(decorated).intersection(_BOLD):
        rest = rest.rstrip(_BOLD + " ")
    match = _LINE.match(f"#{rest.strip()}")
    if match is None or rest[:1].isspace():
        return None
    word = match[1].rstrip(f":.,;!{_BOLD}").lower()
    if decorated and word not in _KINDS:
        return None
    return _Block(line.strip(), word, [match[2]] if match[2] else [])


def _seen(text: str) -> str:
    """Without the signs at both ends that nobody sees, as a zero-width joiner."""
    begin, end = 0, len(text)
    while begin < end and unicodedata.category(text[begin]) == "Cf":
        begin += 1
    while end > begin and unicodedata.category(text[end - 1]) == "Cf":
        end -= 1
    return text[begin:end]


def _named(word: str) -> list[str]:
    """The commands that a word can mean: the exact one, else all that begin with it."""
    return [word] if word in _KINDS else [name for name in _KINDS if name.startswith(word)]


def _takes_text(block: _Block) -> bool:
    names = _named(block.word)
    return len(names) == 1 and _KINDS[names[0]].takes is Takes.TEXT


def _top(lines: list[str]) -> tuple[list[_Block], int]:
    """(commands at the top, index of the first line that is none of theirs)."""
    blocks: list[_Block] = []
    open_block: _Block | None = None
    for index, line in enumerate(lines):
        block = _block(line)
        if block:
            blocks.append(block)
            open_block = block if _takes_text(block) else None
        elif not line.strip():
            open_block = None
        elif open_block:
            open_block.rest.append(line)
        else:
            return blocks, index
    return blocks, len(lines)


def _bottom_start(lines: list[str], begin: int) -> int:
    """Index of the first command of the bottom: from there on no line is the requester's."""
    start = end = len(lines)
    for index in range(end - 1, begin - 1, -1):
        block = _block(lines[index])
        if block is None:
            continue
        if not _takes_text(block) and any(line.strip() for line in lines[index + 1 : end]):
            break
        start = end = index
    return start


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """The commands of lines that begin with one, each with all lines up to the next."""
    current: _Block | None = None
    for line in lines:
        block = _block(line)
        if block:
            if current:
                yield current
            current = block
        elif current:
            current.rest.append(line)
    if current:
        yield current


def _understood(block: _Block, at_top: bool) -> Command | WrongCommand:
    names = _named(block.word)
    if len(names) != 1:
        return WrongCommand(block.line[:200], _hint(block.word, names))
    kind = _KINDS[names[0]]
    if kind.takes in (Takes.TEXT, Takes.VALUE) and not block.argument:
        return WrongCommand(block.line[:200], Message.of("refusal.usage", usage=kind.usage))
    if block.argument and kind.takes is Takes.NOTHING:
        return WrongCommand(
            block.line[:200], Message.of("refusal.takes-nothing", command=f"#{kind.name}")
        )
    return Command(kind.name, block.argument, at_top)


def _each_ticket(read: Command | WrongCommand) -> Iterator[Command | WrongCommand]:
    """A command for each of the tickets that one names: `#child 1006, MD-1007`."""
    if isinstance(read, WrongCommand) or read.name not in TICKETS:
        yield read
        return
    words = _BETWEEN_TICKETS.sub(" ", read.argument).split()
    first = next((at for at, word in enumerate(words) if ticket_number(word) is not None), None)
    numbers = words[first:] if first is not None else []
    if len(numbers) < 2 or any(ticket_number(word) is None for word in numbers):
        yield read
        return
    for number in dict.fromkeys(numbers):
        yield replace(read, argument=" ".join((*words[:first], number)))


def _hint(word: str, names: list[str]) -> Message:
    if names:
        every = tuple(f"#{name}" for name in names)
        return Message.of("refusal.ambiguous-command", commands=every)
    near = get_close_matches(word, _KINDS, n=1)
    if near:
        return Message.of("refusal.unknown-command-near", command=f"#{near[0]}")
    return Message.of("refusal.unknown-command")


def _in_the_middle(lines: list[str]) -> Iterator[WrongCommand]:
    looked = 0
    for line in lines:
        block = _block(line)
        if block is None:
            continue
        looked += 1
        if _is_sure(block.word) or (looked <= _LOOKED_CLOSELY and _is_near(block.word)):
            near = None if _named(block.word) else _hint(block.word, [])
            place = Message.of("refusal.command-in-text")
            yield WrongCommand(block.line[:200], place.then(near))


def _is_sure(word: str) -> bool:
    return word in _KINDS or (len(word) >= _CERTAIN and bool(_named(word)))


def _is_near(word: str) -> bool:
    return len(word) > _CERTAIN and bool(get_close_matches(word, _KINDS, n=1, cutoff=_NEAR))
