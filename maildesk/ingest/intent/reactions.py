"""Recognises a reaction: an emoji that a mail program sends in answer to a mail. Pure.

Gmail adds a part with a special media type, Outlook a line of text. A mail with any other text or
file is not a reaction, so that nothing a person wrote is hidden.
"""

import json
import re

from maildesk.ingest.languages import WORDS
from maildesk.ingest.mime import transfer_encoding
from maildesk.ingest.mime.mail_parser import Parsed

GMAIL_PART = "text/vnd.google.email-reaction+json"
_LINE = re.compile(
    rf"[^\n.,;:!]{{0,60}}\b(?:{WORDS.automatic.reaction.either})\W{{0,40}}", re.IGNORECASE
)
_WORD = re.compile(r"\w")
_TEXT, _JSON, _EMOJI, _GMAIL_LINE = 400, 1_000, 40, 100  # characters


def is_reaction(parsed: Parsed, said: str) -> bool:
    """Whether the mail is a reaction. `said` is the new text, without what is quoted."""
    mail = parsed.mail
    if not mail.in_reply_to or len(said) > _TEXT or "?" in said:
        return False
    gmail = _has_gmails_part(parsed)
    files = [one for one in mail.attachments if one.type != GMAIL_PART and not one.inline]
    wordy = [line for line in said.splitlines() if _WORD.search(line)]
    names = [one.name for one in mail.senders if one.name] if gmail else []
    told = all(_LINE.fullmatch(line) or _is_gmails(line, names) for line in wordy)
    return told and not files and (gmail or bool(wordy))


def _is_gmails(line: str, names: list[str]) -> bool:
    """Such as "Rita reacted via Gmail", in any language: names of the sender and the program."""
    return len(line) <= _GMAIL_LINE and "Gmail" in line and any(one in line for one in names)


def _has_gmails_part(parsed: Parsed) -> bool:
    for part in parsed.root.walk():
        if part.type == GMAIL_PART:
            data, complete = transfer_encoding.whole(parsed.raw, part, _JSON)
            return complete and _is_emoji(data)
    return False


def _is_emoji(data: bytes) -> bool:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    emoji = value.get("emoji") if isinstance(value, dict) else None
    return isinstance(emoji, str) and 0 < len(emoji) <= _EMOJI and not _WORD.search(emoji)
