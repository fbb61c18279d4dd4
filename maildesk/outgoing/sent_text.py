"""The words of a mail that the desk sent, to recognise them where an answer quotes them. Pure."""

import email
import email.policy
import html
import re

_INVISIBLE = re.compile(r"<(style|head|script)\b.{0,200000}?</\1>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,5000}>")
_TITLE = re.compile(r"<title>([^<]{0,1000})</title>", re.IGNORECASE)


def sender_of(raw: bytes) -> str:
    """The name in From of a mail that we composed; "" where there is none."""
    head = email.message_from_bytes(raw, policy=email.policy.default)
    senders = head["From"].addresses if head["From"] is not None else ()
    return senders[0].display_name if senders else ""


def words_sent(raw: bytes) -> tuple[str, ...]:
    """The text of each text part of a mail that we composed; of HTML also its title.

    A mail that is cut off is read as far as it goes.
    """
    parts = [one for one in email.message_from_bytes(raw).walk() if not one.is_multipart()]
    return tuple(
        _plain(text) if one.get_content_subtype() == "html" else text
        for one in parts
        if one.get_content_maintype() == "text" and (text := _decoded(one.get_payload(decode=True)))
    )


def _decoded(payload: object) -> str:
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _plain(markup: str) -> str:
    title = _TITLE.search(markup)
    bare = _TAG.sub(" ", _INVISIBLE.sub(" ", markup))
    return html.unescape(f"{title[1] if title else ''}\n{bare}")
