"""A mail that fails undoes only itself; a database that fails is not the mail's fault."""

from maildesk.ingest.reading import header_only
from tests.world import World


def test_a_mail_that_breaks_its_limits_is_a_ticket_with_the_whole_mail_attached(
    world: World,
) -> None:
    world.readers.spoiled = {b"poison"}
    poison = world.mail("rita", "poison", subject="Printer")
    world.arrives(poison)
    row = world.mails()[0]
    assert (row.disposition, row.attempts, row.ticket) == ("new-ticket", 3, 1001)
    assert row.message_id == "<1.rita@example.org>"
    assert "unreadable" in next(step for step in row.trace if step["name"] == "parse")["evidence"]
    assert [text for _, text in world.messages(1001)] == [header_only.TEXT]
    assert [outgoing_mail.template for outgoing_mail in world.outgoing_mails()] == [
        "acknowledgement",
        "agent-notification",
    ]


def test_a_machines_mail_that_breaks_its_limits_is_answered_by_nobody(world: World) -> None:
    world.readers.spoiled = {b"poison"}
    world.arrives(world.mail("rita", "poison", headers={"Auto-Submitted": "auto-replied"}))
    assert (world.disposition(), world.outgoing_mails()) == ("auto-reply", [])


def test_an_unreadable_mail_is_quarantined_and_delays_no_other(world: World) -> None:
    world.readers.spoiled = world.readers.deadly = {b"poison"}
    mails = [world.mail("rita", text, subject=text) for text in ("one", "poison", "three")]
    world.arrives(*mails)
    rows = world.mails()
    assert [row.disposition for row in rows] == ["new-ticket", "quarantined", "new-ticket"]
    assert (rows[1].attempts, rows[1].reason) == (3, "the reader died")
    assert world.numbers() == [1001, 1002]


def test_a_mail_tried_before_is_tried_alone(world: World) -> None:
    world.readers.spoiled = world.readers.deadly = {b"poison"}
    world.desk.keep([world.raw(world.mail("rita", text)) for text in ("one", "poison", "three")])
    assert [world.worker.work() for _ in range(4)] == [3, 1, 1, 0]


def test_numbers_have_no_gap_where_a_mail_failed(world: World) -> None:
    nobody = b"Subject: no author\r\n\r\nHello.\r\n"
    world.arrives(world.mail("rita", "one"), nobody, world.mail("rita", "two", subject="Two"))
    assert world.numbers() == [1001, 1002]


def test_what_was_claimed_and_not_written_is_given_back_at_a_clean_stop(world: World) -> None:
    world.desk.keep([world.raw(world.mail("rita", f"{n}", subject=f"{n}")) for n in range(120)])
    assert world.worker.work() == 50
    world.worker.close()
    waiting = [row for row in world.mails() if row.state == "kept"]
    assert len(waiting) == 70
    assert {(row.attempts, row.worker) for row in waiting} == {(0, "")}
