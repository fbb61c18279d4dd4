"""A request that the reporting manager must approve."""

import pytest

from maildesk.model.cause import Choice
from maildesk.model.decision import Answer
from maildesk.model.links.page import Page, Problem
from tests.world import OutgoingMail, World, one


def _asked(world: World) -> OutgoingMail:
    outgoing_mails = world.writes("rita", "I need one.", subject="New laptop please")
    one(outgoing_mails, "rita", "acknowledgement")
    assert not [
        outgoing_mail for outgoing_mail in outgoing_mails if outgoing_mail.to == "ann@example.org"
    ]
    assert world.ticket(1001).status == "Pending"
    return one(outgoing_mails, "max", "approval")


def test_the_manager_approves_by_link(world_on_each: World) -> None:
    world = world_on_each
    request = _asked(world)
    page = world.door.view(request.token)
    assert isinstance(page, Page)
    assert page.choices == (Choice.APPROVE, Choice.REJECT)
    assert [entry.text.strip() for entry in page.conversation] == ["I need one."]

    assert world.acts(request.token, Choice.APPROVE, "") != Problem.UNKNOWN

    outgoing_mails = world.new_letters()
    one(outgoing_mails, "max", "decision-receipt")
    one(outgoing_mails, "ann", "agent-notification")
    assert world.ticket(1001).status == "Assign"
    assert world.replayed(1001) == world.ticket(1001)


def test_the_manager_approves_by_reply(world: World) -> None:
    request = _asked(world)
    outgoing_mails = world.writes("max", "Approve\n\nMax", answering=request)
    one(outgoing_mails, "max", "decision-receipt")
    assert world.disposition() == "decision"
    assert world.ticket(1001).status == "Assign"


def test_the_manager_rejects_with_a_reason_and_the_request_closes(world: World) -> None:
    request = _asked(world)
    outgoing_mails = world.writes("max", "reject there is no budget", answering=request)
    assert "there is no budget" in one(outgoing_mails, "rita", "closure").text
    ticket = world.ticket(1001)
    assert (ticket.status, ticket.closure_category) == ("Completed", "Not approved")


def test_a_rejection_without_a_reason_changes_nothing_and_is_asked_about(world: World) -> None:
    request = _asked(world)
    outgoing_mails = world.writes("max", "reject", answering=request)
    assert [(x.to, x.template) for x in outgoing_mails] == [("max@example.org", "confirmation")]
    assert world.ticket(1001).waits_for_approval
    acted = world.acts(request.token, Choice.REJECT, "  ")
    assert isinstance(acted, tuple)
    assert acted[0] is Answer.REASON_MISSING


@pytest.mark.parametrize(
    "text",
    [
        "I cannot approve this",  # a no that contains the word
        "approve?",  # a question
        "Who is going to pay for that?",  # neither
    ],
)
def test_an_ambiguous_answer_is_never_a_yes(world: World, text: str) -> None:
    request = _asked(world)
    outgoing_mails = world.writes("max", text, answering=request)
    assert one(outgoing_mails, "max", "approval").token != ""
    assert world.ticket(1001).waits_for_approval


def test_a_mail_that_only_says_it_is_from_the_manager_approves_nothing(world: World) -> None:
    request = _asked(world)
    reference = {"In-Reply-To": str(request.message["Message-ID"])}
    outgoing_mails = world.writes(
        "max", "approve", headers=reference, subject="Re: [MD-1001] laptop"
    )
    assert [(x.to, x.template) for x in outgoing_mails] == [("max@example.org", "confirmation")]
    assert world.ticket(1001).waits_for_approval
    assert ("unproven", "approve") in world.messages(1001)


def test_the_second_decision_hears_of_the_first(world: World) -> None:
    request = _asked(world)
    world.acts(request.token, Choice.APPROVE, "")
    acted = world.acts(request.token, Choice.REJECT, "changed my mind")
    assert isinstance(acted, tuple)
    answer, page = acted
    assert answer is Answer.ALREADY_DECIDED
    assert page.decided is not None
    assert (page.decided.choice, page.decided.by) == ("approve", "Max Moreno")
    assert world.ticket(1001).status == "Assign"


def test_a_late_reply_asks_the_manager_nothing_anew(world: World) -> None:
    request = _asked(world)
    closing = world.writes("max", "reject there is no budget", answering=request)
    outgoing_mails = world.writes("rita", "What a pity.", answering=one(closing, "rita", "closure"))
    assert world.ticket(1002).parent == 1001
    assert not [
        outgoing_mail for outgoing_mail in outgoing_mails if outgoing_mail.to == "max@example.org"
    ]
