"""A ticket changes only by events, and each event changes only what it names."""

import dataclasses
import typing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from maildesk.model.approval import Approval, Vote
from maildesk.model.event import (
    EVENTS,
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
    Reminded,
    Reopened,
    RequesterChanged,
    ResolutionDecided,
    ResolutionGiven,
    ResolutionWithdrawn,
    RuleActed,
    RulesDue,
    StatusMoved,
    Tagged,
    TicketOpened,
    TimerSet,
    Unrelated,
    Untagged,
)
from maildesk.model.sla.timer import Interval, SlaTimer
from maildesk.model.ticket import Relation, Ticket, evolve
from tests.model.histories import folded, histories

AT = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
DUE, REMIND = AT + timedelta(days=5), AT + timedelta(days=3)
OPENED = TicketOpened(
    requester=1, source="mail", status="New", state="Open", request_type="incident", parent=1000
)
TICKET = evolve(None, OPENED, number=1001, at=AT)
ASKED = Approval(votes=(Vote(2),), round=1, asked_at=AT)
BOTH = replace(ASKED, votes=(Vote(2), Vote(7)))
WAITING = replace(
    TICKET,
    status="Waiting for Closure",
    state="Resolved",
    resolution="m1",
    round=1,
    close_due=DUE,
    remind_due=REMIND,
)
GIVEN = ResolutionGiven(message="m1", round=1, close_due=DUE, remind_due=REMIND)

BLOCKS = Relation("blocks", 7)

TIMER = SlaTimer(metric="resolution", serial=1, intervals=(Interval(AT),))
SECOND = replace(TIMER, serial=2)

FIELDS = [
    ("service", "Network"),
    ("category", "Access"),
    ("sub_category", "VPN"),
    ("request_type", "service request"),
    ("impact", "high"),
    ("urgency", "low"),
    ("priority", "P1"),
    ("team", "First line"),
    ("assignee", 3),
]


def changed(before: Ticket, after: Ticket) -> dict[str, Any]:
    """What is other in the second ticket."""
    names = [field.name for field in dataclasses.fields(Ticket)]
    return {n: getattr(after, n) for n in names if getattr(before, n) != getattr(after, n)}


def test_the_first_event_creates_the_ticket() -> None:
    assert Ticket(
        number=1001,
        requester=1,
        source="mail",
        status="New",
        state="Open",
        request_type="incident",
        opened_at=AT,
        updated_at=AT,
        status_since=AT,
        parent=1000,
    ) == (TICKET)


