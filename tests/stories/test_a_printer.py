"""From a broken printer to a closed ticket, and what comes after."""

from tests.world import World, one, to


def test_a_ticket_is_answered_resolved_rejected_resolved_accepted_and_spoken_of_late(
    world_on_each: World,
) -> None:
    world = world_on_each

    outgoing_mails = world.writes("rita", "It does not print.")
    acknowledgement = one(outgoing_mails, "rita", "acknowledgement")
    for_ann = one(outgoing_mails, "ann", "agent-notification")
    assert "[MD-1001]" in acknowledgement.subject
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.team, ticket.priority) == ("Assign", "First line", "P4")

    outgoing_mails = world.writes("ann", "Which printer is it?", answering=for_ann)
    answer = one(outgoing_mails, "rita", "reply")
    assert "Which printer is it?" in answer.text
    assert str(acknowledgement.message["Message-ID"]) in str(answer.message["References"])
    assert (world.ticket(1001).status, world.ticket(1001).state) == ("Analysis", "In Progress")

    outgoing_mails = world.writes("rita", "The one upstairs.", answering=answer)
    assert "The one upstairs." in one(outgoing_mails, "ann", "agent-notification").text
    assert to(outgoing_mails, "rita") == []

    resolution = one(
        world.writes("ann", "#resolve New toner.", answering=for_ann), "rita", "resolution"
    )
    assert "New toner." in resolution.text
    assert world.ticket(1001).status == "Waiting for Closure"

    outgoing_mails = world.writes("rita", "reject It still smears.", answering=resolution)
    assert "It still smears." in one(outgoing_mails, "ann", "agent-notification").text
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.reopened) == ("Analysis", 1)

    second = one(world.writes("ann", "#resolve New drum.", answering=for_ann), "rita", "resolution")
    outgoing_mails = world.writes("rita", "accept", answering=second)
    assert [outgoing_mail.template for outgoing_mail in outgoing_mails] == ["closure"]
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.closure_category) == ("Completed", "Solved")

    outgoing_mails = world.writes("rita", "It smears again.", answering=second)
    assert one(outgoing_mails, "rita", "acknowledgement").subject.startswith("Re: [MD-1002]")
    assert world.ticket(1002).parent == 1001
    assert world.ticket(1001).is_closed
    assert world.replayed(1001) == world.ticket(1001)
    assert world.replayed(1002) == world.ticket(1002)


def test_a_plain_reply_while_the_ticket_waits_for_closure_reopens_it(world: World) -> None:
    for_ann = one(world.writes("rita", "It does not print."), "ann", "agent-notification")
    resolution = one(
        world.writes("ann", "#resolve Toner.", answering=for_ann), "rita", "resolution"
    )

    outgoing_mails = world.writes("rita", "Sorry, it still does not.", answering=resolution)

    assert world.ticket(1001).status == "Analysis"
    assert "it still does not" in one(outgoing_mails, "ann", "agent-notification").text
    assert world.disposition() == "follow-up"


def test_an_unanswered_resolution_is_reminded_of_once_and_then_closes(world: World) -> None:
    for_ann = one(world.writes("rita", "It does not print."), "ann", "agent-notification")
    world.writes("ann", "#resolve New toner.", answering=for_ann)

    world.clock.forward(days=2, hours=23)
    assert world.desk.tick() == 0
    world.clock.forward(hours=2)
    assert world.desk.tick() == 1
    assert [(x.to, x.template) for x in world.new_letters()] == [("rita@example.org", "reminder")]
    assert world.desk.tick() == 0
    world.clock.forward(days=2)
    assert world.desk.tick() == 1
    assert [x.template for x in world.new_letters()] == ["closure"]
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.closure_category) == ("Completed", "No answer")
    assert world.replayed(1001) == ticket
    assert world.desk.tick() == 0
