"""The whole request as an approver reads it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from maildesk.processing.mail.approval_request import whole_request
from tests.lifecycle.cast import RITA

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def whole(*texts: str) -> str:
    said = [(AT + timedelta(hours=i), text) for i, text in enumerate(texts)]
    return whole_request(said, "New laptop", RITA, BERLIN)


def test_a_request_that_never_changed_is_quoted_as_it_is() -> None:
    assert whole("One laptop.\n\nRita") == "One laptop.\n\nRita"


def test_each_change_stands_below_with_its_time() -> None:
    assert whole("One laptop.", "Make that ten.", "With 64 GB.") == (
        "One laptop.\n\n"
        "Rita changed the request on 23 November 2026, 11:00 CET:\nMake that ten.\n\n"
        "Rita changed the request on 23 November 2026, 12:00 CET:\nWith 64 GB."
    )


def test_what_changes_nothing_is_left_out() -> None:
    assert whole("One laptop.", "Any news?", "Thanks!") == "One laptop."


def test_a_long_request_and_many_changes_are_bounded() -> None:
    text = whole("x" * 100_000, *(f"{i} " + "y" * 10_000 for i in range(100)))
    assert len(text) < 20_000
    assert "[Of 100 changes, the first 95 are not shown here.]" in text
    assert "\n94 yy" not in text
    assert "\n99 yy" in text


def test_nothing_is_asked_where_nobody_said_anything() -> None:
    assert whole_request([], "New laptop", RITA, BERLIN) == ""
