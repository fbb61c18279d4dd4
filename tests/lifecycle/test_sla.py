"""SLA timers are derived from the history: by a table, and against a count by minutes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.config.schema.people import Organisation
from maildesk.config.schema.policy_files import profile_rules
from maildesk.config.schema.sla import ServiceLevels, SlaTarget
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.lifecycle.sla.sla_policy import SlaPolicy
from maildesk.lifecycle.sla.timers import as_of, elapsed, recalculated, timer_events
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    Closed,
    EscalationStepReached,
    Event,
    Field,
    FieldChanged,
    MergedInto,
    MessageAdded,
    StatusMoved,
    TicketOpened,
    TimerSet,
)
from maildesk.model.sla.metrics import METRICS, Metric
from maildesk.model.sla.timer import SlaTimer
from maildesk.model.ticket import Ticket, evolve
from maildesk.rules.compile import compile_rules
from tests.lifecycle.cast import MAX, RITA
from tests.lifecycle.test_calendar import is_open, weeks

ASKER = (RITA, Organisation())
MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def levels(**changes: Any) -> SlaPolicy:
    """An office in UTC, a factory in Berlin without a pause; P1 is served round the clock."""
    files = {
        "calendar": [
            {"name": "office", "hours": "mon-fri 09:00-17:00", "teams": ["First line"]},
            {
                "name": "plant",
                "zone": "Europe/Berlin",
                "hours": ["mon-fri 06:00-14:00", "sat 06:00-10:00"],
                "teams": ["Network"],
            },
            {"name": "always", "hours": "mon-sun 00:00-24:00"},
        ],
        "escalation_policy": [{"name": "up", "step": [{"at": "50%", "notify": ["assignee"]}]}],
        "profile": [
            {
                "name": "Urgent",
                "when": 'ticket.priority == "P1"',
                "calendar": "always",
                "resolution": {"otherwise": "4 hours", "pause": []},
                "first_response": {"otherwise": "30 minutes"},
            },
            {"name": "None", "when": 'ticket.category == "Gift"', "approval": {"otherwise": "1h"}},
            {
                "name": "Standard",
                "first_response": {"targets": {"P2": "1 hour"}, "otherwise": "2 hours"},
                "next_response": {"otherwise": "4 hours", "escalation_policy": "up"},
                "resolution": {
                    "targets": {"P2": "8 hours"},
                    "otherwise": "16 hours",
                    "pause": ["on-hold", "waiting-for-requester"],
                },
                "approval": {"otherwise": "8 hours"},
            },
        ],
    }
    read = ServiceLevels.model_validate(files | changes)
    return SlaPolicy.of(read, {}, compile_rules(profile_rules(read)))


LEVELS = levels()


def opened(team: str = "First line") -> list[Event]:
    first = TicketOpened(
        requester=RITA.id, source="mail", status="New", state="Open", request_type="incident"
    )
    return [first, MessageAdded("m", "request"), FieldChanged(field="team", old="", new=team)]


def said(kind: str) -> Event:
    return MessageAdded("m", kind)


def moved(state: str) -> Event:
    return StatusMoved(old="", new=state, state=state)


def field(name: Field, new: str) -> Event:
    return FieldChanged(field=name, old="", new=new)


def priority(new: str) -> Event:
    return field("priority", new)


ASK, YES = ApprovalAsked(approvers=(MAX.id,), round=1), ApprovalDecided(round=1, approved=True)
HOLD, WORK, DONE = moved("On-Hold"), moved("In Progress"), moved("Resolved")
Lines = list[tuple[datetime, str, Event]]


def lines(*steps: tuple[str, Sequence[Event]]) -> Lines:
    """(weekday and time in UTC, what one decision changed)."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    found: Lines = []
    for n, (when, events) in enumerate(steps):
        hour, minute = map(int, when[4:].split(":"))
        at = MONDAY + timedelta(days=days.index(when[:3]), hours=hour, minutes=minute)
        found += [(at, f"step {n}", event) for event in events]
    return found


