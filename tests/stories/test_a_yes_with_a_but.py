"""Whoever says yes on a page and something else beside it is asked, and nobody's words are lost."""

import pytest

from maildesk.model.cause import Choice
from maildesk.model.decision import Answer
from maildesk.model.links.page import Page
from tests.world import OutgoingMail, World, one, to


def _resolution(world: World) -> OutgoingMail:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    return one(world.writes("ann", "#resolve Toner.", answering=for_ann), "rita", "resolution")


def _asked(world: World) -> OutgoingMail:
    return one(world.writes("rita", "Mine is slow.", subject="New laptop"), "max", "approval")


def _acts(
    world: World, outgoing_mail: OutgoingMail, choice: Choice, comment: str
) -> tuple[Answer, Page]:
    world.clock.forward(minutes=1)
    acted = world.acts(outgoing_mail.token, choice, comment)
    assert isinstance(acted, tuple)
    return acted


def test_an_accept_that_its_comment_takes_back_is_asked_about(world: World) -> None:
    resolution = _resolution(world)
    before = world.ticket(1001)
    said = "No, it is still broken, nothing prints!"
    answer, page = _acts(world, resolution, Choice.ACCEPT, said)
    assert (answer, page.decided) == (Answer.UNCLEAR, None)
    assert Choice.ACCEPT in page.choices
    after = world.ticket(1001)
    assert (after.status, after.round, after.close_due) == (
        before.status,
        before.round,
        before.close_due,
    )
    assert world.messages(1001)[-1] == ("comment", said)
    assert said in " ".join(one(world.new_letters(), "ann", "agent-notification").text.split())
    # chosen again, it is done
    assert _acts(world, resolution, Choice.ACCEPT, "")[0] is Answer.DONE
    assert world.ticket(1001).is_closed
    assert world.replayed(1001) == world.ticket(1001)


def test_agents_read_what_is_said_to_an_accept(world: World) -> None:
    answer, _ = _acts(world, _resolution(world), Choice.ACCEPT, "Great work, thank you!")
    assert answer is Answer.DONE
    told = one(world.new_letters(), "ann", "agent-notification").text
    assert "Rita Rossi accepted the resolution" in told
    assert "Great work" in told


@pytest.mark.parametrize("said", ["only if it is cheaper", "The small one, not the big one."])
def test_an_approval_with_a_condition_is_asked_about(world: World, said: str) -> None:
    asked = _asked(world)
    answer, page = _acts(world, asked, Choice.APPROVE, said)
    assert (answer, page.choices) == (Answer.UNCLEAR, (Choice.APPROVE, Choice.REJECT))
    assert world.ticket(1001).waits_for_approval
    outgoing_mails = world.new_letters()
    assert to(outgoing_mails, "rita") == []
    assert said in one(outgoing_mails, "ann", "agent-notification").text
    assert _acts(world, asked, Choice.APPROVE, "")[0] is Answer.DONE
    assert world.ticket(1001).status == "Assign"


def test_agents_read_what_is_said_to_an_approval(world: World) -> None:
    asked = _asked(world)
    world.writes("max", "approve\n\nTake it from my budget.\n\nMax", answering=asked)
    told = one(world.outgoing_mails(), "ann", "agent-notification").text
    assert "Take it from my budget." in told


def test_by_mail_a_name_below_a_rejection_is_no_reason(world: World) -> None:
    outgoing_mails = world.writes("rita", "reject\n\nRita", answering=_resolution(world))
    assert "A rejection needs a reason" in one(outgoing_mails, "rita", "confirmation").text
    assert world.ticket(1001).status == "Waiting for Closure"


def test_who_keeps_a_ticket_open_by_mail_is_told_until_when(world: World) -> None:
    resolution = _resolution(world)
    world.clock.forward(days=1)
    outgoing_mails = world.writes(
        "rita", "keep open\n\nI am at a fair.\n\nRita", answering=resolution
    )
    due = world.ticket(1001).close_due
    assert due is not None
    closes = f"Closes on:  {due.day} {due:%B %Y}"
    told = one(outgoing_mails, "rita", "update").text
    assert "The ticket stays open for now." in told
    assert closes in told
    notified = one(outgoing_mails, "ann", "agent-notification").text
    assert "I am at a fair." in notified
    assert closes in notified


def test_agents_read_why_a_ticket_is_kept_open_by_the_page(world: World) -> None:
    resolution = _resolution(world)
    assert _acts(world, resolution, Choice.KEEP, "I am at a fair.")[0] is Answer.DONE
    outgoing_mails = world.new_letters()
    assert "I am at a fair." in one(outgoing_mails, "ann", "agent-notification").text
    assert to(outgoing_mails, "rita") == []


# ---- what is closed, or asked no more


def test_what_waits_for_an_approval_is_not_merged(world: World) -> None:
    asked = _asked(world)
    world.writes("mallory", "The same.", subject="Slow")
    for_ann = one(world.outgoing_mails(), "ann", "agent-notification")
    before = world.ticket(1001)
    outgoing_mails = world.writes("ann", "#merge 1002", subject="[MD-1001] x", trusted=True)
    assert "waiting for an approval" in one(outgoing_mails, "ann", "transcript").text
    assert world.ticket(1001).status == before.status
    # the other way round it is
    world.writes("ann", "#merge 1001", answering=for_ann)
    assert world.ticket(1002).merged_into == 1001
    assert _acts(world, asked, Choice.APPROVE, "")[0] is Answer.DONE


def test_the_approver_of_spam_hears_nothing_and_has_nothing_to_decide(world: World) -> None:
    asked = _asked(world)
    outgoing_mails = world.writes("ann", "#spam", subject="[MD-1001] x", trusted=True)
    assert [outgoing_mail.to for outgoing_mail in outgoing_mails] == ["ann@example.org"]
    closed = world.ticket(1001)
    page = world.door.view(asked.token)
    assert isinstance(page, Page)
    assert page.choices == ()
    assert page.decided is not None
    assert page.decided.choice == "closed"
    answer, _ = _acts(world, asked, Choice.APPROVE, "")
    assert answer is Answer.ALREADY_DECIDED
    assert (world.ticket(1001), world.new_letters()) == (closed, [])
    assert world.replayed(1001) == closed
