"""An agent runs tickets from the mail program alone."""

import pytest

from maildesk.model.links.page import Page
from tests.world import OutgoingMail, World, one, to


def _for_ann(world: World, subject: str = "Printer broken", who: str = "rita"):
    return one(
        world.writes(who, "It does not print.", subject=subject), "ann", "agent-notification"
    )


def test_a_mail_of_commands_is_answered_with_a_transcript_and_can_be_undone(world: World) -> None:
    for_ann = _for_ann(world)
    text = "We look into it.\n\n#prio P2\n#tag vip"
    outgoing_mails = world.writes("ann", text, answering=for_ann)
    transcript = one(outgoing_mails, "ann", "transcript")
    assert "#priority: The priority is now P2." in transcript.text
    assert "#undo within 10 minutes" in transcript.text
    assert one(outgoing_mails, "rita", "reply")
    before = world.ticket(1001)
    assert (before.priority, before.tags, before.status) == ("P2", ("vip",), "Analysis")
    outgoing_mails = world.writes("ann", "#undo", answering=transcript)
    assert "Undone" in one(outgoing_mails, "ann", "transcript").text
    after = world.ticket(1001)
    assert (after.priority, after.tags, after.status) == ("P4", (), "Assign")
    assert after == world.replayed(1001)
    assert to(outgoing_mails, "rita") == []


def test_after_ten_minutes_or_without_the_transcript_nothing_is_undone(world: World) -> None:
    for_ann = _for_ann(world)
    transcript = one(world.writes("ann", "#prio P2", answering=for_ann), "ann", "transcript")
    told = one(world.writes("ann", "#undo", answering=for_ann), "ann", "transcript")
    assert "Reply to the transcript" in " ".join(told.text.split())
    world.clock.forward(minutes=10)
    told = one(world.writes("ann", "#undo", answering=transcript), "ann", "transcript")
    assert "works for ten minutes only" in " ".join(told.text.split())
    assert world.ticket(1001).priority == "P2"


BESIDE = [
    # (what agents alone may read, in a mail whose text goes to Rita; what is kept as a note)
    (
        "Hello.\n\n#hold SECRET, she is a pain until 2026-12-01",
        "SECRET, she is a pain until 2026-12-01",
    ),
    ("Hello.\n\n#escalate L2 SECRET, she broke it", "L2 SECRET, she broke it"),
    ("#hold SECRET\n\nHello.\n\n#tag x", "SECRET"),
    ("Hello.\n\n#tag SECRET", None),
    ("Hello.\n\n#cc SECRET@example.org", None),
    ("Hello.\n\n#assign lee\n#team Network", None),
    ("Hello.\n\n#template need more", None),
    ("#resolve Hello.\n#tag SECRET", None),
]


@pytest.mark.parametrize(("text", "note"), BESIDE)
def test_what_stands_behind_a_command_is_on_no_page_of_the_requester(
    world: World, text: str, note: str | None
) -> None:
    ack = one(world.writes("rita", "It does not print."), "rita", "acknowledgement")
    for_ann = next(x for x in world.outgoing_mails() if x.to == "ann@example.org")
    world.writes("ann", text, answering=for_ann)
    page = world.door.view(ack.token)
    assert isinstance(page, Page)
    (_, answer) = page.conversation
    assert answer.text.startswith("Hello.")
    assert not any(word in answer.text for word in ("SECRET", "lee", "Network", "need more", "#"))
    assert [said for kind, said in world.messages(1001) if kind == "note"] == [note] * bool(note)
    _consistent(world)


def test_a_question_to_the_requester_stands_on_the_page(world: World) -> None:
    ack = one(world.writes("rita", "It does not print."), "rita", "acknowledgement")
    for_ann = next(x for x in world.outgoing_mails() if x.to == "ann@example.org")
    outgoing_mails = world.writes(
        "ann", "#escalate requester Which floor?\n#tag x", answering=for_ann
    )
    assert [x.template for x in to(outgoing_mails, "rita")] == ["update"]
    page = world.door.view(ack.token)
    assert isinstance(page, Page)
    assert [entry.text for entry in page.conversation][1:] == ["Which floor?"]


def _said(outgoing_mails: list[OutgoingMail], who: str = "ann") -> str:
    return " ".join(one(outgoing_mails, who, "transcript").text.split())


def _consistent(world: World) -> None:
    for number in world.numbers():
        assert world.ticket(number) == world.replayed(number)


def test_what_is_right_is_done_and_nothing_is_sent_where_anything_is_wrong(world: World) -> None:
    for_ann = _for_ann(world)
    outgoing_mails = world.writes(
        "ann", "#take\n#stauts Analysis\n\nWe are on it.", answering=for_ann
    )
    assert to(outgoing_mails, "rita") == []
    said = _said(outgoing_mails)
    assert "#take: The ticket is assigned to you." in said
    assert "#stauts Analysis: Did you mean #status?" in said
    assert "Your text was not sent to the requester" in said
    assert world.ticket(1001).assignee is not None


