"""The mail that requests an approval: its recipients, its deadlines, notices to others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from maildesk.config.schema.approvals import ApprovalKind
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.decision import Template
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message, Value


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
    builder: DecisionBuilder,
    text: str,
    note: Message | None = None,
    to: tuple[int, ...] | None = None,
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


def waits_for(builder: DecisionBuilder) -> Message | None:
    """The sentence for the requester about an open approval; None if there is none."""
    approval = builder.ticket.approval
    if approval is None or not builder.ticket.waits_for_approval:
        return None
    one_is_enough = approval.quorum in ("any", "first")
    return Message.of(
        "approval.waits-for-one" if one_is_enough else "approval.waits-for-all",
        approvers=tuple(name(builder, person) for person in approval.waiting),
    )


def name(builder: DecisionBuilder, person: int) -> Value:
    """The person if the directory lists them, else "the approver"."""
    return builder.policy.directory.staff.get(person) or Message.of("person.approver")
