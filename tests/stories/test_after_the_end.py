"""What is written to a closed ticket: one child takes it, at those who knew the closed one."""

from tests.world import OutgoingMail, World, one, to


def _closed(world: World) -> OutgoingMail:
    """Ticket 1001, which Lee of the network team had; the mail that says it is closed."""
    for_ann = one(
        world.writes("rita", "No signal.", subject="Odd noise"), "ann", "agent-notification"
    )
    world.writes("ann", "#assign lee\n#team Network", answering=for_ann)
    outgoing_mails = world.writes(
        "lee", "#resolve A new cable.", subject="[MD-1001] x", trusted=True
    )
    asked = one(outgoing_mails, "rita", "resolution")
    return one(world.writes("rita", "accept", answering=asked), "rita", "closure")


def test_further_mails_to_a_closed_ticket_go_into_its_open_child(world: World) -> None:
    closure = _closed(world)
    outgoing_mails = world.writes("rita", "The noise is back.", answering=closure)
    told = " ".join(one(outgoing_mails, "lee", "agent-notification").text.split())
    assert "a reply to MD-1001, which is closed" in told
    child = world.ticket(1002)
    assert (child.parent, child.team, child.assignee) == (
        1001,
        "Network",
        world.people()["lee@example.org"],
    )
    for said in ("It is loud.", "Hello?"):
        outgoing_mails = world.writes("rita", said, answering=closure)
        assert "Rita Rossi replied." in one(outgoing_mails, "lee", "agent-notification").text
        assert to(outgoing_mails, "rita") == []
    assert world.numbers() == [1001, 1002]
    assert [text for _, text in world.messages(1002)][1:] == ["It is loud.", "Hello?"]
    assert world.replayed(1002) == world.ticket(1002)


def test_thanks_go_on_standing_in_the_closed_one(world: World) -> None:
    closure = _closed(world)
    world.writes("rita", "The noise is back.", answering=closure)
    world.writes("rita", "Many thanks!", answering=closure)
    assert world.messages(1001)[-1] == ("comment", "Many thanks!")


def test_a_decision_of_the_closed_ticket_decides_nothing_in_its_child(world: World) -> None:
    closure = _closed(world)
    world.writes("rita", "The noise is back.", answering=closure)
    world.writes("lee", "#resolve Another cable.", subject="[MD-1002] x", trusted=True)
    world.writes("rita", "accept", answering=closure)
    assert world.ticket(1002).status == "Waiting for Closure"


def test_when_the_child_is_closed_too_the_next_answer_opens_another(world: World) -> None:
    closure = _closed(world)
    world.writes("rita", "The noise is back.", answering=closure)
    outgoing_mails = world.writes(
        "lee", "#resolve Another cable.", subject="[MD-1002] x", trusted=True
    )
    world.writes("rita", "accept", answering=one(outgoing_mails, "rita", "resolution"))
    world.writes("rita", "It is there again.", answering=closure)
    assert world.numbers() == [1001, 1002, 1003]


def test_somebody_elses_child_takes_no_mail_of_another(world: World) -> None:
    closure = _closed(world)
    world.writes("rita", "The noise is back.", answering=closure)
    world.writes("max", "Here too.", subject="[MD-1001] x", trusted=True)
    assert [text for _, text in world.messages(1002)] == ["The noise is back."]