def test_handed_on_handed_back_and_asked(world: World) -> None:
    for_ann = _for_ann(world)
    outgoing_mails = world.writes("ann", "#escalate L2 the switch is down", answering=for_ann)
    assert "Escalated to Network (L2)." in _said(outgoing_mails)
    assert "passed to Network (L2)" in one(outgoing_mails, "rita", "update").text
    for_lee = one(outgoing_mails, "lee", "agent-notification")
    assert "the switch is down" in for_lee.text
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.team, ticket.back_to) == ("Escalated", "Network", "First line")
    outgoing_mails = world.writes(
        "lee", "#escalate back it is the printer after all", answering=for_lee
    )
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.team, ticket.back_to) == ("Analysis", "First line", "")
    for_ann = one(outgoing_mails, "ann", "agent-notification")
    outgoing_mails = world.writes("ann", "#escalate requester Which floor?", answering=for_ann)
    asked = one(outgoing_mails, "rita", "update")
    assert "Which floor?" in asked.text
    assert world.ticket(1001).hold is not None
    world.writes("rita", "The second.", answering=asked)
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.hold) == ("Analysis", None)
    _consistent(world)


def test_on_hold_until_its_day(world: World) -> None:
    for_ann = _for_ann(world)
    outgoing_mails = world.writes(
        "ann", "#hold vendor sends a part until 2026-11-25", answering=for_ann
    )
    assert "On hold until 25 November 2026" in _said(outgoing_mails)
    assert world.ticket(1001).status == "Pending"
    world.clock.forward(days=1)
    world.desk.tick()
    assert world.ticket(1001).status == "Pending"
    world.clock.forward(days=1)
    world.desk.tick()
    assert world.ticket(1001).status == "Assign"
    assert one(world.new_letters(), "ann", "agent-notification")
    _consistent(world)


def test_children_are_resolved_with_their_parent(world: World) -> None:
    for_ann = _for_ann(world)
    _for_ann(world, "Printer again", "max")
    _for_ann(world, "Printer smells", "max")
    outgoing_mails = world.writes("ann", "#child 1002\n#child MD-1003", answering=for_ann)
    assert "MD-1003 is now a child of this ticket" in _said(outgoing_mails)
    assert [world.ticket(n).parent for n in (1002, 1003)] == [1001, 1001]
    outgoing_mails = world.writes("ann", "#resolve New drum.", answering=for_ann)
    assert "Resolved with it: MD-1002, MD-1003." in _said(outgoing_mails)
    assert [x.template for x in to(outgoing_mails, "max")] == ["update", "update"]
    assert "New drum." in to(outgoing_mails, "max")[0].text
    assert {world.ticket(n).status for n in (1002, 1003)} == {"Resolved by Origin ticket"}
    undone = world.writes("ann", "#undo", answering=one(outgoing_mails, "ann", "transcript"))
    assert "Undone, also in MD-1002, MD-1003." in _said(undone)
    assert world.ticket(1001).status == "Assign"
    assert {world.ticket(n).status for n in (1002, 1003)} == {"Assign"}
    assert "by mistake" in " ".join(one(undone, "rita", "update").text.split())
    world.writes("ann", "#resolve New drum, really.", answering=for_ann)
    _consistent(world)
    for _ in ("the requester is reminded", "and does not answer"):
        world.clock.forward(days=8)
        world.desk.tick()
    assert {world.ticket(n).status for n in (1001, 1002, 1003)} == {"Completed"}
    _consistent(world)


def test_no_ticket_is_its_own_ancestor(world: World) -> None:
    for_ann = _for_ann(world)
    second = _for_ann(world, "Printer again", "max")
    world.writes("ann", "#parent 1002", answering=for_ann)
    assert "already a child of this ticket" in _said(
        world.writes("ann", "#parent 1001", answering=second)
    )
    assert (
        "already a child of MD-1002" in _said(world.writes("ann", "#child 1002", answering=for_ann))
        or world.ticket(1002).parent is None
    )
    assert world.ticket(1002).parent is None
    assert "number of this ticket" in _said(world.writes("ann", "#parent 1001", answering=for_ann))
    assert "There is no ticket MD-9999." in _said(
        world.writes("ann", "#parent 9999", answering=for_ann)
    )


def test_merged_the_old_mails_lead_to_the_survivor(world: World) -> None:
    for_ann = _for_ann(world)
    second = _for_ann(world, "Printer again", "max")
    for_max = next(x for x in world.outgoing_mails() if x.to == "max@example.org")
    outgoing_mails = world.writes("ann", "#merge MD-1001", answering=second)
    assert "Merged into MD-1001" in _said(outgoing_mails)
    assert "is continued in this ticket" in one(outgoing_mails, "max", "update").text
    merged, survivor = world.ticket(1002), world.ticket(1001)
    assert (merged.merged_into, merged.closure_category) == (1001, "Merged")
    assert merged.requester in survivor.participants
    assert world.messages(1002) == []
    assert len(world.messages(1001)) == 3
    world.writes("max", "It smells, too.", answering=for_max)
    assert world.numbers() == [1001, 1002]
    assert world.messages(1001)[-1] == ("reply", "It smells, too.")
    outgoing_mails = world.writes("ann", "We come.", answering=for_ann)
    assert {x.to for x in outgoing_mails if x.template == "reply"} == {
        "rita@example.org",
        "max@example.org",
    }
    _consistent(world)