TABLE: list[tuple[Ticket, Event, dict[str, Any]]] = [
    # every field that classifies takes the new value, whatever the old one was said to be
    (TICKET, FieldChanged(field="source", old="mail", new="phone"), {"source": "phone"}),
    *((TICKET, FieldChanged(field=f, old="x", new=v), {f: v}) for f, v in FIELDS),  # type: ignore[arg-type]
    # and can be emptied again
    (
        replace(TICKET, assignee=3),
        FieldChanged(field="assignee", old=3, new=None),
        {"assignee": None},
    ),
    # tags keep the order in which they came, and each is there once
    (TICKET, Tagged("vip"), {"tags": ("vip",)}),
    (replace(TICKET, tags=("vip",)), Tagged("a"), {"tags": ("vip", "a")}),
    (replace(TICKET, tags=("vip", "a")), Tagged("vip"), {}),
    (replace(TICKET, tags=("vip", "a")), Untagged("vip"), {"tags": ("a",)}),
    (replace(TICKET, tags=("a",)), Untagged("vip"), {}),
    # a move changes the status and its state, and no deadline of a resolution
    (
        WAITING,
        StatusMoved(old="", new="Accepted", state="Resolved"),
        {"status": "Accepted", "status_since": LATER},
    ),
    (
        TICKET,
        StatusMoved(old="New", new="Analysis", state="In Progress"),
        {"status": "Analysis", "state": "In Progress", "status_since": LATER},
    ),
    # and it ends what the ticket waited for
    (
        replace(TICKET, hold="m1", wake_due=DUE, rules_due=DUE),
        StatusMoved(old="Pending", new="Assign", state="Open"),
        {
            "status": "Assign",
            "hold": None,
            "wake_due": None,
            "rules_due": None,
            "status_since": LATER,
        },
    ),
    # a problem that monitoring reports; one that is back is counted, and nothing settles any more
    (
        TICKET,
        ProblemSeen("icinga:disk", again=False),
        {"event_key": "icinga:disk", "problems": ("icinga:disk",)},
    ),
    (
        replace(TICKET, event_key="icinga:disk", flaps=1, settle_due=DUE),
        ProblemSeen("icinga:disk", again=True),
        {"flaps": 2, "settle_due": None, "problems": ("icinga:disk",)},
    ),
    # that of a ticket which was merged into a person's makes that no machine's
    (TICKET, ProblemsTakenOver(("icinga:disk",)), {"problems": ("icinga:disk",)}),
    (
        replace(TICKET, problems=("icinga:cpu",)),
        ProblemSeen("icinga:disk", again=True),
        {"flaps": 1, "problems": ("icinga:cpu", "icinga:disk")},
    ),
    (
        replace(TICKET, problems=("icinga:cpu", "icinga:disk")),
        ProblemsTakenOver(("icinga:disk", "nagios:disk")),
        {"problems": ("icinga:cpu", "icinga:disk", "nagios:disk")},
    ),
    (
        replace(TICKET, problems=("icinga:cpu", "icinga:disk")),
        ProblemEnded(None, "icinga:cpu"),
        {"problems": ("icinga:disk",)},
    ),
    (TICKET, ProblemEnded(DUE), {"settle_due": DUE}),
    # what flaps settles wherever the work stands
    (
        replace(TICKET, settle_due=DUE),
        StatusMoved(old="New", new="Escalated", state="In Progress"),
        {"status": "Escalated", "state": "In Progress", "status_since": LATER},
    ),
    (replace(TICKET, close_due=DUE), ClosureScheduled(None), {"close_due": None}),
    (replace(TICKET, settle_due=DUE), ProblemEnded(None), {"settle_due": None}),
    (
        replace(TICKET, settle_due=DUE),
        StatusMoved(old="New", new="Resolved by Event", state="Resolved"),
        {
            "status": "Resolved by Event",
            "state": "Resolved",
            "settle_due": None,
            "status_since": LATER,
        },
    ),
    # when a rule that waits looks next, or that none does
    (TICKET, RulesDue(DUE), {"rules_due": DUE}),
    (replace(TICKET, rules_due=DUE), RulesDue(None), {"rules_due": None}),
    # what a rule did elsewhere is recorded by other events
    (TICKET, RuleActed(rule="It", action="note"), {}),
    # who takes part stands in the order of ids, as the table gives it back
    (TICKET, PersonJoined(9), {"participants": (9,)}),
    (replace(TICKET, participants=(9,)), PersonJoined(5), {"participants": (5, 9)}),
    (replace(TICKET, participants=(5, 9)), PersonJoined(9), {}),
    (replace(TICKET, participants=(5, 9)), PersonLeft(5), {"participants": (9,)}),
    (replace(TICKET, participants=(5, 9)), PersonLeft(6), {}),
    # on behalf of another
    (TICKET, RequesterChanged(old=1, new=8), {"requester": 8}),
    # a text is in its own table
    (TICKET, MessageAdded("m1", "reply"), {}),
    (TICKET, MessageMoved("m1"), {}),
    # waiting, until somebody answers or at most until that day; the last word counts
    (TICKET, Paused(message="m1", wake_due=DUE), {"hold": "m1", "wake_due": DUE}),
    (
        replace(TICKET, hold="m1", wake_due=DUE),
        Paused(message="m2"),
        {"hold": "m2", "wake_due": None},
    ),
    # taken back: it waits for nothing
    (
        replace(TICKET, hold="m1", wake_due=DUE),
        Paused(message=None),
        {"hold": None, "wake_due": None},
    ),
    # waiting because a rule says so
    (TICKET, Paused(rule="It"), {"hold": ""}),
    # escalated, and handed back
    (TICKET, Escalated(old="", back_to="Network", rule="It"), {"back_to": "Network"}),
    (TICKET, Escalated(message="m1", old="", back_to="First line"), {"back_to": "First line"}),
    (
        replace(TICKET, back_to="First line"),
        Escalated(message="m1", old="First line", back_to=""),
        {"back_to": ""},
    ),
    # relations keep their order, and each is there once
    (TICKET, Related("blocks", 7), {"relations": (BLOCKS,)}),
    (replace(TICKET, relations=(BLOCKS,)), Related("blocks", 7), {}),
    (
        replace(TICKET, relations=(BLOCKS,)),
        Related("related", 7),
        {"relations": (BLOCKS, Relation("related", 7))},
    ),
    (
        replace(TICKET, relations=(BLOCKS, Relation("related", 7))),
        Unrelated("blocks", 7),
        {"relations": (Relation("related", 7),)},
    ),
    (TICKET, Unrelated("blocks", 7), {}),
    # one parent, another, none
    (TICKET, ParentChanged(old=1000, new=1002), {"parent": 1002}),
    (TICKET, ParentChanged(old=1000, new=None), {"parent": None}),
    # merged: only the pointer; what moves with it stands in other tables
    (TICKET, MergedInto(1002), {"merged_into": 1002}),
    # so is what an agent decided of a held one
    (TICKET, HeldSettled("m1", "dropped"), {}),
    # a new timer is appended, and a changed one keeps its place
    (replace(TICKET, sla_timers=(TIMER,)), TimerSet(SECOND), {"sla_timers": (TIMER, SECOND)}),
    (
        replace(TICKET, sla_timers=(TIMER, SECOND)),
        TimerSet(replace(TIMER, next_check=DUE)),
        {"sla_timers": (replace(TIMER, next_check=DUE), SECOND)},
    ),
    # the effect of a step on its timer follows as a TimerSet
    (TICKET, EscalationStepReached(metric="resolution", serial=1, step="80%"), {}),
    # a resolution starts a round and sets the closing deadline
    (TICKET, GIVEN, {"resolution": "m1", "round": 1, "close_due": DUE, "remind_due": REMIND}),
    # without a reminder, the old one does not linger
    (
        WAITING,
        ResolutionGiven(message="m2", round=2, close_due=LATER, remind_due=None),
        {"resolution": "m2", "round": 2, "close_due": LATER, "remind_due": None},
    ),
    # taken back: no question and no deadline; the round stays, so that its links stay void
    (
        WAITING,
        ResolutionWithdrawn(1),
        {"resolution": None, "close_due": None, "remind_due": None},
    ),
    # resolved without a question: it closes by itself
    (TICKET, ClosureScheduled(DUE), {"close_due": DUE}),
    (
        replace(TICKET, remind_due=REMIND),
        ClosureScheduled(DUE),
        {"close_due": DUE, "remind_due": None},
    ),
    # a decision clears the deadline and keeps the round and the resolution
    (
        WAITING,
        ClosurePostponed(close_due=LATER, remind_due=None),
        {"close_due": LATER, "remind_due": None},
    ),
    (WAITING, ResolutionDecided(round=1, accepted=True), {"close_due": None, "remind_due": None}),
    (WAITING, ResolutionDecided(round=1, accepted=False), {"close_due": None, "remind_due": None}),
    # a reminder happens once, and the closing comes all the same
    (WAITING, Reminded(), {"remind_due": None}),
    # reopened: counted, the resolution is void, the deadline is cleared
    (
        replace(WAITING, reopened=1),
        Reopened(),
        {"reopened": 2, "resolution": None, "close_due": None, "remind_due": None},
    ),
    # asking for an approval starts a round; a second one takes the place of the first
    (
        TICKET,
        ApprovalAsked(approvers=(2,), round=1),
        {"approval": replace(ASKED, asked_at=LATER), "round": 1},
    ),
    (
        replace(TICKET, approval=ASKED, round=1),
        ApprovalAsked(approvers=(7,), round=2, rule="r"),
        {"approval": Approval(votes=(Vote(7),), round=2, asked_at=LATER), "round": 2},
    ),
    # the outcome and its time are kept beside who was asked and when
    (
        replace(TICKET, approval=ASKED, round=1),
        ApprovalDecided(round=1, approved=True),
        {"approval": replace(ASKED, outcome="approved", decided_at=LATER)},
    ),
    (
        replace(TICKET, approval=ASKED, round=1),
        ApprovalDecided(round=1, approved=False),
        {"approval": replace(ASKED, outcome="rejected", decided_at=LATER)},
    ),
    # one of two decided; the other one is waited for
    (
        replace(TICKET, approval=BOTH, round=1),
        ApprovalVoted(round=1, person=2, approved=True),
        {"approval": replace(BOTH, votes=(Vote(2, "approved", LATER), Vote(7)))},
    ),
    # the last word decides; whoever says nothing has nothing to say any more
    (
        replace(TICKET, approval=replace(BOTH, remind_due=DUE, expire_due=DUE), round=1),
        ApprovalDecided(round=1, approved=False, person=7),
        {
            "approval": replace(
                BOTH,
                votes=(Vote(2), Vote(7, "rejected", LATER)),
                outcome="rejected",
                decided_at=LATER,
            )
        },
    ),
    # another is asked in somebody's place, in the same round
    (
        replace(TICKET, approval=BOTH, round=1),
        ApprovalPassedOn(round=1, approver=2, to=4, why="away"),
        {
            "approval": replace(
                BOTH, votes=(Vote(2, "passed-on", LATER), Vote(4, instead_of=2), Vote(7))
            )
        },
    ),
    # who is asked already has one vote
    (
        replace(TICKET, approval=BOTH, round=1),
        ApprovalPassedOn(round=1, approver=2, to=7, why="delegated"),
        {"approval": replace(BOTH, votes=(Vote(2, "passed-on", LATER), Vote(7)))},
    ),
    # who is newly asked has the whole time
    (
        replace(TICKET, approval=replace(BOTH, expire_due=AT), round=1),
        ApprovalPassedOn(
            round=1, approver=2, to=4, why="away", remind_due=DUE, expire_due=LATER, away_due=AT
        ),
        {
            "approval": replace(
                BOTH,
                votes=(Vote(2, "passed-on", LATER), Vote(4, instead_of=2), Vote(7)),
                remind_due=DUE,
                expire_due=LATER,
                away_due=AT,
            )
        },
    ),
    # who approved at an earlier level is not asked again
    (
        replace(TICKET, approval=ASKED, round=1),
        ApprovalAsked(approvers=(2, 7), round=2, level=1, agreed=(2,)),
        {
            "approval": Approval(
                votes=(Vote(2, "approved", LATER), Vote(7)),
                round=2,
                asked_at=LATER,
                level=1,
                agreed=(2,),
            ),
            "round": 2,
        },
    ),
    (
        replace(TICKET, approval=BOTH, round=1),
        AbsenceSeen(round=1, away_due=DUE),
        {"approval": replace(BOTH, away_due=DUE)},
    ),
    (
        replace(TICKET, approval=BOTH, round=1),
        ApprovalReminded(round=1, remind_due=DUE),
        {"approval": replace(BOTH, remind_due=DUE)},
    ),
    (
        replace(TICKET, approval=BOTH, round=1),
        ApprovalExpired(round=1, expire_due=DUE),
        {"approval": replace(BOTH, expire_due=DUE)},
    ),
    (
        replace(TICKET, approval=BOTH, round=1),
        ApprovalWithdrawn(round=1),
        {"approval": replace(BOTH, outcome="withdrawn", decided_at=LATER)},
    ),
    # the end: closed now, no deadline left
    (
        WAITING,
        Closed("Solved"),
        {"closed_at": LATER, "closure_category": "Solved", "close_due": None, "remind_due": None},
    ),
    (
        replace(TICKET, hold="m1", wake_due=DUE),
        Closed("Spam"),
        {"closed_at": LATER, "closure_category": "Spam", "hold": None, "wake_due": None},
    ),
]


