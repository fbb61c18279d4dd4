"""The return path that identifies its mail, so that a bounce finds its row (VERP). No I/O.

The tag is `b` and 24 letters of base32: shorter than a reply token, so they cannot be confused.
"""

import base64
import hashlib
import hmac
import re

from maildesk.config.schema.settings import Desk

TAG = re.compile(r"b([a-z2-7]{24})\Z")

_ID_BYTES = 5
_MAC_BYTES = 10  # 80 bits
_LOCAL_PART_LIMIT = 64  # RFC 5321 §4.5.3.1.1


def verp(desk: Desk, outgoing_id: int, keys: tuple[bytes, ...]) -> str:
    """desk+bTAG@domain; the plain address of the service desk if the tag does not fit.

    Raises OverflowError for an id of 2**40 or more.
    """
    payload = outgoing_id.to_bytes(_ID_BYTES, "big")
    tag = base64.b32encode(payload + _mac(keys[0], payload)).decode().lower()
    local, _, domain = desk.address.rpartition("@")
    tagged = f"{local}{desk.delimiter}b{tag}"
    fits = desk.delimiter and len(tagged) <= _LOCAL_PART_LIMIT
    return f"{tagged}@{domain}" if fits else desk.address


def read_verp(tag: str, keys: tuple[bytes, ...]) -> int | None:
    """The outgoing row's id; None if we did not sign the tag. Ignores case.

    `tag` is the part that `Desk.tag_in` finds after the delimiter.
    """
    match = TAG.match(tag.lower())
    if match is None:
        return None
    data = base64.b32decode(match.group(1).upper())
    payload, mac = data[:_ID_BYTES], data[_ID_BYTES:]
    # Every key is tried, so that the time taken does not reveal which one matched.
    fits = [hmac.compare_digest(_mac(key, payload), mac) for key in keys]
    return int.from_bytes(payload, "big") if any(fits) else None


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, b"return-path\0" + payload, hashlib.sha256)[:_MAC_BYTES]
