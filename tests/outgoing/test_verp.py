"""A return path that only we can have signed."""

import pytest

from maildesk.config.schema.settings import Desk
from maildesk.model.links.token import REPLY_TOKEN
from maildesk.outgoing.verp import read_verp, verp
from tests.outgoing.cast import DESK, KEYS

OTHER = (b"o" * 32,)


@pytest.mark.parametrize("id", [1, 77, 2**40 - 1])
def test_a_bounce_finds_its_mail(id: int) -> None:
    address = verp(DESK, id, KEYS)
    assert len(address.partition("@")[0]) <= 64
    assert read_verp(DESK.tag_in(address.upper()) or "", KEYS) == id


def test_an_old_key_still_verifies() -> None:
    tag = DESK.tag_in(verp(DESK, 5, OTHER)) or ""
    assert read_verp(tag, KEYS + OTHER) == 5


TAG = DESK.tag_in(verp(DESK, 5, KEYS)) or ""


@pytest.mark.parametrize(
    "tag",
    [
        # empty, cut, padded
        "",
        TAG[:-1],
        TAG + "a",
        TAG + "\n",
        # another row's number under this signature
        DESK.tag_in(verp(DESK, 6, KEYS))[:9] + TAG[9:],  # type: ignore[index]
        # signed with a key that is not ours
        DESK.tag_in(verp(DESK, 5, OTHER)),
        # letters that base32 does not have
        "b" + "1" * 24,
    ],
)
def test_a_tag_with_a_foreign_signature_is_rejected(tag: str) -> None:
    assert read_verp(tag, KEYS) is None


def test_a_return_path_tag_is_not_a_reply_token() -> None:
    assert not REPLY_TOKEN.match(TAG)


@pytest.mark.parametrize(
    "desk",
    [
        # the provider knows no plus-addresses
        Desk(address="desk@example.org", delimiter=""),
        # the local part would be longer than 64
        Desk(address=f"{'d' * 50}@example.org"),
    ],
)
def test_the_plain_address_is_used_if_no_tag_fits(desk: Desk) -> None:
    assert verp(desk, 5, KEYS) == desk.address