def timers(history: Lines, of: SlaPolicy = LEVELS) -> dict[str, SlaTimer]:
    found = recalculated(of, history, 1001, {RITA.id: ASKER})
    return {f"{timer.metric} {timer.serial}": timer for timer in found}


def shown(timer: SlaTimer) -> tuple[str, str]:
    return timer.outcome.value, f"{timer.due:%a %H:%M}" if timer.due else ""


TABLE: list[tuple[list[tuple[str, Sequence[Event]]], str, tuple[str, str]]] = [
    # asked in the night: from nine o'clock on
    ([("Mon 06:00", opened())], "first_response 1", ("running", "Mon 11:00")),
    ([("Mon 06:00", opened())], "resolution 1", ("running", "Tue 17:00")),
    # the priority decides the target, also when it comes later
    ([("Mon 09:30", [*opened(), priority("P2")])], "first_response 1", ("running", "Mon 10:30")),
    (
        [("Mon 09:30", opened()), ("Mon 10:00", [priority("P2")])],
        "first_response 1",
        ("running", "Mon 10:30"),
    ),
    # another profile, another calendar: the same timer goes on, and all of its time counts by it
    (
        [("Mon 08:00", opened()), ("Mon 08:20", [priority("P1")])],
        "first_response 1",
        ("running", "Mon 08:30"),
    ),
    # no longer served round the clock: what was used by night is given back
    (
        [("Mon 08:00", [*opened(), priority("P1")]), ("Mon 08:40", [priority("P3")])],
        "first_response 1",
        ("running", "Mon 11:00"),
    ),
    # the team's calendar, an hour east: 06:00 in Berlin is 05:00 in UTC
    ([("Mon 04:00", opened("Network"))], "first_response 1", ("running", "Mon 07:00")),
    (
        [
            ("Mon 10:00", opened()),
            ("Mon 11:00", [field("team", "Network")]),
        ],
        "first_response 1",
        ("running", "Mon 12:00"),
    ),
    # an agent's answer is a response, in time and late
    (
        [("Mon 09:00", opened()), ("Mon 11:00", [said("answer")])],
        "first_response 1",
        ("achieved", "Mon 11:00"),
    ),
    (
        [("Mon 09:00", opened()), ("Mon 11:01", [said("answer")])],
        "first_response 1",
        ("breached", "Mon 11:00"),
    ),
    # late is late, even where no business time has passed since
    (
        [("Mon 15:00", opened()), ("Mon 20:00", [said("answer")])],
        "first_response 1",
        ("breached", "Mon 17:00"),
    ),
    # what is no response: a note, an automatic answer, a stranger, the requester
    *(
        (
            [("Mon 09:00", opened()), ("Mon 10:00", [said(kind)])],
            "first_response 1",
            ("running", "Mon 11:00"),
        )
        for kind in ("note", "auto-reply", "held", "comment", "unproven", "reply")
    ),
    # a resolution is a response, too
    (
        [("Mon 09:00", opened()), ("Mon 10:00", [said("resolution"), DONE])],
        "first_response 1",
        ("achieved", "Mon 11:00"),
    ),
    # a priority that comes after the answer judges nobody
    (
        [
            ("Mon 09:00", opened()),
            ("Mon 10:30", [said("answer")]),
            ("Mon 11:00", [priority("P2")]),
        ],
        "first_response 1",
        ("achieved", "Mon 11:00"),
    ),
    # on hold the timer is paused
    ([("Mon 09:00", opened()), ("Mon 10:00", [HOLD])], "first_response 1", ("paused", "")),
    (
        [("Mon 09:00", opened()), ("Mon 10:00", [HOLD]), ("Tue 09:00", [WORK])],
        "first_response 1",
        ("running", "Tue 10:00"),
    ),
    # but not if the target has no pause
    (
        [("Mon 09:00", [*opened(), priority("P1")]), ("Mon 10:00", [HOLD])],
        "resolution 1",
        ("running", "Mon 13:00"),
    ),
    # while the requester is asked, as a setting
    (
        [("Mon 09:00", opened()), ("Mon 10:00", [said("answer")])],
        "resolution 1",
        ("paused", ""),
    ),
    (
        [("Mon 09:00", opened()), ("Mon 10:00", [said("answer")]), ("Mon 12:00", [said("reply")])],
        "resolution 1",
        ("running", "Wed 11:00"),
    ),
    # on hold after an answer: what ends the hold does not end the waiting
    (
        [
            ("Mon 09:00", opened()),
            ("Mon 10:00", [said("answer")]),
            ("Mon 11:00", [HOLD]),
            ("Mon 12:00", [WORK]),
        ],
        "resolution 1",
        ("paused", ""),
    ),
    # the next response is asked for by an answer of the requester, and once
    ([("Mon 09:00", opened()), ("Mon 10:00", [said("reply")])], "next_response 1", ("-", "")),
    (
        [
            ("Mon 09:00", opened()),
            ("Mon 10:00", [said("answer")]),
            ("Mon 11:00", [said("reply")]),
            ("Mon 12:00", [said("reply")]),
        ],
        "next_response 1",
        ("running", "Mon 15:00"),
    ),
    (
        [
            ("Mon 09:00", opened()),
            ("Mon 10:00", [said("answer")]),
            ("Mon 11:00", [said("reply")]),
            ("Mon 12:00", [said("answer")]),
            ("Mon 13:00", [said("reply")]),
        ],
        "next_response 2",
        ("running", "Mon 17:00"),
    ),
    # resolved, reopened: the same timer goes on where it stood
    (
        [("Mon 09:00", opened()), ("Mon 11:00", [said("resolution"), DONE])],
        "resolution 1",
        ("achieved", "Tue 17:00"),
    ),
    (
        [
            ("Mon 09:00", opened()),
            ("Mon 11:00", [said("resolution"), DONE]),
            ("Tue 11:00", [said("reply"), WORK]),
        ],
        "resolution 1",
        ("running", "Wed 17:00"),
    ),
    # the approver has time of his own, on hold as well
    ([("Mon 09:00", [*opened(), HOLD, ASK])], "approval 1", ("running", "Mon 17:00")),
    (
        [("Mon 09:00", [*opened(), HOLD, ASK]), ("Tue 09:30", [YES, WORK])],
        "approval 1",
        ("breached", "Mon 17:00"),
    ),
    # asked again: a new timer, and the old question is void
    (
        [("Mon 09:00", [*opened(), HOLD, ASK]), ("Mon 10:00", [ASK])],
        "approval 1",
        ("cancelled", ""),
    ),
    (
        [("Mon 09:00", [*opened(), HOLD, ASK]), ("Mon 10:00", [ASK])],
        "approval 2",
        ("running", "Tue 10:00"),
    ),
    # closed, merged, or no target any more
    ([("Mon 09:00", opened()), ("Mon 10:00", [Closed("x")])], "resolution 1", ("cancelled", "")),
    ([("Mon 09:00", opened()), ("Mon 10:00", [MergedInto(9)])], "resolution 1", ("cancelled", "")),
    (
        [
            ("Mon 09:00", opened()),
            ("Mon 10:00", [field("category", "Gift")]),
        ],
        "resolution 1",
        ("cancelled", ""),
    ),
    # and a target again: the timer continues as if it had not been cancelled
    (
        [
            ("Mon 09:00", opened()),
            ("Mon 10:00", [field("category", "Gift")]),
            ("Mon 11:00", [field("category", "Software")]),
        ],
        "resolution 1",
        ("running", "Tue 17:00"),
    ),
    # an answer stops the timer of no profile that does not wait for the requester
    (
        [("Mon 09:00", [*opened(), priority("P1")]), ("Mon 10:00", [said("answer")])],
        "resolution 1",
        ("running", "Mon 13:00"),
    ),
    # a wall clock that went back undoes nothing
    (
        [("Mon 10:00", opened()), ("Mon 09:00", [HOLD]), ("Mon 09:30", [WORK])],
        "first_response 1",
        ("running", "Mon 12:00"),
    ),
]


