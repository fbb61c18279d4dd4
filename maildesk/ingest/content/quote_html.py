"""The quotes that mail programs mark in HTML."""

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from maildesk.ingest.content import quoting
from maildesk.ingest.html import plain_text as markup

_MARKS = [
    "<blockquote",
    "gmail_quote",
    "yahoo_quoted",
    "moz-cite-prefix",
    "divrplyfwdmsg",
    "appendonsend",
    "olk_src_body_section",
    "border-top",
]
_QUOTE_CLASSES = {"gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix"}
_REST_IDS = {"divRplyFwdMsg", "appendonsend"}
_LINE_AT_THE_SIDE = re.compile(r"border(?:-left)?(?:-width)?:(?!\s?(?:none|0))", re.IGNORECASE)
_LEVELS_UP = 4
_LOOKS = 50  # bare <blockquote>s that are examined
_BEFORE = 400  # characters of the text before a quote
_RULE_ABOVE = re.compile(
    r"border-top:\s?solid #(?:b5c4df|e1e1e1)|border-top-color: rgb\(229, 229, 229\)", re.IGNORECASE
)


def has_quotes(html: str) -> bool:
    """Whether it is worth to look for quotes in the HTML."""
    lowered = html.lower()
    return any(mark in lowered for mark in _MARKS)


def without_quotes(html: str) -> str | None:
    """The text outside the quotes, a lone `>` in the place of each; None if it cannot be read."""
    tree = markup.parsed(html)
    if tree is None:
        return None
    for element in list(_quotes(tree)):
        if _starts_rest(element):
            _drop_following(element)
        _empty(element)
    return markup.as_text(tree)


def _quotes(tree: "etree._Element") -> Iterator["etree._Element"]:
    looks = 0
    for element in tree.iter():
        bare = element.tag == "blockquote" and not _is_marked(element)
        looks += bare
        if _starts_rest(element) or (_is_quote(element) and (not bare or looks <= _LOOKS)):
            yield element


def _is_quote(element: "etree._Element") -> bool:
    classes = set(element.get("class", "").split())
    is_quote = bool(classes & _QUOTE_CLASSES)
    if element.tag == "blockquote" and not is_quote:
        is_quote = _is_marked(element) or _is_attributed(element)
    return is_quote and not quoting.forwarded(_first_line(element))


def _is_marked(element: "etree._Element") -> bool:
    """Whether a program marked it as a quote; a bare <blockquote> may be an indented paragraph."""
    cited = "cite" in (element.get("type", "").lower(), *element.keys())
    lined = bool(_LINE_AT_THE_SIDE.search(element.get("style", "")[:500]))
    classes = element.get("class", "").lower()
    return cited or lined or "quote" in classes or "cite" in classes


def _is_attributed(element: "etree._Element") -> bool:
    """Whether the text right before it is an attribution."""
    before = _text_before(element)
    if not before:
        return False
    return quoting.attribution(before, 0)[0] > 0 or quoting.shared_line(before, 0) > 0


def _text_before(element: "etree._Element") -> list[str]:
    """The lines of the nearest text before the element, among its siblings and those above."""
    step = element
    for _ in range(_LEVELS_UP):
        for sibling in step.itersiblings(preceding=True):
            text = "".join((*sibling.itertext(), sibling.tail or "")).strip()
            if text:
                return [" ".join(text[-_BEFORE:].split())]
        parent = step.getparent()
        if parent is None:
            return []
        if (parent.text or "").strip():
            return [" ".join(parent.text[-_BEFORE:].split())]
        step = parent
    return []


def _starts_rest(element: "etree._Element") -> bool:
    """Whether it and all behind it are quoted, as Outlook marks it."""
    marked = element.get("id") in _REST_IDS or element.get("id") == "OLK_SRC_BODY_SECTION"
    return marked or bool(_RULE_ABOVE.search(element.get("style", "")[:500]))


def _first_line(element: "etree._Element") -> str:
    return next((text.strip() for text in element.itertext() if text.strip()), "")


def _drop_following(element: "etree._Element") -> None:
    step: etree._Element | None = element
    while step is not None:
        for sibling in list(step.itersiblings()):
            sibling.clear()
        step.tail = None
        step = step.getparent()


def _empty(element: "etree._Element") -> None:
    tail = element.tail
    element.clear()
    element.tag = "p"
    element.text = ">"
    element.tail = tail
