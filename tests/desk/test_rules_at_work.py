"""Rules with a real database behind them: who has how much to do, mails turned away, the clock."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.world import World, build, shipped_policy

Desk = Callable[..., World]


@pytest.fixture
def desk_with(database_url: str) -> Iterator[Desk]:
    """A desk with these rules, and a team of Ann and Lee."""
    made: list[World] = []

    def one(*rules: dict[str, Any]) -> World:
        people = shipped_policy().people.model_dump()
        both = {"name": "Both", "members": ["ann@example.org", "lee@example.org"]}
        people["team"] = [*people["team"], both]
        files = shipped_policy(rules={"rule": list(rules)}, people=people)
        made.append(build(database_url, policy=files))
        return made[-1]

    yield one
    for world in made:
        world.close()


def assignees(world: World) -> list[str]:
    ids = [world.ticket(number).assignee for number in world.numbers()]
    names = {member.id: member.name for member in world.office.policy.directory.teams["Both"]}
    return [names.get(id_ or 0, "-").split()[0] for id_ in ids]


def write(world: World, *subjects: str) -> None:
    for subject in subjects:
        world.arrives(world.mail("rita", f"About {subject}.", subject=subject))


def test_tickets_go_round(desk_with: Desk) -> None:
    world = desk_with({"name": "Turns", "then": {"team": "Both", "assign": "round-robin"}})
    write(world, "one", "two", "three", "four")
    assert assignees(world) == ["Ann", "Lee", "Ann", "Lee"]


def test_mails_of_one_batch_go_round_too(desk_with: Desk) -> None:
    world = desk_with({"name": "Turns", "then": {"team": "Both", "assign": "round-robin"}})
    world.arrives(*(world.mail("rita", f"About {n}.", subject=f"{n}") for n in range(4)))
    assert assignees(world) == ["Ann", "Lee", "Ann", "Lee"]


def test_who_has_the_fewest_open_tickets_gets_the_next(desk_with: Desk) -> None:
    world = desk_with(
        {
            "name": "Lee's",
            "when": 'mail.subject == "lee"',
            "then": {"assignee": "lee@example.org"},
            "stop": True,
        },
        {"name": "Load", "then": {"team": "Both", "assign": "least-load"}},
    )
    write(world, "lee", "lee", "one", "two", "three")
    assert assignees(world) == ["Lee", "Lee", "Ann", "Ann", "Ann"]


@pytest.mark.parametrize(
    ("key", "state", "disposition"),
    [("drop", "done", "refused"), ("quarantine", "quarantined", "quarantined")],
)
def test_a_mail_that_is_turned_away_is_in_the_journal_with_its_reason(
    desk_with: Desk, key: str, state: str, disposition: str
) -> None:
    rule = {"name": "Ads", "when": 'mail.subject.contains("offer")', "then": {key: "advertising"}}
    world = desk_with(rule)
    assert world.writes("rita", "Cheap pills.", subject="Best offer") == []
    (mail,) = world.mails()
    assert (mail.state, mail.disposition, mail.ticket) == (state, disposition, None)
    assert mail.trace[-1]["verdict"] == "advertising"
    assert mail.reason == ("advertising" if key == "quarantine" else "")
    assert world.numbers() == []


def test_a_note_of_a_rule_stands_in_the_ticket(desk_with: Desk) -> None:
    world = desk_with({"name": "Note", "then": {"note": "Ask for the room."}})
    write(world, "one")
    assert ("note", "Ask for the room.") in world.messages(1001)
    assert world.replayed(1001) == world.ticket(1001)


def test_a_rule_that_waits_is_struck_by_the_clock(desk_with: Desk) -> None:
    world = desk_with(
        {"name": "Team", "then": {"team": "First line"}},
        {
            "name": "Late",
            "on": "waited",
            "waited": "2 business days",
            "in_status": "New",
            "then": {"tag": "late", "mail": {"to": "agents", "text": "Nobody has looked yet."}},
        },
    )
    write(world, "one")
    world.clock.forward(days=1, hours=23)
    world.desk.tick()
    assert world.ticket(1001).tags == ()
    world.clock.forward(hours=1)
    world.new_letters()
    world.desk.tick()
    assert world.ticket(1001).tags == ("late",)
    assert [letter.template for letter in world.new_letters()] == ["agent-notification"]
    world.clock.forward(days=30)
    world.desk.tick()
    assert "agent-notification" not in [letter.template for letter in world.new_letters()]
    assert world.replayed(1001) == world.ticket(1001)


def test_whom_a_rule_asks_after_an_agents_mail_reads_the_request_and_not_that_mail(
    desk_with: Desk,
) -> None:
    rule = {
        "name": "Buy",
        "on": "status-changed",
        "when": 'ticket.status == "Analysis"',
        "then": {"ask_approval": "manager"},
    }
    world = desk_with(rule)
    catalog = world.writes("rita", "I need a chair.", subject="New chair please")
    ann = next(one for one in catalog if one.to == "ann@example.org")
    letters = world.writes("ann", "#status Analysis\n#note SECRET", answering=ann)
    asked = [one.text for one in letters if one.template == "approval"]
    assert len(asked) == 1
    assert "I need a chair." in asked[0]
    assert "SECRET" not in asked[0]
