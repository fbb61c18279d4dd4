"""Which address is taken for the author of a mail."""

import time

import pytest

from maildesk.config.schema.settings import Desk
from maildesk.ingest.identity.author import author_of, is_no_reply
from maildesk.ingest.mime.mail_parser import parse

DESK = Desk(address="desk@example.org")


@pytest.mark.parametrize(
    ("address", "unread"),
    [
        ("noreply@x.example", True),
        ("No-Reply@x.example", True),
        ("no_reply+abc@x.example", True),
        ("donotreply@x.example", True),
        ("do-not-reply@x.example", True),
        ("dontreply@x.example", True),
        ("shop-noreply@x.example", True),
        ("noreply2@x.example", True),
        ("nicht-antworten@x.example", True),
        ("reply@x.example", False),
        ("noreplyson@x.example", False),  # a name may begin alike
        ("nora.reply@x.example", False),
        ("rita@noreply.example", False),
        ("", False),
        ("@", False),
    ],
)
def test_an_address_that_nobody_reads_says_so(address: str, unread: bool) -> None:
    assert is_no_reply(address) is unread


@pytest.mark.parametrize(
    ("head", "author", "unclear"),
    [
        # a list that rewrote From, as Mailman does
        (
            "From: Olaf via L <l@x.example>\nX-BeenThere: l@x.example\nReply-To: o@y.example",
            "o@y.example",
            False,
        ),
        # From is the identity unless a list has exactly this address
        ("From: o@y.example\nList-Post: <mailto:l@x.example>\nReply-To: q@z.example", "o@y.example",
         False),
        ("From: l@x.example\nList-Post: <mailto:l@x.example>", "l@x.example", True),
        ("From: l@x.example\nList-Post: NO\nReply-To: o@y.example", "l@x.example", False),
        # broken and forged
        ("From: l@x.example\nList-Post: <mailto:l@x.example>\nReply-To: ;;<>", "l@x.example", True),
        ("From: desk@example.org\nReply-To: desk+token@example.org", "desk@example.org", False),
        ("From: desk@example.org\nReply-To: Desk@Example.org, o@y.example", "o@y.example", False),
        ("From: \nReply-To: o@y.example", None, False),
    ],
)  # fmt: skip
def test_the_author_is_from_unless_it_cannot_be(
    head: str, author: str | None, unclear: bool
) -> None:
    found = author_of(parse(f"{head}\nSubject: s\n\ntext".encode()), DESK, None)
    assert (found.address and found.address.address, found.unclear) == (author, unclear)
    assert bool(found.why) is (author == "o@y.example" and not head.startswith("From: o@"))


@pytest.mark.parametrize(
    "head",
    [
        "From: " + "no-" * 20_000 + "reply@x.example",
        "From: l@x.example\nList-Post: " + "<mailto:" * 50_000,
        "From: l@x.example\n" + "X-BeenThere: l@x.example\n" * 5_000,
        "From: " + "=?utf-8?q?a?= " * 5_000,
        "From: noreply@x.example\nReply-To: " + "a@b.example, " * 5_000,
    ],
)
def test_hostile_fields_cost_little(head: str) -> None:
    mail = parse(f"{head}\nReply-To: o@y.example\n\ntext".encode())
    begun = time.perf_counter()
    author_of(mail, DESK, "")
    assert time.perf_counter() - begun < 0.5
