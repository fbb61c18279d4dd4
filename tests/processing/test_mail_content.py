"""Access to the content of a mail: the whole mail, its pictures, its attachments."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from maildesk.model.event import PersonJoined
from maildesk.model.links.page import Enclosure, Problem, WholeMail
from maildesk.model.links.redact import redacted
from maildesk.model.links.token import LinkToken, Purpose, ReplyToken, sign_link, sign_reply
from maildesk.model.mail import WHOLE_MAIL
from maildesk.store import people, tickets
from tests.rows import write_ticket
from tests.web.pictures import png
from tests.web.runtime_pages import Looking
from tests.world import ADDRESS, Part, World, one, to

PLAN = Part("plan.pdf", b"%PDF-1.7 the plan")
SHOT = Part("shot.png", png(200, 30, 30), "image/png", "shot@rita")
LOGO = Part("logo.png", png(10, 90, 140), "image/png", "logo@rita")
HTML = '<p style="color:red">See <img src="cid:shot@rita"><img src="http://evil.example/p"></p>'


def _joins(world: World, number: int, who: str) -> None:
    """Somebody takes part from now on."""
    with world.store.write() as connection:
        person = people.find(connection, ADDRESS[who])
        assert person is not None
        ticket, _ = tickets.load_one(connection, number)
        now = world.clock.now
        joined = [PersonJoined(person.id)]
        actor = tickets.history(connection, number)[0].actor
        write_ticket(connection, ticket, ticket, joined, actor=actor, at=now)


def _opened(world: World, who: str, number: int, message: str) -> str:
    """ "whole" and the indexes that this person may open of that text."""
    token = Looking(world, who).token(number)
    mail = world.door.mail(token, message)
    found = [i for i in range(4) if isinstance(world.door.enclosure(token, message, i), Enclosure)]
    return " ".join([*(["whole"] if isinstance(mail, WholeMail) else []), *map(str, found)])


def test_a_mail_opens_with_its_text_its_look_and_its_own_pictures(world: World) -> None:
    world.writes("rita", "See\n\n> all of it", trusted=True, html=HTML, parts=[PLAN, SHOT])
    rita = Looking(world)
    (entry,) = rita.entries()
    assert [f.name for f in entry.enclosures.files] == ["plan.pdf"]
    assert [f.name for f in entry.enclosures.pictures] == ["shot.png"]
    mail = world.door.mail(rita.token(), entry.id)
    assert isinstance(mail, WholeMail)
    assert mail.text == "See\n\n> all of it\n"
    assert (mail.html or "").strip() == (
        '<p style="color:red">See <img src="picture/1"><span>[picture not loaded]</span></p>'
    )
    assert mail.left_out == 1
    for index, part, type_ in ((0, PLAN, "application/octet-stream"), (1, SHOT, "image/png")):
        found = world.door.enclosure(rita.token(), entry.id, index)
        assert isinstance(found, Enclosure)
        data = b"".join(found.pieces)
        assert (found.name, found.type, found.size, data) == (
            *(part.name, type_, len(part.data), part.data),
        )


def test_what_opens_to_whom(world: World) -> None:
    number = 1001
    ack = one(
        world.writes("rita", "Broken.", trusted=True, html="<p>x", parts=[PLAN]),
        *("rita", "acknowledgement"),
    )
    for_ann = to(world.outgoing_mails(), "ann")[0]
    world.writes("rita", "One more.", answering=ack, html="<p>x", parts=[PLAN])
    world.writes("mallory", "Hello.", subject="Mine", trusted=True)
    _joins(world, number, "mallory")
    world.writes("ann", "Here it is.", answering=for_ann, html="<p>x", parts=[PLAN])
    world.writes("rita", "Thank you.", answering=ack, html="<p>x", parts=[PLAN])
    texts = {entry.text.strip(): entry.id for entry in Looking(world, "ann").entries(number)}
    for text, opens in {
        # the first mail, shown whole anyway; who joined later does not even see it
        "Broken.": {"rita": "whole 0", "ann": "whole 0", "mallory": ""},
        "One more.": {"rita": "whole 0", "ann": "whole 0", "mallory": ""},
        # an agent's mail quotes what the desk wrote to agents: only its attachments
        "Here it is.": {"rita": "0", "ann": "whole 0", "mallory": "0"},
        # a reply quotes what was written before somebody joined
        "Thank you.": {"rita": "whole 0", "ann": "whole 0", "mallory": "0"},
    }.items():
        for who, expected in opens.items():
            assert _opened(world, who, number, texts[text]) == expected, (text, who)


def test_what_nobody_proved_opens_to_agents_alone(world: World) -> None:
    world.writes("rita", "Open this.", html=HTML, parts=[PLAN, SHOT])  # a From line, no more
    (entry,) = Looking(world).entries()
    assert (entry.proven, entry.opens, entry.enclosures.withheld) == (False, False, 2)
    assert _opened(world, "rita", 1001, entry.id) == ""
    assert _opened(world, "ann", 1001, entry.id) == "whole 0 1"


def test_a_held_mail_opens_to_agents_alone(world: World) -> None:
    ack = one(world.writes("rita", "Broken.", trusted=True), "rita", "acknowledgement")
    world.writes("mallory", "Let me in.", answering=ack, trusted=True, parts=[PLAN])
    assert world.disposition() == "held"
    held = next(e for e in Looking(world, "ann").entries(1001) if e.text.strip() == "Let me in.")
    assert held.apart
    assert _opened(world, "ann", 1001, held.id) == "whole 0"
    for who in ("rita", "mallory"):
        assert _opened(world, who, 1001, held.id) == ""


SPOILT: dict[str, Callable[[str], str]] = {
    "a text of another ticket": lambda other: other,
    "a text that is not there": lambda _: "x" * 26,
    "a text that no database can name": lambda _: "\0",
}


@pytest.mark.parametrize("message", SPOILT.values(), ids=SPOILT)
def test_what_is_not_of_this_link_is_unknown(world: World, message: Callable[[str], str]) -> None:
    world.writes("rita", "One.", trusted=True, parts=[PLAN])
    other = Looking(world).entries(1001)[0].id
    world.writes("rita", "Two.", trusted=True, parts=[PLAN], subject="Another")
    token = Looking(world).token(1002)
    assert world.door.mail(token, message(other)) is Problem.UNKNOWN
    assert world.door.enclosure(token, message(other), 0) is Problem.UNKNOWN
    mine = Looking(world).entries(1002)[0].id
    assert world.door.enclosure(token, mine, 1) is Problem.UNKNOWN
    assert world.door.enclosure("x" * 64, mine, 0) is Problem.UNKNOWN
    world.clock.forward(days=31)
    assert world.door.enclosure(token, mine, 0) is Problem.EXPIRED
    assert world.door.mail(token, mine) is Problem.EXPIRED


def test_an_attachment_of_many_megabytes_comes_in_pieces(world: World) -> None:
    data = bytes(range(256)) * 16_384  # 4 MB
    world.writes("rita", "Large.", trusted=True, parts=[Part("large.bin", data)])
    rita = Looking(world)
    found = world.door.enclosure(rita.token(), rita.entries()[0].id, 0)
    assert isinstance(found, Enclosure)
    pieces = list(found.pieces)
    assert b"".join(pieces) == data
    assert len(pieces) >= 4


def test_what_calls_itself_a_picture_is_looked_at(world: World) -> None:
    script = Part("a.png", b"<script>alert(1)</script>", "image/png", "a@rita")
    drawing = Part("b.svg", b"<svg onload='alert(1)'/>", "image/svg+xml", "b@rita")
    world.writes("rita", "Look.", trusted=True, html=HTML, parts=[script, drawing])
    rita = Looking(world)
    (entry,) = rita.entries()
    assert [f.name for f in entry.enclosures.files] == ["a.png", "b.svg"]
    for index in (0, 1):
        found = world.door.enclosure(rita.token(), entry.id, index)
        assert isinstance(found, Enclosure)
        assert found.type == "application/octet-stream"


def test_a_picture_that_somebody_sends_again_and_again_is_of_the_signature(
    world_on_each: World,
) -> None:
    world = world_on_each
    for text in ("One.", "Two."):
        world.writes("rita", text, trusted=True, html=HTML, parts=[LOGO, SHOT, PLAN])
        (entry,) = Looking(world).entries()
        assert len(entry.enclosures.pictures) == 2, text
    other = Part("logo.png", LOGO.data, "image/png", "logo@lee")
    world.writes("rita", "Three.", trusted=True, html=HTML, parts=[PLAN, LOGO])
    for number, pictures in ((1001, ["shot.png"]), (1003, [])):
        (entry,) = Looking(world).entries(number)
        assert [one.name for one in entry.enclosures.signature] == ["logo.png"]
        assert [one.name for one in entry.enclosures.pictures] == pictures
        assert [one.name for one in entry.enclosures.files] == ["plan.pdf"]  # no picture
    # the same bytes from somebody else are theirs
    world.writes("max", "Four.", trusted=True, html=HTML, parts=[other])
    (entry,) = Looking(world, "max").entries()
    assert [one.name for one in entry.enclosures.pictures] == ["logo.png"]


def test_a_mail_that_could_not_be_read_is_not_read_again_but_opens_as_it_came(
    world: World,
) -> None:
    world.writes("mallory", "Mine.", trusted=True)
    raw = world.mail("rita", "Poison.", trusted=True, parts=[PLAN])
    world.readers.spoiled.add(b"Poison.")
    world.arrives(raw)
    for who, opens in (("rita", True), ("ann", True), ("mallory", False)):
        token = Looking(world, who).token()
        for entry in Looking(world).entries():
            assert world.door.mail(token, entry.id) is Problem.UNKNOWN
            found = world.door.enclosure(token, entry.id, WHOLE_MAIL)
            assert isinstance(found, Enclosure) is opens, who
            if isinstance(found, Enclosure):
                assert (found.name, b"".join(found.pieces)) == ("mail.eml", raw)


def test_looking_at_mails_changes_nothing(world: World) -> None:
    world.writes("rita", "Broken.", trusted=True, html=HTML, parts=[PLAN])
    before, outgoing_mails = world.ticket(1001), len(world.outgoing_mails())
    for who in ("rita", "ann", "max"):
        _opened(world, who, 1001, Looking(world).entries()[0].id)
    assert (world.ticket(1001), len(world.outgoing_mails())) == (before, outgoing_mails)


# ---- tokens of ours in what was quoted


def test_no_quoted_link_and_no_answer_address_of_ours_is_shown(world: World) -> None:
    ack = one(world.writes("rita", "Broken.", trusted=True), "rita", "acknowledgement")
    address = ack.reply_to
    quoted = f"> https://desk.example.org/l/{ack.token}\n> write to {address}"
    html = f'<a href="https://desk.example.org/l/{ack.token}">{address.upper()}</a>'
    world.writes("rita", f"It is here:\n\n{quoted}", answering=ack, html=html)
    for who in ("rita", "ann"):
        looking = Looking(world, who)
        entry = looking.entries(1001)[-1]
        mail = world.door.mail(looking.token(1001), entry.id)
        assert isinstance(mail, WholeMail)
        shown = f"{entry.text}{mail.text}{mail.html}"
        assert "https://desk.example.org/l/…" in shown
        assert ack.token not in shown
        assert address.partition("@")[0].partition("+")[2] not in shown.lower()


def test_only_what_we_signed_is_taken_out(world: World) -> None:
    keys = world.runtime.keys
    link = Looking(world)
    world.writes("rita", "Broken.", trusted=True)
    token, reply = link.token(), sign_reply(ReplyToken(1001, 1), keys)
    expires = world.clock.now + timedelta(days=1)
    every = "".join(sign_link(LinkToken(one, 1001, 1, 0, expires), keys) for one in Purpose)
    for text, shown in {
        every: "…" * len(Purpose),
        f"%2Fl%2F{token}&x": "%2Fl%2F…&x",
        f"{token}{token}": "……",
        f"desk+{reply}@x desk+{reply.upper()}@x": "desk+…@x desk+…@x",
        "AQEA" + "x" * 60: "AQEA" + "x" * 60,  # looks like one
        "ae" + "a" * 38: "ae" + "a" * 38,
        "": "",
    }.items():
        assert redacted(text, keys) == shown
    strange = (b"another key" * 4,)
    assert redacted(token, strange) == token
