"""Who is asked to approve, who comes next in line, and what several words come to. Pure.

Nobody approves the own request, and nobody who was asked in a round is asked in it again: so
passing on can never go in a circle.
"""

from collections.abc import Iterator
from datetime import datetime

from maildesk.lifecycle.policy import Directory
from maildesk.model.approval import Approval, turned
from maildesk.model.event import ApprovalVoted, Passed
from maildesk.model.mail import address_key
from maildesk.model.person import Person
from maildesk.model.policy import ApprovalLevel
from maildesk.model.ticket import Ticket

MANAGER = "manager"
MANAGERS_MANAGER = "manager's manager"


def of_level(directory: Directory, level: ApprovalLevel, requester: Person) -> tuple[int, ...]:
    """Everybody whom the level names; the fallback in the place of who is not known."""
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
    elif "@" in word:
        people = (directory.known.get(address_key(word)),)
    else:
        people = tuple(member.id for member in directory.teams.get(word, ()))
    return tuple(p for p in people if p is not None and p != requester.id)


def _fallback(directory: Directory, requester: int) -> tuple[int, ...]:
    fallback = directory.fallback_approver
    return () if fallback is None or fallback == requester else (fallback,)


def next_in_line(
    directory: Directory, ticket: Ticket, approver: int, why: Passed, now: datetime
) -> int | None:
    """Who is asked in that approver's place; None where nobody is left."""
    asked = ticket.approval.approvers if ticket.approval else ()
    for candidate in _line(directory, approver, why):
        free = candidate not in (*asked, ticket.requester)
        if free and directory.away_until(candidate, now) is None:
            return candidate
    return None


def _line(directory: Directory, approver: int, why: Passed) -> Iterator[int]:
    delegate, manager = directory.delegates.get(approver), directory.manager_of(approver)
    absent, expired = why == "absent", why == "expired"
    line = (
        None if expired else delegate,
        None if absent else manager,
        None if absent else directory.fallback_approver,
    )
    return (person for person in line if person is not None)


def after_word(approval: Approval, person: int, approved: bool) -> bool | None:
    """What the question comes to with this word; None while others must be waited for."""
    word = ApprovalVoted(round=approval.round, person=person, approved=approved)
    return outcome(turned(approval, word, approval.asked_at))


def outcome(approval: Approval) -> bool | None:
    """By the quorum; whoever has passed it on does not count."""
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
