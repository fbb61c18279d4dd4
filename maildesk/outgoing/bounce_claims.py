"""From what a bounce says to the outgoing row it may speak of. Pure.

Whoever can write a mail can write a bounce, so its words choose no row. A row is named by the
return path that we signed (VERP), else by a Message-ID that we signed together with the
address that the mail went to. What nothing proves changes nothing, and is shown in the trace.

| action of the report | what becomes of the row |
|---|---|
| failed, or none in a bounce that came to our return path | `bounced`, and people are told |
| delayed | stays `sent`; the reason is noted: the other server still tries |
| delivered, relayed, expanded, complaint | nothing: the mail arrived |

A failure is final for this mail whether it is hard (the address is bad) or soft (a full mailbox,
a policy): nobody tries any more. Soft only adds that sending it again may help.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maildesk.config.schema.settings import Desk
from maildesk.model.mail import BounceReport, Permanence
from maildesk.model.token import read_message_id
from maildesk.outgoing.verp import read_verp


class Outcome(enum.StrEnum):
    """What a bounce says became of a mail, worst last."""

    ARRIVED = "arrived"
    DELAYED = "delayed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is said of one mail of ours: of the row `row`, else of `message_id` to `recipient`."""

    outcome: Outcome
    reason: str
    recipient: str
    row: int | None = None
    message_id: str = ""


_OUTCOMES = {
    "failed": Outcome.FAILED,
    "": Outcome.FAILED,
    "delayed": Outcome.DELAYED,
    "delivered": Outcome.ARRIVED,
    "relayed": Outcome.ARRIVED,
    "expanded": Outcome.ARRIVED,
    "complaint": Outcome.ARRIVED,
}
_ORDER = list(Outcome)
_NOTHING_SAID = BounceReport(
    recipient="",
    action="failed",
    status="",
    diagnostic="bounced without a report",
    permanence=Permanence.SOFT,
    original_message_id=None,
)


def outcome(report: BounceReport) -> Outcome:
    """What the report says became of the mail (RFC 3464 §2.3.3); an unknown action is a failure."""
    return _OUTCOMES.get(report.action.lower(), Outcome.FAILED)


def claims(
    reports: Sequence[BounceReport],
    returned_to: Iterable[str],
    desk: Desk,
    keys: tuple[bytes, ...],
) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """(what is proven to speak of a mail of ours, what else is said, in words).

    `returned_to` are the addresses that the bounce came to.
    """
    rows = [_row(address, desk, keys) for address in returned_to]
    row = next((one for one in rows if one is not None), None)
    if row is not None:
        worst = max(reports or [_NOTHING_SAID], key=lambda one: _ORDER.index(outcome(one)))
        return (_claim(worst, row=row),), ()
    proven = [one for one in reports if _is_ours(one, keys)]
    unproven = (one for one in reports if one not in proven)
    return tuple(_claim(one) for one in proven), tuple(_words(one) for one in unproven)


def _row(address: str, desk: Desk, keys: tuple[bytes, ...]) -> int | None:
    tag = desk.tag_in(address)
    return read_verp(tag, keys) if tag else None


def _is_ours(report: BounceReport, keys: tuple[bytes, ...]) -> bool:
    named = report.original_message_id
    return named is not None and read_message_id(named, keys) is not None


def _claim(report: BounceReport, row: int | None = None) -> Claim:
    return Claim(
        outcome=outcome(report),
        reason=" ".join(filter(None, (report.status, report.diagnostic, _advice(report)))),
        recipient=report.recipient,
        row=row,
        message_id=report.original_message_id or "",
    )


def _advice(report: BounceReport) -> str:
    soft = outcome(report) is Outcome.FAILED and report.permanence is Permanence.SOFT
    return "(temporary: it may arrive when it is sent again)" if soft else ""


def _words(report: BounceReport) -> str:
    named = report.original_message_id
    why = f"{named[:120]} is no Message-ID of ours" if named else "it names no mail of ours"
    return f"{report.recipient[:100]} {outcome(report)}: {why}"
