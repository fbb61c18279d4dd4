"""Reply texts, kinds and bounces beside what other projects expect of them.

Why a single mail disagrees stands in `agreement_machines_known.py`.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from bench.agreement import Agreement, Item, items
from bench.agreement_machines_known import HARD_OR_SOFT, KINDS, RECIPIENTS, REPLIES, STATUSES
from maildesk.ingest.content.reply import reply_text
from maildesk.ingest.html.plain_text import to_text
from maildesk.ingest.reading.analyse import read
from maildesk.model.mail import BounceReport, Kind, Permanence

CONVENTIONS = (
    "reply: white space does not count. `reply` is the whole text, `reply lines` that each line of"
    " the wanted text is in ours: more than wanted is kept in doubt, less is never",
    "kind: the manifest's labels are made by rule. Machines are its bounces and automatic replies,"
    " persons all else but spam; mail of a list is a person's",
    "sisimai: the first recipient of each mail; it does not say who that is, so a recipient is"
    " found where an address is named. Status codes x.0.9nn are its own, of those the class alone"
    " is compared. Hard is what it calls hard (no such user or host, an address that moved);"
    " feedback, vacations and deliveries are no failure and have no status",
)

REPLY_SOURCES = ("talon", "email_reply_trimmer", "crisp-email-reply-parser", "email_reply_parser")
_MACHINES = {"bounce": Kind.BOUNCE, "autoreply": Kind.AUTO_REPLY}
_NO_FAILURE = ("feedback", "vacation", "delivered")


def measure() -> Iterator[Agreement]:
    """Agreement of reply texts, of kinds, and of what bounces say."""
    for source in REPLY_SOURCES:
        found = [(item, ours) for item, ours in replies() if item.source == source]
        yield _agreement(source, "reply", found, _is_exact, REPLIES)
        yield _agreement(source, "reply lines", found, _has_each_line, REPLIES)
    kinds = [(item, kind) for item, kind in screened() if item.kind != "spam"]
    machines = [(item, kind) for item, kind in kinds if item.kind in _MACHINES]
    persons = [(item, kind) for item, kind in kinds if item.kind not in _MACHINES]
    yield _agreement("all", "machines", machines, _is_no_person, KINDS)
    yield _agreement("all", "machine kind", machines, _is_that_machine, KINDS)
    yield _agreement("all", "persons", persons, _is_a_person, KINDS)
    yield from _of_sisimai()


def _agreement(
    source: str,
    field: str,
    found: list[tuple[Item, Any]],
    agrees: Callable[[Item, Any], bool],
    known: dict[str, str],
) -> Agreement:
    differing = tuple(
        (item.path, known.get(item.path, "not explained"))
        for item, ours in found
        if not agrees(item, ours)
    )
    return Agreement(source, field, len(found) - len(differing), len(found), differing)


@cache
def replies() -> tuple[tuple[Item, str], ...]:
    """Each mail of which a source says what is new in it, and what we think is."""
    return tuple(
        (item, _reply(item))
        for item in items()
        if item.source in REPLY_SOURCES and item.expected_file and "signature" not in item.expected
    )


def _reply(item: Item) -> str:
    if item.format == "rfc822":
        return read(item.raw()).reply_text
    text = item.raw().decode("utf-8", "replace")
    return reply_text(to_text(text), text) if item.format == "html" else reply_text(text)


def _bare(text: str) -> str:
    return "".join(text.split())


def _is_exact(item: Item, ours: str) -> bool:
    return _bare(ours) == _bare(item.wanted())


def _has_each_line(item: Item, ours: str) -> bool:
    return all(_bare(line) in _bare(ours) for line in item.wanted().splitlines())


@cache
def screened() -> tuple[tuple[Item, Kind], ...]:
    """Each whole mail, and who speaks in it."""
    whole = (item for item in items() if item.format == "rfc822")
    return tuple((item, read(item.raw()).screening.kind) for item in whole)


def _is_no_person(_: Item, kind: Kind) -> bool:
    return kind is not Kind.PERSON


def _is_that_machine(item: Item, kind: Kind) -> bool:
    return kind is _MACHINES[item.kind]


def _is_a_person(_: Item, kind: Kind) -> bool:
    return kind in (Kind.PERSON, Kind.LIST)


@cache
def bounces() -> tuple[tuple[Item, tuple[dict[str, Any], BounceReport | None]], ...]:
    """Each bounce of which sisimai says what it says, and our first report of it."""
    found = []
    for item in items():
        if item.source == "sisimai" and item.expected_file:
            wanted = json.loads(item.wanted())[item.path.rpartition("/")[2]][0]
            reports = read(item.raw()).screening.bounces
            found.append((item, (wanted, reports[0] if reports else None)))
    return tuple(found)


def _of_sisimai() -> Iterator[Agreement]:
    everything = list(bounces())
    failed = [(item, both) for item, both in everything if both[0]["reason"] not in _NO_FAILURE]
    yield _agreement("sisimai", "recipient", failed, _names_one, RECIPIENTS)
    yield _agreement("sisimai", "status", everything, _same_status, STATUSES)
    yield _agreement("sisimai", "hard or soft", everything, _same_permanence, HARD_OR_SOFT)


def _names_one(_: Item, both: tuple[dict[str, Any], BounceReport | None]) -> bool:
    return both[1] is not None and "@" in both[1].recipient


def _same_status(_: Item, both: tuple[dict[str, Any], BounceReport | None]) -> bool:
    wanted, ours = both[0]["dsn"], both[1].status if both[1] else ""
    own = wanted[1:].startswith(".0.9")
    return bool(wanted == ours or (own and wanted[:1] == ours[:1]))


def _same_permanence(_: Item, both: tuple[dict[str, Any], BounceReport | None]) -> bool:
    wanted, ours = both
    if ours is None or ours.permanence is Permanence.NONE:
        return wanted["reason"] in _NO_FAILURE or (ours is not None and not wanted["hardbounce"])
    return bool(wanted["hardbounce"]) is (ours.permanence is Permanence.HARD)
