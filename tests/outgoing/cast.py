"""Rita asks, Max is her manager, Ann answers; one ticket of theirs."""

from datetime import UTC, datetime, timedelta

from maildesk.model.person import Person
from maildesk.model.settings import Desk
from maildesk.model.ticket import Ticket
from maildesk.outgoing.compose import House, Topic

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
KEYS = (b"k" * 32,)
NONCE = bytes(range(10))

RITA = Person(id=1, name="Rita Novák", address="rita@example.org", organisation="Sales")
ANN = Person(id=2, name="Ann Archer", address="ann@example.org", teams=("First line",))
MAX = Person(id=3, name="Max Berger", address="max@example.org")

DESK = Desk(address="desk@example.org")
HOUSE = House(DESK, "https://desk.example.org", KEYS, link_days=30)
TICKET = Ticket(
    number=1042,
    requester=RITA.id,
    source="mail",
    status="Waiting for Closure",
    state="Resolved",
    request_type="incident",
    opened_at=NOW,
    updated_at=NOW,
    category="Hardware",
    sub_category="Printer",
    service="Workplace",
    priority="P4",
    team="First line",
    round=2,
    resolution="m-resolved",
    close_due=NOW + timedelta(days=5),
)
TOPIC = Topic(TICKET, "Printer jams", RITA, thread=("<first@example.org>",))
