"""The header and body of a composed mail, and the limits of a stranger's text in it."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import timedelta
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.config.schema.settings import Desk
from maildesk.model.decision import OutgoingMail, Template
from maildesk.model.links.token import (
    LinkToken,
    Purpose,
    ReplyToken,
    read_link,
    read_reply,
    sign_link,
    sign_reply,
)
from maildesk.model.links.token import read_message_id as read_id
from maildesk.model.message import Message as Sentence
from maildesk.model.person import Person
from maildesk.outgoing.compose import Composer, SenderIdentity, ThreadContext
from tests.outgoing.cast import ANN, DESK, HOUSE, KEYS, MAX, NONCE, NOW, RITA, TICKET, TOPIC

COMPOSER = Composer(HOUSE)
ACKNOWLEDGEMENT = OutgoingMail(template=Template.ACKNOWLEDGEMENT, to=RITA.id)
REPLY = OutgoingMail(
    template=Template.REPLY, to=RITA.id, automatic=False, text="Try again.", author=2
)
FIELDS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "Precedence",
    "X-Auto-Response-Suppress",
    "X-Maildesk-Loop",
    "x-ms-reactions",
    "X-Maildesk-Ticket",
    "MIME-Version",
    "Content-Type",
]


def composed(
    outgoing_mail: OutgoingMail = ACKNOWLEDGEMENT,
    topic: ThreadContext = TOPIC,
    recipient: Person = RITA,
    author: Person | None = None,
    *,
    composer: Composer = COMPOSER,
    proven: bool = True,
) -> Message:
    """The mail as a reader sees it."""
    mail = composer.compose(
        outgoing_mail, topic, recipient, author, now=NOW, nonce=NONCE, proven=proven
    )
    return email.message_from_bytes(mail.raw)


def of_desk(desk: Desk, base_url: str | None = None) -> Composer:
    return Composer(SenderIdentity(desk, base_url, KEYS, link_days=30))


def decoded(mail: Message, name: str) -> str:
    return str(make_header(decode_header(mail[name])))


def parts(mail: Message) -> tuple[str, str]:
    """Plain text and HTML."""
    text, html = (
        str(part.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]  # a leaf has bytes
        for part in mail.walk()
        if not part.is_multipart()
    )
    return text, html


def test_text_of_the_admin_is_sent_to_unproven_senders_too() -> None:
    own = OutgoingMail(template=Template.REPLY, to=RITA.id, text="Please restart it.", own=True)
    assert b"Please restart it." in composed(own, proven=False).as_bytes()
    assert b"Please restart it." not in composed(replace(own, own=False), proven=False).as_bytes()


def test_the_acknowledgement_has_each_field_once() -> None:
    assert composed().keys() == FIELDS


def test_the_mail_is_seven_bit_with_crlf_and_short_lines() -> None:
    long = replace(REPLY, text="é" + "word " * 3000 + "x" * 5000)
    raw = COMPOSER.compose(long, TOPIC, RITA, ANN, now=NOW, nonce=NONCE).raw
    assert raw.isascii()
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_message_id_and_reply_to_are_signed() -> None:
    mail = composed()
    ((_, address),) = getaddresses([mail["Reply-To"]])
    assert read_id(mail["Message-ID"], KEYS) == 1042
    assert read_reply(DESK.tag_in(address) or "", KEYS) == ReplyToken(1042, RITA.id, TICKET.round)


def test_the_date_is_the_given_moment() -> None:
    assert parsedate_to_datetime(composed()["Date"]) == NOW


def test_the_mail_replies_to_the_last_of_the_thread() -> None:
    topic = replace(TOPIC, thread=tuple(f"<{n}@example.org>" for n in range(50)))
    mail = composed(topic=topic)
    known = mail["References"].split()
    assert mail["In-Reply-To"] == "<49@example.org>"
    assert [known[0], known[1], known[-1]] == [
        "<0@example.org>",
        "<31@example.org>",
        "<49@example.org>",
    ]
    assert len(known) == 20


def test_an_invalid_message_id_is_not_repeated() -> None:
    topic = replace(TOPIC, thread=("<good@example.org>", "<a b>", "x\r\nBcc: m@evil.example"))
    assert composed(topic=topic)["References"] == "<good@example.org>"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        # plain
        ("Printer jams", "Re: [MD-1042] Printer jams"),
        # it has both already
        ("Re: [MD-1042] Printer jams", "Re: [MD-1042] Printer jams"),
        # some programs pile them up, in their own language
        ("AW: Re: RE: [MD-1042] Re: Printer", "Re: [MD-1042] Printer"),
        # another ticket's tag would mislead the next reader
        ("[MD-7] Printer", "Re: [MD-1042] Printer"),
        # a forward stays one
        ("Fwd: Printer", "Re: [MD-1042] Fwd: Printer"),
        # nothing left
        ("Re: ", "Re: [MD-1042] Your request"),
        ("", "Re: [MD-1042] Your request"),
        # not ASCII, longer than one encoded word
        ("Drücker 打印机 " * 8 + "é", "Re: [MD-1042] " + "Drücker 打印机 " * 8 + "é"),
        # too long
        ("x" * 500, "Re: [MD-1042] " + "x" * 199 + "…"),
    ],
)
def test_subject(subject: str, shown: str) -> None:
    assert decoded(composed(topic=replace(TOPIC, subject=subject)), "Subject") == shown


def test_the_first_mail_of_a_thread_is_not_a_reply() -> None:
    assert composed(topic=replace(TOPIC, thread=()))["Subject"] == "[MD-1042] Printer jams"


HOSTILE = [
    # a line of its own
    "x\r\nBcc: mallory@evil.example",
    "x\nBcc: mallory@evil.example",
    "x\rBcc: mallory@evil.example",
    # the end of the header
    "x\r\n\r\n<html>mine</html>",
    # line breaks that only some readers know
    "x\u2028Bcc: mallory@evil.example",
    "x\u2029Bcc: mallory@evil.example",
    "x\x85Bcc: mallory@evil.example",
    "x\x0b\x0cBcc: mallory@evil.example",
    # an encoded word that decodes to a break; and one inside another
    "=?utf-8?q?x=0D=0ABcc:_mallory=40evil.example?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3D0D=3D0ABcc:_m=40evil.example=3F=3D?=",
    "=\x00?utf-8?b?eA0KQmNjOiBtQGV2aWwuZXhhbXBsZQ==?=",
    # NUL, lone surrogate, bidirectional override
    "x\x00y",
    "x\ud800y",
    "invoice\u202egpj.exe",
    # long and blank
    " " * 100_000 + "x",
    "=?" * 5_000,
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["subject", "name", "author", "address", "note"])
def test_text_of_a_stranger_adds_no_header_field(text: str, place: str) -> None:
    outgoing_mail = replace(REPLY, note=Sentence.verbatim(text) if place == "note" else None)
    topic = replace(TOPIC, subject=text) if place == "subject" else TOPIC
    recipient = replace(RITA, name=text) if place == "name" else RITA
    if place == "address":
        recipient = replace(RITA, address=f"{text}@example.org")
    author = replace(ANN, name=text) if place == "author" else ANN
    try:
        raw = COMPOSER.compose(outgoing_mail, topic, recipient, author, now=NOW, nonce=NONCE).raw
    except UnicodeEncodeError:
        pytest.fail("a lone surrogate reached the bytes")
    mail = email.message_from_bytes(raw)
    assert mail.keys() == [name for name in FIELDS if name not in FIELDS[8:11]]
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    modern = email.message_from_bytes(raw, policy=email.policy.default)
    twice = str(make_header(decode_header(str(modern["Subject"]))))
    assert "Bcc" not in modern
    assert "\n" not in twice
    assert "\r" not in twice


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_leaves_the_fields_as_they_are(subject: str, name: str) -> None:
    topic = replace(TOPIC, subject=subject)
    assert composed(topic=topic, recipient=replace(RITA, name=name)).keys() == FIELDS


@given(st.text(max_size=300))
def test_the_subject_of_the_value_is_the_subject_of_the_mail(subject: str) -> None:
    topic = replace(TOPIC, subject=subject)
    mail = COMPOSER.compose(ACKNOWLEDGEMENT, topic, RITA, None, now=NOW, nonce=NONCE)
    assert decoded(email.message_from_bytes(mail.raw), "Subject") == mail.subject


@pytest.mark.parametrize(
    "subject",
    [
        # with a scheme, without one, a bare domain
        "see https://evil.example/win",
        "see www.evil.example",
        "evil.example has a prize",
        # an address
        "write to m@evil.example",
        # dots that a browser takes for one
        "evil\u3002example",
        "evil\uff0eexample",
        # a letter that is not there between them
        "evil.\u200cexample",
        # by number, in punycode
        "go to 192.0.2.1 now",
        "xn--evl-ema",
        # other schemes
        "tel:/555",
        "HTTPS://EVIL.EXAMPLE",
    ],
)
def test_an_unproven_sender_gets_no_link_back(subject: str) -> None:
    topic = replace(TOPIC, subject=subject)
    mail = composed(topic=topic, recipient=replace(RITA, name=subject), proven=False)
    text, html = parts(mail)
    assert mail["Subject"] == "Re: [MD-1042] Your request"
    assert mail["To"] == "rita@example.org"
    assert not [word for word in subject.split() if "." in word and word in text + html]


@pytest.mark.parametrize("template", [Template.ACKNOWLEDGEMENT, Template.CONFIRMATION])
def test_an_unproven_sender_gets_no_text_of_the_body_back(template: Template) -> None:
    outgoing_mail = OutgoingMail(template=template, to=RITA.id, text="BUY THIS", author=RITA.id)
    assert b"BUY THIS" not in composed(outgoing_mail, author=RITA, proven=False).as_bytes()


def test_an_unproven_sender_keeps_a_plain_subject() -> None:
    mail = composed(topic=replace(TOPIC, subject="Printer on floor 3, e.g. tray 2"), proven=False)
    assert mail["Subject"] == "Re: [MD-1042] Printer on floor 3, e.g. tray 2"


@pytest.mark.parametrize(
    ("outgoing_mail", "submitted", "precedence"),
    [
        # answers one mail (RFC 3834 §5)
        (ACKNOWLEDGEMENT, "auto-replied", "bulk"),
        # the desk speaks by itself; a mailbox must not sort it out of sight
        (OutgoingMail(template=Template.REMINDER, to=1), "auto-generated", None),
        # whoever is away is to say so, and no program does to a machine (RFC 5230 §4.6)
        (OutgoingMail(template=Template.APPROVAL, to=1), None, None),
        # an agent's own words
        (REPLY, None, None),
    ],
)
def test_marks_of_machine_mail(
    outgoing_mail: OutgoingMail, submitted: str | None, precedence: str | None
) -> None:
    mail = composed(outgoing_mail, author=ANN)
    assert mail["Auto-Submitted"] == submitted
    assert mail["Precedence"] == precedence
    assert mail["X-Maildesk-Loop"] == "example.org"


@pytest.mark.parametrize(
    ("outgoing_mail", "author", "sender"),
    [
        # the desk itself
        (ACKNOWLEDGEMENT, None, '"Service Desk" <desk@example.org>'),
        # an agent answers
        (REPLY, ANN, '"Ann Archer (Service Desk)" <desk@example.org>'),
        # a requester's words come from the desk: nobody writes in her name
        (REPLY, RITA, '"Service Desk" <desk@example.org>'),
    ],
)
def test_sender(outgoing_mail: OutgoingMail, author: Person | None, sender: str) -> None:
    assert composed(outgoing_mail, author=author)["From"] == sender


def test_names_survive_their_encoding() -> None:
    mail = composed(recipient=replace(RITA, name='Rita "R" Novák, Brno'))
    ((_, address),) = getaddresses([mail["To"]])
    assert address == "rita@example.org"
    assert 'Rita "R" Novák, Brno' in decoded(mail, "To")


def test_an_address_beyond_ascii_is_kept() -> None:
    domain = composed(recipient=replace(RITA, name="", address="rita@müller.example"))
    local = COMPOSER.compose(
        ACKNOWLEDGEMENT,
        TOPIC,
        replace(RITA, address="jürgen@example.org"),
        None,
        now=NOW,
        nonce=NONCE,
    )
    assert domain["To"] == "rita@xn--mller-kva.example"
    assert "<jürgen@example.org>".encode() in local.raw


def test_links_are_signed_for_this_person_and_round() -> None:
    outgoing_mail = OutgoingMail(
        template=Template.RESOLUTION, to=RITA.id, links=(Purpose.RESOLUTION,)
    )
    text, html = parts(composed(outgoing_mail, author=ANN))
    (url,) = [line for line in text.splitlines() if line.startswith("https://")]
    token = url.removeprefix("https://desk.example.org/l/")
    expires = NOW + timedelta(days=30)
    assert read_link(token, KEYS) == LinkToken(Purpose.RESOLUTION, 1042, RITA.id, 2, expires)
    assert f'href="{url}#accept"' in html
    assert f'href="{url}#reject"' in html


@pytest.mark.parametrize("base_url", [None, "https://desk.example.org"])
@pytest.mark.parametrize(
    ("template", "purpose", "words"),
    [
        (Template.RESOLUTION, Purpose.RESOLUTION, ("accept", "reject")),
        (Template.REMINDER, Purpose.RESOLUTION, ("accept", "reject", "keep open")),
        (Template.APPROVAL, Purpose.APPROVAL, ("approve", "reject")),
        (Template.CONFIRMATION, Purpose.RESOLUTION, ("accept", "reject")),
    ],
)
def test_every_decision_can_be_made_by_reply(
    base_url: str | None, template: Template, purpose: Purpose, words: tuple[str, ...]
) -> None:
    asked = MAX if purpose is Purpose.APPROVAL else RITA
    outgoing_mail = OutgoingMail(template=template, to=asked.id, links=(purpose,))
    mail = composed(outgoing_mail, recipient=asked, composer=of_desk(DESK, base_url))
    for body in parts(mail):
        assert "eply to this email" in body
        assert all(word in body for word in words)
        assert ("/l/" in body) is (base_url is not None)


@pytest.mark.parametrize(
    "desk",
    [
        # the provider knows no plus-addresses
        Desk(address="desk@example.org", delimiter=""),
        # the token would make the local part longer than RFC 5321 §4.5.3.1.1 allows
        Desk(address=f"{'d' * 40}@example.org"),
    ],
)
def test_without_a_tagged_address_a_line_of_the_body_has_the_token(desk: Desk) -> None:
    mail = composed(composer=of_desk(desk))
    ((_, address),) = getaddresses([mail["Reply-To"]])
    assert address == desk.address
    for body in parts(mail):
        (token,) = re.findall(r"Ref: md-([a-z2-7]+)", body)
        assert read_reply(token, KEYS) == ReplyToken(1042, RITA.id, TICKET.round)


def test_text_of_a_stranger_becomes_neither_markup_nor_a_link() -> None:
    said = '<script>x</script> https://evil.example "q" & more'
    outgoing_mail = OutgoingMail(template=Template.AGENT_NOTIFICATION, to=ANN.id, text=said)
    _, html = parts(composed(outgoing_mail, recipient=ANN, author=RITA))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert 'href="https://evil' not in html


def test_line_breaks_and_blanks_of_an_agent_are_kept() -> None:
    text, html = parts(composed(replace(REPLY, text="One\ntwo\n\n  a  b"), author=ANN))
    assert "One\ntwo\n\n  a  b" in text.replace("\r\n", "\n")
    assert "One<br>\r\ntwo</p>" in html
    assert "&nbsp; a&nbsp; b" in html


def test_a_huge_text_is_shortened_in_automatic_mail_only() -> None:
    huge = "word " * 100_000
    outgoing_mail = OutgoingMail(template=Template.AGENT_NOTIFICATION, to=ANN.id, text=huge)
    shortened, _ = parts(composed(outgoing_mail, recipient=ANN))
    whole, _ = parts(composed(replace(REPLY, text=huge)))
    assert "The full text is in the ticket." in shortened
    assert len(shortened) < 30_000
    assert whole.count("word") == 100_000


def test_no_line_of_our_mails_is_a_command_when_quoted() -> None:
    outgoing_mail = OutgoingMail(template=Template.AGENT_NOTIFICATION, to=ANN.id)
    text, _ = parts(composed(outgoing_mail, recipient=ANN))
    assert "#resolve <text>" in text
    assert not [line for line in text.splitlines() if line.strip().startswith("#")]


@pytest.mark.parametrize("base_url", [None, "https://desk.example.org"])
@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"status": "Analysis", "resolution": None, "close_due": None}, True),
        # there is nothing to resolve
        ({}, False),
        ({"status": "Completed", "close_due": None, "closed_at": NOW}, False),
    ],
)
def test_agents_get_a_resolve_link_if_pages_have_an_address(
    base_url: str | None, changes: dict[str, Any], shown: bool
) -> None:
    outgoing_mail = OutgoingMail(
        template=Template.AGENT_NOTIFICATION, to=ANN.id, links=(Purpose.WORK,)
    )
    topic = replace(TOPIC, ticket=replace(TICKET, **changes))
    mail = composed(outgoing_mail, topic, recipient=ANN, composer=of_desk(DESK, base_url))
    text, html = parts(mail)
    urls = [line for line in text.splitlines() if line.startswith("https://desk.example.org/l/")]
    assert len(urls) == (base_url is not None and shown)
    assert ("Complete and resolve" in html) is ("Complete and resolve" in text) is bool(urls)
    for url in urls:
        assert f'href="{url}"' in html
        token = read_link(url.rpartition("/")[2], KEYS)
        assert token is not None
        assert (token.purpose, token.person, token.round) == (Purpose.WORK, ANN.id, TICKET.round)


def test_a_refusal_needs_no_ticket() -> None:
    topic = ThreadContext(None, "Holiday pictures", RITA)
    outgoing_mail = OutgoingMail(
        template=Template.REFUSED, to=RITA.id, note=Sentence.verbatim("It is larger than 25 MB.")
    )
    mail = composed(outgoing_mail, topic)
    assert mail["Subject"] == "Holiday pictures"
    assert mail["X-Maildesk-Ticket"] is None
    assert "It is larger than 25 MB." in parts(mail)[0]
    with pytest.raises(ValueError, match="needs a ticket"):
        composed(REPLY, topic)


def test_the_same_draft_has_the_same_bytes() -> None:
    assert composed().as_bytes() == composed().as_bytes()


def test_our_links_and_reply_addresses_in_quotes_are_removed() -> None:
    expires = NOW + timedelta(days=30)
    link = sign_link(LinkToken(Purpose.WORK, 1042, ANN.id, 2, expires), KEYS)
    reply = sign_reply(ReplyToken(1042, ANN.id, 2), KEYS)
    text = f"See https://desk.example.org/l/{link} or write to desk+{reply}@desk.example."
    mail = composed(OutgoingMail(template=Template.REPLY, to=RITA.id, text=text, author=ANN.id))
    for body in parts(mail):
        assert "or write to desk+" in body
        assert link not in body
        assert reply not in body
