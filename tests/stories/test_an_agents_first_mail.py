"""Somebody called Ann, who writes it down for them in a first mail, with commands."""

import pytest

from maildesk.model.links.page import Page
from tests.world import OutgoingMail, Part, World, one, to

CALLED = "Rita called: her phone is dead."
ORDERS = "#onbehalf rita@example.org phone\n#note SECRET she is rude\n#prio P1\n#take\n\n" + CALLED


def _said(outgoing_mails: list[OutgoingMail], who: str = "ann") -> str:
    return " ".join(one(outgoing_mails, who, "transcript").text.split())


def _on_the_page(world: World, outgoing_mail: OutgoingMail) -> list[str]:
    page = world.door.view(outgoing_mail.token)
    assert isinstance(page, Page)
    return [entry.text for entry in page.conversation]


def test_the_ticket_is_the_callers_and_all_that_was_ordered_is_done(world: World) -> None:
    outgoing_mails = world.writes("ann", ORDERS, subject="Phone dead", trusted=True)
    ticket = world.ticket(1001)
    assert ticket.requester == world.people()["rita@example.org"]
    assert (ticket.source, ticket.priority) == ("phone", "P1")
    assert ticket.assignee == world.people()["ann@example.org"]
    assert world.messages(1001) == [("request", CALLED), ("note", "SECRET she is rude")]
    ack = one(outgoing_mails, "rita", "acknowledgement")
    assert _on_the_page(world, ack) == [CALLED]
    page = world.door.view(ack.token)
    assert isinstance(page, Page)
    assert not page.conversation[0].opens  # the whole mail holds the commands
    assert "SECRET" not in "".join(
        outgoing_mail.text for outgoing_mail in to(outgoing_mails, "rita")
    )
    said = _said(outgoing_mails)
    assert "Opened as a request of Rita Rossi." in said
    assert "#priority: The priority is now P1." in said
    assert "MD-1001" in said
    assert ticket == world.replayed(1001)


def test_what_was_ordered_can_be_taken_back_and_the_ticket_stays(world: World) -> None:
    outgoing_mails = world.writes("ann", ORDERS, subject="Phone dead", trusted=True)
    undone = world.writes("ann", "#undo", answering=one(outgoing_mails, "ann", "transcript"))
    assert "Undone" in _said(undone)
    ticket = world.ticket(1001)
    assert (ticket.priority, ticket.assignee, ticket.team) == ("", None, "First line")
    assert ticket.requester == world.people()["rita@example.org"]
    only = world.writes("ann", f"#onbehalf rita@example.org\n\n{CALLED}", trusted=True)
    assert "#undo" not in _said(only)


WRONG = [
    # (the commands, what the transcript says of them)
    ("#onbehalf nobody", 'No person named "nobody" is known. Write the email address.'),
    ("#behalf rita@example.org", "Did you mean #onbehalf?"),
    ("#onbehalf desk@example.org", "desk@example.org is the address of the service desk."),
    ("#onbehalf rita@example.org\n#onbehalf max@example.org", "Write #onbehalf once."),
    ("#onbehalf rita@example.org\n#pirority P1", "Did you mean #priority?"),
    ("#onbehalf rita@example.org\n#prio P9", 'There is no priority "P9".'),
    ("#onbehalf rita@example.org\n#resolve SECRET", "Send it as a reply to this mail."),
    ("#onbehalf rita@example.org\n#merge 1000", "Send it as a reply to this mail."),
    ("#onbehalf rita@example.org\n#escalate requester Which?", "Send it as a reply to this mail."),
    (
        "#onbehalf rita@example.org\n\nHello\n#note SECRET\nWorld",
        "Commands must be above or below the text",
    ),
]


@pytest.mark.parametrize(("orders", "why"), WRONG)
def test_where_anything_is_wrong_only_the_agent_hears_of_it(
    world: World, orders: str, why: str
) -> None:
    outgoing_mails = world.writes("ann", f"{orders}\n#team Network\n\n{CALLED}", trusted=True)
    assert {outgoing_mail.to for outgoing_mail in outgoing_mails} <= {
        "ann@example.org",
        "lee@example.org",
    }
    said = _said(outgoing_mails)
    assert why in said
    assert "the ticket is recorded as your own" in said
    ticket = world.ticket(1001)
    assert ticket.requester == world.people()["ann@example.org"]
    assert [kind for kind, _ in world.messages(1001)] == ["note"]
    assert CALLED in world.messages(1001)[0][1]
    right = f"#onbehalf rita@example.org phone\n\n{CALLED}"
    outgoing_mails = world.writes("ann", right, answering=one(outgoing_mails, "ann", "transcript"))
    ticket = world.ticket(1001)
    assert (ticket.requester, ticket.source) == (world.people()["rita@example.org"], "phone")
    assert CALLED in one(outgoing_mails, "rita", "reply").text
    assert ticket == world.replayed(1001)