@pytest.mark.parametrize(("steps", "name", "stands"), TABLE)
def test_the_outcome_and_due_time_of_a_timer(
    steps: list[tuple[str, Sequence[Event]]], name: str, stands: tuple[str, str]
) -> None:
    found = timers(lines(*steps))
    assert (shown(found[name]) if name in found else ("-", "")) == stands


PLACES = levels(
    calendar=[
        {"name": "office", "hours": "mon-fri 09:00-17:00", "teams": ["First line"]},
        {"name": "plant", "hours": "mon-sat 06:00-14:00", "organisations": ["Plant South"]},
        {"name": "always", "hours": "mon-sun 00:00-24:00"},
    ]
)


@pytest.mark.parametrize(
    ("team", "priority_", "organisation", "calendar"),
    [
        # the profile's own comes before all others
        ("First line", "P1", "Plant South", "always"),
        # then the team's, then the organisation's, then the first
        ("First line", "P2", "Plant South", "office"),
        ("Network", "P2", "Plant South", "plant"),
        ("Network", "P2", "Plant North", "office"),
        ("", "P2", "", "office"),
    ],
)
def test_whose_calendar_counts(team: str, priority_: str, organisation: str, calendar: str) -> None:
    history = lines(("Mon 09:00", [*opened(team), priority(priority_)]))
    asker = (RITA, Organisation(name=organisation))
    found = recalculated(PLACES, history, 1001, {RITA.id: asker})
    assert {timer.calendar for timer in found} == {calendar}


