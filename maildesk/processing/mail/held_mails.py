"""Held mails: mails to a ticket by people who take no part in it. An agent decides."""

from sqlalchemy import Connection

from maildesk.model.cause import HeldJudged
from maildesk.model.decision import Decision
from maildesk.model.event import Release
from maildesk.model.person import Person
from maildesk.processing.mail.message_facts import facts_of_message
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import IncomingText
from maildesk.processing.unit_of_work import UnitOfWork, unit_of_work
from maildesk.store import tickets
from maildesk.store.tickets import Message


def held_in(connection: Connection, number: int) -> tuple[Message, ...]:
    """The mails that wait in this ticket for an agent, oldest first."""
    return tuple(m for m in tickets.messages(connection, number) if m.kind == "held")


def settle(
    runtime: Runtime,
    number: int,
    held: str,
    release: Release,
    agent: Person,
    *,
    proof: str = "console",
) -> Decision:
    """Add the sender of a held mail to the ticket, split the mail off, or drop it.

    `proof` says how the agent is known. Raises LookupError where there is no such ticket, or no
    such mail is held in it.
    """
    with unit_of_work(runtime) as work:
        message, author = _held(work, number, held)
        text = IncomingText(
            id=runtime.new_id(work.now),
            author=author.id,
            text=message.text,
            proven=message.proven,
            mail=message.mail,
            message_id=message.message_id,
        )
        judged = HeldJudged(
            agent=agent,
            requester=author,
            held=message.id,
            release=release,
            message=text.id,
            text=message.text,
            facts=facts_of_message(work.connection, message, author),
            proof=proof,
        )
        cause = f"mail {message.mail}, held in {number}"
        return work.transaction(cause).apply(number, lambda _: judged, text).decision


def _held(work: UnitOfWork, number: int, held: str) -> tuple[Message, Person]:
    """The held mail and its author, the ticket locked."""
    work.ticket(number)
    message = next((m for m in held_in(work.connection, number) if m.id == held), None)
    if message is None or message.author is None:
        raise LookupError(f"no mail {held} is held in ticket {number}")
    return message, work.person(message.author)
