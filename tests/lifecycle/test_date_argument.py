"""The date argument of a hold, read on Monday, 23 November 2026."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.lifecycle.commands.date_argument import Until, read_until
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.sla.sla_policy import SlaPolicy
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.messages.trace import english
from maildesk.rules.compile import compile_rules
from tests.lifecycle.cast import ANALYSIS, ANN, HELD_UP, NOW, SHIPPED, after, mail, transcript_text
from tests.world import shipped_policy

AT_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FIRST = date(2026, 12, 1)

READ: list[tuple[str, date, time | None]] = [
    ("vendor until 2026-12-01", FIRST, None),
    ("vendor until 2026-12-01.", FIRST, None),
    ("vendor until 2026-12-1", FIRST, None),
    ("until: 2026-12-01", FIRST, None),
    ("vendor, until 2026-12-01 please", FIRST, None),
    ("vendor until 2026-12-01, then we call", FIRST, None),
    ("vendor until 2026-12-01 14:30", FIRST, time(14, 30)),
    ("vendor until 2026-12-01 at 9:00.", FIRST, time(9, 0)),
    ("vendor UNTIL\n 01.12.2026", FIRST, None),
    ("vendor until 1.12.2026", FIRST, None),
    ("vendor until 1 December", FIRST, None),
    ("vendor until 1st Dec 2026", FIRST, None),
    ("vendor till December 1", FIRST, None),
    ("vendor til Dec 1st, 2026", FIRST, None),
    ("vendor until 23 November", date(2027, 11, 23), None),  # the next one
    ("until tomorrow", date(2026, 11, 24), None),
    ("until Monday", date(2026, 11, 30), None),  # never today
    ("until wed 10:00", date(2026, 11, 25), time(10, 0)),
    ("until 16:00", date(2026, 11, 23), time(16, 0)),
    ("vendor, until today at 16:00", date(2026, 11, 23), time(16, 0)),
    ("until +3 days", date(2026, 11, 26), None),
    ("until in 1 day", date(2026, 11, 24), None),
    ("we cannot go on until they come, until 2026-12-01", FIRST, None),
]


@pytest.mark.parametrize(("text", "day", "hour"), READ)
def test_a_day_that_can_be_read(text: str, day: date, hour: time | None) -> None:
    found = read_until(text, AT_TEN)
    assert isinstance(found, Until), found
    assert (found.day, found.time) == (day, hour)


UNREAD = [
    ("until 12/01/2026", '"until 12/01/2026" names no date. Write until 2026-12-31'),
    ("until the vendor calls", "or leave out the word until."),
    ("until next week", "names no date"),
    ("until Monday's delivery", "names no date"),
    ("until 2026-12-01T09:00+02:00", "names no date"),
    ("until", "names no date"),
    ("until 2026-12-32", "2026-12-32 is not a date"),
    ("until 31 February", "31 February is not a date"),
    ("until 2026-12-01 25:00", "2026-12-01 25:00 is not a date"),
    ("until 2026-11-23", "2026-11-23 is in the past"),
    ("until 1.12.2025", "1.12.2025 is in the past"),
    ("until 09:00", "09:00 is already past today"),
    ("until 26:00", "26:00 is not a date"),
    ("until +0 days", "is in the past"),
    ("until 9999-12-31", "is more than ten years away"),
]


@pytest.mark.parametrize(("text", "why"), UNREAD)
def test_what_is_no_plain_day_is_refused_with_the_right_spelling(text: str, why: str) -> None:
    found = read_until(text, AT_TEN)
    assert isinstance(found, Refusal)
    assert why in english(found.why)


def test_where_nobody_says_until_there_is_no_day() -> None:
    assert read_until("the vendor sends a part on 2026-12-01", AT_TEN) is None


def _berlin() -> PolicyFiles:
    sla = shipped_policy().sla.model_dump(by_alias=True)
    runtime = {"name": "office", "zone": "Europe/Berlin", "hours": ["mon-fri 08:00-16:00"]}
    return shipped_policy(sla={**sla, "calendar": [runtime]})


WAKES = [
    # (what is said, when the ticket wakes, what the transcript says)
    (
        "until 2026-12-01",
        datetime(2026, 12, 1, 7, 0, tzinfo=UTC),
        "On hold until 1 December 2026. A reply from",
    ),
    (
        "until 2026-12-01 14:00",
        datetime(2026, 12, 1, 13, 0, tzinfo=UTC),
        "On hold until 1 December 2026, 14:00.",
    ),
    (
        "until Saturday",
        datetime(2026, 11, 30, 7, 0, tzinfo=UTC),
        "work resumes on 30 November 2026",
    ),
]


@pytest.mark.parametrize(("said", "at", "told"), WAKES)
def test_it_wakes_when_the_team_begins_to_work(said: str, at: datetime, told: str) -> None:
    files = _berlin()
    levels = SlaPolicy.of(files.sla, {}, compile_rules(files.rules))
    order = mail(ANN, "", commands=[("hold", f"a part {said}")])
    decision = decide(ANALYSIS, order, replace(SHIPPED, sla=levels), NOW)
    assert after(ANALYSIS, decision).wake_due == at
    assert told in transcript_text(decision)


def test_an_agents_answer_ends_no_hold() -> None:
    held = replace(HELD_UP, hold="m-1", wake_due=datetime(2026, 12, 1, tzinfo=UTC))
    answered = after(held, decide(held, mail(ANN, "We still wait."), SHIPPED, NOW))
    assert (answered.status, answered.hold, answered.wake_due) == (
        *("Pending", "m-1"),
        held.wake_due,
    )
    taken = after(held, decide(held, mail(ANN, "", commands=[("take", "")]), SHIPPED, NOW))
    assert taken.hold == "m-1"
    order = mail(ANN, "It came.", commands=[("status", "Analysis")])
    assert after(held, decide(held, order, SHIPPED, NOW)).hold is None
