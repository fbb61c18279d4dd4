"""Ids sort by time and cannot be guessed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from maildesk.model.ids import new_id

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 1), max_value=datetime(2400, 1, 1), timezones=st.just(UTC)
)


def test_an_id_has_26_safe_characters() -> None:
    made = new_id(NOON, bytes(range(10)))
    assert len(made) == 26
    assert made.isalnum()
    assert made == made.lower()


def test_the_same_moment_with_other_randomness_is_another_id() -> None:
    assert new_id(NOON, bytes(10)) != new_id(NOON, bytes(9) + b"\1")


def test_the_time_zone_of_the_moment_does_not_matter() -> None:
    there = NOON.astimezone(datetime.now().astimezone().tzinfo)
    assert new_id(there, bytes(10)) == new_id(NOON, bytes(10))


@given(MOMENTS, st.integers(1, 10_000_000), st.binary(min_size=10, max_size=10))
def test_a_later_id_sorts_after_an_earlier_one_for_any_randomness(
    moment: datetime, later: int, random: bytes
) -> None:
    first = new_id(moment, b"\xff" * 10)
    second = new_id(moment + timedelta(milliseconds=later), random)
    assert first < second
