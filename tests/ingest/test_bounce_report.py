"""The recipient that a bounce names, and the failure that it reports."""

import time

import pytest

from maildesk.ingest.intent.bounce_report import reports
from maildesk.ingest.mime.mail_parser import parse_whole
from maildesk.model.mail import BounceReport, Permanence


def read(*body: str, subject: str = "Undelivered Mail", report: str = "delivery-status") -> str:
    """A report with these parts, each with its fields."""
    parts = "".join(f"--b\r\n{part}\r\n" for part in body)
    return (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: desk@example.org\r\nSubject: {subject}\r\n"
        f'Content-Type: multipart/report; report-type={report}; boundary="b"\r\n\r\n'
        f"{parts}--b--\r\n"
    )


def status(fields: str) -> str:
    return f"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n{fields}"


def text(words: str) -> str:
    return f"From: MAILER-DAEMON@mx.example.org\r\nSubject: Undelivered Mail\r\n\r\n{words}"


def only(raw: str) -> BounceReport:
    (report,) = reports(parse_whole(raw.encode()))
    return report


FINAL = "Final-Recipient: rfc822; max@example.org\r\n"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("Action: failed\r\nStatus: 5.1.1\r\n", "failed 5.1.1"),
        # more than one blank line before the group
        ("\r\nAction: failed\r\nStatus: 5.1.1\r\n", "failed 5.1.1"),
        # the words of the other server are nearer to the truth than the status
        (
            "Action: failed\r\nStatus: 4.4.7\r\nDiagnostic-Code: smtp; 550 5.7.1 blocked\r\n",
            "failed 5.7.1",
        ),
        ("Action: delayed(will retry)\r\nStatus: 4.4.1\r\n", "delayed 4.4.1"),
        ("Action: deliverable\r\n", "delivered 2.0.0"),
        ("Action: relayed\r\n", "relayed 2.0.0"),
        ("Action: expanded\r\n", "expanded 2.0.0"),
        ("Action: what?\r\nStatus: 5.0.0\r\n", "failed 5.0.0"),
        ("", "failed 5.0.0"),
    ],
)
def test_action_and_status(fields: str, expected: str) -> None:
    report = only(read(status(fields + FINAL)))
    assert f"{report.action} {report.status}" == expected
    assert report.recipient == "max@example.org"


def test_a_path_is_no_recipient_where_the_address_is_named_beside_it() -> None:
    fields = "Final-Recipient: rfc822; /spool/max\r\nOriginal-Recipient: rfc822; max@example.org"
    assert only(read(status(fields))).recipient == "max@example.org"


@pytest.mark.parametrize(
    "words",
    [
        "It could not be delivered to:\r\n\r\n  max@example.org\r\n    550 user unknown",
        "The following failed:\r\n<max@example.org>: no such user here",
        "To: rita@example.net\r\n\r\nRecipient address: max@example.org\r\nReason: user unknown",
        "This message was created automatically by mail delivery software.\r\nA message that you"
        " sent could not be delivered to one or more of its recipients. This is a permanent error."
        "\r\n\r\nmax@example.org no such user\r\n\r\nReceived:from mx\r\n"
        "Message-ID:<1a3@example.com>\r\nTo:<rita@example.net>\r\n",
    ],
)
def test_a_bounce_in_words_names_its_recipient_and_not_that_of_the_copy(words: str) -> None:
    report = only(text(words))
    assert (report.recipient, report.permanence) == ("max@example.org", Permanence.HARD)


def test_what_is_said_below_the_copy_of_the_mail_does_not_count() -> None:
    words = "Your mail did not arrive.\r\n\r\nmax@example.org failed\r\n\r\n"
    copy = "---- Original message ----\r\n"
    assert only(text(f"{words}{copy}The user is unknown to me.")).permanence is Permanence.SOFT


@pytest.mark.parametrize(
    "raw",
    [
        read(
            "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n"
            "Original-Rcpt-To: max@example.org\r\n",
            report="feedback-report",
        ),
        read(
            "Content-Type: message/feedback-report\r\n\r\nOriginal-Rcpt-To: max@example.org\r\n",
            subject="complaint about message from 192.0.2.1",
        ),
    ],
)
def test_a_complaint_is_no_failure(raw: str) -> None:
    report = only(raw)
    assert (report.action, report.status, report.permanence) == ("complaint", "", Permanence.NONE)
    assert report.recipient == "max@example.org"


@pytest.mark.parametrize(
    "line",
    ["max@example.org ", "Recipient address: ", "-- original ", "a@", "Message-ID: <", "550 "],
)
def test_its_time_is_bounded(line: str) -> None:
    raw = text(f"{line}\r\n" * 20_000)
    parsed = parse_whole(raw.encode())
    started = time.process_time()
    reports(parsed)
    assert time.process_time() - started < 1
