"""A mail passed on: its author by the header block that the program put above it."""

import pytest

from maildesk.ingest.content.forward import Forwarded, forwarded_in, passed_on
from maildesk.ingest.reading.analyse import read
from maildesk.model.mail import Address

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


ROW_IDS = (
    *("Gmail", "Outlook", "Outlook in German", "a mark of the company in front"),
    *("an answer with a quote", "no subject of a forward", "no forwarded mail", "no text"),
    *("two authors", "no author"),
)


@pytest.mark.parametrize(("subject", "text", "author", "words"), ROWS, ids=ROW_IDS)
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


def attached(subject: str, *inner: str, kind: str = "mixed", text: str = "Please look.") -> bytes:
    """A mail with other mails attached."""
    parts = "".join(f"--b\r\nContent-Type: message/rfc822\r\n\r\n{one}\r\n" for one in inner)
    return (
        f"From: ann@example.org\r\nSubject: {subject}\r\n"
        f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n"
        f"--b\r\n\r\n{text}\r\n{parts}--b--\r\n"
    ).encode()


INNER = (
    "From: Rita Ray <rita@example.org>\r\nSubject: Printer broken\r\n\r\n"
    "It does not print.\r\nAt all."
)
AUTHOR, SUBJECT = "From: Rita Ray <rita@example.org>", "Subject: Printer broken"
ATTACHED = (
    # raw, whether it is passed on
    (attached("Fwd: Printer broken", INNER), True),
    (attached("WG: something else", INNER), True),
    # programs that leave the subject to the writer
    (attached("", INNER), True),
    (attached("Printer broken", INNER), True),
    (attached("Fwd: x", INNER.replace("\r\n\r\n", "\r\nMIME-Version: 1.0\r\n\r\n")), True),
    # a mail that is attached to show something
    (attached("The monitor sends these", INNER), False),
    (attached("Re: Printer broken", INNER), False),
    # two mails are nobody's
    (attached("Fwd: x", INNER, INNER), False),
    # a bounce encloses what did not arrive
    (attached("Fwd: x", INNER, kind="report"), False),
    # two authors, or none
    (attached("Fwd: x", INNER.replace(AUTHOR, f"{AUTHOR}, max@example.org")), False),
    (attached("Fwd: x", INNER.replace(AUTHOR, "X-From: rita@example.org")), False),
    # machines
    (attached("Fwd: x", INNER.replace(SUBJECT, "Auto-Submitted: auto-replied")), False),
    (attached("Fwd: x", INNER.replace(SUBJECT, "X-Maildesk-Loop: example.org")), False),
    # nothing in it
    (attached("Fwd: x", ""), False),
)


ATTACHED_IDS = (
    *("Fwd", "WG", "no subject", "the inner subject", "a MIME mail"),
    *("attached to show it", "attached to an answer", "two mails", "a bounce"),
    *("two authors", "no author", "an automatic mail", "a mail of the desk", "an empty mail"),
)


@pytest.mark.parametrize(("raw", "is_passed_on"), ATTACHED, ids=ATTACHED_IDS)
def test_a_mail_that_is_attached(raw: bytes, is_passed_on: bool) -> None:
    found = passed_on(read(raw))
    assert (found is not None) == is_passed_on
    if found is not None:
        assert found == Forwarded(
            Address("Rita Ray", "rita@example.org"),
            "Printer broken",
            "It does not print.\nAt all.",
            "Please look.",
        )


def test_of_a_mail_in_the_text_and_one_attached_the_one_in_the_text_is_meant() -> None:
    inner = INNER.replace("rita@", "max@")
    found = passed_on(read(attached("Fwd: Printer broken", inner, text=GMAIL)))
    assert found is not None
    assert found.author.address == "rita@example.org"


def test_a_mail_inside_an_attached_mail_is_not_looked_at() -> None:
    deep = attached("Fwd: Printer broken", INNER).decode().replace("--b", "--c").replace("=b", "=c")
    found = passed_on(read(attached("Fwd: x", deep, text="")))
    assert found is not None
    assert (found.author.address, found.text) == ("ann@example.org", "Please look.")


MUTT = f"""Please look.

----- Forwarded message from Rita Ray <rita@example.org> -----

Date: Mon, 23 Nov 2026 09:00:00 +0000
From: Rita Ray <rita@example.org>
To: Ann <ann@example.org>
Subject: Printer broken

It does not print.
{"-- "}
Rita Ray, Sales
At all.

----- End forwarded message -----

{"-- "}
Ann, Service Desk"""


@pytest.mark.parametrize(
    ("subject", "author"),
    [
        pytest.param("[rita@example.org: Printer broken]", "rita@example.org", id="mutt"),
        pytest.param("[rita@example.org: Printer] now", None, id="more than the brackets"),
        pytest.param("[MD-1001] Printer broken", None, id="the tag of a ticket"),
        pytest.param("[rita@example.org]", None, id="an address alone"),
    ],
)
def test_mutt_names_the_author_in_the_subject(subject: str, author: str | None) -> None:
    found = forwarded_in(subject, MUTT)
    assert (found.author.address if found else None) == author


def test_a_forward_of_mutt_ends_where_mutt_says_so() -> None:
    found = forwarded_in("[rita@example.org: Printer broken]", MUTT)
    assert found is not None
    assert (found.subject, found.words) == ("Printer broken", "Please look.")
    assert found.text == "It does not print.\n-- \nRita Ray, Sales\nAt all."


def _sent(subject: str, text: str, to: str = "desk@example.org") -> bytes:
    head = f"From: Rita Ray <rita@example.org>\nTo: {to}\nSubject: {subject}\n"
    return f"{head}Message-ID: <f1@example.org>\n\n{text}".encode()


VENDOR = GERMAN.replace("Rita Ray <rita@example.org>", "Vendor <support@vendor.example>")


@pytest.mark.parametrize(
    ("subject", "text", "is_kept"),
    [
        pytest.param("WG: Printer broken", f"See:\n\n{VENDOR}", True, id="a bare block"),
        pytest.param("WG: [MD-1001] Printer", f"See:\n\n{VENDOR}", True, id="with our tag"),
        pytest.param("AW: Printer broken", f"See:\n\n{VENDOR}", False, id="an answer"),
        pytest.param(
            "WG: Printer broken",
            "approve\n\n" + VENDOR.replace("support@vendor.example", "desk+t0k3n@example.org"),
            False,
            id="a mail of the desk itself",
        ),
    ],
)
def test_a_mail_that_a_person_shows_is_part_of_the_words(
    subject: str, text: str, is_kept: bool
) -> None:
    reading = read(_sent(subject, text))
    assert ("It does not print." in reading.reply_text) is is_kept
    assert reading.reply_text.startswith(("See:", "approve"))
