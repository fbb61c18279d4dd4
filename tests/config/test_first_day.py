"""Advice of `maildesk check`: valid settings that will disappoint on the first day."""

from typing import Any

import pytest

from maildesk.config.checks.first_day import first_day_advice
from maildesk.config.schema.settings import Settings

GOOD: dict[str, Any] = {
    "desk": {"address": "help@firm.test"},
    "mailbox": [
        {"name": "support", "host": "imap.firm.test", "user": "u", "password": {"env": "A"}}
    ],
    "smtp": {"host": "smtp.firm.test"},
    "trust": {"authserv_ids": ["mx.firm.test"]},
    "web": {"base_url": "https://help.firm.test"},
    "secrets": {"key": {"env": "KEY", "value": "k" * 40}},
}


def advised(**changes: Any) -> list[str]:
    settings = Settings.model_validate(GOOD | changes)
    found = list(first_day_advice(settings))
    assert all(one.good and one.advice and one.remedy for one in found)
    return [one.key for one in found]


def test_a_complete_configuration_gets_no_advice() -> None:
    assert advised() == []


BOX = GOOD["mailbox"][0]


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"trust": {}}, ["trust.authserv_ids"]),
        ({"trust": {}, "mailbox": [BOX | {"unnamed_results": True}]}, []),
        ({"web": {}}, ["web.base_url"]),
        ({"mailbox": [BOX | {"security": "none"}]}, ["mailbox support: security"]),
        ({"mailbox": [BOX | {"security": "none", "host": "127.0.0.1"}]}, []),
        ({"smtp": {"host": "smtp.firm.test", "security": "none"}}, ["smtp.security"]),
        ({"smtp": {"host": "localhost", "security": "none"}}, []),
        ({"desk": {"address": "desk@example.org"}}, ["desk.address"]),
        ({"desk": {"address": "desk@demo.example"}}, ["desk.address"]),
        ({"desk": {"address": "desk@myexample.org"}}, []),
        ({"smtp": {"host": "smtp.example.org"}}, ["smtp.host"]),
    ],
)
def test_what_will_disappoint_is_named(changes: dict[str, Any], keys: list[str]) -> None:
    assert advised(**changes) == keys
