"""Checks and makes transitions between statuses."""

from dataclasses import dataclass, replace

from maildesk.config.schema.workflow import Move, Workflow
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import ApprovalWithdrawn, Closed, StatusMoved
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket

CLOSED = "Closed"
RESOLVED = "Resolved"
CLOSING = frozenset({"closure_category", "closure_note"})
"""What every closing brings."""
_NOT_NEEDED = Message.of("note.closed-not-needed")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transition is not allowed, in words for the person who tried it."""

    why: Message


def check(
    workflow: Workflow,
    ticket: Ticket,
    to: str,
    by: ActorKind,
    filling: frozenset[str],
    *,
    leads: bool = False,
) -> Refusal | None:
    """Why the transition is not allowed; None if it is.

    `filling` are fields that the same action sets; `leads`: the acting agent leads the team.
    """
    moves = [move for move in workflow.move if ticket.status in move.from_ and move.to == to]
    if not moves:
        return Refusal(Message.of("refusal.no-transition", old=ticket.status, new=to))
    parts = {by, ActorKind.LEAD} if leads and by is ActorKind.AGENT else {by}
    allowed = [move for move in moves if parts.intersection(move.by)]
    if not allowed:
        roles = tuple(sorted({role for move in moves for role in move.by}))
        return Refusal(Message.of("refusal.not-allowed", roles=roles, old=ticket.status, new=to))
    return _missing(allowed, ticket, to, filling)


def _missing(moves: list[Move], ticket: Ticket, to: str, filling: frozenset[str]) -> Refusal | None:
    lacking = [
        [need for need in move.needs if need not in filling and not getattr(ticket, need)]
        for move in moves
    ]
    if not all(lacking):
        return None
    return Refusal(Message.of("refusal.fields-missing", status=to, fields=tuple(lacking[0])))


def check_chain(builder: DecisionBuilder, by: ActorKind, *steps: str) -> Refusal | None:
    """Why one of these transitions, made in this order, is not allowed; None if all are.

    A last transition to Closed brings its closure category.
    """
    policy, ticket = builder.policy.workflow, builder.ticket
    for to in steps:
        filling = CLOSING if to == policy.roles.closed else frozenset()
        illegal = check(policy, ticket, to, by, filling)
        if illegal is not None:
            return illegal
        ticket = replace(ticket, status=to)
    return None


def move(
    builder: DecisionBuilder,
    to: str,
    by: ActorKind,
    filling: frozenset[str] = frozenset(),
    *,
    rule: str = "",
) -> Refusal | None:
    """Make the transition if it is allowed; does nothing if the ticket has that status already."""
    ticket, workflow = builder.ticket, builder.policy.workflow
    if ticket.status == to:
        return None
    leads = builder.policy.directory.leads_team(builder.actor.person, ticket.team)
    illegal = check(workflow, ticket, to, by, filling, leads=leads)
    if illegal is None:
        state = workflow.state_of(to)
        builder.add(StatusMoved(old=ticket.status, new=to, state=state, rule=rule))
    return illegal


def end(builder: DecisionBuilder, category: str, note: str = "", *, silent: bool = False) -> None:
    """Close a ticket that should not have been opened: spam, merged, withdrawn.

    This is not a transition of the workflow: it is allowed from every status and requires no
    fields. `silent`: approvers who were asked are not notified.
    """
    _end_question(builder, silent=silent)
    closed = builder.policy.workflow.roles.closed
    state = builder.policy.workflow.state_of(closed)
    builder.add(
        StatusMoved(old=builder.ticket.status, new=closed, state=state), Closed(category, note)
    )


def close(
    builder: DecisionBuilder,
    by: ActorKind,
    category: str,
    note: str,
    message: str | None = None,
    *,
    status: str = "",
    rule: str = "",
) -> Refusal | None:
    """Close the ticket with a closure category and note; `message` is the id of a free-text note.

    `status` is a status of the state Closed other than the usual one.
    """
    closed = status or builder.policy.workflow.roles.closed
    illegal = move(builder, closed, by, CLOSING, rule=rule)
    if illegal is None:
        _end_question(builder)
        builder.add(Closed(category, note, message))
    return illegal


def _end_question(builder: DecisionBuilder, *, silent: bool = False) -> None:
    """Withdraw the open approval of a ticket that ends, and notify the approvers."""
    question = builder.ticket.approval
    if question is None or not question.is_open:
        return
    builder.add(ApprovalWithdrawn(round=question.round, with_ticket=True))
    builder.explain("approval", "withdrawn: its ticket is closed")
    if not silent:
        builder.write(Template.UPDATE, *question.waiting, note=_NOT_NEEDED)