def test_split_the_last_mail_is_a_ticket_of_its_own(world: World) -> None:
    for_ann = _for_ann(world)
    answer = one(world.writes("ann", "Which one?", answering=for_ann), "rita", "reply")
    for_ann = one(
        world.writes("rita", "And I need a chair.", answering=answer), "ann", "agent-notification"
    )
    outgoing_mails = world.writes("ann", "#split A chair", answering=for_ann)
    assert "a separate ticket" in _said(outgoing_mails)
    assert "[MD-1002] A chair" in one(outgoing_mails, "ann", "agent-notification").subject
    assert one(outgoing_mails, "rita", "acknowledgement")
    assert world.messages(1002) == [("request", "And I need a chair.")]
    assert "split-from" in {r.kind for r in world.ticket(1002).relations}
    _consistent(world)


def test_two_agents_answer_at_once(world: World) -> None:
    outgoing_mails = world.writes("rita", "No VPN.", subject="vpn down")
    for_lee = one(outgoing_mails, "lee", "agent-notification")
    world.writes("ann", "Try again.", answering=for_lee, trusted=True)
    outgoing_mails = world.writes("lee", "Reboot it.", answering=for_lee)
    assert one(outgoing_mails, "rita", "reply")
    assert "Ann Archer also answered" in _said(outgoing_mails, "lee")


def test_ready_texts_stand_where_the_command_stood(world: World) -> None:
    for_ann = _for_ann(world)
    outgoing_mails = world.writes(
        "ann", "#template more\n\nThanks,\nAnn\n\n#kb vpn", answering=for_ann
    )
    text = one(outgoing_mails, "rita", "reply").text
    assert text.index("To help you") < text.index("Thanks,") < text.index("How to connect")


def test_on_behalf_of_a_caller(world: World) -> None:
    outgoing_mails = world.writes(
        "ann", "#onbehalf max@example.org\n\nHis printer is on fire.", trusted=True
    )
    assert world.ticket(1001).requester == world.people()["max@example.org"]
    assert one(outgoing_mails, "max", "acknowledgement")
    assert world.messages(1001) == [("request", "His printer is on fire.")]
    outgoing_mails = world.writes("mallory", "#onbehalf max@example.org\n\nMoney!", trusted=False)
    assert world.ticket(1002).requester == world.people()["mallory@example.org"]


def test_spam_is_closed_without_a_word_and_the_next_one_is_held(world: World) -> None:
    for_ann = _for_ann(world, "Printer for you", "mallory")
    outgoing_mails = world.writes("ann", "#spam\n\nNo, thanks.", answering=for_ann)
    assert to(outgoing_mails, "mallory") == []
    assert world.ticket(1001).closure_category == "Spam"
    assert world.writes("mallory", "Buy printers!") == []
    assert world.disposition() == "held"
    assert world.numbers() == [1001]


def test_others_are_let_in_and_out(world: World) -> None:
    for_ann = _for_ann(world)
    outgoing_mails = world.writes("ann", "#cc moreno, kim@example.net", answering=for_ann)
    assert "Max Moreno and kim@example.net will get" in _said(outgoing_mails)
    assert len(world.ticket(1001).participants) == 2
    outgoing_mails = world.writes("ann", "#uncc kim@example.net\n#cc nobody", answering=for_ann)
    assert 'No person named "nobody" is known.' in _said(outgoing_mails)
    assert len(world.ticket(1001).participants) == 1
    _consistent(world)


def test_merge_children_and_undo_on_both_databases(world_on_each: World) -> None:
    world = world_on_each
    for_ann = _for_ann(world)
    second = _for_ann(world, "Printer again", "max")
    _for_ann(world, "Printer smells", "max")
    outgoing_mails = world.writes(
        "ann", "#child 1002\n#cc MOR\n#link blocks 1003", answering=for_ann
    )
    assert "#undo within 10 minutes" in _said(outgoing_mails)
    assert [r.other for r in world.ticket(1003).relations] == [1001]
    undone = world.writes("ann", "#undo", answering=one(outgoing_mails, "ann", "transcript"))
    assert "Undone, also in MD-1002, MD-1003." in _said(undone)
    assert (world.ticket(1002).parent, world.ticket(1003).relations) == (None, ())
    assert world.ticket(1001).participants == ()
    assert "Merged into" in _said(world.writes("ann", "#merge 1001", answering=second))
    assert len(world.messages(1001)) == 5
    _consistent(world)


def test_a_resolution_that_was_taken_back_does_not_come_again(world: World) -> None:
    told = one(
        world.writes("ann", "#resolve new toner", answering=_for_ann(world)), "ann", "transcript"
    )
    taken_back = one(world.writes("ann", "#undo", answering=told), "ann", "transcript")
    assert world.ticket(1001).resolution is None
    world.writes("ann", "#undo", answering=taken_back)
    ticket = world.ticket(1001)
    assert (ticket.state, ticket.resolution, ticket.close_due) == ("Open", None, None)
    assert ticket == world.replayed(1001)
