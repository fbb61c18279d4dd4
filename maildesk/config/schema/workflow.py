"""workflow.toml: statuses, moves, roles of statuses, closing."""

from typing import Literal

from pydantic import Field

from maildesk.config.schema.part import Part, Words

Mover = Literal["requester", "agent", "lead", "manager", "rule", "clock", "event"]


class Status(Part):
    """A status and the state to which it belongs."""

    name: str = Field(min_length=1, description="name of the status")
    state: str = Field(description="state: Open, In Progress, On-Hold, Resolved or Closed")


class Move(Part):
    """An allowed change of status."""

    from_: Words = Field(alias="from", description="status before the move, or a list of them")
    to: str = Field(description="status after the move")
    by: tuple[Mover, ...] = Field(
        description="who may make the move: requester, agent, lead, manager, rule, clock, event"
    )
    needs: tuple[str, ...] = Field((), description="ticket fields that must be filled in first")


class Roles(Part):
    """The status that is used for each step in the life of a ticket."""

    new: str = Field("New", description="a reported ticket")
    assigned: str = Field("Assign", description="a classified ticket with a team or an agent")
    working: str = Field("Analysis", description="an agent works on the ticket")
    on_hold: str = Field("Pending", description="the ticket is on hold, also for an approval")
    escalated: str = Field("Escalated", description="the ticket is escalated")
    waiting_for_closure: str = Field(
        "Waiting for Closure", description="the requester is asked to accept the resolution"
    )
    accepted: str = Field("Accepted", description="the requester accepted the resolution")
    rejected: str = Field("Rejected", description="the requester rejected the resolution")
    resolved_by_event: str = Field(
        "Resolved by Event", description="monitoring reported the end of the problem"
    )
    resolved_by_origin: str = Field(
        "Resolved by Origin ticket", description="the parent ticket was resolved"
    )
    closed: str = Field("Completed", description="the ticket is closed")


class Closing(Part):
    """Closure categories and notes: defaults, and the categories that agents can use."""

    categories: tuple[str, ...] = Field(
        ("Solved", "Workaround", "Duplicate", "Not reproducible", "No fault found"),
        description="closure categories for agents: #close <category>",
    )
    accepted_category: str = Field(
        "Solved", description="closure category if the requester accepted"
    )
    accepted_note: str = Field(
        "The requester accepted the resolution.",
        description="closure note if the requester accepted",
    )
    automatic_category: str = Field(
        "No answer", description="closure category if the requester did not answer"
    )
    automatic_note: str = Field(
        "The requester did not answer in time.",
        description="closure note if the requester did not answer",
    )
    silent_note: str = Field(
        "The ticket was resolved, and no problem was reported since.",
        description="closure note if the ticket closed automatically and the requester was not "
        "asked",
    )
    agent_note: str = Field(
        "Closed by the service desk.",
        description="closure note if an agent closed the ticket without a note",
    )
    not_approved_category: str = Field(
        "Not approved", description="closure category if the request was not approved"
    )
    not_approved_note: str = Field(
        "The request was not approved.", description="closure note if the request was not approved"
    )
    withdrawn_category: str = Field(
        "Withdrawn", description="closure category if the requester withdrew the request"
    )
    withdrawn_note: str = Field(
        "The requester withdrew the request.",
        description="closure note if the requester withdrew the request",
    )


class Workflow(Part):
    """workflow.toml"""

    status: tuple[Status, ...] = Field(description="all statuses, in the order of the workflow")
    move: tuple[Move, ...] = Field(description="allowed moves between statuses")
    roles: Roles = Field(Roles(), description="statuses for the steps of a ticket")
    closing: Closing = Field(Closing(), description="closure categories and notes")

    def state_of(self, status: str) -> str:
        """The state to which the status belongs."""
        return next(s.state for s in self.status if s.name == status)
