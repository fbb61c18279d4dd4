"""A bounce changes only mails for which it is proven, and no more than it reports."""

from dataclasses import replace

import pytest

from maildesk.model.links.token import sign_message_id
from maildesk.model.mail import BounceReport, Permanence
from maildesk.outgoing.bounce_claims import Outcome, claims, outcome
from maildesk.outgoing.verp import verp
from tests.outgoing.cast import DESK, KEYS, NONCE

OURS = sign_message_id(1042, NONCE, "example.org", KEYS)
STOLEN = sign_message_id(1042, NONCE, "example.org", (b"m" * 32,))
PLAIN = (DESK.address,)
SIGNED = (verp(DESK, 7, KEYS),)
FAILED = BounceReport(
    recipient="rita@example.org",
    action="failed",
    status="5.1.1",
    diagnostic="no such user",
    permanence=Permanence.HARD,
    original_message_id=OURS,
)
DELAYED = replace(FAILED, action="delayed", status="4.4.1", permanence=Permanence.NONE)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("failed", Outcome.FAILED),
        ("Failed", Outcome.FAILED),
        ("", Outcome.FAILED),
        ("rejected", Outcome.FAILED),  # no action of RFC 3464
        ("delayed", Outcome.DELAYED),
        ("delivered", Outcome.ARRIVED),
        ("relayed", Outcome.ARRIVED),
        ("expanded", Outcome.ARRIVED),
        ("complaint", Outcome.ARRIVED),
    ],
)
def test_each_action_has_its_outcome(action: str, expected: Outcome) -> None:
    assert outcome(replace(FAILED, action=action)) is expected


def test_our_return_path_identifies_the_row_regardless_of_the_text() -> None:
    for named in (OURS, STOLEN, "<x@example.net>", None):
        found, unproven = claims([replace(FAILED, original_message_id=named)], SIGNED, DESK, KEYS)
        assert [(one.row, one.outcome) for one in found] == [(7, Outcome.FAILED)]
        assert unproven == ()


def test_our_message_id_and_the_recipient_identify_the_row() -> None:
    (claim,), unproven = claims([FAILED], PLAIN, DESK, KEYS)
    assert (claim.row, claim.message_id, claim.recipient) == (None, OURS, "rita@example.org")
    assert unproven == ()


@pytest.mark.parametrize(
    ("named", "returned_to"),
    [
        (None, PLAIN),
        ("<anything@example.org>", PLAIN),
        (STOLEN, PLAIN),  # signed with another key
        (OURS.replace("md.1042", "md.1043"), PLAIN),  # another ticket's number
        (OURS[:-30] + ">", PLAIN),
        (None, (SIGNED[0].replace("+b", "+a"),)),
        (None, (SIGNED[0][:-20] + SIGNED[0][-19:],)),  # cut
        (None, (verp(DESK, 7, (b"m" * 32,)),)),
        (None, ("rita+" + SIGNED[0].partition("+")[2],)),  # not at our address
    ],
)
def test_an_unproven_bounce_claims_nothing_and_is_shown(
    named: str | None, returned_to: tuple[str, ...]
) -> None:
    report = replace(FAILED, original_message_id=named)
    found, unproven = claims([report], returned_to, DESK, KEYS)
    assert found == ()
    assert len(unproven) == 1
    assert unproven[0].startswith("rita@example.org failed: ")


def test_the_worst_of_several_claims_about_a_row_counts() -> None:
    (claim,), _ = claims([DELAYED, FAILED], SIGNED, DESK, KEYS)
    assert (claim.outcome, claim.reason) == (Outcome.FAILED, "5.1.1 no such user")
    (claim,), _ = claims([DELAYED], SIGNED, DESK, KEYS)
    assert claim.outcome is Outcome.DELAYED


def test_a_bounce_without_a_report_to_our_return_path_is_a_failure() -> None:
    (claim,), _ = claims([], SIGNED, DESK, KEYS)
    assert (claim.row, claim.outcome) == (7, Outcome.FAILED)
    assert "bounced without a report" in claim.reason


def test_a_soft_failure_says_that_sending_again_may_help() -> None:
    (claim,), _ = claims([replace(FAILED, permanence=Permanence.SOFT)], SIGNED, DESK, KEYS)
    assert claim.reason == "5.1.1 no such user (temporary: it may arrive when it is sent again)"
