"""An open question to those who must approve, and how each event changes it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from maildesk.model.event import (
    AbsenceSeen,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalPassedOn,
    ApprovalReminded,
    ApprovalVoted,
    ApprovalWithdrawn,
    Quorum,
)

Said = Literal["open", "approved", "rejected", "passed-on"]
Outcome = Literal["open", "approved", "rejected", "withdrawn"]
ApprovalEvent = (
    ApprovalVoted
    | ApprovalDecided
    | ApprovalPassedOn
    | AbsenceSeen
    | ApprovalReminded
    | ApprovalExpired
    | ApprovalWithdrawn
)
"""What happens to a question that was asked."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One approver of a round, and what that person said. `instead_of` was asked before."""

    person: int
    said: Said = "open"
    at: datetime | None = None
    instead_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who was asked in which round, and what became of it. `votes` in the order of the people.

    `agreed` approved at earlier levels: where they are named again, their word stands.
    """

    votes: tuple[Vote, ...]
    round: int
    asked_at: datetime
    kind: str = "manager"
    level: int = 0
    quorum: Quorum = "all"
    agreed: tuple[int, ...] = ()
    outcome: Outcome = "open"
    decided_at: datetime | None = None
    remind_due: datetime | None = None
    expire_due: datetime | None = None
    away_due: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the question is still to be decided."""
        return self.outcome == "open"

    @property
    def waiting(self) -> tuple[int, ...]:
        """Who has yet to decide; nobody any more once it is decided."""
        return tuple(v.person for v in self.votes if v.said == "open" and self.is_open)

    @property
    def approvers(self) -> tuple[int, ...]:
        """Everybody who was asked in this round, also those in whose place others are."""
        return tuple(vote.person for vote in self.votes)

    @property
    def due(self) -> datetime | None:
        """When the clock looks at it next."""
        dues = (self.remind_due, self.expire_due, self.away_due)
        return min((due for due in dues if due), default=None)


def asked(event: ApprovalAsked, at: datetime) -> Approval:
    """The question as it begins."""
    return Approval(
        votes=tuple(_vote(person, event, at) for person in sorted(set(event.approvers))),
        round=event.round,
        asked_at=at,
        kind=event.kind,
        level=event.level,
        quorum=event.quorum,
        agreed=event.agreed,
        remind_due=event.remind_due,
        expire_due=event.expire_due,
        away_due=event.away_due,
    )


def _vote(person: int, event: ApprovalAsked, at: datetime) -> Vote:
    return Vote(person, "approved", at) if person in event.agreed else Vote(person)


def turned(approval: Approval, event: ApprovalEvent, at: datetime) -> Approval:
    """The question after the event."""
    match event:
        case ApprovalVoted(person=person, approved=approved):
            return _voted(approval, person, approved, at)
        case ApprovalDecided(person=person, approved=approved):
            voted = _voted(approval, person, approved, at)
            return _ended(voted, "approved" if approved else "rejected", at)
        case ApprovalPassedOn():
            return replace(
                approval,
                votes=_passed_on(approval.votes, event.approver, event.to, at),
                remind_due=event.remind_due,
                expire_due=event.expire_due,
                away_due=event.away_due,
            )
        case AbsenceSeen(away_due=away_due):
            return replace(approval, away_due=away_due)
        case ApprovalReminded(remind_due=due, away_due=away_due):
            return replace(approval, remind_due=due, away_due=away_due)
        case ApprovalExpired(expire_due=due):
            return replace(approval, expire_due=due)
        case ApprovalWithdrawn():
            return _ended(approval, "withdrawn", at)


def _ended(approval: Approval, outcome: Outcome, at: datetime) -> Approval:
    ended = replace(approval, outcome=outcome, decided_at=at)
    return replace(ended, remind_due=None, expire_due=None, away_due=None)


def _voted(approval: Approval, person: int | None, approved: bool, at: datetime) -> Approval:
    said: Said = "approved" if approved else "rejected"
    votes = (
        replace(vote, said=said, at=at) if vote.person == person else vote
        for vote in approval.votes
    )
    return replace(approval, votes=tuple(votes))


def _passed_on(votes: tuple[Vote, ...], old: int, new: int, at: datetime) -> tuple[Vote, ...]:
    """Who is asked already has one vote, whoever else is stood in for."""
    by_person = {vote.person: vote for vote in votes}
    by_person[old] = replace(by_person[old], said="passed-on", at=at)
    by_person.setdefault(new, Vote(new, instead_of=old))
    return tuple(by_person[person] for person in sorted(by_person))
