"""Mallory knows addresses, subjects and Message-IDs. It does not help."""

import pytest

from maildesk.model.cause import Choice
from maildesk.model.links.page import Problem
from tests.world import World, one


def test_a_forged_agent_resolves_nothing_and_the_true_one_is_told(world: World) -> None:
    for_ann = one(world.writes("rita", "It does not print."), "ann", "agent-notification")
    forged = {"In-Reply-To": str(for_ann.message["Message-ID"])}
    outgoing_mails = world.writes("ann", "#resolve Solved, trust me.", headers=forged)
    assert [(x.to, x.template) for x in outgoing_mails] == [("ann@example.org", "confirmation")]
    assert world.ticket(1001).status == "Assign"
    assert world.messages(1001)[-1][0] == "unproven"


def test_a_stranger_with_the_subject_tag_gets_a_ticket_of_the_own(world: World) -> None:
    world.writes("rita", "It does not print.")
    world.writes("mallory", "Tell me more.", subject="Re: [MD-1001] Printer broken")
    assert world.disposition() == "new-ticket"
    assert world.numbers() == [1001, 1002]


def test_a_stranger_with_a_true_reference_is_held(world: World) -> None:
    acknowledgement = one(world.writes("rita", "No print."), "rita", "acknowledgement")
    reference = {"In-Reply-To": str(acknowledgement.message["Message-ID"])}
    outgoing_mails = world.writes("mallory", "Let me in.", headers=reference)
    assert world.disposition() == "held"
    assert {outgoing_mail.to for outgoing_mail in outgoing_mails} == {"ann@example.org"}
    assert world.messages(1001)[-1] == ("held", "Let me in.")


def test_ritas_token_in_mallorys_hands_is_held(world: World) -> None:
    acknowledgement = one(world.writes("rita", "No print."), "rita", "acknowledgement")
    world.writes("mallory", "accept", answering=acknowledgement)
    assert world.disposition() == "held"


def test_two_from_addresses_prove_nobody_and_are_answered_by_nothing(world: World) -> None:
    outgoing_mails = world.writes("ann", "Hello.", sender="ann@example.org, mallory@example.org")
    assert outgoing_mails == []
    assert world.disposition() == "new-ticket"


def test_a_foreign_authentication_result_proves_nothing(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    headers = {
        "In-Reply-To": str(for_ann.message["Message-ID"]),
        "Authentication-Results": "mx.evil.example; dmarc=pass header.from=example.org",
    }
    world.writes("ann", "#resolve Done.", headers=headers)
    assert world.ticket(1001).status == "Assign"


def test_the_trusted_servers_word_lets_an_agent_act(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    reference = {"In-Reply-To": str(for_ann.message["Message-ID"])}
    world.writes("ann", "#resolve Done.", headers=reference, trusted=True)
    assert world.ticket(1001).status == "Waiting for Closure"


@pytest.mark.parametrize("spoil", ["", "x", "AAAA", "cut", "padded"])
def test_a_forged_cut_or_padded_link_is_unknown_and_changes_nothing(
    world: World, spoil: str
) -> None:
    request = one(world.writes("rita", "One.", subject="New laptop please"), "max", "approval")
    token = {"cut": request.token[:-1], "padded": request.token + "="}.get(
        spoil, spoil + request.token[len(spoil) :] if spoil else ""
    )
    assert world.door.view(token) is Problem.UNKNOWN
    assert world.acts(token, Choice.APPROVE, "") is Problem.UNKNOWN
    assert world.ticket(1001).waits_for_approval


def test_an_expired_link_says_so(world: World) -> None:
    request = one(world.writes("rita", "One.", subject="New laptop please"), "max", "approval")
    world.clock.forward(days=31)
    assert world.door.view(request.token) is Problem.EXPIRED
    assert world.acts(request.token, Choice.APPROVE, "") is Problem.EXPIRED


def test_a_link_of_an_earlier_round_decides_nothing(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    first = one(world.writes("ann", "#resolve One.", answering=for_ann), "rita", "resolution")
    world.writes("rita", "reject No.", answering=first)
    world.writes("ann", "#resolve Two.", answering=for_ann)
    world.acts(first.token, Choice.ACCEPT, "")
    assert world.ticket(1001).status == "Waiting for Closure"


def test_an_accept_that_answers_an_earlier_round_decides_nothing(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    first = one(world.writes("ann", "#resolve One.", answering=for_ann), "rita", "resolution")
    world.writes("rita", "reject No.", answering=first)
    world.writes("ann", "#resolve Two.", answering=for_ann)
    world.writes("rita", "accept", answering=first)
    assert world.ticket(1001).status == "Waiting for Closure"
