"""Real mails of other projects (../shared/corpora): what they expect, and what may not happen."""

import csv
import json
import time
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from bench import agreement_fields
from bench.agreement_known import KNOWN
from maildesk.ingest.html import to_text
from maildesk.ingest.read import contract, read
from maildesk.ingest.reply import reply_text
from tests.skips import CORPORA, needs_corpora

pytestmark = needs_corpora

KEYS = [
    *("path", "subject", "from", "to", "cc", "reply_to", "date", "message_id", "in_reply_to"),
    *("references", "text", "reply_text", "html", "attachments", "kind", "bounce", "defects"),
]
REPLY_SOURCES = ("talon", "email_reply_trimmer", "crisp-email-reply-parser", "email_reply_parser")

# What the sources expect of these contradicts what others expect of the like.
CONTRADICTED_REPLIES = {
    "crisp-email-reply-parser/fixtures/email_emoji.txt": "keeps a signature behind a dash",
    "talon/standard_replies/iphone.eml": "keeps `Sent from my iPhone`",
    "talon/standard_replies/sparrow.eml": "keeps a signature behind `--`",
    "talon/html_replies/gmail.html": "the manifest names the answer of another mail",
    "talon/html_replies/hotmail.html": "the manifest names the answer of another mail",
    "talon/html_replies/thunderbird.html": "the manifest names the answer of another mail",
}
PERSON_BOUNCES = {"sisimai/mbox_split/mbox-0-036.eml": "a person forwards a bounce"}


class Item(NamedTuple):
    """A line of the manifest."""

    source: str
    path: str
    kind: str
    expected: str
    expected_file: str
    format: str

    def raw(self) -> bytes:
        return (CORPORA / self.path).read_bytes()

    def wanted(self) -> str:
        return (CORPORA / self.expected_file).read_text("utf-8", "replace")


@cache
def items() -> tuple[Item, ...]:
    with (CORPORA / "manifest.tsv").open(newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(Item(*(row[name] or "" for name in Item._fields)) for row in rows)


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


def replies() -> Iterator[tuple[Item, str]]:
    for item in items():
        if item.source not in REPLY_SOURCES or not item.expected_file:
            continue
        if "signature" in item.expected:
            continue
        text = item.raw().decode("utf-8", "replace")
        if item.format == "rfc822":
            yield item, read(item.raw()).reply_text
        else:
            html = text if item.format == "html" else None
            yield item, reply_text(to_text(text) if html else text, html)


def test_replies_are_found_and_no_line_of_one_is_lost() -> None:
    exact, lost = 0, []
    found = list(replies())
    for item, ours in found:
        seen = "".join(ours.split())
        wanted = ["".join(line.split()) for line in item.wanted().splitlines()]
        exact += seen == "".join(wanted)
        if any(line not in seen for line in wanted):
            lost.append(item.path)
    assert exact >= 0.88 * len(found)
    assert set(lost) <= set(CONTRADICTED_REPLIES), lost


def test_no_bounce_and_no_automatic_reply_is_taken_for_a_person() -> None:
    taken = [
        item.path
        for item in mails()
        if item.kind in ("bounce", "autoreply")
        and read(item.raw()).screening.kind.value == "person"
    ]
    assert set(taken) <= set(PERSON_BOUNCES), taken


def test_hardly_a_person_is_taken_for_a_machine() -> None:
    persons = [
        item
        for item in mails()
        if item.kind in ("new-mail", "reply", "html", "signed", "malformed", "winmail", "i18n")
        and item.source != "sisimai"
    ]
    machines = [
        item.path
        for item in persons
        if read(item.raw()).screening.kind.value not in ("person", "list")
    ]
    assert len(machines) <= 0.01 * len(persons), machines


def test_bounces_name_their_recipient_and_a_status() -> None:
    bounces = [
        reading.screening.bounces
        for item in mails()
        if item.source == "sisimai"
        and (reading := read(item.raw())).screening.kind.value == "bounce"
    ]
    named = [one for one in bounces if one and one[0].recipient and one[0].status]
    assert len(named) >= 0.95 * len(bounces)
