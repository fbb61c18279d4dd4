"""What the pages need of the desk."""

from dataclasses import dataclass
from typing import Protocol

from maildesk.model.cause import Choice, Work
from maildesk.model.decision import Answer
from maildesk.model.page import Enclosure, Page, Problem, WholeMail


class LinkPages(Protocol):
    """The desk as the holder of a link meets it. Called from many threads at once."""

    def view(self, token: str, before: str = "") -> Page | Problem:
        """What the link shows now. Changes nothing, however often it is asked.

        `before` is the id of a text: the page shows those before it in place of the newest.

        After a decision `decided` says which, also where the decision began a new round:
        the one who decided is sent here to read that it was recorded.
        """

    def act(self, token: str, choice: Choice | Work, comment: str) -> Answer | Problem:
        """Decide. `view` shows the ticket as it is afterwards."""

    def mail(self, token: str, message: str) -> WholeMail | Problem:
        """The whole mail of a text that the link shows. Changes nothing."""

    def enclosure(self, token: str, message: str, index: int) -> Enclosure | Problem:
        """An attachment of a text that the link shows. Changes nothing.

        One of another ticket, or that this viewer may not have, is UNKNOWN.
        """


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon's parts, each with its name, whether it works, and a detail without secrets."""

    parts: tuple[tuple[str, bool, str], ...]

    @property
    def ready(self) -> bool:
        """Whether every part works."""
        return all(ok for _, ok, _ in self.parts)
