"""How every ticket begins, whatever opens it."""

from maildesk.lifecycle.policy import Policy
from maildesk.model.event import TicketOpened


def first_event(
    policy: Policy,
    *,
    requester: int,
    source: str,
    request_type: str = "",
    parent: int | None = None,
) -> TicketOpened:
    """A ticket in the status of new ones; of the first request type if none is given."""
    new = policy.workflow.roles.new
    return TicketOpened(
        requester=requester,
        source=source,
        status=new,
        state=policy.workflow.state_of(new),
        request_type=request_type or policy.catalog.request_type[0].name,
        parent=parent,
    )
