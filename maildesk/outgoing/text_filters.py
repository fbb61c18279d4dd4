"""How words are set in mails: wrapped, quoted, in paragraphs; the Jinja2 environment. Pure."""

from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from maildesk.model.person import Person
from maildesk.outgoing import plots

WIDTH = 72  # RFC 3676 §4.2 and old custom: a quoted line still fits into 80
_HEADLINE = 44  # characters: two lines on a phone
_MONTHS = "January February March April May June July August September October November December"


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


def date_of(at: datetime) -> str:
    """A date as people write it: 28 November 2026."""
    return f"{at.day} {_MONTHS.split()[at.month - 1]} {at.year}"


@pass_context
def day(context: Context, at: datetime) -> str:
    """The date where the recipient is."""
    return date_of(at.astimezone(context["zone"]))


@pass_context
def moment(context: Context, at: datetime | None) -> str:
    """A time of a day where the recipient is: 28 November 2026, 10:30 CET."""
    if at is None:
        return "not known"
    local = at.astimezone(context["zone"])
    return f"{date_of(local)}, {local:%H:%M %Z}"


def hours(seconds: int) -> str:
    """A length of time: 7:30 h."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02} h"


def who(person: Person) -> str:
    """Name and address, or the address alone."""
    return f"{person.name} ({person.address})" if person.name else person.address


def headline(note: str) -> str:
    """A short sentence as a heading, without its full stop; "" where it is too long for one."""
    return note.rstrip(".") if len(note) <= _HEADLINE else ""


def environment() -> Environment:
    """Templates of maildesk/templates/mail. A misspelt variable is an error, HTML is escaped."""
    env = Environment(
        loader=PackageLoader("maildesk", "templates/mail"),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    env.filters.update(
        wrapped=wrapped,
        quoted=quoted,
        indented=indented,
        paragraphs=paragraphs,
        day=day,
        moment=moment,
        headline=headline,
        hours=hours,
        who=who,
        blocks=plots.blocks,
        names=plots.names,
        highest=plots.highest,
        percent=plots.percent,
        tall=plots.tall,
    )
    return env
