"""Tokens of ours in a text: whoever reads them could act in another's name. Pure.

Mails quote ours, with the links and reply addresses of the one they were written to.
"""

import re

from maildesk.model.token import read_link, read_reply

# The first letters follow from the version and the purpose, so that few candidates are verified.
_LINK = re.compile(r"AQ[E-T][A-Za-z0-9_-]{61}")
_REPLY = re.compile(r"a[e-h][a-z2-7]{38}", re.IGNORECASE)
_INSTEAD = "…"


def redacted(text: str, keys: tuple[bytes, ...]) -> str:
    """The text without tokens that one of these keys signed; what only looks like one stays."""

    def link(found: re.Match[str]) -> str:
        return found[0] if read_link(found[0], keys) is None else _INSTEAD

    def reply(found: re.Match[str]) -> str:
        return found[0] if read_reply(found[0], keys) is None else _INSTEAD

    return _REPLY.sub(reply, _LINK.sub(link, text))
