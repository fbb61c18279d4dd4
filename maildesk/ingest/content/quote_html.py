"""The quotes that mail programs mark in HTML."""

import re

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
    for element in [one for one in tree.iter() if _is_quote(one) or _starts_rest(one)]:
        if _starts_rest(element):
            _drop_following(element)
        _empty(element)
    return markup.as_text(tree)


def _is_quote(element: "etree._Element") -> bool:
    classes = set(element.get("class", "").split())
    if not (element.tag == "blockquote" or classes & _QUOTE_CLASSES):
        return False
    return not quoting.forwarded(_first_line(element))


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
