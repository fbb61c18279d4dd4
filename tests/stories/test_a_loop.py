"""Programs that answer programs: whatever they put into their mails, it ends."""

from collections.abc import Callable, Iterator

import pytest

from maildesk.config.schema.settings import Settings
from maildesk.store import people
from tests.world import ADDRESS, OutgoingMail, World, build, settings

ROBOT = "robot@vendor.example"
LIMITS = {
    "automatic_mails_per_hour": 8,
    "automatic_mails_per_hour_of_a_ticket": 12,
    "mails_per_hour_to_a_ticket": 5,
    "state_changes_per_hour": 3,
}
ENDLESS = 200  # mails: far more than any limit lets through


@pytest.fixture
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk with low limits."""
    installation: Settings = settings(limits=LIMITS)
    world = build(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db", installation=installation)
    yield world
    world.close()


def by_token(outgoing_mail: OutgoingMail) -> str:
    return outgoing_mail.reply_to


def to_the_desk(_letter: OutgoingMail) -> str:
    return "desk@example.org"


def answered(
    world: World, programs: set[str], headers: dict[str, str], where: Callable[[OutgoingMail], str]
) -> int:
    """Each program answers each mail at once, with a fresh subject, until there is none; how many
    mails of ours that took."""
    sent = len(unread := world.new_letters())
    while unread and sent < ENDLESS:
        world.clock.forward(seconds=5)
        answers = [
            world.mail(
                "rita",
                "Thank you for your message. It is important to us and will be worked soon.",
                subject=f"Case {outgoing_mail.id} received",
                sender=outgoing_mail.to,
                to=where(outgoing_mail),
                headers=headers,
            )
            for outgoing_mail in unread
            if outgoing_mail.to in programs
        ]
        world.arrives(*answers)
        sent += len(unread := world.new_letters())
    return sent


@pytest.mark.parametrize(
    ("programs", "headers", "where", "most"),
    [
        # they say what they are: one acknowledgement and one notification each, and that is it
        ({ROBOT}, {"Auto-Submitted": "auto-replied"}, by_token, 2),
        ({ROBOT, ADDRESS["ann"]}, {"Auto-Submitted": "auto-replied"}, by_token, 2),
        ({ROBOT}, {"Precedence": "bulk", "X-Autoreply": "yes"}, by_token, 2),
        # they do not: one answers us through its token; 5 mails of it count, then agents are told
        ({ROBOT}, {}, by_token, 2 + 5 + 1),
        # a requester's and an agent's answer each other through the desk
        ({ROBOT, ADDRESS["ann"]}, {}, by_token, 2 + 2 * 5 + 2),
        # it confirms what we confirm: recorded in the ticket of our acknowledgement
        ({ROBOT}, {}, to_the_desk, 2),
    ],
)
def test_programs_that_answer_each_other_through_the_desk_come_to_an_end(
    strict: World,
    programs: set[str],
    headers: dict[str, str],
    where: Callable[[OutgoingMail], str],
    most: int,
) -> None:
    strict.arrives(strict.mail("rita", "Please help.", sender=f"Robot <{ROBOT}>"))
    assert answered(strict, programs, headers, where) <= most


def test_a_program_reopens_a_ticket_only_so_often_an_hour(strict: World) -> None:
    strict.writes("rita", "It does not print.")
    with strict.store.read() as connection:
        ann = people.find(connection, ADDRESS["ann"])
    assert ann
    for _ in range(6):
        strict.clock.forward(minutes=2)
        strict.desk.answer(1001, ann, "#resolve New toner.")
        resolved = strict.new_letters()[-1]
        strict.arrives(strict.mail("rita", "Case received, it is open.", answering=resolved))
        strict.new_letters()
        if strict.ticket(1001).waits_for_requester:
            break
    assert strict.ticket(1001).reopened == LIMITS["state_changes_per_hour"]
    assert strict.disposition() == "loop"
    steps = {step["name"]: step for step in strict.mails()[-1].trace}
    assert "rita@example.org changed the status 3 times" in steps["loop-breaker"]["evidence"][0]


def test_those_who_work_on_the_ticket_are_told_once_that_a_flood_began(strict: World) -> None:
    (receipt, *_) = strict.writes("rita", "It does not print.")
    told = []
    for number in range(9):
        outgoing_mails = strict.writes("rita", f"And {number}.", answering=receipt)
        told += [
            outgoing_mail
            for outgoing_mail in outgoing_mails
            if "written by a program" in outgoing_mail.text
        ]
    assert [outgoing_mail.to for outgoing_mail in told] == [ADDRESS["ann"]]
    kinds = [kind for kind, _ in strict.messages(1001)]
    assert kinds == ["request", *["reply"] * 4, *["flood"] * 5]
    strict.clock.forward(hours=2)
    strict.writes("rita", "Still broken.", answering=receipt)
    assert strict.disposition() == "follow-up"


def bounce(number: int) -> tuple[bytes, str]:
    """A bounce of no mail of ours, and its return path: as servers write them, and worse ones."""
    head = (
        f"From: Mail Delivery System <MAILER-DAEMON@mx{number % 97}.example>\r\n"
        f"To: desk@example.org\r\nSubject: Undelivered Mail Returned to Sender ({number})\r\n"
        f"Message-ID: <{number}@mx.example>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    )
    if number % 3 == 0:
        text = f"<nobody{number}@x.example>: 550 5.1.1 User unknown\r\n"
        return f"{head}\r\nI could not deliver your message.\r\n\r\n{text}".encode(), ""
    report = (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nThis is the mail system.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; a{number}@x.example\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: <spam{number}@example.org>\r\nSubject: [MD-1001] spam\r\n\r\nx\r\n--b--\r\n"
    )
    return (head + report).encode(), "" if number % 2 else "mailer-daemon@mx.example"


def test_ten_thousand_bounces_send_nothing_and_open_nothing(world: World) -> None:
    """They take about 20 s, a quarter of it to be kept."""
    world.writes("rita", "It does not print.")
    before = len(world.outgoing_mails())
    mails = [bounce(number) for number in range(10_000)]
    world.desk.keep([world.raw(raw, envelope_from=path) for raw, path in mails])
    world.work()
    assert (world.numbers(), len(world.outgoing_mails())) == ([1001], before)
    assert {row.disposition for row in world.mails()[1:]} == {"bounce"}
