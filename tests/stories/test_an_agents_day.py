"""An agent runs tickets from the mail program alone."""

from tests.world import World, one, to


def _for_ann(world: World, subject: str = "Printer broken", who: str = "rita"):
    return one(
        world.writes(who, "It does not print.", subject=subject), "ann", "agent-notification"
    )


def test_a_mail_of_commands_is_answered_with_a_transcript_and_can_be_undone(world: World) -> None:
    for_ann = _for_ann(world)
    text = "We look into it.\n\n#prio P2\n#tag vip"
    letters = world.writes("ann", text, answering=for_ann)
    transcript = one(letters, "ann", "transcript")
    assert "#priority: the priority is P2" in transcript.text
    assert "#undo within 10 minutes" in transcript.text
    assert one(letters, "rita", "reply")
    before = world.ticket(1001)
    assert (before.priority, before.tags, before.status) == ("P2", ("vip",), "Analysis")
    letters = world.writes("ann", "#undo", answering=transcript)
    assert "taken back" in one(letters, "ann", "transcript").text
    after = world.ticket(1001)
    assert (after.priority, after.tags, after.status) == ("P4", (), "Assign")
    assert after == world.replayed(1001)
    assert to(letters, "rita") == []


def test_after_ten_minutes_or_without_the_transcript_nothing_is_undone(world: World) -> None:
    for_ann = _for_ann(world)
    transcript = one(world.writes("ann", "#prio P2", answering=for_ann), "ann", "transcript")
    told = one(world.writes("ann", "#undo", answering=for_ann), "ann", "transcript")
    assert "reply to the transcript" in " ".join(told.text.split())
    world.clock.forward(minutes=10)
    told = one(world.writes("ann", "#undo", answering=transcript), "ann", "transcript")
    assert "ten minutes are over" in " ".join(told.text.split())
    assert world.ticket(1001).priority == "P2"
