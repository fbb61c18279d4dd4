"""Removes signed tokens from a text, since anybody who reads one could act as another person.

Replies quote our mails, including their links and replace_reply addresses.
"""

import re

from maildesk.model.links.token import read_link, read_reply

# The version and the purpose determine the first letters, which leaves few candidates to verify.
_LINK = re.compile(r"AQ[E-T][A-Za-z0-9_-]{61}")
_REPLY = re.compile(r"a[e-h][a-z2-7]{38}", re.IGNORECASE)
_PLACEHOLDER = "…"


def redacted(text: str, keys: tuple[bytes, ...]) -> str:
    """The text without tokens that one of these keys signed; lookalikes stay."""

    def replace_link(found: re.Match[str]) -> str:
        return found[0] if read_link(found[0], keys) is None else _PLACEHOLDER

    def replace_reply(found: re.Match[str]) -> str:
        return found[0] if read_reply(found[0], keys) is None else _PLACEHOLDER

    return _REPLY.sub(replace_reply, _LINK.sub(replace_link, text))
