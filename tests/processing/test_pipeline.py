"""Every mail ends in exactly one disposition, and its trace says why."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from maildesk.model.decision import Template
from maildesk.model.mail import Source
from maildesk.outgoing.verp import verp
from maildesk.processing.mail.explain_mail import would_be
from maildesk.store import tables
from tests.world import MONDAY, OutgoingMail, World, one, to

IMAP = {"source": Source.IMAP, "mailbox": "support", "folder": "INBOX"}


def test_the_same_mail_by_two_desk_addresses_is_one_ticket(world: World) -> None:
    mail = world.mail("rita", "It does not print.", to="desk@example.org, help@example.org")
    first = b"Delivered-To: desk@example.org\r\nReceived: from a by b; x\r\n" + mail
    second = b"Delivered-To: help@example.org\r\nReceived: from c by d; y\r\n" + mail
    world.arrives(first, second)
    assert world.numbers() == [1001]
    assert [mail.disposition for mail in world.mails()] == ["new-ticket", "duplicate"]
    assert world.mails()[1].ticket == 1001


def test_the_same_mail_under_a_new_uidvalidity_is_one_ticket(world: World) -> None:
    mail = world.mail("rita", "It does not print.")
    for uid_validity in (7, 8):
        world.arrives(mail, uid_validity=uid_validity, uid=1, **IMAP)
    assert [mail.disposition for mail in world.mails()] == ["new-ticket", "duplicate"]


def test_a_mail_kept_again_under_its_uid_stands_in_the_journal_once(world: World) -> None:
    mail = world.mail("rita", "It does not print.")
    for _ in range(2):
        world.arrives(mail, uid_validity=7, uid=1, **IMAP)
    assert len(world.mails()) == 1


def test_the_same_message_id_with_other_content_is_another_mail(world: World) -> None:
    world.writes("rita", "It does not print.", message_id="<guessed@example.org>")
    world.writes("mallory", "Another thing.", message_id="<guessed@example.org>")
    assert world.numbers() == [1001, 1002]


def test_two_people_who_write_the_same_words_have_a_ticket_each(world: World) -> None:
    world.writes("rita", "Help.", message_id="<a@example.org>")
    world.writes("mallory", "Help.", message_id="<b@example.org>")
    assert world.numbers() == [1001, 1002]


def test_replies_to_a_colleagues_copy_thread_by_the_stored_message_id(world: World) -> None:
    world.writes(
        "rita", "No print.", trusted=True, headers={"Cc": "max@example.org"}, message_id="<first@x>"
    )
    world.writes("max", "Mine neither.", headers={"In-Reply-To": "<first@x>"})
    assert world.disposition() == "follow-up"
    assert world.messages(1001)[-1] == ("reply", "Mine neither.")


def test_people_in_cc_of_an_unproven_mail_do_not_join(world: World) -> None:
    world.writes("rita", "No print.", headers={"Cc": "mallory@example.org"})
    assert world.ticket(1001).participants == ()


def test_people_in_cc_of_a_proven_mail_hear_what_comes_from_now_on(world: World) -> None:
    outgoing_mails = world.writes(
        "rita", "No print.", trusted=True, headers={"Cc": "max@example.org"}
    )
    assert to(outgoing_mails, "max") == []
    for_ann = one(outgoing_mails, "ann", "agent-notification")
    outgoing_mails = world.writes("ann", "Look now.", answering=for_ann)
    assert {outgoing_mail.to for outgoing_mail in outgoing_mails} == {
        "rita@example.org",
        "max@example.org",
    }


@pytest.mark.parametrize(
    ("headers", "envelope_from", "disposition"),
    [
        ({"Auto-Submitted": "auto-replied"}, None, "auto-reply"),  # RFC 3834
        ({"X-Maildesk-Loop": "example.org"}, None, "loop"),  # our own mail come back
        ({"List-Id": "<news.example.com>", "Precedence": "list"}, None, "new-ticket"),
    ],
)
def test_nothing_is_answered_to_a_machine(
    world: World, headers: dict[str, str], envelope_from: str | None, disposition: str
) -> None:
    world.arrives(world.mail("mallory", "Away.", headers=headers), envelope_from=envelope_from)
    assert to(world.new_letters(), "mallory") == []
    assert world.disposition() == disposition


def test_mail_from_the_desks_own_address_is_a_loop(world: World) -> None:
    world.writes("rita", "Hello.", sender="help@example.org")
    assert world.disposition() == "loop"
    assert world.numbers() == []


def test_an_out_of_office_answer_reopens_nothing(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    resolution = one(
        world.writes("ann", "#resolve Toner.", answering=for_ann), "rita", "resolution"
    )
    before = world.ticket(1001)
    outgoing_mails = world.writes(
        "rita", "I am away.", answering=resolution, headers={"Auto-Submitted": "auto-replied"}
    )
    assert outgoing_mails == []
    assert world.disposition() == "auto-reply"
    after = world.ticket(1001)
    assert (after.status, after.close_due) == (before.status, before.close_due)


def _bounce_of(world: World, outgoing_mail: OutgoingMail) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example.org\r\n"
        f"To: {verp(world.runtime.settings.desk, outgoing_mail.id, world.runtime.keys)}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {outgoing_mail.to}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {outgoing_mail.message['Message-ID']}\r\n\r\n--b--\r\n"
    ).encode()


def test_a_bounced_approval_mail_is_told_to_the_agents_at_once(world: World) -> None:
    request = one(world.writes("rita", "One.", subject="New laptop please"), "max", "approval")
    with world.store.write() as connection:
        connection.execute(tables.outgoing.update().values(state="sent", next_try=None))
    world.arrives(_bounce_of(world, request), envelope_from="")
    told = one(world.new_letters(), "ann", Template.DELIVERY_FAILED)
    assert "550 5.1.1 no such user" in told.text
    assert world.disposition() == "bounce"
    assert world.mails()[-1].ticket == 1001
    assert (
        next(
            outgoing_mail
            for outgoing_mail in world.outgoing_mails()
            if outgoing_mail.id == request.id
        ).state
        == "bounced"
    )


def test_a_bounce_of_nothing_that_we_sent_changes_nothing(world: World) -> None:
    world.writes("rita", "No print.")
    forged = OutgoingMail(
        99, "rita@example.org", "reply", "sent", world.outgoing_mails()[0].message
    )
    before = [outgoing_mail.state for outgoing_mail in world.outgoing_mails()]
    world.arrives(
        _bounce_of(world, forged).replace(b"Message-ID: <", b"Message-ID: <x"), envelope_from=""
    )
    assert [outgoing_mail.state for outgoing_mail in world.outgoing_mails()] == before
    assert world.disposition() == "bounce"


def test_a_mail_over_the_limit_is_recorded_and_its_sender_told_once(world: World) -> None:
    header = world.mail("rita", "").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    for _ in range(2):
        raw = world.raw(header, size=99_000_000, oversized=True, uid_validity=7, uid=1, **IMAP)
        world.desk.keep([raw])
        world.work()
    assert [(x.to, x.template) for x in world.new_letters()] == [("rita@example.org", "refused")]
    assert [mail.disposition for mail in world.mails()] == ["refused"]
    assert world.numbers() == []


def test_mail_that_lay_in_the_folder_before_the_first_look_is_answered_by_nothing(
    world: World,
) -> None:
    assert world.desk.position("support", "INBOX") is None
    old = world.mail("rita", "No print.")
    world.arrives(old, uid_validity=7, uid=1, received_at=MONDAY - timedelta(hours=1), **IMAP)
    assert world.new_letters() == []
    assert world.numbers() == [1001]
    new = world.mail("rita", "Still not.")
    world.arrives(new, uid_validity=7, uid=2, received_at=MONDAY, **IMAP)
    assert one(world.new_letters(), "rita", "acknowledgement")


def test_a_mail_of_nobody_goes_into_quarantine_with_its_bytes(world: World) -> None:
    mail = b"Subject: no author\r\n\r\nHello.\r\n"
    world.arrives(mail)
    row = world.mails()[0]
    assert (row.state, row.disposition, row.attempts) == ("quarantined", "quarantined", 3)
    assert "neither an author nor a return path" in row.reason
    with world.store.read() as connection:
        assert connection.execute(select(tables.raw_bytes.c.data)).scalar_one() == mail


def test_explain_says_beforehand_what_then_happens_and_changes_nothing(world: World) -> None:
    mail = world.mail("rita", "It does not print.")
    foretold = would_be(world.runtime, mail)
    assert world.numbers() == []
    assert world.mails() == []
    assert world.outgoing_mails() == []
    world.arrives(mail)
    assert world.disposition() == foretold.disposition
    names = [step["name"] for step in world.mails()[0].trace]
    assert names == [step.name for step in foretold.steps]
    assert {"parse", "screen", "thread", "authenticate", "rules"} <= set(names)
    fired = next(step for step in world.mails()[0].trace if step["name"] == "rules")
    assert 'rule "Printers" fired' in fired["evidence"]


def test_the_agents_note_goes_to_nobody(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    outgoing_mails = world.writes("ann", "#note Rita is difficult.", answering=for_ann)
    assert [(x.to, x.template) for x in outgoing_mails] == [("ann@example.org", "transcript")]
    assert world.messages(1001)[-1][0] == "note"


def test_a_wrong_command_sends_nothing_to_the_requester(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    outgoing_mails = world.writes("ann", "#reslove New toner.", answering=for_ann)
    assert [(x.to, x.template) for x in outgoing_mails] == [("ann@example.org", "transcript")]
    assert "#resolve" in outgoing_mails[0].text
    assert world.ticket(1001).status == "Assign"
