"""How an HTML element is shown: as its tag says, then as its style says. Pure."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

_PIXELS_PER_LINE = 8
_LONGEST_STYLE = 1_000

_SPACED = frozenset({"p", "figure", "h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _SPACED.union(
    {"address", "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt"},
    {"figcaption", "footer", "header", "hgroup", "hr", "li", "main", "nav", "ol", "pre"},
    {"section", "summary", "ul"},
)
_BLOCK_DISPLAYS = frozenset({"block", "flex", "grid", "list-item", "table"})
_INLINE_DISPLAYS = frozenset({"inline", "inline-block", "inline-flex", "contents"})
_KEPT_SPACE = {
    **dict.fromkeys(("pre", "pre-wrap", "pre-line", "break-spaces"), True),
    **dict.fromkeys(("normal", "nowrap"), False),
}
_STYLES = re.compile(
    r"(?:^|;)\s{0,9}(display|white-space|margin-(?:top|bottom))\s{0,9}:([^;]{0,40})"
)
_LENGTH = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{0,6})?)(em|rem|)")


@dataclass(frozen=True, slots=True)
class Look:
    """How an element is shown: its tag's default, then what its style says."""

    block: bool = False
    above: bool = False  # a blank line above
    below: bool = False  # a blank line below
    keeps_space: bool = False
    hidden: bool = False


@lru_cache(maxsize=1_000)
def _default(tag: str, keeps_space: bool, hidden: bool) -> Look:
    """The look of a tag without a style, inside an element that keeps its space or is hidden."""
    spaced = tag in _SPACED
    return Look(tag in _BLOCKS, spaced, spaced, keeps_space or tag == "pre", hidden)


def look_of(tag: str, style: str, outer: Look) -> Look:
    """The look of an element inside another, by its tag and its style attribute."""
    look = _default(tag, outer.keeps_space, outer.hidden)
    for found in _STYLES.finditer(style[:_LONGEST_STYLE].lower()):
        look = _styled(look, found[1], found[2].strip())
    return look


def _styled(look: Look, name: str, value: str) -> Look:
    if name == "display":
        block = value in _BLOCK_DISPLAYS or (look.block and value not in _INLINE_DISPLAYS)
        return replace(look, block=block, hidden=look.hidden or value == "none")
    if name == "white-space":
        return replace(look, keeps_space=_KEPT_SPACE.get(value, look.keeps_space))
    length = _LENGTH.match(value)
    if length is None:
        return look
    margin = round(float(length[1]) / (1 if length[2] else _PIXELS_PER_LINE)) > 0
    return replace(look, above=margin) if name == "margin-top" else replace(look, below=margin)
