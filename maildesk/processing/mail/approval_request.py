"""The whole request as an approver reads it: how it began, and what the requester changed since."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from maildesk.ingest.intent.status_inquiry import only_chases
from maildesk.ingest.intent.thanks import is_thanks
from maildesk.messages.translator import Translator
from maildesk.model.person import Person

_FIRST = 8_000  # characters of the request itself
_CHANGE = 2_000  # of each change
_CHANGES = 5  # the newest; a mail is read on a phone
_CLIPPED = " [...]"


def whole_request(
    said: Sequence[tuple[datetime, str]], subject: str, requester: Person, zone: tzinfo
) -> str:
    """What was asked for, then each change in its order; the newest where there are many.

    `said` is what the requester said and when, the request first.
    """
    if not said:
        return ""
    (_, first), *later = said
    known = f"{subject} {first}"
    changes = [(at, text) for at, text in later if _changes(text, known, requester)]
    left_out = len(changes) - _CHANGES
    reader = Translator(zone=zone)
    parts = [_clipped(first, _FIRST)]
    if left_out > 0:
        parts.append(reader.text("request.changes-left-out", count=left_out, changes=len(changes)))
    parts += [_change(at, text, requester, reader) for at, text in changes[-_CHANGES:]]
    return "\n\n".join(parts)


def _changes(text: str, known: str, requester: Person) -> bool:
    return not is_thanks(text) and not only_chases(text, known, requester.name)


def _change(at: datetime, text: str, requester: Person, reader: Translator) -> str:
    changed = reader.text("request.changed", requester=requester, at=at)
    return f"{changed}\n{_clipped(text, _CHANGE)}"


def _clipped(text: str, longest: int) -> str:
    text = text.strip()
    return text if len(text) <= longest else text[:longest].rstrip() + _CLIPPED
