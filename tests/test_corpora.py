"""Real mails of other projects (../shared/corpora): what they expect, and what may not happen."""

import json
import time
from functools import cache

import pytest

from bench import agreement_fields, agreement_machines, agreement_machines_known
from bench.agreement import Item, items
from bench.agreement_known import KNOWN
from maildesk.ingest.reading.analyse import contract
from tests.skips import needs_corpora

pytestmark = needs_corpora

KEYS = [
    *("path", "subject", "from", "to", "cc", "reply_to", "date", "message_id", "in_reply_to"),
    *("references", "text", "reply_text", "html", "attachments", "kind", "bounce", "defects"),
]


@cache
def mails() -> tuple[Item, ...]:
    return tuple(item for item in items() if item.format == "rfc822")


def test_every_mail_has_the_keys_of_the_contract_within_two_seconds() -> None:
    for item in mails():
        started = time.process_time()
        reading = contract(item.path, item.raw())
        assert time.process_time() - started < 2, item.path
        assert list(reading) == KEYS, item.path
        json.dumps(reading).encode()


# What the fields of each source must agree with ours in, of a hundred.
FIELDS = {
    ("imap_tools", "subject"): 98,
    ("imap_tools", "from"): 98,
    ("imap_tools", "to"): 98,
    ("imap_tools", "cc"): 98,
    ("imap_tools", "date"): 98,
    ("imap_tools", "text"): 95,
    ("imap_tools", "attachments"): 95,
    ("stalwart", "subject"): 98,
    ("stalwart", "from"): 98,
    ("stalwart", "to"): 98,
    ("stalwart", "date"): 95,
    ("stalwart", "text"): 95,
    ("stalwart", "attachments"): 95,
    ("mimekit", "attachments"): 95,
    ("perl-mime-tools", "attachments"): 95,
}


def test_fields_agree_with_what_others_read() -> None:
    measured = {(one.source, one.field): one for one in agreement_fields.measure()}
    low = {
        key: measured[key].percent for key, least in FIELDS.items() if measured[key].percent < least
    }
    assert not low
    assert {key for key, one in measured.items() if one.of} == set(FIELDS)


def test_each_disagreement_about_a_field_is_explained_and_no_other_is() -> None:
    found = {
        (path, one.field): reason
        for one in agreement_fields.measure()
        for path, reason in one.disagreeing
    }
    assert found == KNOWN


# What the sources expect of these contradicts what others expect of the like: a named other
# mail wants the opposite, or the answer that is named is not this mail's.
CONTRADICTED_REPLIES = {
    "crisp-email-reply-parser/fixtures/email_emoji.txt",
    "talon/standard_replies/iphone.eml",
    "talon/standard_replies/sparrow.eml",
    "talon/html_replies/gmail.html",
    "talon/html_replies/hotmail.html",
    "talon/html_replies/thunderbird.html",
}
# (source, field): least of a hundred
MACHINES = {
    ("talon", "reply"): 90,
    ("talon", "reply lines"): 90,
    ("email_reply_trimmer", "reply"): 88,
    ("email_reply_trimmer", "reply lines"): 100,
    ("crisp-email-reply-parser", "reply"): 85,
    ("crisp-email-reply-parser", "reply lines"): 95,
    ("email_reply_parser", "reply"): 100,
    ("email_reply_parser", "reply lines"): 100,
    ("all", "machines"): 99.5,
    ("all", "machine kind"): 98,
    ("all", "persons"): 99,
    ("sisimai", "recipient"): 98,
    ("sisimai", "status"): 94,
    ("sisimai", "hard or soft"): 90,
}
PERSONS = {
    "mimekit/mbox_split/content-length-001.eml",
    "php-imap/messages/issue-382.eml",
    "php-mime-mail-parser/mails/issue212",
    "roundup/emails/testItsBulkStupid-01.eml",
}
KNOWN_MACHINES = {
    "reply": agreement_machines_known.REPLIES,
    "machine kind": {k: v for k, v in agreement_machines_known.KINDS.items() if k not in PERSONS},
    "persons": {k: v for k, v in agreement_machines_known.KINDS.items() if k in PERSONS},
    "recipient": agreement_machines_known.RECIPIENTS,
    "status": agreement_machines_known.STATUSES,
    "hard or soft": agreement_machines_known.HARD_OR_SOFT,
}


def test_replies_kinds_and_bounces_agree_with_what_others_read() -> None:
    measured = {(one.source, one.field): one.percent for one in agreement_machines.measure()}
    assert not {key: measured[key] for key, least in MACHINES.items() if measured[key] < least}
    assert set(measured) == set(MACHINES)


def test_no_line_of_a_reply_is_lost_but_where_the_sources_contradict_each_other() -> None:
    lost = [
        path
        for one in agreement_machines.measure()
        if one.field == "reply lines"
        for path, _ in one.disagreeing
    ]
    assert set(lost) == CONTRADICTED_REPLIES


def test_no_machine_is_taken_for_a_person() -> None:
    (machines,) = (one for one in agreement_machines.measure() if one.field == "machines")
    # a person forwards this bounce
    assert [path for path, _ in machines.disagreeing] == ["sisimai/mbox_split/mbox-0-036.eml"]


@pytest.mark.parametrize("field", KNOWN_MACHINES)
def test_each_disagreement_about_a_machine_is_explained_and_no_other_is(field: str) -> None:
    found = {
        path: reason
        for one in agreement_machines.measure()
        if one.field == field
        for path, reason in one.disagreeing
    }
    assert found == KNOWN_MACHINES[field]
