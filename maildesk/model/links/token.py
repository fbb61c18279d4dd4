"""Signed tokens that prove who may act on which ticket. Keys and time are arguments.

There are three kinds: the reply token of a recipient address, the link token of a page, and the
signed Message-ID. Each signature covers its kind, so one cannot replace another. The first key
signs and every key verifies, so that keys can be rotated.
"""

import base64
import binascii
import enum
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

REPLY_TOKEN = re.compile(r"[a-z2-7]{40}\Z")
LINK_TOKEN = re.compile(r"[A-Za-z0-9_-]{64}\Z")
MESSAGE_ID = re.compile(r"<?md\.([0-9]{1,9})\.([a-z2-7]{16})\.([a-z2-7]{24})@([^\s<>@]{1,255})>?\Z")

_VERSION = 1
_REPLY_MAC = 14  # bytes: 112 bits; with the payload 25 bytes, 40 letters without padding
_REPLY = struct.Struct(">BIIH")
_LINK = struct.Struct(">BBIIHI")
_MESSAGE_MAC = 15  # bytes: 120 bits, 24 letters of base32


class Purpose(enum.IntEnum):
    """The purpose of a link."""

    VIEW = 1
    RESOLUTION = 2
    APPROVAL = 3
    WORK = 4


@dataclass(frozen=True, slots=True)
class ReplyToken:
    """Proves that this person received a mail of this ticket during this round.

    A reply with it counts as that person's, and decides only an approval or resolution of the
    round.
    """

    ticket: int
    person: int
    round: int = 0


@dataclass(frozen=True, slots=True)
class LinkToken:
    """This person may open this page of this ticket, in this round, until `expires`."""

    purpose: Purpose
    ticket: int
    person: int
    round: int
    expires: datetime


def _mac(key: bytes, kind: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, kind + b"\0" + payload, hashlib.sha256)


def _signed(keys: tuple[bytes, ...], kind: bytes, payload: bytes, mac: bytes) -> bool:
    # Every key is tried, so that the time taken does not reveal which one matched.
    matches = [hmac.compare_digest(_mac(key, kind, payload)[: len(mac)], mac) for key in keys]
    return any(matches)


def sign_reply(token: ReplyToken, keys: tuple[bytes, ...]) -> str:
    """The token as 40 characters of lower-case base32, for the local part of an address."""
    payload = _REPLY.pack(_VERSION, token.ticket, token.person, token.round)
    mac = _mac(keys[0], b"reply", payload)[:_REPLY_MAC]
    return base64.b32encode(payload + mac).decode().lower()


def read_reply(text: str, keys: tuple[bytes, ...]) -> ReplyToken | None:
    """The token; None if the text is empty, truncated, padded or not signed by us. Ignores case."""
    text = text.lower()
    if not REPLY_TOKEN.match(text):
        return None
    data = base64.b32decode(text.upper())
    payload, mac = data[: _REPLY.size], data[_REPLY.size :]
    version, ticket, person, round_ = _REPLY.unpack(payload)
    if version != _VERSION or not _signed(keys, b"reply", payload, mac):
        return None
    return ReplyToken(ticket, person, round_)


def sign_link(token: LinkToken, keys: tuple[bytes, ...]) -> str:
    """The token as 64 characters of URL-safe base64."""
    payload = _LINK.pack(
        _VERSION,
        token.purpose,
        token.ticket,
        token.person,
        token.round,
        int(token.expires.timestamp()),
    )
    return base64.urlsafe_b64encode(payload + _mac(keys[0], b"link", payload)).decode()


def read_link(text: str, keys: tuple[bytes, ...]) -> LinkToken | None:
    """The token; None if the text is empty, truncated, padded or not signed by us.

    The caller checks expiry and round, because an expired link gets another page than a forged one.
    """
    if not LINK_TOKEN.match(text):
        return None
    data = base64.urlsafe_b64decode(text)
    payload, mac = data[: _LINK.size], data[_LINK.size :]
    version, purpose, ticket, person, round_, expires = _LINK.unpack(payload)
    if version != _VERSION or not _signed(keys, b"link", payload, mac):
        return None
    return LinkToken(Purpose(purpose), ticket, person, round_, datetime.fromtimestamp(expires, UTC))


def sign_message_id(ticket: int, nonce: bytes, domain: str, keys: tuple[bytes, ...]) -> str:
    """A Message-ID (RFC 5322 §3.6.4) that names its ticket. `nonce` is 10 random bytes."""
    unique = base64.b32encode(nonce).decode().lower()
    mac = _mac(keys[0], b"message-id", f"{ticket}.{unique}".encode())[:_MESSAGE_MAC]
    return f"<md.{ticket}.{unique}.{base64.b32encode(mac).decode().lower()}@{domain}>"


def read_message_id(text: str, keys: tuple[bytes, ...]) -> int | None:
    """The ticket's number if we signed this Message-ID, else None."""
    match = MESSAGE_ID.match(text.strip())
    if match is None:
        return None
    number, unique, mac = match.group(1), match.group(2), match.group(3)
    try:
        given = base64.b32decode(mac.upper())
    except binascii.Error:
        return None
    return (
        int(number) if _signed(keys, b"message-id", f"{number}.{unique}".encode(), given) else None
    )
