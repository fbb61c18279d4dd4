"""The shipped moves: who may take a ticket from where to where, and what the others are told."""

from dataclasses import replace

import pytest

from maildesk.config.schema.workflow import Workflow
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.messages.trace import english
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.event import Closed, StatusMoved
from maildesk.model.message import Message
from tests.lifecycle.cast import ANALYSIS, CLOSED, NEW, NOW, SHIPPED, TICKETS, WAITING

FLOW = SHIPPED.workflow
STATUSES = [status.name for status in FLOW.status]
MOVERS = tuple(ActorKind)

LEGAL: dict[tuple[str, str], str] = {
    # classified: a team or an agent is known
    ("New", "Assign"): "agent rule",
    # an agent works on it
    ("New", "Analysis"): "agent",
    ("Assign", "Analysis"): "agent",
    ("Escalated", "Analysis"): "agent requester",
    ("Pending", "Analysis"): "agent",
    # handed on
    ("New", "Escalated"): "agent rule",
    ("Assign", "Escalated"): "agent rule",
    ("Analysis", "Escalated"): "agent rule",
    # kept on hold, also for an approval
    ("New", "Pending"): "agent rule",
    ("Assign", "Pending"): "agent rule",
    ("Analysis", "Pending"): "agent rule",
    ("Escalated", "Pending"): "agent rule",
    # what it waited for has come
    ("Pending", "Assign"): "manager requester clock",
    # resolved, from everywhere that is not the end
    ("New", "Waiting for Closure"): "agent",
    ("Assign", "Waiting for Closure"): "agent",
    ("Analysis", "Waiting for Closure"): "agent",
    ("Escalated", "Waiting for Closure"): "agent",
    ("Pending", "Waiting for Closure"): "agent",
    # the requester decides
    ("Waiting for Closure", "Accepted"): "requester",
    ("Waiting for Closure", "Rejected"): "requester",
    # reopened: from waiting for closure only, and from the rejection on the way
    ("Waiting for Closure", "Analysis"): "requester agent event",
    ("Rejected", "Analysis"): "requester agent",
    # the problem is back, the parent is open again, or an agent sees that it is not over
    ("Resolved by Event", "Analysis"): "agent event",
    ("Resolved by Origin ticket", "Analysis"): "agent event",
    # somebody else resolved it
    ("New", "Resolved by Event"): "rule event",
    ("Assign", "Resolved by Event"): "rule event",
    ("Analysis", "Resolved by Event"): "rule event",
    ("Escalated", "Resolved by Event"): "rule event",
    ("Pending", "Resolved by Event"): "rule event",
    ("New", "Resolved by Origin ticket"): "rule",
    ("Assign", "Resolved by Origin ticket"): "rule",
    ("Analysis", "Resolved by Origin ticket"): "rule",
    ("Escalated", "Resolved by Origin ticket"): "rule",
    ("Pending", "Resolved by Origin ticket"): "rule",
    # the end
    ("Accepted", "Completed"): "requester agent clock rule",
    ("Waiting for Closure", "Completed"): "requester agent clock rule",
    ("Resolved by Event", "Completed"): "requester agent clock rule",
    ("Resolved by Origin ticket", "Completed"): "requester agent clock rule",
    # a request that was not approved
    ("Pending", "Completed"): "manager",
}
CLASSIFYING = frozenset({"service", "category", "impact", "urgency", "priority"})
FILLED = frozenset({"resolution", "closure_category"}) | CLASSIFYING


@pytest.mark.parametrize("old", STATUSES)
@pytest.mark.parametrize("new", STATUSES)
def test_a_move_is_legal_for_those_in_the_table_and_the_others_are_told_why(
    old: str, new: str
) -> None:
    ticket = replace(NEW, status=old)
    movers = LEGAL.get((old, new), "").split()
    illegal = Message.of("refusal.no-transition", old=old, new=new)
    if movers:
        roles = tuple(sorted(movers))
        illegal = Message.of("refusal.not-allowed", roles=roles, old=old, new=new)
    for by in MOVERS:
        answer = transitions.check(FLOW, ticket, new, by, FILLED)
        assert answer == (None if by in movers else Refusal(illegal)), f"{by}: {old} -> {new}"


@pytest.mark.parametrize(
    ("old", "new", "by", "filling", "why"),
    [
        # no such move for anybody
        (
            "New",
            "Completed",
            "agent",
            FILLED,
            'A ticket in status "New" cannot change to "Completed".',
        ),
        (
            *("Completed", "Analysis", "requester", FILLED),
            'A ticket in status "Completed" cannot change to "Analysis".',
        ),
        # not even to where it is
        ("New", "New", "agent", FILLED, 'A ticket in status "New" cannot change to "New".'),
        # a status that nobody has heard of
        ("New", "Done", "agent", FILLED, 'A ticket in status "New" cannot change to "Done".'),
        # somebody else may
        (
            *("Waiting for Closure", "Accepted", "agent", FILLED),
            'Only these roles can change a ticket from "Waiting for Closure" '
            'to "Accepted": requester.',
        ),
        (
            *("New", "Assign", "clock", FILLED),
            'Only these roles can change a ticket from "New" to "Assign": agent or rule.',
        ),
        # something is missing
        (
            *("Analysis", "Waiting for Closure", "agent", frozenset()),
            'The status "Waiting for Closure" requires these fields: resolution.',
        ),
        (
            *("New", "Assign", "agent", frozenset({"service", "impact"})),
            'The status "Assign" requires these fields: category, urgency, priority.',
        ),
        (
            *("Waiting for Closure", "Completed", "clock", frozenset({"resolution"})),
            'The status "Completed" requires these fields: closure_category.',
        ),
    ],
)
def test_an_illegal_move_says_why(
    old: str, new: str, by: str, filling: frozenset[str], why: str
) -> None:
    ticket = replace(NEW, status=old)
    illegal = transitions.check(FLOW, ticket, new, ActorKind(by), filling)
    assert illegal is not None
    assert english(illegal.why) == why


