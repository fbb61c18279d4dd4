"""The mail that asks for an approval: to whom, until when, and what others hear of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from maildesk.config.schema.approvals import ApprovalKind
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.approval import Approval
from maildesk.model.decision import Template
from maildesk.model.token import Purpose


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When the clock looks at a question: to remind, to let it expire, and at an absence."""

    remind: datetime | None
    expire: datetime | None
    away: datetime | None


def deadlines(
    builder: DecisionBuilder, kind: ApprovalKind | None, people: Iterable[int]
) -> Deadlines:
    """Those of a question that these people are asked now."""
    return Deadlines(
        remind=business_days(builder, kind.remind_after_days) if kind else None,
        expire=business_days(builder, kind.expire_after_days) if kind else None,
        away=next_absence(builder, people),
    )


def next_absence(builder: DecisionBuilder, people: Iterable[int]) -> datetime | None:
    """When the next of these people goes away, by people.toml."""
    directory = builder.policy.directory
    begins = (directory.away_from(person, builder.now) for person in people)
    return min((begin for begin in begins if begin), default=None)


def business_days(builder: DecisionBuilder, days: int) -> datetime | None:
    """So many business days from now; None for none."""
    return builder.policy.calendar.add_days(builder.now, days) if days else None


def send_request(
    builder: DecisionBuilder, text: str, note: str = "", to: tuple[int, ...] | None = None
) -> None:
    """Write to those who have yet to decide, or to these of them.

    `text` is what is new in the request; the mail quotes all of it (desk.request).
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
    """What the requester is told of an open question; "" where there is none."""
    approval = builder.ticket.approval
    if approval is None or not builder.ticket.waits_for_approval:
        return ""
    whom = names(builder, approval.waiting, _conjunction(approval))
    return f"It waits for the approval of {whom}. To take it back, reply with the word withdraw."


def _conjunction(approval: Approval) -> str:
    return "or" if approval.quorum in ("any", "first") else "and"


def names(builder: DecisionBuilder, people: Iterable[int], conjunction: str = "and") -> str:
    """These people by name: "Max, Will and Boss"."""
    found = [name(builder, person) for person in people]
    *others, last = found or ["the approver"]
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def name(builder: DecisionBuilder, person: int) -> str:
    """The person's name, where the directory knows it."""
    known = builder.policy.directory.staff.get(person)
    return known.name if known else "the approver"
