"""Whether a mail only asks about the status of a request, and does not change the request. Pure.

Strict on purpose: every word must be in the language files or in the request itself, and one of
them must ask or urge. Any other word (a number, a negation, a new item) may change the request.
Asking an approver once too often costs a minute; missing a change approves what nobody has read.
"""

import re
import unicodedata

from maildesk.ingest.intent.thanks import CLOSINGS, GREETINGS
from maildesk.ingest.languages import WORDS

_LONGEST = 400  # characters
_WORDS = 40
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_NUMBER = re.compile(r"\d|[%€$£]")

_ASKS = WORDS.status_inquiry.asks
_FILLERS = WORDS.status_inquiry.fillers


def only_chases(text: str, request: str, author: str) -> bool:
    """Whether the new text of a reply only asks about the status of `request`. Never raises."""
    plain = unicodedata.normalize("NFC", text).replace("’", "'")
    if len(plain) > _LONGEST or _NUMBER.search(plain):
        return False
    said = _words(plain)
    known = {*_ASKS, *_FILLERS, *GREETINGS, *CLOSINGS, *_words(author), *_words(request)}
    return bool(_ASKS.intersection(said)) and len(said) <= _WORDS and known.issuperset(said)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
