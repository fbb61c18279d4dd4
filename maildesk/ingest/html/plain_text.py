"""HTML of strangers as text, within bounds. Never raises."""

import re
from collections import Counter
from html import unescape
from itertools import islice

import nh3
from lxml import etree  # type: ignore[import-untyped]

from maildesk.ingest.html.layout import layout

HTML_CHARACTERS = 1_000_000
_LAID_OUT = 300_000
_NESTING = 250
_LINKS = 2_000
_LONGEST_LINK = 200
_TAGS = 50_000  # a tree of them is twenty times their text
_OPENED_AGAIN = 500_000

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})\b[^<>]*>")
_ANY_TAG = re.compile(r"<[^<>]*>")
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_WEB = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_SILENT_TAG = re.compile(r"<(/?)(script|style|title)\b[^<>]*>", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_GAPS = re.compile(r"\n{3,}")

# Tags that never nest in a parsed tree: empty ones, and those the parser closes automatically.
_FLAT = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}
    | {"track", "wbr", "p", "li", "td", "th", "tr", "tbody", "thead", "option", "dd", "dt"}
)
# What a parser opens again in each new block while it is not closed (HTML, 13.2.4.3).
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong"}
    | {"tt", "u"}
)
_TEXT_ATTRIBUTES = {"*": {"class", "id", "type", "style"}, "a": {"href"}, "img": {"alt"}}
_SILENT = {"script", "style", "title"}


def too_deep(html: str) -> bool:
    """Whether its tags nest so deep, or are so many, that no parser should be asked to read it.

    A closing tag only counts where one of its name is open: parsers are slowest on the rest.
    Nor may open formatting meet too many tags, for a parser opens it again in each block.
    """
    tags = html.count("<")
    if not _NESTING < tags <= _TAGS:
        return tags > _TAGS
    open_: Counter[str] = Counter()
    depth = formatting = opened_again = 0
    for found in _TAG.finditer(html):
        name = found[2].lower()
        opened_again += formatting
        if name not in _FLAT and not (found[1] and not open_[name]):
            step = -1 if found[1] else 1
            open_[name] += step
            depth += step
            formatting += step if name in _FORMATTING else 0
        if depth > _NESTING or opened_again > _OPENED_AGAIN:
            return True
    return False


def to_text(html: str) -> str:
    """The text a reader sees, one line per block."""
    tree = parsed(html)
    return stripped(html) if tree is None else as_text(tree)


def parsed(html: str) -> "etree._Element | None":
    """A tree of the harmless tags alone; None where the HTML is too deep, too long or broken."""
    if len(html) > _LAID_OUT or too_deep(html):
        return None
    try:
        safe = nh3.clean(
            html,
            clean_content_tags=_SILENT,
            attributes=_TEXT_ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel=None,
        )
        tree = etree.fromstring(f"<body>{_CONTROLS.sub('', safe)}</body>", etree.HTMLParser())
    except (ValueError, etree.LxmlError, RecursionError):
        return None
    _tell_addresses(tree)
    return tree


def _tell_addresses(tree: "etree._Element") -> None:
    """Add the address of each link after its text, unless the text shows it."""
    for link in islice(tree.iter("a"), _LINKS):
        shown = "".join(link.itertext()).strip()
        address = link.get("href", "").strip()
        if shown and _WEB.match(address) and len(address) <= _LONGEST_LINK:
            bare = _WEB.sub("", address).rstrip("/").lower()
            if bare not in shown.lower():
                link.tail = f" <{address}>{link.tail or ''}"


def as_text(tree: "etree._Element") -> str:
    """The tree laid out as text."""
    return _tidy(layout(tree))


def stripped(html: str) -> str:
    """The text of HTML no parser is asked to read: tags cut away, in linear time."""
    kept = _BREAKS.sub("\n", _without_silent(html[:HTML_CHARACTERS]))
    return _tidy(unescape(_ANY_TAG.sub(" ", kept)))


def _without_silent(html: str) -> str:
    """The HTML without style sheets and scripts; one that is not closed hides nothing."""
    kept: list[str] = []
    at, inside, opened = 0, "", 0
    for found in _SILENT_TAG.finditer(html):
        name = found[2].lower()
        if not inside and not found[1]:
            kept.append(html[at : found.start()])
            inside, opened = name, found.start()
        elif found[1] and name == inside:
            at, inside = found.end(), ""
    return "".join((*kept, html[opened if inside else at :]))


def _tidy(text: str) -> str:
    """Trailing blanks line by line: a pattern for them is quadratic in a long run of blanks."""
    lines = text.replace("\u00a0", " ").split("\n")
    return _GAPS.sub("\n\n", "\n".join(line.rstrip(" \t") for line in lines)).strip()