def test_a_step_that_is_reached_twice_is_recorded_once() -> None:
    reached = EscalationStepReached(metric="next_response", serial=1, step="50%")
    said_twice = ("Mon 13:00", [reached]), ("Mon 13:05", [reached])
    history = lines(
        ("Mon 09:00", opened()),
        ("Mon 10:00", [said("answer")]),
        ("Mon 11:00", [said("reply")]),
        *said_twice,
    )
    assert timers(history)["next_response 1"].steps_done == ("50%",)


def test_there_is_no_target_without_a_profile() -> None:
    assert timers(lines(("Mon 09:00", opened())), SlaPolicy()) == {}


def test_a_step_runs_once_even_if_the_target_changes() -> None:
    reached = EscalationStepReached(metric="next_response", serial=1, step="50%")
    history = lines(
        ("Mon 09:00", opened()),
        ("Mon 10:00", [said("answer")]),
        ("Mon 11:00", [said("reply")]),
        ("Mon 13:00", [reached]),
        ("Mon 14:00", [field("team", "Network")]),
    )
    before, after = timers(history[:-2])["next_response 1"], timers(history)["next_response 1"]
    assert f"{before.next_check:%H:%M}" == "13:00"
    assert after.steps_done == ("50%",)
    assert after.next_check == after.due


# ---- step by step, from the history, and by minutes

_MOVES = st.sampled_from(["Open", "In Progress", "On-Hold", "Resolved"]).map(lambda s: [moved(s)])
_SAYS = st.sampled_from(["answer", "reply", "note", "auto-reply", "held"]).map(lambda k: [said(k)])
_FIELDS = st.one_of(
    st.sampled_from(["P1", "P2", "P3", ""]).map(lambda p: [priority(p)]),
    st.sampled_from(["First line", "Network", ""]).map(lambda t: [field("team", t)]),
    st.sampled_from(["Gift", ""]).map(lambda c: [field("category", c)]),
)
_ENDS: list[list[Event]] = [[Closed("x")], [moved("Closed"), Closed("x")]]
_steps: st.SearchStrategy[list[Event]] = st.one_of(
    _MOVES, _MOVES, _SAYS, _SAYS, _FIELDS, st.just([ASK]), st.just([YES])
)


@st.composite
def histories(draw: st.DrawFn) -> Lines:
    at = MONDAY + draw(st.integers(0, 4 * 24 * 60)) * MINUTE
    found: Lines = [(at, "step 0", event) for event in opened()]
    asked = False
    for n in range(1, draw(st.integers(1, 9))):
        events = draw(_steps)
        asked = asked or ASK in events
        if YES in events and not asked:
            continue
        at += draw(st.integers(0, 900)) * MINUTE
        found += [(at, f"step {n}", event) for event in events]
    if draw(st.booleans()):
        found += [(at + MINUTE, "the end", e) for e in draw(st.sampled_from(_ENDS))]
    return found


_ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])
_PAUSES = st.sampled_from([(), ("on-hold",), ("waiting-for-requester",)])
_PAUSES |= st.just(("on-hold", "waiting-for-requester"))


@st.composite
def any_levels(draw: st.DrawFn) -> SlaPolicy:
    """The same profiles with calendars, holidays and pauses of any kind."""
    days = st.integers(0, 9).map(lambda n: MONDAY.date() + n * timedelta(1))
    calendars = {
        name: Calendar(name, ZoneInfo(draw(_ZONES)), draw(weeks()), draw(st.frozensets(days)))
        for name in LEVELS.calendars
    }
    profiles = tuple(
        profile.model_copy(update={m: _paused(getattr(profile, m), draw(_PAUSES)) for m in METRICS})
        for profile in LEVELS.files.profile
    )
    files = LEVELS.files.model_copy(update={"profile": profiles})
    return replace(LEVELS, files=files, calendars=calendars)


def _paused(target: SlaTarget | None, pause: tuple[str, ...]) -> SlaTarget | None:
    return target.model_copy(update={"pause": pause}) if target else None


def stepped(history: Lines, levels: SlaPolicy) -> Ticket:
    """As the desk does it: each decision is followed by its timers."""
    ticket: Ticket | None = None
    for name in dict.fromkeys(cause for _, cause, _ in history):
        group = [(at, event) for at, cause, event in history if cause == name]
        before, at = ticket, group[0][0]
        for _, event in group:
            ticket = evolve(ticket, event, number=1001, at=at)
        assert ticket is not None
        events = [event for _, event in group]
        turned: tuple[Event, ...] = timer_events(levels, before, ticket, events, ASKER, at)
        for event in turned:
            ticket = evolve(ticket, event, number=1001, at=at)
    assert ticket is not None
    return ticket


@settings(max_examples=200)
@given(histories(), any_levels())
def test_step_by_step_is_the_same_as_from_the_history(history: Lines, levels: SlaPolicy) -> None:
    ticket = stepped(history, levels)
    assert ticket.sla_timers == recalculated(levels, history, 1001, {RITA.id: ASKER})
    # What the desk wrote about the timers meanwhile decides nothing.
    wrong = (replace(timer, target=1, due=MONDAY, steps_done=()) for timer in ticket.sla_timers)
    written = [*history, *((history[-1][0], history[-1][1], TimerSet(one)) for one in wrong)]
    assert recalculated(levels, written, 1001, {RITA.id: ASKER}) == ticket.sla_timers


@settings(max_examples=150)
@given(histories(), any_levels(), st.integers(0, 2000))
def test_a_count_by_minutes_agrees(history: Lines, levels: SlaPolicy, later: int) -> None:
    now = history[-1][0] + later * MINUTE
    ticket = stepped(history, levels)
    for metric in ("first_response", "next_response", "resolution", "approval"):
        for serial, counted in enumerate(by_minutes(history, levels, metric, now), 1):
            timer = next(c for c in ticket.sla_timers if c.key == (metric, serial))
            if timer.target:
                calendar = levels.calendars[timer.calendar]
                end = timer.stopped_at or now
                open_ = counted.within(calendar)
                assert elapsed(calendar, timer, end) == len(open_) * MINUTE, (metric, serial)
                if timer.outcome != "cancelled":
                    spent, target = len(open_), timer.target // 60
                    assert (as_of(levels, timer, now).outcome == "breached") is (
                        spent > target or (timer.is_open and spent == target)
                    )
                    if spent >= target:
                        assert timer.due == open_[target - 1] + MINUTE


class Minutes:
    """The minutes in which one timer counted."""

    def __init__(self) -> None:
        self.counted: list[datetime] = []
        self.stopped = False

    def within(self, calendar: Calendar) -> list[datetime]:
        return [minute for minute in self.counted if is_open(calendar, minute)]


