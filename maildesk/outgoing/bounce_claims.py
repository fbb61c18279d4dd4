"""Finds the outgoing row that a bounce is about. No I/O.

Anybody can write a mail that looks like a bounce, so its text selects no row. A row is identified
by the return path that we signed (VERP), else by a Message-ID that we signed together with the
recipient's address. Unproven claims change nothing and are shown in the trace.

| action of the report | result for the row |
|---|---|
| failed, or none in a bounce to our return path | `bounced`, and people are notified |
| delayed | stays `sent`; the reason is stored: the other server still tries |
| delivered, relayed, expanded, complaint | none: the mail arrived |

A failure is final for this mail whether it is hard (the address is bad) or soft (a full mailbox, a
policy), because no server tries again. Soft only means that sending it again may help.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maildesk.config.schema.settings import Desk
from maildesk.model.links.token import read_message_id
from maildesk.model.mail import BounceReport, Permanence
from maildesk.outgoing.verp import read_verp


class Outcome(enum.StrEnum):
    """The result of a mail according to a bounce, worst last."""

    ARRIVED = "arrived"
    DELAYED = "delayed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement about one of our mails: the row `row`, else `message_id` sent to `recipient`."""

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
    """The result according to the report (RFC 3464 §2.3.3); an unknown action is a failure."""
    return _OUTCOMES.get(report.action.lower(), Outcome.FAILED)


def claims(
    reports: Sequence[BounceReport],
    returned_to: Iterable[str],
    desk: Desk,
    keys: tuple[bytes, ...],
) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """(claims proven to be about our mails, descriptions of the unproven ones).

    `returned_to` are the addresses that the bounce was sent to.
    """
    rows = [_row(address, desk, keys) for address in returned_to]
    row = next((one for one in rows if one is not None), None)
    if row is not None:
        worst = max(reports or [_NOTHING_SAID], key=lambda one: _ORDER.index(outcome(one)))
        return (_claim(worst, row=row),), ()
    proven = [one for one in reports if _is_ours(one, keys)]
    unproven = (one for one in reports if one not in proven)
    return tuple(_claim(one) for one in proven), tuple(_description(one) for one in unproven)


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


def _description(report: BounceReport) -> str:
    named = report.original_message_id
    why = f"{named[:120]} is no Message-ID of ours" if named else "it names no mail of ours"
    return f"{report.recipient[:100]} {outcome(report)}: {why}"