@pytest.mark.parametrize(("before", "event", "changes"), TABLE)
def test_an_event_changes_what_it_names_and_nothing_else(
    before: Ticket, event: Event, changes: dict[str, Any]
) -> None:
    after = evolve(before, event, number=1001, at=LATER)
    assert changed(before, after) == changes | {"updated_at": LATER}


def test_the_table_has_a_row_for_every_event_and_every_field() -> None:
    assert {type(event) for _, event, _ in TABLE} | {TicketOpened} == set(EVENTS.values())
    assert set(EVENTS.values()) == set(typing.get_args(Event))
    by_field = {event.field for _, event, _ in TABLE if isinstance(event, FieldChanged)}
    assert by_field == set(typing.get_args(typing.get_type_hints(FieldChanged)["field"]))


def test_a_history_without_an_opening_event_is_rejected() -> None:
    with pytest.raises(ValueError, match="history of ticket 7 does not begin with TicketOpened"):
        evolve(None, Reminded(), number=7, at=AT)


def test_a_decision_without_an_approval_request_is_rejected() -> None:
    with pytest.raises(ValueError, match="ticket 1001: an approval was decided that nobody asked"):
        evolve(TICKET, ApprovalDecided(round=1, approved=True), number=1001, at=AT)


@pytest.mark.parametrize(
    ("close_due", "remind_due", "wake_due", "next_due"),
    [
        (None, None, None, None),  # nothing waits for a deadline
        (DUE, None, None, DUE),
        (DUE, REMIND, None, REMIND),  # the earlier one
        (REMIND, DUE, None, REMIND),
        (None, None, DUE, DUE),
        (DUE, None, LATER, LATER),
    ],
)
def test_the_next_deadline_is_the_earliest(
    close_due: datetime | None,
    remind_due: datetime | None,
    wake_due: datetime | None,
    next_due: datetime | None,
) -> None:
    ticket = replace(TICKET, close_due=close_due, remind_due=remind_due, wake_due=wake_due)
    assert ticket.next_due == next_due


