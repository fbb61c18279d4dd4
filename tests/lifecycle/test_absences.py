"""Absences by local date, and the substitutes who are notified instead."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from maildesk.config.schema.people import Absence
from maildesk.lifecycle.policy import Directory
from maildesk.model.person import Person
from tests.lifecycle.cast import ANN, BOSS, CAST, LEE, MAX, WILL, policy


def absence(begin: date, until: date) -> Absence:
    return Absence.model_validate({"from": begin, "until": until})


def directory(*away: Person, delegates: dict[int, int] | None = None, zone: str = "") -> Directory:
    """Ann and Lee report to Boss."""
    staff = CAST | {who.id: replace(who, manager=BOSS.id, zone=zone) for who in (ANN, LEE)}
    gone = absence(date(2026, 11, 24), date(2026, 11, 26))
    return replace(
        policy().directory,
        staff=staff,
        delegates=delegates or {},
        absences={who.id: (gone,) for who in away},
    )


@pytest.mark.parametrize(
    ("zone", "at", "is_away"),
    [
        ("", datetime(2026, 11, 23, 23, 59, tzinfo=UTC), False),
        ("", datetime(2026, 11, 24, 0, 0, tzinfo=UTC), True),
        # the 24th begins in Auckland thirteen hours earlier, and ends there, too
        ("Pacific/Auckland", datetime(2026, 11, 23, 10, 59, tzinfo=UTC), False),
        ("Pacific/Auckland", datetime(2026, 11, 23, 11, 0, tzinfo=UTC), True),
        ("Pacific/Auckland", datetime(2026, 11, 26, 10, 59, tzinfo=UTC), True),
        ("Pacific/Auckland", datetime(2026, 11, 26, 11, 0, tzinfo=UTC), False),
        ("America/Los_Angeles", datetime(2026, 11, 24, 7, 59, tzinfo=UTC), False),
        ("America/Los_Angeles", datetime(2026, 11, 24, 8, 0, tzinfo=UTC), True),
    ],
)
def test_a_day_of_absence_is_one_where_the_person_is(
    zone: str, at: datetime, is_away: bool
) -> None:
    found = directory(ANN, zone=zone)
    assert (found.away_until(ANN.id, at) is not None) is is_away
    if not is_away and at.day < 25:
        begins = found.away_from(ANN.id, at)
        assert begins is not None
        assert found.away_until(ANN.id, begins) == date(2026, 11, 26)


TUESDAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("leads", "away", "delegates", "found"),
    [
        ([ANN], [], {}, [ANN]),
        ([ANN], [ANN], {}, [BOSS]),
        ([ANN], [ANN], {ANN.id: WILL.id}, [WILL]),
        ([ANN], [ANN, WILL], {ANN.id: WILL.id, WILL.id: MAX.id}, [MAX]),
        ([ANN], [ANN, BOSS], {BOSS.id: WILL.id}, [WILL]),
        ([ANN], [ANN, BOSS], {}, []),
        # two who stand in for each other, and one stand-in of two
        ([ANN], [ANN, WILL, BOSS], {ANN.id: WILL.id, WILL.id: ANN.id}, []),
        ([ANN, LEE], [ANN, LEE], {}, [BOSS]),
    ],
)
def test_in_the_place_of_who_is_away_another_is_told(
    leads: list[Person], away: list[Person], delegates: dict[int, int], found: list[Person]
) -> None:
    house = directory(*away, delegates=delegates)
    reached = house.reachable([lead.id for lead in leads], TUESDAY)
    assert reached == tuple(person.id for person in found)
