"""Only the service desk can create, change or extend a token."""

import base64
import hmac
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.model.links.token import (
    LinkToken,
    Purpose,
    ReplyToken,
    read_link,
    read_message_id,
    read_reply,
    sign_link,
    sign_message_id,
    sign_reply,
)

KEY, OTHER = b"k" * 40, b"o" * 40
KEYS = (KEY,)
EXPIRES = datetime(2026, 12, 23, 9, 0, tzinfo=UTC)
REPLY = ReplyToken(ticket=1042, person=7, round=3)
LINK = LinkToken(Purpose.APPROVAL, ticket=1042, person=7, round=3, expires=EXPIRES)
NONCE = bytes(range(10))

Keys = tuple[bytes, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of token: how it is made, how it is read, and what it then says."""

    sign: Callable[[Keys], str]
    read: Callable[[str, Keys], object]
    says: object
    length: int


KINDS = {
    "reply": Kind(lambda keys: sign_reply(REPLY, keys), read_reply, REPLY, 40),
    "link": Kind(lambda keys: sign_link(LINK, keys), read_link, LINK, 64),
    "message-id": Kind(
        lambda keys: sign_message_id(1042, NONCE, "example.org", keys), read_message_id, 1042, 63
    ),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
secret_kinds = pytest.mark.parametrize("kind", [KINDS["reply"], KINDS["link"]])


@each_kind
def test_a_token_contains_the_signed_values(kind: Kind) -> None:
    token = kind.sign(KEYS)
    assert len(token) == kind.length
    assert kind.read(token, KEYS) == kind.says


@each_kind
def test_a_token_of_a_foreign_key_is_refused(kind: Kind) -> None:
    assert kind.read(kind.sign((OTHER,)), KEYS) is None


@each_kind
def test_rotating_keys_keeps_earlier_tokens_valid(kind: Kind) -> None:
    old = kind.sign((OTHER,))
    assert kind.read(old, (KEY, OTHER)) == kind.says  # the old key is still accepted
    assert kind.sign((KEY, OTHER)) == kind.sign(KEYS)  # and signs nothing any more


@secret_kinds
@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("nothing", lambda token: token[:0]),
        ("cut at the end", lambda token: token[:-1]),
        ("cut at the front", lambda token: token[1:]),
        ("half of it", lambda token: token[: len(token) // 2]),
        ("base64 padding", lambda token: token + "="),
        ("longer", lambda token: token + "a"),
        ("longer at the front", lambda token: "a" + token),
        ("doubled", lambda token: token * 2),
        ("a NUL behind it", lambda token: token + "\0"),
        ("a zero-width space in it", lambda token: token[:20] + "\u200b" + token[20:]),
        ("a space in it", lambda token: token[:20] + " " + token[20:]),
    ],
)
def test_a_truncated_padded_or_extended_token_is_rejected(
    kind: Kind, name: str, spoil: Callable[[str], str]
) -> None:
    assert kind.read(spoil(kind.sign(KEYS)), KEYS) is None, name


@secret_kinds
def test_a_line_break_after_a_token_is_rejected(kind: Kind) -> None:
    assert kind.read(kind.sign(KEYS) + "\n", KEYS) is None


@pytest.mark.parametrize("name", ["reply", "link"])
def test_every_change_of_a_single_character_is_refused(name: str) -> None:
    kind = KINDS[name]
    token = kind.sign(KEYS)
    for at, outgoing_mail in enumerate(token):
        for other in string.ascii_letters + string.digits + "-_+/=.@ é\u212a":
            if other == outgoing_mail or (name == "reply" and other.lower() == outgoing_mail):
                continue
            changed = token[:at] + other + token[at + 1 :]
            assert kind.read(changed, KEYS) is None, changed


def test_every_change_of_a_signed_message_id_except_its_domain_is_rejected() -> None:
    token = KINDS["message-id"].sign(KEYS)
    for at in range(1, token.index("@") + 1):
        for other in string.ascii_letters + string.digits + "-_.@<> é":
            if other != token[at]:
                changed = token[:at] + other + token[at + 1 :]
                assert read_message_id(changed, KEYS) is None, changed


@pytest.mark.parametrize("maker", KINDS)
@pytest.mark.parametrize("reader", KINDS)
def test_one_kind_is_never_read_as_another(maker: str, reader: str) -> None:
    token = KINDS[maker].sign(KEYS)
    assert (KINDS[reader].read(token, KEYS) is not None) == (maker == reader)


def test_a_signature_of_another_kind_does_not_verify() -> None:
    """Were the kind not in the signature, a link's could be cut to fit a reply token."""
    payload = base64.b32decode(sign_reply(REPLY, KEYS).upper())[:11]
    for kind in (b"link\0", b"message-id\0", b""):
        forged = payload + hmac.digest(KEY, kind + payload, "sha256")[:14]
        assert read_reply(base64.b32encode(forged).decode().lower(), KEYS) is None


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_token_of_another_version_is_refused_even_if_it_is_signed(version: int) -> None:
    def signed(token: bytes, size: int, kind: bytes, length: int) -> bytes:
        payload = bytes([version]) + token[1:size]
        return payload + hmac.digest(KEY, kind + b"\0" + payload, "sha256")[:length]

    reply = signed(base64.b32decode(sign_reply(REPLY, KEYS).upper()), 11, b"reply", 14)
    link = signed(base64.urlsafe_b64decode(sign_link(LINK, KEYS)), 16, b"link", 32)
    assert read_reply(base64.b32encode(reply).decode().lower(), KEYS) is None
    assert read_link(base64.urlsafe_b64encode(link).decode(), KEYS) is None


def test_the_case_of_a_reply_token_does_not_matter() -> None:
    assert read_reply(sign_reply(REPLY, KEYS).upper(), KEYS) == REPLY


def test_the_case_of_a_link_matters() -> None:
    token = sign_link(LINK, KEYS)
    assert read_link(token.swapcase(), KEYS) is None


@pytest.mark.parametrize(
    "seen",
    [
        "{}",  # as we wrote it
        " {}\r\n",  # folded
    ],
)
def test_a_message_id_is_recognised_as_servers_relay_it(seen: str) -> None:
    token = KINDS["message-id"].sign(KEYS)
    assert read_message_id(seen.format(token), KEYS) == 1042
    assert read_message_id(seen.format(token.strip("<>")), KEYS) == 1042


@pytest.mark.parametrize(
    "text",
    [
        "<md.1042@example.org>",  # no signature
        "<md.01042.{}@example.org>",  # the number spelt otherwise
        "<md.1043.{}@example.org>",  # another ticket
        "<md.-1042.{}@example.org>",
        "<md.१०४२.{}@example.org>",  # digits of another script
        "<md.1042.{}@>",  # no domain
        "<md.1042.{}@exa mple.org>",
        "<xmd.1042.{}@example.org>",
        "<md.1042.{}",  # cut before the domain
        "<<md.1042.{}@example.org>>",  # more brackets than one pair
    ],
)
def test_a_message_id_in_another_spelling_is_rejected(text: str) -> None:
    signed = ".".join(KINDS["message-id"].sign(KEYS).partition("@")[0].split(".")[2:])
    assert read_message_id(text.format(signed), KEYS) is None


numbers = st.integers(0, 2**32 - 1)
rounds = st.integers(0, 2**16 - 1)


@given(numbers, numbers, rounds)
def test_any_reply_token_is_read_back(ticket: int, person: int, round_: int) -> None:
    token = ReplyToken(ticket, person, round_)
    assert read_reply(sign_reply(token, KEYS), KEYS) == token


@given(
    st.sampled_from(Purpose),
    numbers,
    numbers,
    rounds,
    st.datetimes(datetime(1970, 1, 2), datetime(2105, 1, 1), timezones=st.just(UTC)),
)
def test_any_link_token_is_read_back_to_the_second(
    purpose: Purpose, ticket: int, person: int, round_: int, expires: datetime
) -> None:
    token = LinkToken(purpose, ticket, person, round_, expires.replace(microsecond=0))
    assert read_link(sign_link(token, KEYS), KEYS) == token


@given(st.text(max_size=80))
def test_no_text_makes_the_parsers_raise(text: str) -> None:
    for kind in KINDS.values():
        assert kind.read(text, KEYS) is None
