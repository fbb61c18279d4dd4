"""A bounce marks its row and tells the people of the ticket; a forged one does neither."""

import pytest

from maildesk.model.decision import Template
from maildesk.model.links.token import sign_message_id
from maildesk.outgoing.verp import verp
from maildesk.store import outgoing_rows, tables
from tests.world import OutgoingMail, World, one


def sent(world: World) -> OutgoingMail:
    """The acknowledgement that Rita was sent."""
    outgoing_mail = one(world.writes("rita", "No print."), "rita", "acknowledgement")
    with world.store.write() as connection:
        connection.execute(tables.outgoing.update().values(state="sent", next_try=None))
    return outgoing_mail


def bounce(
    to: str,
    *,
    message_id: str = "",
    recipient: str = "rita@example.org",
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "550 5.1.1 no such user",
) -> bytes:
    """What a mail server, or Mallory, writes back."""
    named = f"Message-ID: {message_id}\r\n" if message_id else ""
    return (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {said}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{named}Subject: x\r\n\r\n--b--\r\n"
    ).encode()


def state(world: World, outgoing_mail: OutgoingMail) -> tuple[str, str]:
    with world.store.read() as connection:
        row = outgoing_rows.row(connection, outgoing_mail.id)
    assert row is not None
    return row.state, row.reason


def return_path(world: World, outgoing_mail: OutgoingMail) -> str:
    return verp(world.runtime.settings.desk, outgoing_mail.id, world.runtime.keys)


def test_a_hard_bounce_to_our_return_path_marks_the_row_and_is_told(world: World) -> None:
    outgoing_mail = sent(world)
    world.arrives(bounce(return_path(world, outgoing_mail)), envelope_from="")
    assert state(world, outgoing_mail) == ("bounced", "5.1.1 550 5.1.1 no such user")
    assert "no such user" in one(world.new_letters(), "ann", Template.DELIVERY_FAILED).text
    assert (world.disposition(), world.mails()[-1].ticket) == ("bounce", 1001)


def test_a_bounce_that_names_our_message_id_and_its_recipient_does_so_too(world: World) -> None:
    outgoing_mail = sent(world)
    named = str(outgoing_mail.message["Message-ID"])
    world.arrives(bounce("desk@example.org", message_id=named), envelope_from="")
    assert state(world, outgoing_mail)[0] == "bounced"


def test_a_mailbox_that_is_full_failed_this_mail_and_another_try_may_help(world: World) -> None:
    outgoing_mail = sent(world)
    raw = bounce(return_path(world, outgoing_mail), status="5.2.2", said="552 5.2.2 mailbox full")
    world.arrives(raw, envelope_from="")
    assert state(world, outgoing_mail)[0] == "bounced"
    assert "(temporary: " in one(world.new_letters(), "ann", Template.DELIVERY_FAILED).text


@pytest.mark.parametrize(
    ("action", "reason"),
    [("delayed", "4.4.1 timed out"), ("delivered", ""), ("relayed", ""), ("expanded", "")],
)
def test_what_has_not_failed_fails_no_row(world: World, action: str, reason: str) -> None:
    outgoing_mail = sent(world)
    raw = bounce(return_path(world, outgoing_mail), action=action, status="4.4.1", said="timed out")
    world.arrives(raw, envelope_from="")
    assert state(world, outgoing_mail) == ("sent", reason)
    assert world.new_letters() == []
    assert world.disposition() == "bounce"


def test_the_second_bounce_of_a_mail_is_not_told_again(world: World) -> None:
    outgoing_mail = sent(world)
    world.arrives(bounce(return_path(world, outgoing_mail)), envelope_from="")
    world.new_letters()
    world.arrives(bounce(return_path(world, outgoing_mail), said="once more"), envelope_from="")
    assert world.new_letters() == []
    assert world.disposition() == "bounce"


@pytest.mark.parametrize(
    ("to", "message_id", "recipient"),
    [
        ("desk@example.org", "", "rita@example.org"),  # names nothing
        ("desk@example.org", "<x@example.net>", "rita@example.org"),  # of somebody else
        ("desk@example.org", "{stolen}", "rita@example.org"),  # signed with another key
        ("desk@example.org", "{other_ticket}", "rita@example.org"),
        ("desk@example.org", "{ours}", "max@example.org"),  # our id, but not sent to Max
        ("desk@example.org", "{ours}", ""),
        ("{stolen_path}", "", "rita@example.org"),  # signed with another key
        ("{nobodys_path}", "", "rita@example.org"),  # a row that is not there
        ("{path_cut}", "", "rita@example.org"),
        ("{reply_to}", "", "rita@example.org"),  # a reply token is no return path
    ],
)
def test_a_forged_bounce_changes_nothing(
    world: World, to: str, message_id: str, recipient: str
) -> None:
    outgoing_mail = sent(world)
    before = (world.ticket(1001), [state(world, one) for one in world.outgoing_mails()])
    words = _words(world, outgoing_mail)
    raw = bounce(to.format_map(words), message_id=message_id.format_map(words), recipient=recipient)
    world.arrives(raw, envelope_from="mallory@example.org")
    assert (world.ticket(1001), [state(world, one) for one in world.outgoing_mails()]) == before
    assert world.numbers() == [1001]
    assert world.disposition() == "bounce"


def _words(world: World, outgoing_mail: OutgoingMail) -> dict[str, str]:
    desk, stolen = world.runtime.settings.desk, (b"m" * 32,)
    ours = str(outgoing_mail.message["Message-ID"])
    return {
        "ours": ours,
        "stolen": sign_message_id(1001, b"0123456789", "example.org", stolen),
        "other_ticket": ours.replace("1001", "1002"),
        "stolen_path": verp(desk, outgoing_mail.id, stolen),
        "nobodys_path": verp(desk, 999, world.runtime.keys),
        "path_cut": return_path(world, outgoing_mail).replace("@", "x@"),
        "reply_to": outgoing_mail.reply_to,
    }
