"""Files reach whoever gets the words that they came with: from requesters to agents, and back."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from maildesk.processing.writing.outgoing_files import with_files
from maildesk.store import outgoing_rows, tables
from tests.web.pictures import png
from tests.world import OutgoingMail, Part, World, one, to

PLAN = Part("Plan für Büro.pdf", b"%PDF-1.7 the plan")
SHOT = Part("shot.png", png(200, 30, 30), "image/png", "shot@rita")
LOGO = Part("logo.png", png(10, 90, 140), "image/png", "logo@ann")
FILM = Part("film.mp4", b"\0" * 9_000_000, "video/mp4")
PROGRAM = Part("driver.EXE", b"MZ" + b"\0" * 400)
MAIL = Part("an old mail.eml", b"From: a@example.org\r\n\r\nhi\r\n")


def as_sent(world: World, mail: OutgoingMail) -> EmailMessage:
    """The mail with its files, as delivery gives it to the server."""
    with world.store.read() as connection:
        query = select(tables.outgoing).where(tables.outgoing.c.id == mail.id)
        row = connection.execute(query).one()
        whole = with_files(connection, bytes(row.raw), outgoing_rows.files_of(row.files))
    message = email.message_from_bytes(whole, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not [part.defects for part in message.walk() if part.defects]
    return message


def carried(world: World, mail: OutgoingMail) -> list[tuple[str, bytes]]:
    return [
        (str(part.get_filename()), bytes(part.get_payload(decode=True) or b""))  # type: ignore[arg-type]
        for part in as_sent(world, mail).iter_attachments()
    ]


def test_an_agents_files_and_pictures_reach_the_requester(world: World) -> None:
    first = one(world.writes("rita", "How does it look?"), "ann", "agent-notification")
    told = world.writes("ann", "See here.", answering=first, trusted=True, parts=[PLAN, SHOT])
    reply = one(told, "rita", "reply")
    assert carried(world, reply) == [(PLAN.name, PLAN.data), (SHOT.name, SHOT.data)]
    assert "Plan für Büro.pdf (17 bytes)" in reply.text
    assert as_sent(world, reply).get_body(("plain",)) is not None


def test_files_of_a_resolution_travel_too(world: World) -> None:
    first = one(world.writes("rita", "How?"), "ann", "agent-notification")
    told = world.writes("ann", "#resolve So.", answering=first, trusted=True, parts=[PLAN])
    assert carried(world, one(told, "rita", "resolution")) == [(PLAN.name, PLAN.data)]


def test_files_of_an_internal_note_stay_with_the_agents(world: World) -> None:
    first = one(world.writes("rita", "How?"), "ann", "agent-notification")
    told = world.writes("ann", "#note See the plan.", answering=first, trusted=True, parts=[PLAN])
    assert to(told, "rita") == []


def test_a_requesters_files_are_in_the_mails_of_the_agents(world: World) -> None:
    mails = world.writes("rita", "It looks like this.", trusted=True, parts=[PLAN, SHOT])
    told = one(mails, "ann", "agent-notification")
    assert [name for name, _ in carried(world, told)] == [PLAN.name, SHOT.name]
    acknowledgement = one(mails, "rita", "acknowledgement")
    assert carried(world, acknowledgement) == []
    later = world.writes("rita", "And now:", answering=acknowledgement, trusted=True, parts=[SHOT])
    assert carried(world, one(later, "ann", "agent-notification")) == [(SHOT.name, SHOT.data)]


def test_a_mail_that_is_only_a_picture_is_not_empty(world: World) -> None:
    told = one(world.writes("rita", "", parts=[SHOT]), "ann", "agent-notification")
    assert "The email has no text." in told.text
    assert "shot.png" in told.text
    assert "shot.png" in told.html


def test_what_is_too_large_or_refused_by_mail_systems_is_named(world: World) -> None:
    mails = world.writes("rita", "All of it.", parts=[FILM, PLAN, PROGRAM, MAIL])
    told = one(mails, "ann", "agent-notification")
    assert [name for name, _ in carried(world, told)] == [PLAN.name]
    assert "on the ticket page:\n  film.mp4" in told.text.replace("\r\n", "\n")
    assert "driver.EXE (402 bytes)" in told.text
    assert "an old mail.eml" in told.text


def test_files_of_somebody_unproven_go_to_agents_alone(world: World) -> None:
    mails = world.writes("rita", "This one.", subject="New laptop", parts=[PLAN])
    asked = one(mails, "max", "approval")
    assert carried(world, asked) == []
    proven = world.writes("rita", "This one.", subject="New laptop", parts=[PLAN], trusted=True)
    assert carried(world, one(proven, "max", "approval")) == [(PLAN.name, PLAN.data)]


def test_a_logo_that_is_in_every_mail_of_its_author_is_left_out(world: World) -> None:
    for _ in range(3):
        world.writes("rita", "Another one.", parts=[LOGO], subject="A request")
    told = one(world.writes("rita", "Look.", parts=[LOGO, PLAN]), "ann", "agent-notification")
    assert [name for name, _ in carried(world, told)] == [PLAN.name]


@pytest.mark.parametrize(
    "name", ["a\r\nBcc: x@example.net.pdf", '"; x="y.pdf', "日本語 " * 60 + ".pdf"]
)
def test_no_name_of_a_file_breaks_the_mail(world: World, name: str) -> None:
    raw = world.mail("rita", "See.", parts=[Part("NAME.pdf", b"x")])
    hostile = name.replace("\r\n", "=0D=0A").replace('"', "").encode("utf-8")
    world.arrives(raw.replace(b"NAME.pdf", hostile))
    told = one(world.new_letters(), "ann", "agent-notification")
    assert len(carried(world, told)) == 1
    assert as_sent(world, told)["Bcc"] is None


def test_a_file_that_the_journal_lost_is_said_to_be_lost(world: World) -> None:
    told = one(world.writes("rita", "See.", parts=[PLAN]), "ann", "agent-notification")
    with world.store.write() as connection:
        connection.execute(tables.raw_bytes.delete())
    ((name, data),) = carried(world, told)
    assert name == f"{PLAN.name}.txt"
    assert b"could not read" in data


def test_files_that_a_server_refuses_are_replaced_by_a_line(world: World) -> None:
    told = one(world.writes("rita", "See.", parts=[PLAN]), "ann", "agent-notification")
    with world.store.read() as connection:
        query = select(tables.outgoing.c.raw).where(tables.outgoing.c.id == told.id)
        raw = bytes(connection.execute(query).scalar_one())
        whole = with_files(connection, raw, ())
    (part,) = email.message_from_bytes(whole, policy=email.policy.default).iter_attachments()  # type: ignore[attr-defined]
    assert "refused the attached files" in part.get_content()