@pytest.mark.parametrize(
    ("resolution", "filling", "legal"),
    [
        (None, frozenset(), False),
        ("", frozenset(), False),  # empty is not filled in
        ("m1", frozenset(), True),  # the ticket has it
        (None, frozenset({"resolution"}), True),  # the same act brings it
        (None, frozenset({"team"}), False),  # another field does not help
    ],
)
def test_a_needed_field_is_in_the_ticket_or_comes_with_the_move(
    resolution: str | None, filling: frozenset[str], legal: bool
) -> None:
    ticket = replace(ANALYSIS, resolution=resolution)
    to, by = "Waiting for Closure", ActorKind.AGENT
    assert (transitions.check(FLOW, ticket, to, by, filling) is None) is legal


def _flow(*moves: dict[str, object]) -> Workflow:
    status = [{"name": "New", "state": "Open"}, {"name": "Completed", "state": "Closed"}]
    return Workflow.model_validate({"status": status, "move": moves})


def test_of_two_ways_the_one_that_needs_less_is_open_to_who_may_take_it() -> None:
    way = {"from": "New", "to": "Completed"}
    flow = _flow(way | {"by": ["agent"], "needs": ["team", "service"]}, way | {"by": ["clock"]})
    bare = replace(NEW, team="")
    assert transitions.check(flow, bare, "Completed", ActorKind.CLOCK, frozenset()) is None
    by_agent = transitions.check(flow, bare, "Completed", ActorKind.AGENT, frozenset())
    fields = Message.of("refusal.fields-missing", status="Completed", fields=("team", "service"))
    assert by_agent == Refusal(fields)
    by_rule = transitions.check(flow, bare, "Completed", ActorKind.RULE, frozenset())
    roles = ("agent", "clock")
    assert by_rule == Refusal(
        Message.of("refusal.not-allowed", roles=roles, old="New", new="Completed")
    )


def test_of_two_ways_for_the_same_people_one_is_enough() -> None:
    way = {"from": "New", "to": "Completed", "by": ["agent"]}
    flow = _flow(way | {"needs": ["service"]}, way | {"needs": ["team"]})
    assert transitions.check(flow, NEW, "Completed", ActorKind.AGENT, frozenset()) is None


# ---- making them


def _draft(ticket_name: str) -> DecisionBuilder:
    return DecisionBuilder(TICKETS[ticket_name], Actor(ActorKind.AGENT, 3), SHIPPED, NOW)


def test_a_legal_move_brings_the_status_and_its_state() -> None:
    builder = _draft("Assign")
    assert transitions.move(builder, "Analysis", ActorKind.AGENT) is None
    assert builder.events == [StatusMoved(old="Assign", new="Analysis", state="In Progress")]
    assert (builder.ticket.status, builder.ticket.state) == ("Analysis", "In Progress")


def test_a_move_to_where_the_ticket_is_does_nothing() -> None:
    builder = _draft("Analysis")
    assert transitions.move(builder, "Analysis", ActorKind.CLOCK) is None
    assert builder.events == []


def test_an_illegal_move_does_nothing() -> None:
    builder = _draft("Completed")
    assert transitions.move(builder, "Analysis", ActorKind.AGENT) is not None
    assert builder.events == []
    assert builder.ticket == CLOSED


def test_the_end_has_a_category_and_a_time() -> None:
    builder = _draft("Waiting for Closure")
    assert transitions.close(builder, ActorKind.CLOCK, "No answer", "Silence.") is None
    assert builder.events == [
        StatusMoved(old="Waiting for Closure", new="Completed", state="Closed"),
        Closed("No answer", "Silence."),
    ]
    assert (builder.ticket.closed_at, builder.ticket.next_due) == (NOW, None)


def test_an_end_that_is_illegal_closes_nothing() -> None:
    builder = _draft("Analysis")
    illegal = transitions.close(builder, ActorKind.AGENT, "Solved", "Done.")
    assert illegal == Refusal(Message.of("refusal.no-transition", old="Analysis", new="Completed"))
    assert builder.events == []
    assert not builder.ticket.is_closed


def test_the_tickets_of_these_tests_stand_where_the_workflow_says() -> None:
    for ticket in TICKETS.values():
        assert ticket.state == FLOW.state_of(ticket.status)
    assert WAITING.next_due is not None
