"""The addresses of the service desk, and the tag after the delimiter."""

import pytest
from pydantic import ValidationError

from maildesk.config.schema.settings import Desk, Secret, Secrets

PLAIN = Desk(address="Desk@Example.org", aliases=("help@example.org", "desk@old.example"))
DASHED = Desk(address="desk@example.org", delimiter="--")
DOTLESS = Desk(address="my.desk@example.org", dots=False)
OWN_PLUS = Desk(address="it+desk@example.org")
BARE = Desk(address="desk@example.org", delimiter="")


@pytest.mark.parametrize(
    ("desk", "address", "tag"),
    [
        # the address itself, in any case and with space around it
        (PLAIN, "desk@example.org", ""),
        (PLAIN, "DESK@EXAMPLE.ORG", ""),
        (PLAIN, "  desk@example.org\r\n", ""),
        # a tag is folded: many servers do not keep the case
        (PLAIN, "desk+abc@example.org", "abc"),
        (PLAIN, "Desk+ABC@Example.Org", "abc"),
        # what stands behind the first delimiter is the tag, whatever it holds
        (PLAIN, "desk+a+b@example.org", "a+b"),
        (PLAIN, "desk+@example.org", ""),
        # aliases are the desk as well, each in its own domain
        (PLAIN, "help@example.org", ""),
        (PLAIN, "help+abc@example.org", "abc"),
        (PLAIN, "desk+abc@old.example", "abc"),
        (PLAIN, "help@old.example", None),
        # somebody else's mailbox
        (PLAIN, "desks@example.org", None),
        (PLAIN, "my.desk@example.org", None),
        (PLAIN, "desk-abc@example.org", None),
        (PLAIN, "rita+desk@example.org", None),
        # look-alike domains
        (PLAIN, "desk@example.org.evil.example", None),
        (PLAIN, "desk@evil-example.org", None),
        (PLAIN, "desk@sub.example.org", None),
        (PLAIN, "desk@examp1e.org", None),
        (PLAIN, "desk@ехample.org", None),  # Cyrillic
        (PLAIN, "desk@example.org@evil.example", None),
        # no address at all
        (PLAIN, "", None),
        (PLAIN, "desk", None),
        (PLAIN, "@example.org", None),
        (PLAIN, "example.org", None),
        # another delimiter, of more than one letter
        (DASHED, "desk--abc@example.org", "abc"),
        (DASHED, "desk-abc@example.org", None),
        (DASHED, "desk+abc@example.org", None),
        # the DNS's root, which some servers write
        (PLAIN, "desk+abc@example.org.", "abc"),
        # dots that do not count; in a tag they do
        (DOTLESS, "mydesk@example.org", ""),
        (DOTLESS, "M.y.Desk@example.org", ""),
        (DOTLESS, "mydesk+a.b@example.org", "a.b"),
        (DOTLESS, "my.desk@exampleorg", None),
        (PLAIN, "d.esk@example.org", None),
        # an address of ours that holds the delimiter itself
        (OWN_PLUS, "it+desk@example.org", ""),
        (OWN_PLUS, "it+desk+abc@example.org", "abc"),
        (OWN_PLUS, "it+abc@example.org", None),
        # no delimiter: only the plain address is the desk
        (BARE, "desk@example.org", ""),
        (BARE, "desk+abc@example.org", None),
        (BARE, "deskabc@example.org", None),
    ],
)
def test_the_desk_knows_its_own_addresses(desk: Desk, address: str, tag: str | None) -> None:
    assert desk.tag_in(address) == tag


def test_the_domain_is_that_of_the_address_without_case() -> None:
    assert PLAIN.domain == "example.org"


def test_the_first_key_signs_and_the_old_ones_follow() -> None:
    def secret(value: str) -> Secret:
        return Secret.model_validate({"env": "KEY", "value": value})

    secrets = Secrets(key=secret("new"), old_keys=(secret("old"), secret("older")))
    assert secrets.keys() == (b"new", b"old", b"older")


def test_a_secret_is_never_shown() -> None:
    secret = Secret.model_validate({"env": "KEY", "value": "hunter2"})
    shown = f"{secret!r} {secret} {secret.model_dump()} {secret.model_dump_json()}"
    assert "hunter2" not in shown


@pytest.mark.parametrize("ways", [{}, {"env": "KEY", "file": "key.txt"}])
def test_a_secret_has_exactly_one_source(ways: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="give either env"):
        Secret.model_validate(ways)