def by_minutes(history: Lines, levels: SlaPolicy, metric: Metric, now: datetime) -> list[Minutes]:
    """A second opinion, minute after minute, written from the words of docs/sla.md."""
    found: list[Minutes] = []
    state, answered, closed = "Open", False, False
    values = {"priority": "", "category": "", "team": ""}
    pending = list(history)
    minute = history[0][0]
    while True:
        while pending and pending[0][0] <= minute:
            cause = pending[0][1]
            group = [event for _, name, event in pending if name == cause]
            del pending[: len(group)]
            moves = [event.state for event in group if isinstance(event, StatusMoved)]
            goes_on = (moves or [state])[-1] not in ("Resolved", "Closed") and not closed
            for event in group:
                running = found[-1] if found and not found[-1].stopped else None
                kind = event.kind if isinstance(event, MessageAdded) else ""
                if isinstance(event, FieldChanged):
                    values[event.field] = str(event.new)
                if metric == "first_response":
                    if isinstance(event, TicketOpened):
                        found.append(Minutes())
                    elif running and (kind in ("answer", "resolution") or _ends(event, state)):
                        running.stopped = True
                if metric == "next_response":
                    first = _first_is_open(history, event, minute, cause)
                    if running and (kind in ("answer", "resolution") or _ends(event, state)):
                        running.stopped = True
                    elif kind == "reply" and not running and not first and goes_on:
                        found.append(Minutes())
                if metric == "resolution":
                    if isinstance(event, TicketOpened):
                        found.append(Minutes())
                    elif running and _ends(event, state):
                        running.stopped = True
                    elif found and state == "Resolved" and _begins_again(event):
                        found[-1].stopped, answered = False, False
                    if kind in ("answer", "resolution") and not found[-1].stopped:
                        answered = True
                    if kind == "reply" and not found[-1].stopped:
                        answered = False
                if metric == "approval":
                    if running and (isinstance(event, ApprovalDecided) or _ends(event, state)):
                        running.stopped = True
                    if isinstance(event, ApprovalAsked):
                        if running:
                            running.stopped = True
                        found.append(Minutes())
                if isinstance(event, StatusMoved):
                    state = event.state
                closed = closed or isinstance(event, Closed)
        if minute >= now:
            return found
        if found and not found[-1].stopped:
            pause = _pause(levels, values, metric)
            held = state == "On-Hold" and metric != "approval" and "on-hold" in pause
            waits = metric == "resolution" and answered and "waiting-for-requester" in pause
            if not held and not waits:
                found[-1].counted.append(minute)
        minute += MINUTE


def _pause(levels: SlaPolicy, values: dict[str, str], metric: Metric) -> Sequence[str]:
    """As the profile says that holds now; without a target, while on hold."""
    urgent, gift = values["priority"] == "P1", values["category"] == "Gift"
    name = "Urgent" if urgent else "None" if gift else "Standard"
    profile = next(one for one in levels.files.profile if one.name == name)
    target: SlaTarget | None = getattr(profile, metric)
    return target.pause if target else ("on-hold",)


def _ends(event: Event, state: str) -> bool:
    """Resolved for the first time, or closed."""
    resolved = isinstance(event, StatusMoved) and event.state == "Resolved"
    return isinstance(event, Closed) or (resolved and state not in ("Resolved", "Closed"))


def _begins_again(event: Event) -> bool:
    return isinstance(event, StatusMoved) and event.state not in ("Resolved", "Closed")


def _first_is_open(history: Lines, event: Event, minute: datetime, cause: str) -> bool:
    """Whether the first response is still owed when this event of that decision happens."""
    state = "Open"
    for at, name, one in history:
        if at > minute or (name == cause and one is event):
            return True
        if isinstance(one, MessageAdded) and one.kind in ("answer", "resolution"):
            return False
        if _ends(one, state):
            return False
        if isinstance(one, StatusMoved):
            state = one.state
    return True
