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
    names = {member.id: member.name for member in world.runtime.policy.directory.teams["Both"]}
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
    assert [outgoing_mail.template for outgoing_mail in world.new_letters()] == [
        "agent-notification"
    ]
    world.clock.forward(days=30)
    world.desk.tick()
    assert "agent-notification" not in [
        outgoing_mail.template for outgoing_mail in world.new_letters()
    ]
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
    outgoing_mails = world.writes("ann", "#status Analysis\n#note SECRET", answering=ann)
    asked = [one.text for one in outgoing_mails if one.template == "approval"]
    assert len(asked) == 1
    assert "I need a chair." in asked[0]
    assert "SECRET" not in asked[0]


# ---- other tickets

OPENS = {"name": "Desk", "then": {"team": "First line"}}


def relates(how: str, to: str, **more: str) -> dict[str, Any]:
    return {"name": "It", "then": {"relate": {"as": how, "to": to, **more}}}


def bonds(world: World) -> list[tuple[int | None, list[tuple[str, int]]]]:
    tickets = [world.ticket(number) for number in world.numbers()]
    return [(t.parent, [(r.kind, r.other) for r in t.relations]) for t in tickets]


def test_a_second_mail_of_the_same_subject_is_a_duplicate_on_both_sides(desk_with: Desk) -> None:
    world = desk_with(OPENS, relates("duplicate", "same subject"))
    world.writes("rita", "It jams.", subject="The printer jams")
    world.writes("max", "It jams.", subject="The printer jams")
    world.writes("rita", "Still.", subject="AW: the PRINTER jams")
    world.writes("rita", "Other.", subject="A chair")
    first, second = [("duplicate", 1003)], [("duplicate", 1001)]
    assert bonds(world) == [(None, first), (None, []), (None, second), (None, [])]
    assert all(world.replayed(n) == world.ticket(n) for n in world.numbers())


def test_a_ticket_that_the_mail_names_is_related_where_it_is_the_own_one(desk_with: Desk) -> None:
    world = desk_with(OPENS, relates("related", "named"))
    world.writes("rita", "It jams.", subject="The printer jams")
    world.writes("rita", "This has to do with md-1001, or MD-9.", subject="The scanner")
    world.writes("max", "This has to do with MD-1001.", subject="The copier")
    assert bonds(world) == [
        *((None, [("related", 1002)]), (None, [("related", 1001)]), (None, [])),
    ]


def test_mails_about_an_outage_are_children_of_its_ticket_and_end_with_it(desk_with: Desk) -> None:
    is_vpn = {"when": 'mail.subject.contains("VPN")'}
    world = desk_with(OPENS, is_vpn | relates("child", "tagged", tag="outage"))
    news = world.writes("rita", "Since eight.", subject="VPN down")
    order = next(
        outgoing_mail for outgoing_mail in news if outgoing_mail.template == "agent-notification"
    )
    world.writes("ann", "#tag outage", answering=order)
    world.writes("max", "Me too.", subject="No VPN")
    world.writes("max", "Lunch.", subject="The canteen")
    assert [parent for parent, _ in bonds(world)] == [None, 1001, None]
    world.writes("ann", "#resolve The line is mended.", answering=order)
    assert [world.ticket(n).state for n in world.numbers()] == ["Resolved", "Resolved", "Open"]
    world.writes("max", "Again.", subject="VPN slow")  # nothing open to belong to
    assert [parent for parent, _ in bonds(world)] == [None, 1001, None, None]
    assert all(world.replayed(n) == world.ticket(n) for n in world.numbers())
