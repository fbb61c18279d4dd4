"""Somebody wrote to Ann herself, and she passes the mail on to the desk."""

from tests.world import Part, World, one, to

TEXT = """She is slow to wrath, but hurry.

---------- Forwarded message ---------
From: Rita Ray <rita@example.org>
Date: Mon, 23 Nov 2026 at 09:00
Subject: Printer broken
To: <ann@example.org>

It does not print.
"""


def test_the_ticket_is_the_inner_senders_and_she_and_the_agent_are_told(world: World) -> None:
    outgoing_mails = world.writes("ann", TEXT, subject="Fwd: Printer broken", trusted=True)
    for_rita = one(outgoing_mails, "rita", "acknowledgement")
    assert for_rita.subject.endswith("[MD-1001] Printer broken")
    assert "slow to wrath" not in for_rita.text
    told = one(outgoing_mails, "ann", "transcript")
    assert "A ticket was opened for" in " ".join(told.text.split())
    said = dict(world.messages(1001))
    assert said["request"] == "It does not print."
    assert said["note"].startswith("Ann Archer forwarded this mail from Rita Rossi")
    assert "slow to wrath" in said["note"]
    world.writes("rita", "Still not.", answering=for_rita)
    assert world.disposition() == "follow-up"
    assert world.replayed(1001) == world.ticket(1001)


def test_a_forged_agent_opens_nothing_in_anothers_name(world: World) -> None:
    outgoing_mails = world.writes("ann", TEXT, subject="Fwd: Printer broken")
    assert to(outgoing_mails, "rita") == []
    assert one(outgoing_mails, "ann", "acknowledgement")


def test_whoever_is_no_agent_asks_in_the_own_name(world: World) -> None:
    outgoing_mails = world.writes("max", TEXT, subject="Fwd: Printer broken", trusted=True)
    assert to(outgoing_mails, "rita") == []
    assert one(outgoing_mails, "max", "acknowledgement")


def test_a_mail_of_the_desk_that_is_passed_on_is_the_agents_own(world: World) -> None:
    text = TEXT.replace("rita@example.org", "desk+x@example.org")
    outgoing_mails = world.writes("ann", text, subject="Fwd: Printer broken", trusted=True)
    assert one(outgoing_mails, "ann", "acknowledgement")


WHOLE = Part(
    "Printer broken.eml",
    b"From: Rita Ray <rita@example.org>\r\nTo: ann@example.org\r\nSubject: Printer broken\r\n\r\n"
    b"It does not print.\r\n#resolve\r\n",
    type="message/rfc822",
)


def test_a_mail_passed_on_whole_as_an_attachment_is_the_inner_senders_too(world: World) -> None:
    outgoing_mails = world.writes(
        "ann", "Slow to wrath.", subject="Fwd: a printer", trusted=True, parts=[WHOLE]
    )
    assert one(outgoing_mails, "rita", "acknowledgement").subject.endswith(
        "[MD-1001] Printer broken"
    )
    assert "A ticket was opened for" in " ".join(
        one(outgoing_mails, "ann", "transcript").text.split()
    )
    said = dict(world.messages(1001))
    assert said["request"] == "It does not print.\n#resolve"  # no command: Rita wrote it
    assert "Slow to wrath" in said["note"]
    assert world.ticket(1001).status == "Assign"  # as a rule of the desk left it, not resolved
    assert world.replayed(1001) == world.ticket(1001)


def test_a_mail_attached_by_whoever_is_no_proven_agent_opens_nothing_in_anothers_name(
    world: World,
) -> None:
    for who, trusted in (("ann", False), ("max", True), ("mallory", False)):
        outgoing_mails = world.writes(who, "See.", subject="Fwd: x", trusted=trusted, parts=[WHOLE])
        assert to(outgoing_mails, "rita") == []
        assert one(outgoing_mails, who, "acknowledgement")
