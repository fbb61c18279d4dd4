"""A mail passed on: its author by the header block that the program put above it."""

import pytest

from maildesk.ingest.forward import forwarded_in

GMAIL = """Please look.

---------- Forwarded message ---------
From: Rita Ray <rita@example.org>
Date: Mon, 23 Nov 2026 at 09:00
Subject: Printer broken
To: <ann@example.org>

It does not print.
At all."""
OUTLOOK = """-----Original Message-----
From: Rita Ray [mailto:rita@example.org]
Sent: Monday, November 23, 2026 9:00 AM
To: Ann
Subject: Printer broken

It does not print.
At all."""
GERMAN = """Von: Rita Ray <rita@example.org>
Gesendet: Montag, 23. November 2026 09:00
An: Ann
Betreff: Printer broken

It does not print.
At all."""
ROWS = (
    # subject, text, author, words above
    ("Fwd: Printer broken", GMAIL, "rita@example.org", "Please look."),
    ("FW: Printer broken", OUTLOOK, "rita@example.org", ""),
    ("WG: Printer broken", GERMAN, "rita@example.org", ""),
    ("[External] Fwd: Printer broken", GMAIL, "rita@example.org", "Please look."),
    # an answer that quotes is no forward
    ("Re: Printer broken", GMAIL, None, ""),
    ("Printer broken", OUTLOOK, None, ""),
    # nothing is passed on
    ("Fwd: Printer broken", "See below.", None, ""),
    ("Fwd: Printer broken", "", None, ""),
    # two authors are nobody
    (
        "Fwd: Printer broken",
        GMAIL.replace("<rita@example.org>", "<rita@example.org>, <max@example.org>"),
        None,
        "",
    ),
    ("Fwd: Printer broken", GMAIL.replace("<rita@example.org>", ""), None, ""),
)


@pytest.mark.parametrize(("subject", "text", "author", "words"), ROWS)
def test_the_author_of_a_mail_passed_on(
    subject: str, text: str, author: str | None, words: str
) -> None:
    found = forwarded_in(subject, text)
    assert (found.author.address if found else None) == author
    if found is not None:
        assert found.words == words
        assert found.subject == "Printer broken"
        assert found.text == "It does not print.\nAt all."
        assert found.author.name == "Rita Ray"
