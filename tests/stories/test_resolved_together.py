"""What was resolved with another ticket, or by an event, finds a way back; nobody is not heard."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maildesk.model.cause import Choice
from tests.world import OutgoingMail, World, build, one, shipped_policy, to

ICINGA = {"name": "icinga", "address": "icinga@example.org", "format": "icinga"}
RULES = (
    {"name": "again", "on": "reopened", "when": "true", "then": {"tag": "again"}},
    {
        "name": "over",
        "on": "replied",
        "when": 'mail.text.contains("is over")',
        "then": {"status": "Resolved by Event"},
    },
    {
        "name": "held",
        "on": "status-changed",
        "when": 'ticket.status == "Pending"',
        "then": {"status": "Resolved by Event"},
    },
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    rules = shipped_policy().rules.model_dump(by_alias=True)
    policy = shipped_policy(
        monitoring={"source": [ICINGA]}, rules={**rules, "rule": [*rules["rule"], *RULES]}
    )
    made = build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    yield made
    for number in made.numbers():
        assert made.replayed(number) == made.ticket(number)
    made.close()


@pytest.fixture
def world_with_rule(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """A desk with a rule that resolves a ticket when it comes to a status."""
    made: list[World] = []

    def one_world(status: str) -> World:
        rule = {
            "name": "comes to it",
            "on": ["status-changed", "approved"],
            "when": f'ticket.status == "{status}"',
            "then": {"status": "Resolved by Event"},
        }
        quick = {"name": "quick", "expire_after_days": 1, "on_expiry": "approve"}
        policy = shipped_policy(rules={"rule": [rule]}, approvals={"approval": [quick]})
        made.append(build(f"sqlite:///{tmp_path}/desk.db", policy=policy))
        return made[-1]

    yield one_world
    for world in made:
        for number in world.numbers():
            assert world.replayed(number) == world.ticket(number)
        world.close()


def _orders(world: World, number: int, commands: str) -> list[OutgoingMail]:
    return world.writes("ann", commands, subject=f"[MD-{number}] x", trusted=True)


def _descendants(world: World) -> tuple[OutgoingMail, OutgoingMail]:
    """Rita's ticket 1001 with Max's 1002 below it, resolved together: (resolution, update)."""
    world.writes("rita", "No print.", subject="Printer A")
    world.writes("max", "No print here either.", subject="Printer B")
    _orders(world, 1001, "#child 1002")
    outgoing_mails = _orders(world, 1001, "#resolve New driver.")
    return one(outgoing_mails, "rita", "resolution"), one(outgoing_mails, "max", "update")


def _words(outgoing_mails: list[OutgoingMail], who: str, template: str) -> str:
    return " ".join(one(outgoing_mails, who, template).text.split())


def _statuses(world: World) -> list[str]:
    return [world.ticket(number).status for number in world.numbers()]


def _reports(world: World, what: str, host: str = "web01") -> list[OutgoingMail]:
    said = "OK" if what == "RECOVERY" else "CRITICAL"
    return world.writes(
        "rita",
        "The disk.",
        sender="icinga@example.org",
        subject=f"[{what}] disk on {host} is {said}!",
        trusted=True,
    )


RESOLVED = ["Waiting for Closure", "Resolved by Origin ticket"]


def test_who_objects_to_what_was_resolved_with_another_stops_its_closing(world: World) -> None:
    _, update = _descendants(world)
    assert "If your problem is not solved" in " ".join(update.text.split())
    outgoing_mails = world.writes("max", "No, mine is still broken!", answering=update)
    assert "no longer close automatically" in _words(outgoing_mails, "ann", "agent-notification")
    assert _statuses(world) == RESOLVED
    world.clock.forward(days=30)
    world.desk.tick()
    assert not world.ticket(1002).is_closed
    outgoing_mails = _orders(world, 1002, "#reopen the driver is another one")
    assert "working on your request again" in one(outgoing_mails, "max", "update").text
    ticket = world.ticket(1002)
    assert (ticket.status, ticket.reopened, ticket.tags) == ("Analysis", 1, ("again",))


@pytest.mark.parametrize("said", ["Thanks!", "accept"])
def test_thanks_and_a_yes_stop_nothing(world: World, said: str) -> None:
    world.writes("max", said, answering=_descendants(world)[1])
    assert world.ticket(1002).close_due is not None


@pytest.mark.parametrize("order", ["#reopen", "#status Analysis"])
def test_an_agent_takes_up_again_what_was_resolved_with_another(world: World, order: str) -> None:
    _descendants(world)
    _orders(world, 1002, order)
    ticket = world.ticket(1002)
    assert (ticket.status, ticket.close_due, ticket.reopened) == ("Analysis", None, 1)


def test_an_answer_beside_it_opens_nothing(world: World) -> None:
    _descendants(world)
    outgoing_mails = _orders(world, 1002, "It was the driver.")
    assert one(outgoing_mails, "max", "reply")
    assert _statuses(world) == RESOLVED
    assert world.ticket(1002).close_due is not None


@pytest.mark.parametrize("how", ["link", "mail", "words", "agent"])
def test_a_parent_that_is_opened_again_takes_its_children_along(world: World, how: str) -> None:
    resolution, _ = _descendants(world)
    match how:
        case "link":
            world.acts(resolution.token, Choice.REJECT, "It smears.")
        case "mail":
            world.writes("rita", "reject It smears.", answering=resolution)
        case "words":
            world.writes("rita", "It smears now.", answering=resolution)
        case "agent":
            _orders(world, 1001, "#reopen wrong driver")
    assert _statuses(world) == ["Analysis", "Analysis"]
    assert [world.ticket(number).tags for number in world.numbers()] == [("again",), ("again",)]
    assert "working on your request again" in to(world.outgoing_mails(), "max")[-1].text


def test_a_child_that_was_resolved_in_its_own_way_stays_so(world: World) -> None:
    world.writes("rita", "No print.", subject="Printer A")
    world.writes("max", "No print here either.", subject="Printer B")
    _orders(world, 1001, "#child 1002")
    _orders(world, 1002, "#resolve Yours had no toner.")
    outgoing_mails = _orders(world, 1001, "#resolve New driver.")
    world.writes("rita", "It smears now.", answering=one(outgoing_mails, "rita", "resolution"))
    assert _statuses(world) == ["Analysis", "Waiting for Closure"]


def test_children_are_resolved_with_what_an_event_resolves_and_come_back_with_it(
    world: World,
) -> None:
    _reports(world, "PROBLEM")
    world.writes("max", "My files are gone.", subject="Files")
    _orders(world, 1001, "#child 1002")
    outgoing_mails = _reports(world, "RECOVERY")
    assert "together with a related one" in _words(outgoing_mails, "max", "update")
    assert _statuses(world) == ["Resolved by Event", "Resolved by Origin ticket"]
    _reports(world, "PROBLEM")
    assert _statuses(world) == ["Analysis", "Analysis"]
    assert world.ticket(1001).tags == ("again",)


@pytest.mark.parametrize("how", ["the requester's words", "an agent's hold"])
def test_children_are_resolved_with_what_a_rule_resolves(world: World, how: str) -> None:
    first = world.writes("rita", "No print.", subject="Printer A")
    world.writes("max", "No print here either.", subject="Printer B")
    _orders(world, 1001, "#child 1002")
    if how == "an agent's hold":
        _orders(world, 1001, "#hold the vendor")
    else:
        answered = one(first, "rita", "acknowledgement")
        world.writes("rita", "It is over.", answering=answered)
    assert _statuses(world) == ["Resolved by Event", "Resolved by Origin ticket"]
    _orders(world, 1001, "#reopen")
    assert _statuses(world) == ["Analysis", "Analysis"]


def test_children_are_resolved_with_what_a_rule_resolves_when_a_hold_ends(
    world_with_rule: Callable[[str], World],
) -> None:
    world = world_with_rule("Assign")
    world.writes("rita", "No print.", subject="Printer A")
    world.writes("max", "No print here either.", subject="Printer B")
    _orders(world, 1001, "#child 1002")
    _orders(world, 1001, "#hold vendor until 2026-12-01")
    world.clock.forward(days=10)
    world.desk.tick()
    assert _statuses(world) == ["Resolved by Event", "Resolved by Origin ticket"]


def test_children_are_resolved_with_what_a_rule_resolves_when_an_approval_expires(
    world_with_rule: Callable[[str], World],
) -> None:
    world = world_with_rule("Assign")
    world.writes("rita", "No print.", subject="Printer A")
    world.writes("max", "No print here either.", subject="Printer B")
    _orders(world, 1001, "#child 1002")
    _orders(world, 1001, "#approval quick")
    world.clock.forward(days=10)
    world.desk.tick()
    assert _statuses(world) == ["Resolved by Event", "Resolved by Origin ticket"]


def test_an_agent_sees_that_what_an_event_resolved_is_not_over(world: World) -> None:
    _reports(world, "PROBLEM")
    _reports(world, "RECOVERY")
    _orders(world, 1001, "#reopen the disk is full again")
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.close_due, ticket.tags) == ("Analysis", None, ("again",))


def test_of_merged_problems_the_last_end_resolves(world: World) -> None:
    for host in ("web01", "web02", "web03"):
        _reports(world, "PROBLEM", host)
    _orders(world, 1001, "#merge 1002")
    _orders(world, 1002, "#merge 1003")
    # reported again, each goes into the last survivor
    for host in ("web01", "web02", "web03"):
        _reports(world, "PROBLEM", host)
    assert world.numbers() == [1001, 1002, 1003]
    for host in ("web03", "web01"):
        outgoing_mails = _reports(world, "RECOVERY", host)
        assert "stays open because of" in _words(outgoing_mails, "ann", "agent-notification")
        assert world.ticket(1003).status != "Resolved by Event"
    _reports(world, "RECOVERY", "web02")
    assert world.ticket(1003).status == "Resolved by Event"
    _reports(world, "PROBLEM", "web01")
    assert (world.ticket(1003).status, world.ticket(1003).problems) == (
        "Analysis",
        ("icinga:disk on web01",),
    )


def test_a_problem_that_went_over_into_a_persons_ticket_resolves_nothing_there(
    world: World,
) -> None:
    _reports(world, "PROBLEM")
    world.writes("rita", "My files are gone.", subject="Files")
    _orders(world, 1001, "#merge 1002")
    outgoing_mails = _reports(world, "RECOVERY")
    assert "was merged into this one" in _words(outgoing_mails, "ann", "agent-notification")
    assert to(outgoing_mails, "rita") == []
    assert (world.ticket(1002).status, world.ticket(1002).close_due) == ("New", None)


@pytest.mark.parametrize("order", ["#escalate L2 look", "#hold vendor", "#status Escalated"])
def test_an_agents_move_does_not_keep_a_flapping_problem_from_settling(
    world: World, order: str
) -> None:
    _reports(world, "PROBLEM")
    for _ in range(3):
        _reports(world, "RECOVERY")
        _reports(world, "PROBLEM")
    _reports(world, "RECOVERY")
    _orders(world, 1001, order)
    world.clock.forward(minutes=16)
    world.desk.tick()
    assert world.ticket(1001).status == "Resolved by Event"


def test_a_resolution_asks_no_machine(world: World) -> None:
    _reports(world, "PROBLEM")
    outgoing_mails = _orders(world, 1001, "#resolve A new disk.")
    assert "The ticket closes in 24 hours" in one(outgoing_mails, "ann", "transcript").text
    world.clock.forward(hours=25)
    world.desk.tick()
    assert world.ticket(1001).is_closed
