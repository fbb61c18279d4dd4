"""Chooses approvers and substitutes, and counts their votes. No I/O.

Nobody approves their own request, and nobody is asked twice in one round, so substitution can never
form a cycle.
"""

from datetime import datetime

from maildesk.config.schema.approvals import ApprovalLevel
from maildesk.lifecycle.policy import Directory
from maildesk.model.approval import Approval, apply
from maildesk.model.event import ApprovalVoted, SubstitutionReason
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

MANAGER = "manager"
MANAGERS_MANAGER = "manager's manager"


def of_level(directory: Directory, level: ApprovalLevel, requester: Person) -> tuple[int, ...]:
    """All approvers of the level; the fallback replaces those who are not known."""
    found = (
        person
        for word in level.approvers
        for person in _meant(directory, word, requester) or _fallback(directory, requester.id)
    )
    return tuple(dict.fromkeys(found))


def _meant(directory: Directory, word: str, requester: Person) -> tuple[int, ...]:
    people: tuple[int | None, ...]
    if word == MANAGER:
        people = (requester.manager,)
    elif word == MANAGERS_MANAGER:
        people = (directory.manager_of(requester.manager),)
    else:
        people = directory.meant_by((word,))
    return tuple(p for p in people if p is not None and p != requester.id)


def _fallback(directory: Directory, requester: int) -> tuple[int, ...]:
    fallback = directory.fallback_approver
    return () if fallback is None or fallback == requester else (fallback,)


def next_in_line(
    directory: Directory, ticket: Ticket, approver: int, why: SubstitutionReason, now: datetime
) -> int | None:
    """The substitute for the approver: the delegate, else the manager, else the fallback.

    If that person is away, their own substitute. None if nobody is left.
    """
    delegate = None if why == "expired" else directory.delegates.get(approver)
    line = (delegate, directory.manager_of(approver), directory.fallback_approver)
    at_work = (directory.at_work(person, now) for person in line)
    free = (person for person in at_work if person is not None and _is_free(ticket, person))
    return next(free, None)


def _is_free(ticket: Ticket, person: int) -> bool:
    """Whether the person was not asked before and is not the requester."""
    question = ticket.approval
    asked = (*question.approvers, *question.agreed) if question else ()
    return person != ticket.requester and person not in asked


def after_word(approval: Approval, person: int, approved: bool) -> bool | None:
    """The outcome of the round with this vote; None while other votes are needed."""
    word = ApprovalVoted(round=approval.round, person=person, approved=approved)
    return outcome(apply(approval, word, approval.asked_at))


def outcome(approval: Approval) -> bool | None:
    """The outcome by the quorum, without approvers who were replaced; None if undecided."""
    said = [vote.said for vote in approval.votes if vote.said != "passed-on"]
    yes, no, all_ = said.count("approved"), said.count("rejected"), len(said)
    match approval.quorum:
        case "all":
            return False if no else yes == all_ or None
        case "any":
            return True if yes else False if no == all_ else None
        case "majority":
            return True if 2 * yes > all_ else False if 2 * no >= all_ else None
        case "first":
            return bool(yes) if yes or no else None
