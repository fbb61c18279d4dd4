"""Cleans HTML of strangers for a page: only what is listed here is kept. Never raises.

What is kept cannot run, send, move or fetch anything; pictures come from the mail itself. The page
still shows it in a separate frame, under a policy that forbids the rest again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import nh3

from maildesk.ingest.html.plain_text import too_deep

_LONGEST = 400_000  # the library is quadratic in the attributes of a tag: a second at the worst
_LONGEST_STYLE = 2_000

_BLOCKS = (
    "address article aside blockquote br caption center col colgroup dd details div dl dt "
    "figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li ol p pre section summary table tbody "
    "td tfoot th thead tr ul wbr"
)
_WORDS = (
    "a abbr b bdi bdo big cite code del dfn em font i img ins kbd mark q s samp small span strike "
    "strong sub sup tt u var"
)
_TAGS = frozenset(f"{_BLOCKS} {_WORDS}".split())
# Their content is no text of the mail, or is read by other rules than the text around it.
_UNSEEN = (
    "script style title template noscript noembed noframes iframe frameset svg math xmp "
    "plaintext textarea select object applet audio video canvas"
)
_SILENT = frozenset(_UNSEEN.split())
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_PLAIN: dict[str, set[str]] = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_LOOKS = {"align", "valign", "bgcolor", "width", "height", "style"}
_SHOWN = _PLAIN | {
    "*": _PLAIN["*"] | _LOOKS,
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing"},
}

_PROPERTIES = re.compile(
    r"(?:background|background-color|border(?:-(?:top|right|bottom|left))?|border-collapse|color"
    r"|font-(?:family|size|style|weight)|line-height|list-style-type|max-width|padding"
    r"(?:-(?:top|right|bottom|left))?|text-(?:align|decoration)|vertical-align|white-space|width)"
)
# No quote, backslash, comment, bracket or colon: nothing that a style sheet could read otherwise.
_VALUE = re.compile(r"[a-z0-9#.,% -]{1,100}|rgba?\([0-9., %]{1,40}\)")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\x00-\x1f]", re.IGNORECASE)
_PICTURE = re.compile(r'<img((?: [a-z]+="[^"<>]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"<>]*)"')
_PIXELS = frozenset({"0", "1", "2", "0px", "1px", "2px"})


@dataclass(frozen=True, slots=True)
class Shown:
    """HTML for a frame, and the number of remote pictures that were left out."""

    html: str
    left_out: int


def sanitise(html: str) -> str | None:
    """The bare structure: no look, no remote picture; None if too deep or too long to be read."""
    return None if _unreadable(html) else _clean(html, _PLAIN, _written)


def for_frame(html: str, place: Callable[[str], str | None]) -> Shown | None:
    """With its look, for a frame of its own; None if too deep or too long to be read.

    `place` gives the address of the picture of a Content-ID, None where the mail has none.
    """
    if _unreadable(html):
        return None
    album = _Album(place)
    clean = _clean(html, _SHOWN, album.attribute)
    return Shown(_PICTURE.sub(album.picture, clean), album.left_out)


@dataclass(slots=True)
class _Album:
    """The pictures of one mail while its HTML is cleaned."""

    place: Callable[[str], str | None]
    found: list[str] = field(default_factory=list)
    left_out: int = 0

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """The attribute, cleaned; a picture of the mail is replaced by its number until later."""
        if (tag, name) != ("img", "src"):
            return _written(tag, name, value)
        place = self.place(unquote(value.strip()[4:])) if _is_of_the_mail(value) else None
        if place is None:
            return None
        self.found.append(place)
        return f"cid:{len(self.found) - 1}"

    def picture(self, match: re.Match[str]) -> str:
        """The picture at its address, or a word for it."""
        values = dict(_ATTRIBUTE.findall(match[1]))
        number = values.pop("src", "").removeprefix("cid:")
        if number:
            rest = "".join(f' {name}="{value}"' for name, value in values.items())
            return f'<img src="{self.found[int(number)]}"{rest}>'
        self.left_out += 1
        return _word(values)


def _unreadable(html: str) -> bool:
    return len(html) > _LONGEST or too_deep(html)


def _clean(
    html: str,
    attributes: dict[str, set[str]],
    attribute_filter: Callable[[str, str, str], str | None],
) -> str:
    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes=attributes,
        attribute_filter=attribute_filter,
        url_schemes={*_SCHEMES, "cid"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _is_of_the_mail(value: str) -> bool:
    return value.strip()[:4].lower() == "cid:"


def _written(tag: str, name: str, value: str) -> str | None:
    """The attribute, cleaned and without brackets: `_PICTURE` relies on that."""
    if name == "style":
        return _style(value)
    if name == "href" and not _LINK.match(value):
        return None
    if (tag, name) == ("img", "src") and not _is_of_the_mail(value):
        return None
    return value.replace("<", "").replace(">", "")


def _style(value: str) -> str | None:
    kept = []
    for declaration in value[:_LONGEST_STYLE].lower().split(";"):
        name, _, said = declaration.partition(":")
        name, said = name.strip(), said.replace("!important", "").strip()
        if _PROPERTIES.fullmatch(name) and _VALUE.fullmatch(said):
            kept.append(f"{name}:{said}")
    return ";".join(kept) or None


def _word(values: dict[str, str]) -> str:
    """The text in place of a picture that is not loaded; empty for an invisible picture."""
    if values.get("width") in _PIXELS or values.get("height") in _PIXELS:
        return ""
    said = " ".join(values.get("alt", "").split())[:100]
    return f"<span>[picture not loaded{': ' if said else ''}{said}]</span>"
