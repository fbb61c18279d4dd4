"""Every row of a table of decisions says in its id what it is about."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from maildesk.model.cause import AgentActed, Command
from maildesk.model.decision import Answer
from tests.ids import LONGEST, readable
from tests.lifecycle.cast import ANALYSIS, ANN, RITA, mail

TABLES = ("lifecycle", "rules")  # folders of tests


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(RITA, "Rita", id="a person"),
        pytest.param(ANALYSIS, "Analysis", id="a ticket"),
        pytest.param(mail(RITA, "No.", choice=None), "Rita No.", id="a mail"),
        pytest.param(
            AgentActed(agent=ANN, message="m", requester=RITA, commands=(Command("take", ""),)),
            "Ann #take",
            id="an agent's command",
        ),
        pytest.param(Answer.OLD_ROUND, "old-round", id="a word of a closed set"),
        pytest.param(["MessageAdded", "-> Pending"], "MessageAdded, -> Pending", id="events"),
        pytest.param([], "none", id="nothing happens"),
        pytest.param({"team": "Network"}, "team Network", id="what a rule does"),
        pytest.param(datetime(2026, 11, 23, 9), "2026-11-23 09:00:00", id="a time"),
        pytest.param(timedelta(hours=2), "2:00:00", id="a duration"),
        pytest.param("two\nlines", "two lines", id="a text"),
        # of these pytest has words of its own
        pytest.param(True, None, id="yes"),
        pytest.param(7, None, id="a number"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_value_in_words(value: object, words: str | None) -> None:
    assert readable(value) == words


def test_a_long_text_is_cut() -> None:
    assert readable("x" * 100) == "x" * (LONGEST - 1) + "…"


def test_no_row_of_a_table_of_decisions_is_only_numbered(request: pytest.FixtureRequest) -> None:
    here = Path(__file__).parent
    unnamed = [
        item.nodeid
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        if item.path.relative_to(here).parts[0] in TABLES
        for name in item.callspec.params
        if re.search(rf"(^|-){name}\d+($|-)", item.callspec.id)
    ]
    assert unnamed == []
