"""An approval request as a value, and how each event changes it."""

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
"""The events of an approval round after it was opened."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One approver of a round and that person's decision.

    `instead_of` is the approver whom this person replaces; None if the person was asked first.
    """

    person: int
    said: Said = "open"
    at: datetime | None = None
    instead_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One approval round: the approvers, their decisions, and the outcome.

    `votes` are sorted by person id. `agreed` are people who approved at an earlier level; their
    approval also counts at this level. All times are UTC.
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
        """Whether the round is still undecided."""
        return self.outcome == "open"

    @property
    def waiting(self) -> tuple[int, ...]:
        """The approvers who have not decided yet; empty once the round is decided."""
        return tuple(v.person for v in self.votes if v.said == "open" and self.is_open)

    @property
    def approvers(self) -> tuple[int, ...]:
        """Everybody who was asked in this round, including approvers who were replaced."""
        return tuple(vote.person for vote in self.votes)

    @property
    def due(self) -> datetime | None:
        """The next reminder, expiry or absence, whichever is earliest; None if there is none."""
        dues = (self.remind_due, self.expire_due, self.away_due)
        return min((due for due in dues if due), default=None)


def open_round(event: ApprovalAsked, at: datetime) -> Approval:
    """The round as it is when the event opens it at `at`."""
    return Approval(
        votes=tuple(_first_vote(person, event, at) for person in sorted(set(event.approvers))),
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


def _first_vote(person: int, event: ApprovalAsked, at: datetime) -> Vote:
    return Vote(person, "approved", at) if person in event.agreed else Vote(person)


def apply(approval: Approval, event: ApprovalEvent, at: datetime) -> Approval:
    """The round after the event."""
    match event:
        case ApprovalVoted(person=person, approved=approved):
            return _with_vote(approval, person, approved, at)
        case ApprovalDecided(person=person, approved=approved):
            voted = _with_vote(approval, person, approved, at)
            return _with_outcome(voted, "approved" if approved else "rejected", at)
        case ApprovalPassedOn():
            return replace(
                approval,
                votes=_with_substitute(approval.votes, event.approver, event.to, at),
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
            return _with_outcome(approval, "withdrawn", at)


def _with_outcome(approval: Approval, outcome: Outcome, at: datetime) -> Approval:
    ended = replace(approval, outcome=outcome, decided_at=at)
    return replace(ended, remind_due=None, expire_due=None, away_due=None)


def _with_vote(approval: Approval, person: int | None, approved: bool, at: datetime) -> Approval:
    said: Said = "approved" if approved else "rejected"
    votes = (
        replace(vote, said=said, at=at) if vote.person == person else vote
        for vote in approval.votes
    )
    return replace(approval, votes=tuple(votes))


def _with_substitute(votes: tuple[Vote, ...], old: int, new: int, at: datetime) -> tuple[Vote, ...]:
    """The votes after `new` replaces `old`. A substitute of two approvers has only one vote."""
    by_person = {vote.person: vote for vote in votes}
    by_person[old] = replace(by_person[old], said="passed-on", at=at)
    by_person.setdefault(new, Vote(new, instead_of=old))
    return tuple(by_person[person] for person in sorted(by_person))
