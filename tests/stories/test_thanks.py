"""Rita is polite, and nothing opens again by it."""

from tests.world import OutgoingMail, World, one


def _resolved(world: World) -> OutgoingMail:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    return one(world.writes("ann", "#resolve Toner.", answering=for_ann), "rita", "resolution")


def test_thanks_do_not_reopen_and_do_not_accept_and_get_no_question_back(world: World) -> None:
    resolution = _resolved(world)
    before = world.ticket(1001)
    outgoing_mails = world.writes(
        "rita", "Thank you very much!\n\nRegards\nRita", answering=resolution
    )
    assert outgoing_mails == []
    after = world.ticket(1001)
    assert (after.status, after.close_due) == (before.status, before.close_due)
    world.writes("rita", "Yes, it works now.\n\nRita", answering=resolution)
    assert world.ticket(1001).is_closed


def test_a_yes_with_a_but_is_asked_about_and_agents_read_it(world: World) -> None:
    resolution = _resolved(world)
    told = world.writes("rita", "Yes, but it is slow.", answering=resolution)
    assert "whether you accept" in " ".join(one(told, "rita", "confirmation").text.split())
    assert "Yes, but it is slow." in one(told, "ann", "agent-notification").text
    assert not world.ticket(1001).is_closed


def test_a_yes_of_somebody_unproven_accepts_nothing(world: World) -> None:
    _resolved(world)
    world.writes("rita", "Yes", subject="[MD-1001] Printer broken")
    assert not world.ticket(1001).is_closed


def test_a_manager_says_yes_in_his_own_words(world: World) -> None:
    asked = one(world.writes("rita", "Mine is slow.", subject="New laptop"), "max", "approval")
    world.writes("max", "Ja, bitte.\n\nGruß\nMax", answering=asked, trusted=True)
    approval = world.ticket(1001).approval
    assert approval is not None
    assert approval.outcome == "approved"


def test_a_manager_says_no_and_why(world: World) -> None:
    asked = one(world.writes("rita", "Mine is slow.", subject="New laptop"), "max", "approval")
    world.writes("max", "No, too expensive.", answering=asked, trusted=True)
    approval = world.ticket(1001).approval
    assert approval is not None
    assert approval.outcome == "rejected"


def test_thanks_and_a_complaint_reopen(world: World) -> None:
    world.writes("rita", "Thanks, but it still smears.", answering=_resolved(world))
    assert world.ticket(1001).status == "Analysis"


def test_a_yes_with_a_complaint_below_it_is_asked_about(world: World) -> None:
    resolution = _resolved(world)
    outgoing_mails = world.writes(
        "rita", "Accepted.\n\nIt is still broken, though.", answering=resolution
    )
    assert one(outgoing_mails, "rita", "confirmation")
    assert one(outgoing_mails, "ann", "agent-notification")
    assert world.ticket(1001).status == "Waiting for Closure"


def test_thanks_to_a_closed_ticket_open_no_other(world: World) -> None:
    closure = one(world.writes("rita", "accept", answering=_resolved(world)), "rita", "closure")
    assert world.writes("rita", "Many thanks!", answering=closure) == []
    assert world.numbers() == [1001]
    assert world.messages(1001)[-1] == ("comment", "Many thanks!")
    assert world.disposition() == "follow-up"


def test_thanks_with_a_screenshot_want_to_show_something(world: World) -> None:
    closure = one(world.writes("rita", "accept", answering=_resolved(world)), "rita", "closure")
    raw = world.mail("rita", "Thanks!", answering=closure)
    head, _, _ = raw.partition(b"\r\n\r\n")
    kept = b"\r\n".join(x for x in head.split(b"\r\n") if not x.lower().startswith(b"content-"))
    world.arrives(
        kept + b'\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nThanks!\r\n"
        b'--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename="e.png"'
        b"\r\n\r\npng\r\n--b--\r\n"
    )
    assert world.numbers() == [1001, 1002]
