"""The pages of a real runtime, and the links to its mails."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.types import ASGIApp

from maildesk.model.links.page import Entry, Page
from maildesk.model.links.token import LinkToken, Purpose, sign_link
from maildesk.store import people
from maildesk.web.app import create_app
from tests.web.served import HEALTHY
from tests.world import ADDRESS, World


def pages_of(world: World) -> ASGIApp:
    """The pages of that world's desk."""
    return create_app(world.door, world.runtime.settings.desk, lambda: HEALTHY)


@dataclass
class Looking:
    """Somebody with a link to look at tickets."""

    world: World
    who: str = "rita"

    def token(self, number: int = 0) -> str:
        """A link to that ticket; to the newest without a number."""
        with self.world.store.read() as connection:
            person = people.find(connection, ADDRESS[self.who])
        assert person is not None
        expires = self.world.clock.now + timedelta(days=30)
        ticket = number or self.world.numbers()[-1]
        return sign_link(LinkToken(Purpose.VIEW, ticket, person.id, 0, expires), self.keys)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The desk's keys."""
        return self.world.runtime.keys

    def entries(self, number: int = 0) -> tuple[Entry, ...]:
        """What the page shows."""
        page = self.world.door.view(self.token(number))
        assert isinstance(page, Page)
        return page.conversation

    def mail(self, number: int = 0, entry: int = 0) -> str:
        """The address of a whole mail of the ticket."""
        return f"/l/{self.token(number)}/mail/{self.entries(number)[entry].id}"
