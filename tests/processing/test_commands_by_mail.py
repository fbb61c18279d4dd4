"""Commands of agents as they write them: several tickets, lines of code, text for who is added."""

from tests.approving import newest
from tests.world import World, one, to

SNIPPET = "Port 22\n#ListenAddress 0.0.0.0\n#UsePAM yes"


def _three(world: World) -> None:
    for subject in ("Printer", "Scanner", "Copier"):
        world.writes("rita", "It is broken.", subject=subject, trusted=True)


def _told(world: World, number: int = 1001):  # type: ignore[no-untyped-def]
    return next(
        mail
        for mail in to(world.outgoing_mails(), "ann")
        if mail.template == "agent-notification" and f"MD-{number}]" in mail.subject
    )


def test_each_of_several_tickets_becomes_a_child(world: World) -> None:
    _three(world)
    world.writes("ann", "#child 1002, MD-1003", answering=_told(world), trusted=True)
    assert [world.ticket(number).parent for number in (1002, 1003)] == [1001, 1001]


def test_one_that_is_not_there_is_named_and_the_others_are_done(world: World) -> None:
    _three(world)
    told = world.writes("ann", "#child 1002 and 1999", answering=_told(world), trusted=True)
    assert world.ticket(1002).parent == 1001
    assert "1999" in one(told, "ann", "transcript").text


def test_a_merge_into_two_tickets_is_refused(world: World) -> None:
    _three(world)
    told = world.writes("ann", "#merge 1002, 1003", answering=_told(world), trusted=True)
    assert world.ticket(1001).merged_into is None
    text = " ".join(one(told, "ann", "transcript").text.split())
    assert "A ticket can be merged into one ticket only" in text


def test_lines_of_code_between_fences_are_sent(world: World) -> None:
    first = one(world.writes("rita", "How do I close root login?"), "ann", "agent-notification")
    text = f"Please put this into sshd_config:\n\n```\n{SNIPPET}\n```\n\nAnn\n\n#prio P4"
    reply = one(world.writes("ann", text, answering=first, trusted=True), "rita", "reply")
    assert SNIPPET in reply.text.replace("\r\n", "\n")
    assert "```" not in reply.text
    assert world.ticket(1001).priority == "P4"


def test_refused_lines_come_back_with_the_text_and_the_way_to_send_them(world: World) -> None:
    first = one(world.writes("rita", "How do I close root login?"), "ann", "agent-notification")
    text = "Please write:\n\n#take\nPermitRootLogin no\n\nAnn"
    mails = world.writes("ann", text, answering=first, trusted=True)
    assert to(mails, "rita") == []
    transcript = " ".join(one(mails, "ann", "transcript").text.split())
    assert "put them between two lines of ```" in transcript
    assert "This is the text that was not sent: > Please write:" in transcript


def test_who_is_added_gets_the_text_below_the_command_in_one_mail(world: World) -> None:
    first = one(world.writes("rita", "It jams.", trusted=True), "ann", "agent-notification")
    text = "#cc max@example.org\n\nThe tray is worn out."
    (mail,) = to(world.writes("ann", text, answering=first, trusted=True), "max")
    assert mail.template == "reply"
    assert "The tray is worn out." in mail.text
    assert "added you" in mail.text


def test_help_alone_opens_no_ticket(world: World) -> None:
    told = world.writes("ann", "#help", trusted=True)
    assert world.numbers() == []
    assert "#resolve" in one(told, "ann", "transcript").text
    assert world.disposition() == "command"


def test_a_hold_until_a_time_of_today(world: World) -> None:
    first = one(world.writes("rita", "It jams."), "ann", "agent-notification")
    world.writes("ann", "#hold the vendor calls, until 16:00", answering=first, trusted=True)
    wake = world.ticket(1001).wake_due
    assert wake is not None
    assert wake.date() == world.clock.now.date()


def test_the_note_of_a_closure_is_kept(world: World) -> None:
    first = one(world.writes("rita", "It jams.", trusted=True), "ann", "agent-notification")
    world.writes("ann", "#resolve It is known.", answering=first, trusted=True)
    world.writes("ann", "#close Duplicate: it is the same as MD-1", answering=first, trusted=True)
    assert world.ticket(1001).closure_note == "it is the same as MD-1"
    assert "the same as MD-1" in newest(world, "rita", "closure").text
