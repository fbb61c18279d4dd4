"""One ticket per problem; its end resolves it; one that comes and goes fills no mailbox."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.config.schema.monitoring import Monitoring
from maildesk.lifecycle.decide import decide
from maildesk.messages.trace import english
from maildesk.model.cause import DeadlineReached, Facts, ProblemReported
from maildesk.model.decision import Decision
from maildesk.model.mail import Disposition
from maildesk.model.monitoring import Report
from maildesk.model.person import Person, Proof
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    HELD_UP,
    NEW,
    NOW,
    RITA,
    SHIPPED,
    WAITING,
    after,
    happened,
    told,
    unordered,
)

ICINGA = Person(id=9, name="icinga", address="icinga@example.org")
PROBLEM, RECOVERY, NEWS = Report.PROBLEM, Report.RECOVERY, Report.NEWS
KEY = "icinga:disk on web01"
OTHER = "icinga:disk on web02"
OPEN = replace(NEW, requester=ICINGA.id, event_key=KEY, problems=(KEY,))
WORKED_ON = replace(ANALYSIS, requester=ICINGA.id, event_key=KEY, problems=(KEY,))
HELD = replace(HELD_UP, requester=ICINGA.id, event_key=KEY, problems=(KEY,))
SOLVED = replace(WAITING, requester=ICINGA.id, event_key=KEY, problems=(KEY,))
OVER = replace(
    WORKED_ON,
    status="Resolved by Event",
    state="Resolved",
    close_due=NOW + timedelta(hours=24),
    problems=(),
)
WITH_ORIGIN = replace(OVER, status="Resolved by Origin ticket", problems=(KEY,))
FLAPPING = replace(WORKED_ON, flaps=3)
SETTLING = replace(FLAPPING, settle_due=NOW + timedelta(minutes=15), problems=())
# problems whose tickets were merged into this one
TWO = replace(WORKED_ON, problems=(KEY, OTHER))
ONE_OVER = replace(WORKED_ON, problems=(OTHER,))
RITAS = replace(ANALYSIS, problems=(KEY,))
RITAS_SOLVED = replace(WAITING, problems=(KEY,))


def report(kind: Report, proof: Proof = Proof.AUTHENTICATED) -> ProblemReported:
    return ProblemReported(
        requester=ICINGA,
        report=kind,
        key=KEY,
        message="m-new",
        text="The disk is full.",
        facts=Facts(subject="disk"),
        proof=proof,
        rejected=("no proof",),
    )


def on(ticket: Ticket | None, kind: Report, proof: Proof = Proof.AUTHENTICATED) -> Decision:
    return decide(ticket, report(kind, proof), SHIPPED, NOW)


AGENT = "agent-notification:ann"
TABLE: list[tuple[Ticket, Report, list[str], list[str]]] = [
    # the same problem again: written down, nobody is told
    (OPEN, PROBLEM, ["MessageAdded"], []),
    (WORKED_ON, PROBLEM, ["MessageAdded"], []),
    (HELD, PROBLEM, ["MessageAdded"], []),
    # it is over: resolved, and closed by itself unless it is back before
    *(
        (
            ticket,
            RECOVERY,
            ["MessageAdded", "ProblemEnded", "-> Resolved by Event", "ClosureScheduled"],
            [AGENT],
        )
        for ticket in (OPEN, WORKED_ON, HELD)
    ),
    # it is over once more: nothing new
    (OVER, RECOVERY, ["MessageAdded"], []),
    # an agent had resolved it: that it is over is remembered, should work go on all the same
    (SOLVED, RECOVERY, ["MessageAdded", "ProblemEnded"], []),
    # of two problems the last one's end resolves it, and each can come back
    (TWO, RECOVERY, ["MessageAdded", "ProblemEnded"], [AGENT]),
    (TWO, PROBLEM, ["MessageAdded"], []),
    (ONE_OVER, RECOVERY, ["MessageAdded"], []),
    (ONE_OVER, PROBLEM, ["MessageAdded", "ProblemSeen"], [AGENT]),
    # what was merged into a person's ticket changes nothing there; agents hear of it
    (RITAS, RECOVERY, ["MessageAdded", "ProblemEnded"], [AGENT]),
    (RITAS, PROBLEM, ["MessageAdded"], []),
    (RITAS_SOLVED, RECOVERY, ["MessageAdded", "ProblemEnded"], [AGENT]),
    (RITAS_SOLVED, PROBLEM, ["MessageAdded"], []),
    (replace(RITAS, problems=()), PROBLEM, ["MessageAdded", "ProblemSeen"], [AGENT]),
    # resolved with its parent, and reported again
    (WITH_ORIGIN, PROBLEM, ["MessageAdded", "ProblemSeen", "-> Analysis", "Reopened"], [AGENT]),
    (WITH_ORIGIN, RECOVERY, ["MessageAdded", "ProblemEnded"], []),
    # it is back: the work goes on in the same ticket
    (OVER, PROBLEM, ["MessageAdded", "ProblemSeen", "-> Analysis", "Reopened"], [AGENT]),
    (SOLVED, PROBLEM, ["MessageAdded", "ProblemSeen", "-> Analysis", "Reopened"], [AGENT]),
    # it comes and goes: the third time the agents hear of it, and then no more
    (
        replace(OVER, flaps=2),
        PROBLEM,
        ["MessageAdded", "ProblemSeen", "-> Analysis", "Reopened"],
        [AGENT],
    ),
    (
        replace(OVER, flaps=3),
        PROBLEM,
        ["MessageAdded", "ProblemSeen", "-> Analysis", "Reopened"],
        [],
    ),
    (FLAPPING, RECOVERY, ["MessageAdded", "ProblemEnded"], []),
    (SETTLING, RECOVERY, ["MessageAdded"], []),
    (SETTLING, PROBLEM, ["MessageAdded", "ProblemSeen"], []),
    # an acknowledgement or a downtime is written down
    (OPEN, NEWS, ["MessageAdded"], []),
    (OVER, NEWS, ["MessageAdded"], []),
]


@pytest.mark.parametrize(("ticket", "kind", "events", "outgoing_mails"), TABLE)
def test_what_a_report_does(
    ticket: Ticket, kind: Report, events: list[str], outgoing_mails: list[str]
) -> None:
    decision = on(ticket, kind)
    assert unordered(happened(decision)) == unordered(events)
    assert unordered(told(decision)) == unordered(outgoing_mails)
    assert decision.disposition is Disposition.FOLLOW_UP


def test_a_problem_without_a_ticket_opens_one() -> None:
    decision = on(None, PROBLEM, Proof.NONE)
    opened = after(None, decision)
    assert (opened.source, opened.event_key, opened.requester) == ("event", KEY, ICINGA.id)
    assert decision.disposition is Disposition.NEW_TICKET
    assert {outgoing_mail.template for outgoing_mail in decision.outgoing_mails} == {
        "agent-notification"
    }


@pytest.mark.parametrize("kind", [RECOVERY, NEWS])
def test_the_end_of_a_problem_without_a_ticket_is_recorded_alone(kind: Report) -> None:
    decision = on(None, kind)
    assert decision.changes == () == decision.outgoing_mails
    assert decision.disposition is Disposition.AUTO_REPLY


@pytest.mark.parametrize(("ticket", "kind"), [(WORKED_ON, RECOVERY), (OVER, PROBLEM)])
def test_a_forged_report_changes_no_state_and_the_agents_hear_of_it(
    ticket: Ticket, kind: Report
) -> None:
    decision = on(ticket, kind, Proof.NONE)
    assert happened(decision) == ["MessageAdded"]
    assert decision.message_kind == "unproven"
    assert told(decision) == [AGENT]


def test_the_clock_resolves_a_flapping_problem_that_stayed_away() -> None:
    struck = decide(SETTLING, DeadlineReached(requester=RITA), SHIPPED, NOW + timedelta(minutes=15))
    assert after(SETTLING, struck).status == "Resolved by Event"
    assert (
        decide(
            SETTLING, DeadlineReached(requester=RITA), SHIPPED, NOW + timedelta(minutes=14)
        ).changes
        == ()
    )


def test_the_clock_closes_what_was_resolved_by_event() -> None:
    struck = decide(OVER, DeadlineReached(requester=RITA), SHIPPED, NOW + timedelta(hours=24))
    closed = after(OVER, struck)
    assert (closed.status, closed.closure_category) == ("Completed", "Solved")


def test_the_settings_say_when_a_problem_flaps() -> None:
    patient = replace(SHIPPED, monitoring=Monitoring(flaps=9, close_after_hours=1))
    decision = decide(FLAPPING, report(RECOVERY), patient, NOW)
    assert after(FLAPPING, decision).close_due == NOW + timedelta(hours=1)


def test_a_workflow_that_forbids_the_move_leaves_the_ticket_and_tells_the_agents() -> None:
    workflow = SHIPPED.workflow
    kept = tuple(move for move in workflow.move if move.to != "Resolved by Event")
    strict = replace(SHIPPED, workflow=workflow.model_copy(update={"move": kept}))
    decision = decide(WORKED_ON, report(RECOVERY), strict, NOW)
    assert happened(decision) == ["MessageAdded", "ProblemEnded"]
    assert "cannot change to" in english(decision.outgoing_mails[0].note)
