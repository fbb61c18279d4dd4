"""What a mail to an agent tells besides its words: what was said before, and who reads an answer.

Pure.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from maildesk.model.links.redact import redacted
from maildesk.model.person import Person
from maildesk.outgoing import header_fields

EARLIER = 5  # messages
_TEXT_LIMIT = 1_200  # characters of each


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """A message of the ticket. `author` is None for a note of the desk itself."""

    author: Person | None
    at: datetime
    text: str
    internal: bool = False
    proven: bool = True

    def shortened(self, keys: tuple[bytes, ...]) -> "EarlierMessage":
        """The message as a mail may show it: without live links, and not too long."""
        text = redacted(self.text.strip(), keys)
        if len(text) > _TEXT_LIMIT:
            text = f"{text[:_TEXT_LIMIT].rstrip()} …"
        return replace(self, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """`earlier` is newest first. `readers` get an answer besides the requester.

    `came_as` is the subject of the mail that the words came with and `answers_to` its Reply-To,
    each "" where it does not differ from what the ticket says. `proven`: whether its author is.
    """

    earlier: tuple[EarlierMessage, ...] = ()
    readers: tuple[Person, ...] = ()
    assignee: Person | None = None
    came_as: str = ""
    answers_to: str = ""
    proven: bool = True


NO_BACKGROUND = Background()


def presentable(background: Background, keys: tuple[bytes, ...]) -> Background:
    """The background as a mail may show it."""
    if background is NO_BACKGROUND:
        return background
    return replace(
        background,
        earlier=tuple(one.shortened(keys) for one in background.earlier[:EARLIER]),
        came_as=header_fields.bare_subject(background.came_as),
        answers_to=header_fields.clean(background.answers_to, header_fields.ADDRESS_LIMIT),
    )
