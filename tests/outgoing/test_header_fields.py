"""The final check of a header block, and the fallback if it fails."""

import email

import pytest

from maildesk.model.decision import OutgoingMail, Template
from maildesk.outgoing.header_fields import block, encoded, folded, intact
from maildesk.outgoing.headers import heading
from maildesk.outgoing.mail_model import disarmed, mailing
from tests.outgoing.cast import ANN, HOUSE, NONCE, NOW, RITA, TOPIC


@pytest.mark.parametrize(
    ("head", "good"),
    [
        # as it was meant
        (b"From: a\r\nSubject: b\r\n", True),
        # folded
        (b"From: a\r\nSubject: b\r\n c\r\n", True),
        # one too many, one too few, another order
        (b"From: a\r\nSubject: b\r\nBcc: c\r\n", False),
        (b"From: a\r\n", False),
        (b"Subject: b\r\nFrom: a\r\n", False),
        # the header ends early
        (b"From: a\r\nSubject: b\r\n\r\nbody", False),
        # a line that is no field
        (b"From: a\r\nSubject: b\r\nnonsense\r\n", False),
        # a bare break that only some readers see
        (b"From: a\r\nSubject: b\rBcc: c\r\n", False),
        (b"From: a\r\nSubject: b\nBcc: c\r\n", False),
    ],
)
def test_intact(head: bytes, good: bool) -> None:
    assert intact(head, ["From", "Subject"]) is good


def test_a_cleaned_mail_contains_no_header_text_of_others() -> None:
    outgoing_mail = OutgoingMail(template=Template.REPLY, to=RITA.id, automatic=False)
    made = mailing(HOUSE, outgoing_mail, TOPIC, RITA, ANN, now=NOW, nonce=NONCE, proven=True)
    mail = email.message_from_bytes(block(heading(disarmed(made))))
    assert mail["Subject"] == "[MD-1042] Your request"
    assert mail["To"] == "rita@example.org"
    assert mail["From"] == '"Service Desk" <desk@example.org>'
    assert mail["In-Reply-To"] is None
    assert disarmed(made).message_id == made.message_id


def test_a_long_field_is_folded_at_blanks_and_unfolds_to_itself() -> None:
    lines = folded("Subject", "word " * 40 + "end").split("\r\n")
    assert max(map(len, lines)) <= 78
    assert "".join(lines) == "Subject: " + "word " * 40 + "end"


def test_an_encoded_word_is_short_and_splits_no_character() -> None:
    words = encoded("é打🖨" * 60).split(" ")
    assert max(map(len, words)) <= 75
    assert all(word.startswith("=?utf-8?b?") for word in words)
