"""Which ticket a mail belongs to: by the strongest evidence, and never by a stranger's word."""

import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from maildesk.config.schema.settings import Desk
from maildesk.ingest.threading import (
    BODY_MARKER,
    Known,
    Thread,
    clues,
    thread,
    token_proves,
    wanted,
)
from maildesk.model.approval import Approval, Vote
from maildesk.model.links.token import ReplyToken, sign_message_id, sign_reply
from maildesk.model.mail import Address, Mail
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = (b"k" * 32, b"old" * 12)
DESK = Desk(address="desk@example.com", aliases=("help@example.com",))

RITA = Person(id=1, name="Rita", address="rita@example.com", manager=2)
MAX = Person(id=2, name="Max", address="max@example.com")
ANN = Person(id=3, name="Ann", address="ann@example.com", teams=("First line",))
LEE = Person(id=4, name="Lee", address="lee@example.com", teams=("Network",))
MALLORY = Person(id=9, name="Mallory", address="mallory@evil.example")


def ticket(
    number: int, requester: Person, *people: Person, approver: Person | None = None
) -> Ticket:
    asked = Approval(votes=(Vote(approver.id),), round=1, asked_at=NOON) if approver else None
    return Ticket(
        number=number,
        requester=requester.id,
        source="mail",
        status="New",
        state="Open",
        request_type="incident",
        opened_at=NOON,
        updated_at=NOON,
        participants=tuple(person.id for person in people),
        approval=asked,
    )


# 1042 is Rita's and waits for Max; 1043 is Mallory's own.
# 1050 was Rita's, too, and merged into 1042 by way of 1051; 1060 and 1061 point at each other.
TICKETS = {
    1042: ticket(1042, RITA, approver=MAX),
    1043: ticket(1043, MALLORY),
    1050: replace(ticket(1050, RITA), merged_into=1051),
    1051: replace(ticket(1051, RITA), merged_into=1042),
    1060: replace(ticket(1060, RITA), merged_into=1061),
    1061: replace(ticket(1061, RITA), merged_into=1060),
}
STORED = {"<first@mail.rita>": 1042, "<hers@evil.example>": 1043, "<gone@mail.rita>": 77}


def token(number: int, person: Person, keys: tuple[bytes, ...] = KEYS, *, round_: int = 0) -> str:
    return sign_reply(ReplyToken(number, person.id, round_), keys)


def ours(number: int, keys: tuple[bytes, ...] = KEYS) -> str:
    return sign_message_id(number, b"0123456789", "example.com", keys)


