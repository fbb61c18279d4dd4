"""Whatever can happen to a ticket has words, in its history and on the command line."""

import re
from dataclasses import dataclass, replace
from typing import cast, get_args

import pytest

from maildesk.cli.console.timeline import fields, happened
from maildesk.messages.events import DESCRIPTIONS
from maildesk.model.event import (
    EVENTS,
    AbsenceSeen,
    ApprovalWithdrawn,
    Event,
    FieldChanged,
    TicketOpened,
)
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
            "max@example.org is away, and there is no substitute",
        ),
        (ApprovalWithdrawn(round=1, with_ticket=True), "no longer needed: the ticket was closed"),
        (ApprovalWithdrawn(round=1), "request withdrawn by the requester"),
        # somebody who was erased
        (
            TicketOpened(requester=99, source="mail", status="New", state="Open", request_type="i"),
            "opened for a removed person, by mail",
        ),
        # a person, a word and a number as a field's value
        (FieldChanged(field="assignee", old=None, new=ANN.id), "nobody -> ann@example.org"),
        (FieldChanged(field="sub_category", old="", new="Paper"), "sub category: - -> Paper"),
    ],
)
def test_an_approval_in_words(event: Event, said: str) -> None:
    assert said in happened(event, CAST)


def test_a_ticket_shows_its_open_problems_and_people() -> None:
    ticket = replace(TICKET, problems=("a/disk", "b/disk"), assignee=ANN.id)
    shown = fields(ticket, CAST)
    assert (shown["problems"], shown["assignee"]) == ("a/disk, b/disk", "ann@example.org")


def test_every_class_of_event_has_a_description() -> None:
    assert set(DESCRIPTIONS) == set(get_args(Event)) == set(EVENTS.values())


@dataclass(frozen=True)
class FromANewerVersion:
    """An event that this version does not know."""


def test_an_event_without_words_is_shown_by_its_name() -> None:
    said = happened(cast(Event, FromANewerVersion()), CAST)
    assert said == "something that this version cannot describe (FromANewerVersion)"
