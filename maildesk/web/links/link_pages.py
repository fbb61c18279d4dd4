"""The operations that the pages need from `processing`."""

from dataclasses import dataclass
from typing import Protocol

from maildesk.model.cause import Choice, Work
from maildesk.model.decision import Answer
from maildesk.model.links.page import Enclosure, Page, Problem, WholeMail


class LinkPages(Protocol):
    """The operations that the holder of a link can use. Several threads call them at once."""

    def view(self, token: str, before: str = "") -> Page | Problem:
        """The page of the link. Changes nothing.

        `before` is the id of a message: the page shows the messages before it instead of the
        newest. `decided` has the viewer's decision even if it began a new round, because the
        browser is redirected here after the decision.
        """

    def act(self, token: str, choice: Choice | Work, comment: str) -> Answer | Problem:
        """Decide. `view` shows the ticket as it is afterwards."""

    def mail(self, token: str, message: str) -> WholeMail | Problem:
        """The whole mail of a message that the link shows. Changes nothing."""

    def enclosure(self, token: str, message: str, index: int) -> Enclosure | Problem:
        """An attachment of a message that the link shows. Changes nothing.

        UNKNOWN if it belongs to another ticket or this viewer may not see it.
        """


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon's parts, each with its name, whether it works, and a detail without secrets."""

    parts: tuple[tuple[str, bool, str], ...]

    @property
    def ready(self) -> bool:
        """Whether every part works."""
        return all(ok for _, ok, _ in self.parts)