RITAS, MAXS, MALLORYS = token(1042, RITA), token(1042, MAX), token(1043, MALLORY)
FORGED = token(1042, MALLORY, (b"guess" * 8,))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One mail: who it says it is from, and what it names."""

    why: str
    sender: Person = RITA
    to: tuple[str, ...] = ("desk@example.com",)
    cc: tuple[str, ...] = ()
    subject: str = "Printer"
    text: str = ""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    envelope: tuple[str, ...] = ()
    expect: tuple[int | None, str] = (None, "none")
    held: bool = False
    proves: bool = False
    says: str = ""
    known: Known = field(default_factory=lambda: Known(by_message_id=STORED, tickets=TICKETS))

    def mail(self) -> Mail:
        return Mail(
            subject=self.subject,
            senders=(Address(self.sender.name, self.sender.address),),
            to=tuple(Address("", one) for one in self.to),
            cc=tuple(Address("", one) for one in self.cc),
            reply_to=(),
            date=None,
            message_id="<new@example.com>",
            in_reply_to=self.in_reply_to,
            references=self.references,
            headers=self.headers,
            text=self.text,
            html=None,
            attachments=(),
            content_key="",
        )


def plus(text: str) -> tuple[str, ...]:
    return (f"desk+{text}@example.com",)


OUTLOOKS = base64.b64encode(b"\x01" * 6 + bytes(range(16)) + b"later").decode()
GUID = bytes(range(16)).hex()

TOKEN, REFERENCE, SUBJECT = (1042, "token"), (1042, "reference"), (1042, "subject")

CASES = (
    # ---- nothing that names a ticket
    Case(why="a first mail"),
    Case(why="the same subject alone never threads", subject="Re: Printer"),
    Case(why="a stranger's first mail", sender=MALLORY),
    # ---- reply tokens
    Case(why="her own token", to=plus(RITAS), expect=TOKEN, proves=True),
    Case(why="a token in CC", cc=plus(RITAS), expect=TOKEN, proves=True),
    Case(why="a server that writes capitals", to=plus(RITAS.upper()), expect=TOKEN, proves=True),
    Case(
        why="an address folded in its middle",
        to=(f"desk+{RITAS[:9]} {RITAS[9:]}@example.com",),
        expect=TOKEN,
        proves=True,
    ),
    Case(why="an alias", to=(f"Help+{RITAS}@EXAMPLE.com",), expect=TOKEN, proves=True),
    Case(
        why="Delivered-To", headers=(("delivered-to", plus(RITAS)[0]),), expect=TOKEN, proves=True
    ),
    Case(
        why="X-Original-To, in brackets, the second of two",
        headers=(("x-original-to", "a@b.c"), ("x-original-to", f"<{plus(RITAS)[0]}>")),
        expect=TOKEN,
        proves=True,
    ),
    Case(why="a blind copy: the envelope", envelope=plus(RITAS), expect=TOKEN, proves=True),
    Case(
        why="a key that was rotated",
        to=plus(token(1042, RITA, KEYS[1:])),
        expect=TOKEN,
        proves=True,
    ),
    Case(
        why="one mail to two desk addresses",
        to=("help@example.com", *plus(RITAS)),
        expect=TOKEN,
        proves=True,
    ),
    Case(why="the approver's token", sender=MAX, to=plus(MAXS), expect=TOKEN, proves=True),
    Case(
        why="Rita's token used by the approver: he takes part, but it does not prove him",
        sender=MAX,
        to=plus(RITAS),
        expect=TOKEN,
        says="made for somebody else",
    ),
    Case(why="Rita's token used by an agent", sender=LEE, to=plus(RITAS), expect=TOKEN),
    Case(
        why="Rita's token in a stranger's hands is held",
        sender=MALLORY,
        to=plus(RITAS),
        expect=TOKEN,
        held=True,
        says="held: the sender takes no part",
    ),
    Case(
        why="of two tokens the sender's own counts",
        sender=MALLORY,
        to=(*plus(RITAS), *plus(MALLORYS)),
        expect=(1043, "token"),
        proves=True,
        says="names ticket 1042",
    ),
    Case(
        why="somebody whom we wrote to may answer, whoever else takes part",
        sender=MAX,
        to=plus(token(1043, MAX)),
        expect=(1043, "token"),
        proves=True,
    ),
    Case(why="a forged token", sender=MALLORY, to=plus(FORGED), says="is no reply token"),
    Case(why="a cut token", to=plus(RITAS[:-1]), says="is no reply token"),
    Case(why="a padded token", to=plus(RITAS + "a"), says="is no reply token"),
    Case(why="a plain plus-address", to=plus("printers"), says="'printers' behind our address"),
    Case(why="a token at another host is not ours to read", to=(f"desk+{RITAS}@evil.example",)),
    Case(
        why="a token of a ticket that is gone",
        to=plus(token(999, RITA)),
        says="there is no ticket 999",
    ),
    Case(
        why="token and reference disagree: the token wins, and it is said",
        sender=MALLORY,
        to=plus(MALLORYS),
        in_reply_to="<first@mail.rita>",
        expect=(1043, "token"),
        proves=True,
        says="names ticket 1042, but reply token made for the sender is stronger",
    ),
    Case(
        why="a dead token does not hide a good reference",
        to=plus(token(999, RITA)),
        in_reply_to=ours(1042),
        expect=REFERENCE,
    ),
    # ---- In-Reply-To and References
    Case(
        why="a Message-ID that we signed", in_reply_to=ours(1042), expect=REFERENCE, says="of ours"
    ),
    Case(
        why="signed, found in References alone", references=("<x@y>", ours(1042)), expect=REFERENCE
    ),
    Case(why="signed with the old key", in_reply_to=ours(1042, KEYS[1:]), expect=REFERENCE),
    Case(why="a stored mail of hers", in_reply_to="<first@mail.rita>", expect=REFERENCE),
    Case(
        why="the requester and her manager among themselves",
        sender=MAX,
        references=("<first@mail.rita>",),
        expect=REFERENCE,
    ),
    Case(why="an agent may write anywhere", sender=ANN, in_reply_to=ours(1042), expect=REFERENCE),
    Case(
        why="the nearest reference counts",
        sender=MALLORY,
        in_reply_to="<hers@evil.example>",
        references=("<first@mail.rita>",),
        expect=(1043, "reference"),
        says="names ticket 1042",
    ),
    Case(
        why="References are read from their end",
        sender=MALLORY,
        references=("<first@mail.rita>", "<hers@evil.example>"),
        expect=(1043, "reference"),
    ),
    Case(
        why="an unknown In-Reply-To does not hide the rest",
        in_reply_to="<lost@nowhere>",
        references=("<first@mail.rita>",),
        expect=REFERENCE,
        says="<lost@nowhere>: no such message is known",
    ),
    Case(
        why="a stranger who was forwarded the mail is held",
        sender=MALLORY,
        in_reply_to=ours(1042),
        expect=REFERENCE,
        held=True,
    ),
    Case(
        why="a stranger who names a stored mail is held",
        sender=MALLORY,
        references=("<first@mail.rita>",),
        expect=REFERENCE,
        held=True,
    ),
    Case(
        why="a Message-ID in our form that we did not sign",
        in_reply_to=ours(1042, (b"guess" * 8,)),
        says="no such message is known",
    ),
    Case(
        why="a signed id whose number was changed",
        in_reply_to=ours(1043).replace("md.1043.", "md.1042."),
        says="no such message is known",
    ),
    Case(
        why="our id of a ticket that is gone", in_reply_to=ours(999), says="there is no ticket 999"
    ),
    Case(
        why="a stored id of a ticket that is gone",
        in_reply_to="<gone@mail.rita>",
        says="no ticket 77",
    ),
    Case(why="a circle in References", references=("<new@example.com>",) * 3),
    # ---- tickets that were merged
    Case(
        why="a token of a merged ticket leads to the survivor, and still proves her",
        to=plus(token(1050, RITA)),
        expect=TOKEN,
        proves=True,
        says="of ticket 1050 that was merged",
    ),
    Case(
        why="a stranger's token of a merged ticket is no better there",
        sender=MALLORY,
        to=plus(token(1050, RITA)),
        expect=TOKEN,
        held=True,
    ),
    Case(
        why="a Message-ID of a merged ticket",
        in_reply_to=ours(1051),
        expect=REFERENCE,
    ),
    Case(why="the tag of a merged ticket", subject="[MD-1050]", expect=SUBJECT),
    Case(
        why="the approver of the survivor may use the tag of what was merged into it",
        sender=MAX,
        subject="[MD-1050]",
        expect=SUBJECT,
    ),
    Case(
        why="a stranger's tag of a merged ticket",
        sender=MALLORY,
        subject="[MD-1050]",
        says="takes no part",
    ),
    Case(
        why="old token and new reference name the same ticket",
        to=plus(token(1050, RITA)),
        in_reply_to=ours(1042),
        expect=TOKEN,
        proves=True,
    ),
    Case(
        why="tickets merged in a circle end somewhere",
        subject="[MD-1060]",
        expect=(1061, "subject"),
    ),
    # ---- the marker in the text
    Case(
        why="a marker in the quote",
        text=f"Hi\n> Ref: md-{RITAS}\n",
        expect=TOKEN,
        says="in the text",
    ),
    Case(why="a marker in capitals", text=f"REF: MD-{RITAS.upper()}", expect=TOKEN),
    Case(
        why="a marker in a stranger's hands",
        sender=MALLORY,
        text=f"Ref: md-{RITAS}",
        expect=TOKEN,
        held=True,
    ),
    Case(why="a forged marker", text=f"Ref: md-{FORGED}", says="in the text is no reply token"),
    Case(why="a marker that goes on is none", text=f"Ref: md-{RITAS}ab"),
    Case(
        why="a quoted marker of another ticket gives way to the reference",
        in_reply_to=ours(1042),
        text=f"> Ref: md-{MALLORYS}",
        expect=REFERENCE,
        says="names ticket 1043",
    ),
    # ---- subject tags
    Case(why="the requester's tag", subject="Re: [MD-1042] Printer", expect=SUBJECT),
    Case(why="a tag with other case and blanks", subject="AW: [ md - 1042 ]", expect=SUBJECT),
    Case(why="an agent's tag", sender=LEE, subject="[MD-1042]", expect=SUBJECT),
    Case(why="the approver's tag", sender=MAX, subject="[MD-1042]", expect=SUBJECT),
    Case(
        why="a stranger's tag opens a ticket of his own",
        sender=MALLORY,
        subject="Re: [MD-1042] Printer",
        says="the sender takes no part in that ticket",
    ),
    Case(
        why="a stranger's two tags: the own one counts",
        sender=MALLORY,
        subject="[MD-1042] [MD-1043]",
        expect=(1043, "subject"),
    ),
    # ---- Outlook's conversation is shown, and decides nothing
    Case(
        why="a Thread-Index names no ticket",
        headers=(("thread-index", OUTLOOKS),),
        says=f"Thread-Index of conversation {GUID}: it alone names no ticket",
    ),
    Case(
        why="a Thread-Index beside what names one",
        headers=(("thread-index", OUTLOOKS),),
        in_reply_to="<first@mail.rita>",
        expect=REFERENCE,
        says=GUID,
    ),
    Case(why="a Thread-Index that is none", headers=(("thread-index", "\xff="),)),
    Case(why="an empty Thread-Index", headers=(("thread-index", ""),)),
    Case(why="a tag of no ticket", subject="[MD-5]", says="there is no ticket 5"),
    Case(why="a number without brackets is no tag", subject="MD-1042"),
    Case(why="a number too long for a ticket", subject="[MD-10420000000]"),
    Case(
        why="tag and reference disagree: the reference wins",
        sender=MALLORY,
        subject="[MD-1042]",
        in_reply_to="<hers@evil.example>",
        expect=(1043, "reference"),
    ),
)


def played(case: Case) -> tuple[Thread, bool]:
    found = clues(case.mail(), DESK, KEYS, case.envelope)
    result = thread(found, case.sender, case.known)
    return result, token_proves(found, result, case.sender, case.known)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_a_mail_lands_where_its_evidence_leads(case: Case) -> None:
    result, proves = played(case)
    assert (result.ticket, result.how) == case.expect
    assert result.held is case.held
    assert proves is case.proves
    words = " | ".join((result.step.verdict, *result.step.evidence, *result.step.rejected))
    assert case.says in words


def test_the_shell_is_asked_only_for_what_is_not_known_already() -> None:
    case = Case(
        why="everything",
        to=plus(RITAS),
        subject="[MD-7]",
        text=f"Ref: md-{MALLORYS}",
        in_reply_to=ours(1042),
        references=("<a@b>", "<c@d>"),
    )
    asked = wanted(clues(case.mail(), DESK, KEYS))
    assert asked.message_ids == ("<c@d>", "<a@b>")
    assert asked.tickets == (1042, 1043, 7)


ROUNDS = (
    # the round of the mail that she answers
    (plus(token(1042, RITA, round_=2)), "", 2),
    # an old token from the address book beside the new one
    ((*plus(token(1042, RITA, round_=1)), *plus(token(1042, RITA, round_=3))), "", 3),
    # the address says more than the quote
    (plus(token(1042, RITA, round_=1)), f"> Ref: md-{token(1042, RITA, round_=3)}", 1),
    # where the provider has no plus-addresses, the quote tells
    (("desk@example.com",), f"> Ref: md-{token(1042, RITA, round_=3)}", 3),
    # somebody else's token says nothing of her round
    (plus(token(1042, MAX, round_=2)), "", None),
    # a round of a ticket that was merged is none of the survivor's
    (plus(token(1050, RITA, round_=7)), "", 0),
    # a token of a ticket that is gone says nothing of this one
    (plus(token(999, RITA, round_=2)), f"Ref: md-{RITAS}", 0),
)


@pytest.mark.parametrize(("to", "text", "expected"), ROUNDS)
def test_a_token_tells_which_round_is_answered(
    to: tuple[str, ...], text: str, expected: int | None
) -> None:
    result, _ = played(Case(why="rounds", to=to, text=text))
    assert result.round == expected


def test_the_trace_holds_no_token_and_stays_short() -> None:
    case = Case(
        why="many references",
        to=plus(RITAS),
        text=f"Ref: md-{MAXS}",
        references=tuple(f"<{n}@nowhere>" for n in range(100)),
    )
    result, _ = played(case)
    assert len(result.step.rejected) == 13
    assert result.step.rejected[-1] == "and 88 more"
    assert RITAS not in str(result.step)
    assert MAXS not in str(result.step)


def test_the_line_that_we_print_is_the_marker_that_we_read() -> None:
    match = BODY_MARKER.search(f"--\nRef: md-{RITAS}\n")
    assert match is not None
    assert match[1] == RITAS