@pytest.mark.parametrize(
    ("ticket", "person", "takes_part"),
    [
        (TICKET, 1, True),  # the requester
        (TICKET, 2, False),  # a stranger
        (replace(TICKET, assignee=2), 2, True),  # the assignee
        (replace(TICKET, participants=(2, 4)), 4, True),  # who joined
        (replace(TICKET, approval=ASKED), 2, True),  # who is asked
        (replace(TICKET, approval=replace(ASKED, outcome="approved")), 2, True),  # who was asked
        (replace(TICKET, approval=ASKED), 3, False),
    ],
)
def test_the_participants_of_a_ticket(ticket: Ticket, person: int, takes_part: bool) -> None:
    assert ticket.takes_part(person) is takes_part


@pytest.mark.parametrize(
    ("ticket", "closed", "for_approval", "for_requester"),
    [
        (TICKET, False, False, False),
        (replace(TICKET, approval=ASKED, round=1), False, True, False),
        # a later round makes the question void
        (replace(TICKET, approval=ASKED, round=2), False, False, False),
        (
            replace(TICKET, approval=replace(ASKED, outcome="rejected"), round=1),
            *(False, False, False),
        ),
        (WAITING, False, False, True),
        (replace(WAITING, remind_due=None), False, False, True),  # also after the reminder
        # resolved without a question: nobody is waited for
        (replace(TICKET, close_due=DUE), False, False, False),
        (replace(TICKET, closed_at=AT), True, False, False),
    ],
)
def test_the_events_a_ticket_waits_for(
    ticket: Ticket, closed: bool, for_approval: bool, for_requester: bool
) -> None:
    waits = (ticket.is_closed, ticket.waits_for_approval, ticket.waits_for_requester)
    assert waits == (closed, for_approval, for_requester)


# ---- whole histories


@given(histories())
def test_a_valid_history_never_raises_and_always_gives_the_same_ticket(events: list[Event]) -> None:
    ticket = folded(events)
    assert ticket == folded(events)
    assert ticket.number == 1001
    assert ticket.opened_at == AT
    assert ticket.updated_at == AT + timedelta(seconds=len(events) - 1)
