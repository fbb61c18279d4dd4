"""Another set of rules over the journal: exactly what would differ is listed, nothing changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from maildesk.config.schema.rules import Rules
from maildesk.ingest.reading.pool import ReadingPool
from maildesk.model.cause import Work
from maildesk.processing.forecast.backtest import Backtest, Changed
from maildesk.rules.compile import compile_rules
from maildesk.store import tables
from maildesk.store.queries import worked_mails as rows
from tests.world import ADDRESS, MONDAY, World, build, one, shipped_policy, to

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
    whole = Backtest(world.store, world.runtime.policy, compile_rules(rules), world.readers)
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
    outgoing_mails = [
        world.mail("rita", f"Number {n}.", subject=f"{SUBJECTS[n % len(SUBJECTS)]} {n}")
        for n in range(MAILS)
    ]
    world.arrives(*outgoing_mails)
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


# ---- what today's rules did not let in, other causes than mails, and what really happened

DESK = {"name": "Desk", "then": {"team": "First line"}}
ADVERT = {
    "name": "Ads",
    "when": 'mail.subject.contains("offer")',
    "then": {"drop": "we buy nothing"},
}


@pytest.fixture
def desk_with(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def one(*rules: dict[str, object]) -> World:
        files = shipped_policy(rules={"rule": list(rules)}, monitoring={"source": [ICINGA]})
        made.append(build(f"sqlite:///{tmp_path}/desk.db", policy=files))
        return made[-1]

    yield one
    for world in made:
        world.close()


ICINGA = {"name": "icinga", "address": "icinga@example.org", "format": "icinga"}
Desk = Callable[..., World]


def ask(world: World, *rules: dict[str, object]) -> tuple[list[Changed], dict[str, int]]:
    """What these rules would change, or without any those of today; and what is not asked."""
    other = compile_rules(Rules.model_validate({"rule": rules})) if rules else None
    with world.store.read() as connection:
        ids = rows.ids_since(connection, MONDAY)
    whole = Backtest(world.store, world.runtime.policy, other, world.readers)
    before = everything(world)
    found = [change for _, changes in whole.run(ids) for change in changes]
    assert everything(world) == before
    return found, dict(whole.left_out)


def test_a_mail_that_a_rule_turned_away_is_asked_too(desk_with: Desk) -> None:
    world = desk_with(ADVERT, DESK)
    world.writes("rita", "Buy.", subject="Best offer")
    world.writes("rita", "Help.", subject="The printer")
    assert ask(world, DESK)[0] == [Changed(None, 1, "drop", "we buy nothing", None)]
    assert ask(world, ADVERT, DESK)[0] == []
    assert ask(world)[0] == []


def test_a_mail_that_other_rules_would_turn_away_differs(desk_with: Desk) -> None:
    world = desk_with(DESK)
    world.writes("rita", "Buy.", subject="Best offer")
    assert Changed(1001, 1, "drop", None, "we buy nothing") in ask(world, ADVERT, DESK)[0]


def test_a_report_of_monitoring_is_a_cause_of_its_own(desk_with: Desk) -> None:
    ends = {"name": "Over", "on": "event", "then": {"tag": "over"}}
    world = desk_with(DESK, ends)
    for what in ("PROBLEM] disk on web01 is CRITICAL", "RECOVERY] disk on web01 is OK"):
        world.writes("rita", "", sender="icinga@example.org", subject=f"[{what}!", trusted=True)
    assert world.ticket(1001).tags == ("over",)
    assert ask(world, DESK, ends)[0] == []
    (change,) = ask(world, DESK)[0]
    assert (change.mail, change.field, change.now, change.then) == (2, "tag", ("over",), ())


def test_a_priority_that_an_agent_set_counts_for_both(desk_with: Desk) -> None:
    late = {
        "name": "Late",
        "on": "replied",
        "when": 'ticket.priority == "P1"',
        "then": {"tag": "p1"},
    }
    world = desk_with(DESK, late)
    told = one(world.writes("rita", "Hm."), "ann", "agent-notification")
    (answer,) = to(world.writes("ann", "#prio P1\n\nWhich one?", answering=told), "rita")
    world.writes("rita", "That one.", answering=answer)
    assert world.ticket(1001).tags == ("p1",)
    assert ask(world, DESK, late)[0] == []
    assert ask(world)[0] == []


def test_without_other_rules_what_happened_is_held_against_those_of_today(desk_with: Desk) -> None:
    world = desk_with(DESK)
    world.writes("rita", "Hm.")
    changed = {"name": "Desk", "then": {"team": "Network", "tag": "net"}}
    rules = compile_rules(Rules.model_validate({"rule": [changed]}))
    policy = replace(world.runtime.policy, rules=rules)
    with world.store.read() as connection:
        ids = rows.ids_since(connection, MONDAY)
    whole = Backtest(world.store, policy, None, world.readers)
    found = [change for _, changes in whole.run(ids) for change in changes]
    assert found == [
        Changed(1001, 1, "tag", (), ("net",)),
        Changed(1001, 1, "team", "First line", "Network"),
    ]


def test_what_came_by_no_mail_is_counted_where_rules_would_look(desk_with: Desk) -> None:
    moved = {"name": "Moved", "on": "status-changed", "then": {"tag": "moved"}}
    world = desk_with(DESK)
    told = one(world.writes("rita", "Hm."), "ann", "agent-notification")
    world.acts(told.token, Work.RESOLVE, "Toner.")
    assert ask(world, DESK)[1] == {}
    assert ask(world, DESK, moved)[1] == {"status-changed": 1}


ASKS = {
    "name": "Costs",
    "when": 'mail.subject.contains("laptop")',
    "then": {"ask_approval": "manager"},
}


def test_an_approval_that_a_rule_asked_for_and_somebody_gave_is_replayed(desk_with: Desk) -> None:
    world = desk_with(DESK, ASKS)
    asked = one(world.writes("rita", "For work.", subject="A laptop"), "max", "approval")
    world.writes("max", "approve", answering=asked)
    world.writes("rita", "When does it come?", subject="[MD-1001]", trusted=True)
    assert world.ticket(1001).approval is not None
    assert ask(world, DESK, ASKS)[0] == []
    assert ask(world)[0] == []


def test_a_consumer_that_raises_ends_the_readers(desk_with: Desk) -> None:
    world = desk_with(DESK)
    for n in range(3):
        world.writes("rita", "Hm.", subject=f"Number {n}")
    with world.store.read() as connection:
        ids = rows.ids_since(connection, MONDAY)
    with pytest.raises(ZeroDivisionError):
        _stop_in_the_middle(world, ids)


def _stop_in_the_middle(world: World, ids: Sequence[int]) -> None:
    with ReadingPool() as readers:
        suspended = Backtest(world.store, world.runtime.policy, None, readers).run(ids)
        for _ in suspended:
            raise ZeroDivisionError
