"""Random valid histories of tickets with any values."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import get_args

from hypothesis import strategies as st

from maildesk.model.approval import Approval
from maildesk.model.event import (
    AbsenceSeen,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalPassedOn,
    ApprovalReminded,
    ApprovalVoted,
    ApprovalWithdrawn,
    Closed,
    ClosurePostponed,
    ClosureScheduled,
    Escalated,
    EscalationStepReached,
    Event,
    FieldChanged,
    HeldSettled,
    MergedInto,
    MessageAdded,
    MessageMoved,
    ParentChanged,
    Paused,
    PersonJoined,
    PersonLeft,
    ProblemEnded,
    ProblemSeen,
    ProblemsTakenOver,
    Related,
    RelationKind,
    Reminded,
    Reopened,
    RequesterChanged,
    ResolutionDecided,
    ResolutionGiven,
    ResolutionWithdrawn,
    StatusMoved,
    Tagged,
    TicketOpened,
    TimerSet,
    Unrelated,
    Untagged,
)
from maildesk.model.sla.metrics import METRICS
from maildesk.model.sla.timer import Interval, Outcome, SlaTimer
from maildesk.model.ticket import Ticket, evolve

AT = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
PEOPLE = range(1, 10)
FIELDS = (
    *("source", "service", "category", "sub_category", "request_type", "impact"),
    *("urgency", "priority", "team", "assignee"),
)
people = st.sampled_from(PEOPLE)
FIRST = 1  # a ticket that is there when the others come into the tables
numbers = st.integers(1, 9_999)
kinds = st.sampled_from(get_args(RelationKind))
words = st.text(max_size=8).filter(lambda text: "\0" not in text)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
metrics = st.sampled_from(METRICS)
opened = st.builds(
    TicketOpened,
    requester=people,
    source=words,
    status=words,
    state=words,
    request_type=words,
    parent=st.none(),
)
field_changed = st.one_of(
    *(
        st.builds(
            FieldChanged,
            field=st.just(name),
            old=st.none() | people if name == "assignee" else words,
            new=st.none() | people if name == "assignee" else words,
            rule=words,
        )
        for name in FIELDS
    )
)
asked = st.builds(
    ApprovalAsked,
    approvers=st.sets(people, min_size=1, max_size=3).map(lambda found: tuple(sorted(found))),
    round=st.integers(1, 4),
    rule=words,
    kind=words,
    quorum=st.sampled_from(["all", "any", "majority", "first"]),
    agreed=st.lists(people, max_size=2).map(lambda found: tuple(sorted(set(found)))),
    remind_due=st.none() | moments,
    expire_due=st.none() | moments,
    away_due=st.none() | moments,
)
anything_else = st.one_of(
    field_changed,
    st.builds(Tagged, words, words),
    st.builds(StatusMoved, old=words, new=words, state=words),
    st.builds(Untagged, words),
    st.builds(PersonJoined, people),
    st.builds(PersonLeft, people),
    st.builds(RequesterChanged, old=people, new=people),
    st.builds(MessageAdded, words, words),
    st.builds(MessageMoved, words),
    st.builds(Paused, message=st.none() | words, wake_due=st.none() | moments, rule=words),
    st.builds(Escalated, message=words, old=words, back_to=words, rule=words),
    st.builds(Related, kinds, numbers),
    st.builds(Unrelated, kinds, numbers),
    st.builds(ParentChanged, old=st.none(), new=st.none() | st.just(FIRST)),
    st.builds(MergedInto, st.just(FIRST)),
    st.builds(ClosureScheduled, st.none() | moments),
    st.builds(ClosurePostponed, close_due=moments, remind_due=st.none() | moments),
    st.builds(ProblemSeen, words, st.booleans()),
    st.builds(ProblemEnded, st.none() | moments, words),
    st.builds(ProblemsTakenOver, st.lists(words, max_size=3).map(tuple)),
    st.builds(ResolutionWithdrawn, st.integers(1, 99)),
    st.builds(HeldSettled, words, st.sampled_from(("added", "split", "dropped"))),
    st.builds(
        ResolutionGiven,
        message=words,
        round=st.integers(1, 99),
        close_due=moments,
        remind_due=st.none() | moments,
    ),
    st.builds(ResolutionDecided, round=st.integers(1, 99), accepted=st.booleans()),
    st.builds(Reminded),
    st.builds(Reopened),
    st.builds(
        TimerSet,
        st.builds(
            SlaTimer,
            metric=metrics,
            serial=st.integers(1, 2),
            intervals=st.lists(st.builds(Interval, moments, moments), max_size=3).map(tuple),
            outcome=st.sampled_from(Outcome),
            next_check=st.none() | moments,
            steps_done=st.lists(words, max_size=2).map(tuple),
        ),
    ),
    st.builds(EscalationStepReached, metric=metrics, serial=st.integers(1, 2), step=words),
    st.builds(Closed, words),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A legal history: opened first, approvals decided only after one was asked for."""
    events: list[Event] = [draw(opened)]
    round_ = 0
    for _ in range(draw(st.integers(0, 12))):
        match draw(st.integers(0, 5)):
            case 0:
                round_ += 1
                events.append(replace(draw(asked), round=round_))
            case 1 if round_:
                question = folded(events).approval
                assert question is not None
                events.append(draw(turns(question)))
            case _:
                events.append(draw(anything_else))
    return events


@st.composite
def turns(draw: st.DrawFn, question: Approval) -> Event:
    """Something that may happen to a question that was asked."""
    round_, one = question.round, draw(st.sampled_from(question.approvers))
    due, yes = draw(st.none() | moments), draw(st.booleans())
    return draw(
        st.sampled_from(
            [
                ApprovalVoted(round=round_, person=one, approved=yes),
                ApprovalDecided(round=round_, approved=yes, person=one),
                ApprovalPassedOn(round=round_, approver=one, to=draw(people), why="away"),
                ApprovalReminded(round=round_, remind_due=due, away_due=draw(st.none() | moments)),
                AbsenceSeen(round=round_, away_due=due, alone=one),
                ApprovalExpired(round=round_, expire_due=due),
                ApprovalWithdrawn(round=round_),
            ]
        )
    )


def folded(events: list[Event]) -> Ticket:
    """The ticket that a history gives; a second passes between two events."""
    times = (AT + timedelta(seconds=n) for n in itertools.count())
    first: Ticket | None = None
    ticket = reduce(
        lambda t, pair: evolve(t, pair[0], number=1001, at=pair[1]),
        zip(events, times, strict=False),
        first,
    )
    assert ticket is not None
    return ticket
