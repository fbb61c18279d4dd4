"""How texts are set in mails: wrapped, quoted, in paragraphs, in columns. Pure."""

from collections.abc import Iterable

from markupsafe import Markup, escape

from maildesk.model.person import Person

WIDTH = 72  # RFC 3676 §4.2 and old custom: a quoted line still fits into 80
_HEADLINE = 44  # characters: two lines on a phone


def wrapped(text: str, width: int = WIDTH) -> str:
    """Each long line broken at blanks; short lines and words longer than a line stay whole."""
    lines = text.strip("\n").rstrip().split("\n")
    return "\n".join(line if len(line) <= width else _broken(line, width) for line in lines)


def _broken(line: str, width: int) -> str:
    indent = line[: min(len(line) - len(line.lstrip()), width // 2)]
    lines, current = [], indent
    for word in line.split():
        if len(current) + 1 + len(word) > width and current.strip():
            lines.append(current)
            current = indent
        current = f"{current} {word}" if current.strip() else indent + word
    return "\n".join((*lines, current))


def quoted(text: str) -> str:
    """Somebody's words behind `> `, as mail has always shown them."""
    lines = wrapped(text, WIDTH - 2).split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def indented(text: str) -> str:
    """Words of our own house set apart from the words around them."""
    lines = wrapped(text, WIDTH - 4).split("\n")
    return "\n".join(f"    {line}".rstrip() for line in lines)


def paragraphs(text: str) -> Markup:
    """Somebody's words in HTML: a blank line ends a paragraph, every other break is kept.

    Nothing in it becomes a link: a stranger's address does not gain our good name.
    """
    blocks = [block.strip("\n") for block in text.strip().split("\n\n")]
    return Markup("\n").join(
        Markup('<p style="margin:0 0 14px">{}</p>').format(_lines(block))
        for block in blocks
        if block.strip()
    )


def _lines(block: str) -> Markup:
    # Runs of blanks set tables and code; HTML would fold them into one.
    held = str(escape(block)).replace("  ", "&nbsp; ")
    return Markup(held.replace("\n", "<br>\n"))


def who(person: Person) -> str:
    """Name and address, or the address alone."""
    return f"{person.name} ({person.address})" if person.name else person.address


def headline(note: str) -> str:
    """A short sentence as a heading, without its full stop; "" where it is too long for one."""
    return note.rstrip(".") if len(note) <= _HEADLINE else ""


def aligned(pairs: Iterable[tuple[str, str]], indent: int = 0) -> str:
    """`Name:  value` on a line each, the values below each other; a pair without a value is left
    out."""
    shown = [(f"{name}:", value) for name, value in pairs if value]
    wide = max((len(name) for name, _ in shown), default=0) + 2
    return "\n".join(f"{'':{indent}}{name:{wide}}{value}" for name, value in shown)
