"""Other open tickets that a rule may relate a ticket to."""

from sqlalchemy import Connection

from maildesk.config.schema.rules import Relate
from maildesk.lifecycle.policy import Neighbours
from maildesk.model.ticket import Ticket
from maildesk.outgoing.header_fields import bare_subject
from maildesk.store import ticket_relations
from maildesk.store.queries import related_candidates


def load_relate_context(
    connection: Connection,
    wanted: tuple[Relate, ...],
    ticket: Ticket | None,
    requester: int,
    subject: str,
) -> Neighbours:
    """Those of that requester, and those with a tag that a rule names."""
    own: tuple[tuple[int, str], ...] = ()
    if any(relate.to != "tagged" for relate in wanted):
        own = related_candidates.of(connection, requester)
    tags = frozenset(relate.tag for relate in wanted if relate.to == "tagged")
    below = ticket_relations.descendants(connection, ticket.number) if ticket is not None else ()
    return Neighbours(
        person=requester,
        subject=bare_subject(subject).casefold(),
        own=tuple((number, bare_subject(said).casefold()) for number, said in own),
        tagged=related_candidates.tagged(connection, tags) if tags else {},
        below=frozenset(below),
    )