def test_the_silent_commands_beside_a_wrong_one_are_done(world: World) -> None:
    outgoing_mails = world.writes("ann", "#take\n#xyzzy\n#cc max@example.org\n\nHot.", trusted=True)
    assert world.ticket(1001).assignee == world.people()["ann@example.org"]
    assert world.ticket(1001).participants == ()
    assert "#take: The ticket is assigned to you." in _said(outgoing_mails)


def test_without_proof_no_command_is_obeyed_and_none_is_shown(world: World) -> None:
    outgoing_mails = world.writes("ann", f"#note SECRET\n{ORDERS}", subject="Phone dead")
    ticket = world.ticket(1001)
    assert ticket.requester == world.people()["ann@example.org"]
    assert (ticket.priority, ticket.assignee) == ("", None)
    assert to(outgoing_mails, "rita") == []
    ack = one(outgoing_mails, "ann", "acknowledgement")
    assert "its commands were not carried out" in " ".join(ack.text.split())
    request, note = world.messages(1001)
    assert request == ("request", CALLED)
    assert "#onbehalf rita@example.org phone" in note[1]
    world.writes("ann", "#onbehalf rita@example.org", answering=ack)
    assert world.ticket(1001).requester == world.people()["rita@example.org"]


def test_an_agent_who_asks_is_a_requester(world: World) -> None:
    outgoing_mails = world.writes("ann", "My own chair squeaks, #1 of them.", trusted=True)
    assert [outgoing_mail.template for outgoing_mail in to(outgoing_mails, "ann")] == [
        "acknowledgement"
    ]
    assert world.messages(1001) == [("request", "My own chair squeaks, #1 of them.")]
    outgoing_mails = world.writes(
        "ann", "#team Network\n#prio P2\n\nThe switch room is hot.", trusted=True
    )
    assert world.ticket(1002).requester == world.people()["ann@example.org"]
    assert (world.ticket(1002).team, world.ticket(1002).priority) == ("Network", "P2")
    templates = [outgoing_mail.template for outgoing_mail in to(outgoing_mails, "lee")]
    assert templates == ["agent-notification"]
    assert "MD-1002" in _said(outgoing_mails)


def test_a_new_ticket_is_related_to_others_by_its_number(world: World) -> None:
    world.writes("max", "It smells.")
    orders = f"#onbehalf rita@example.org\n#parent 1001\n#link blocks 1001\n\n{CALLED}"
    world.writes("ann", orders, trusted=True)
    assert world.ticket(1002).parent == 1001
    (relation,) = world.ticket(1001).relations
    assert (relation.kind, relation.other) == ("blocked-by", 1002)
    assert world.ticket(1001) == world.replayed(1001)


FORWARD = """
---------- Forwarded message ---------
From: Rita Ray <rita@example.org>
Date: Mon, 23 Nov 2026 at 09:00
Subject: Printer broken
To: <ann@example.org>

It does not print.

#take
"""


@pytest.mark.parametrize("marked", [True, False])
def test_commands_stand_above_what_is_passed_on_and_never_in_it(world: World, marked: bool) -> None:
    subject = "Fwd: Printer broken" if marked else "Printer broken"
    outgoing_mails = world.writes(
        "ann", f"#prio P2\nSECRET\n{FORWARD}", subject=subject, trusted=True
    )
    ticket = world.ticket(1001)
    assert (ticket.priority, ticket.assignee) == ("P2", None)
    assert "#priority: The priority is now P2." in _said(outgoing_mails)
    if marked:
        assert ticket.requester == world.people()["rita@example.org"]
        (shown,) = _on_the_page(world, one(outgoing_mails, "rita", "acknowledgement"))
        assert "SECRET" not in shown
        note = next(text for kind, text in world.messages(1001) if kind == "note")
        assert "SECRET" in note


def test_a_wrong_command_above_what_is_passed_on_is_told_and_the_request_stands(
    world: World,
) -> None:
    text = f"#pirority P2\n#take\n{FORWARD}"
    outgoing_mails = world.writes("ann", text, subject="Fwd: Printer broken", trusted=True)
    ticket = world.ticket(1001)
    assert ticket.requester == world.people()["rita@example.org"]
    assert ticket.assignee == world.people()["ann@example.org"]
    assert one(outgoing_mails, "rita", "acknowledgement")
    assert "Did you mean #priority?" in _said(outgoing_mails)


def test_files_of_the_mail_are_the_requests(world: World) -> None:
    parts = (Part("photo.pdf", b"%PDF-1.4"),)
    outgoing_mails = world.writes("ann", ORDERS, trusted=True, parts=parts)
    page = world.door.view(one(outgoing_mails, "rita", "acknowledgement").token)
    assert isinstance(page, Page)
    assert [one.name for one in page.conversation[0].enclosures.files] == ["photo.pdf"]
