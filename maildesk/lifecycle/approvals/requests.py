"""The mail that requests an approval: its recipients, its deadlines, notices to others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from maildesk.config.schema.approvals import ApprovalKind
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.approval import Approval
from maildesk.model.decision import Template
from maildesk.model.links.token import Purpose


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The times of the next reminder, expiry and absence."""

    remind: datetime | None
    expire: datetime | None
    away: datetime | None


def deadlines(
    builder: DecisionBuilder, kind: ApprovalKind | None, people: Iterable[int]
) -> Deadlines:
    """The deadlines of an approval that these people are asked for now."""
    return Deadlines(
        remind=business_days(builder, kind.remind_after_days) if kind else None,
        expire=business_days(builder, kind.expire_after_days) if kind else None,
        away=next_absence(builder, people),
    )


def next_absence(builder: DecisionBuilder, people: Iterable[int]) -> datetime | None:
    """When the next absence of one of these people begins, according to people.toml."""
    directory = builder.policy.directory
    begins = (directory.away_from(person, builder.now) for person in people)
    return min((begin for begin in begins if begin), default=None)


def business_days(builder: DecisionBuilder, days: int) -> datetime | None:
    """The time after that many business days from now; None for 0."""
    return builder.policy.calendar.add_days(builder.now, days) if days else None


def send_request(
    builder: DecisionBuilder, text: str, note: str = "", to: tuple[int, ...] | None = None
) -> None:
    """Write to the approvers who have not decided, or only to those in `to`.

    `text` is the new part of the request; the mail quotes all of it.
    """
    approval = builder.ticket.approval
    if approval is None:
        return
    builder.write(
        Template.APPROVAL,
        *(approval.waiting if to is None else to),
        text=text,
        author=builder.ticket.requester,
        note=note,
        links=(Purpose.APPROVAL,),
    )


def waits_for(builder: DecisionBuilder) -> str:
    """The sentence for the requester about an open approval; "" if there is none."""
    approval = builder.ticket.approval
    if approval is None or not builder.ticket.waits_for_approval:
        return ""
    whom = names(builder, approval.waiting, _conjunction(approval))
    return f"It waits for the approval of {whom}. To take it back, reply with the word withdraw."


def _conjunction(approval: Approval) -> str:
    return "or" if approval.quorum in ("any", "first") else "and"


def names(builder: DecisionBuilder, people: Iterable[int], conjunction: str = "and") -> str:
    """The names of these people: "Max, Will and Boss"."""
    found = [name(builder, person) for person in people]
    *others, last = found or ["the approver"]
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def name(builder: DecisionBuilder, person: int) -> str:
    """The person's name if the directory lists it."""
    known = builder.policy.directory.staff.get(person)
    return known.name if known else "the approver"
