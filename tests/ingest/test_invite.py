"""A calendar part is told in one line: what, when, where, who asks."""

import pytest

from maildesk.ingest.mime import calendar_invite
from maildesk.ingest.mime.mail_parser import parse

FULL = """BEGIN:VCALENDAR\r
METHOD:REQUEST\r
BEGIN:VTIMEZONE\r
TZID:Europe/Berlin\r
BEGIN:STANDARD\r
DTSTART:16011028T030000\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
SUMMARY;LANGUAGE=en:Printer\\, again:\r
  third floor\r
DTSTART;TZID=Europe/Berlin:20260301T100000\r
DTEND;TZID=Europe/Berlin:20260301T110000\r
LOCATION:Room 4\\; left\r
ORGANIZER;CN="Lee, L2":MAILTO:lee@desk.example\r
ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:rita@example.org\r
BEGIN:VALARM\r
SUMMARY:an alarm\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""


def event(*lines: str, method: str = "REQUEST") -> str:
    inner = ("BEGIN:VEVENT", *lines, "END:VEVENT")
    return "\n".join(("BEGIN:VCALENDAR", f"METHOD:{method}", *inner, "END:VCALENDAR"))


@pytest.mark.parametrize(
    ("calendar", "told"),
    [
        (
            FULL,
            "[Calendar: invitation] Printer, again: third floor; 2026-03-01 10:00 to 11:00"
            " (Europe/Berlin); where: Room 4; left; organiser: Lee, L2 <lee@desk.example>",
        ),
        (
            event("SUMMARY:Night", "DTSTART:20260301T230000Z", "DTEND:20260302T010000Z"),
            "[Calendar: invitation] Night; 2026-03-01 23:00 to 2026-03-02 01:00 (UTC)",
        ),
        (
            event("SUMMARY:Fair", "DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=YEARLY"),
            "[Calendar: invitation] Fair; 2026-03-01, repeats",
        ),
        (event("SUMMARY:Gone", method="CANCEL"), "[Calendar: cancelled] Gone"),
        (event("SUMMARY:Gone", "STATUS:CANCELLED"), "[Calendar: cancelled] Gone"),
        # an answer begins with no word that a decision could be
        (
            event(
                "SUMMARY:Talk",
                "ATTENDEE;PARTSTAT=ACCEPTED;CN=Rita:mailto:rita@example.org",
                method="REPLY",
            ),
            "[Calendar: accepted by Rita <rita@example.org>] Talk",
        ),
        (event("SUMMARY:Plain", method="PUBLISH"), "[Calendar: event] Plain"),
        (event("LOCATION:", "SUMMARY:No place"), "[Calendar: invitation] No place"),
        (event("SUMMARY:" + "x" * 5_000), "[Calendar: invitation] " + "x" * 300),
        (event("SUMMARY:open").partition("END:VEVENT")[0], ""),
        ("no calendar at all", ""),
        ("", ""),
    ],
)
def test_an_event_is_told_in_one_line(calendar: str, told: str) -> None:
    assert calendar_invite.line(calendar) == told


def test_no_more_than_five_events_are_told() -> None:
    assert (
        calendar_invite.line("METHOD:REQUEST\n" + event("SUMMARY:x") * 3).count("invitation") == 1
    )
    many = "\n".join(event(f"SUMMARY:{n}") for n in range(50))
    assert len(calendar_invite.line(many).splitlines()) == 5


def test_an_invitation_is_in_the_text_and_its_file_is_kept() -> None:
    raw = (
        "Content-Type: multipart/alternative; boundary=b\n\n"
        "--b\nContent-Type: text/html\n\n<p>Please come</p>\n"
        "--b\nContent-Type: text/calendar; method=REQUEST\n\n" + event("SUMMARY:Talk") + "\n--b--\n"
    )
    mail = parse(raw.encode())
    assert mail.text == "[Calendar: invitation] Talk\nPlease come"
    assert [one.name for one in mail.attachments] == ["attachment-1.ics"]


def test_no_more_than_five_calendars_of_a_mail_are_told() -> None:
    parts = "".join(
        f"--b\nContent-Type: text/calendar\n\n{event(f'SUMMARY:{number}')}\n" for number in range(9)
    )
    mail = parse(f"Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n".encode())
    assert (mail.text.count("invitation"), len(mail.attachments)) == (5, 9)
