"""Another set of rules over the journal: exactly what would differ is listed, nothing changes."""

import pytest
from sqlalchemy import select

from maildesk.desk.backtest import Backtest, Changed
from maildesk.model.policy import Rules
from maildesk.rules.compile import compile_rules
from maildesk.store import backtest as rows
from maildesk.store import tables
from tests.world import ADDRESS, MONDAY, World, shipped_policy

MAILS = 300
SUBJECTS = ("Printer jams", "VPN is down", "A question", "Wifi in room 4 is down", "Printing")


def other(change: dict[str, object], *rule: str) -> Rules:
    """The shipped rules, with something changed in those of these names."""
    shipped = shipped_policy().rules
    return Rules(
        rule=tuple(
            one.model_copy(update={"then": one.then.model_copy(update=change)})
            if one.name in rule
            else one
            for one in shipped.rule
        )
    )


def differences(world: World, rules: Rules) -> list[Changed]:
    with world.store.read() as connection:
        ids = rows.ids_since(connection, MONDAY)
    whole = Backtest(world.store, world.office.policy, compile_rules(rules), world.readers)
    seen = list(whole.run(ids))
    assert [id_ for id_, _ in seen] == list(ids)
    return [change for _, changes in seen for change in changes]


def everything(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with world.store.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables.SQLModel.metadata.sorted_tables
        }


@pytest.fixture
def busy(world: World) -> World:
    """A desk to which 300 people wrote."""
    letters = [
        world.mail("rita", f"Number {n}.", subject=f"{SUBJECTS[n % len(SUBJECTS)]} {n}")
        for n in range(MAILS)
    ]
    world.arrives(*letters)
    return world


def test_exactly_the_tickets_that_differ_are_listed_and_nothing_changes(busy: World) -> None:
    before = everything(busy)
    found = differences(busy, other({"urgency": "low"}, "Network trouble goes to the network team"))
    assert everything(busy) == before
    subject_of = {row[0]: row for row in _tickets(busy)}
    network = sorted(n for n, row in subject_of.items() if row[1].startswith(("VPN", "Wifi")))
    assert len(network) == MAILS * 2 // 5
    assert sorted({change.ticket for change in found}) == network
    assert {(c.field, c.now, c.then) for c in found} == {
        ("urgency", "high", "low"),
        ("priority", "P2", "P4"),
    }


def _tickets(world: World) -> list[tuple[int, str]]:
    columns = (tables.ticket.c.number, tables.ticket.c.subject)
    with world.store.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]  # type: ignore[misc]


def test_the_same_rules_change_nothing(busy: World) -> None:
    assert differences(busy, shipped_policy().rules) == []


def test_what_an_agent_did_counts_for_both(world: World) -> None:
    told = next(one for one in world.writes("rita", "It jams.") if one.to == ADDRESS["ann"])
    asked = Rules.model_validate(
        {
            "rule": [
                *(one.model_dump() for one in shipped_policy().rules.rule),
                {
                    "name": "Answered",
                    "on": "replied",
                    "when": 'ticket.has_assignee && mail.text.contains("invoice")',
                    "then": {"tag": "money"},
                },
            ]
        }
    )
    assert differences(world, asked) == []
    (answer,) = world.writes("ann", "Which one?", answering=told)
    world.writes("rita", "The one of the invoice.", answering=answer)
    (change,) = differences(world, asked)
    assert (change.field, change.now, change.then) == ("tag", (), ("money",))
    assert change.mail == 3
