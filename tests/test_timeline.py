"""`maildesk ticket show` has words for whatever can happen to a ticket."""

import re
from dataclasses import replace

import pytest

from maildesk.cli.console.timeline import fields, happened
from maildesk.model.event import AbsenceSeen, ApprovalWithdrawn, Event, TicketOpened
from tests.lifecycle.cast import ANN, CAST, MAX
from tests.model.test_ticket import TABLE, TICKET

OPENED = TicketOpened(
    requester=1, source="mail", status="New", state="Open", request_type="incident"
)
_NO_WORDS = re.compile(r"[a-z][A-Z]|<|=|\bNone\b")  # names of classes, values as Python writes them


@pytest.mark.parametrize(
    "event", [OPENED, *(event for _, event, _ in TABLE)], ids=lambda event: type(event).__name__
)
def test_every_event_has_words(event: Event) -> None:
    said = happened(event, CAST)
    assert said
    assert not _NO_WORDS.search(said), said


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            AbsenceSeen(round=1, away_due=None, alone=MAX.id),
            "max@example.org is away, and nobody is left to be",
        ),
        (ApprovalWithdrawn(round=1, with_ticket=True), "needed no longer: the ticket ended"),
        (ApprovalWithdrawn(round=1), "request withdrawn"),
    ],
)
def test_an_approval_in_words(event: Event, said: str) -> None:
    assert said in happened(event, CAST)


def test_a_ticket_shows_its_open_problems_and_people() -> None:
    ticket = replace(TICKET, problems=("a/disk", "b/disk"), assignee=ANN.id)
    shown = fields(ticket, CAST)
    assert (shown["problems"], shown["assignee"]) == ("a/disk, b/disk", "ann@example.org")
