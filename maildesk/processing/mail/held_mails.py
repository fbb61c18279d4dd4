"""Held mails: mails to a ticket by people who take no part in it. An agent decides."""

from sqlalchemy import Connection

from maildesk.lifecycle.decide import decide
from maildesk.model.cause import HeldJudged
from maildesk.model.decision import Decision
from maildesk.model.event import Release
from maildesk.model.person import Person
from maildesk.processing.mail.message_facts import facts_of_message
from maildesk.processing.runtime import Runtime
from maildesk.processing.writer import Matter, Recorder, Said
from maildesk.store import people, tickets
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
    now = runtime.clock()
    with runtime.store.write() as connection:
        ticket, subject = tickets.load_one(connection, number)
        message = next((m for m in held_in(connection, number) if m.id == held), None)
        if message is None or message.author is None:
            raise LookupError(f"no mail {held} is held in ticket {number}")
        known = people.by_ids(connection, (message.author, ticket.requester))
        author = known[message.author]
        judged = HeldJudged(
            agent=agent,
            author=author,
            held=message.id,
            release=release,
            message=runtime.new_id(now),
            text=message.text,
            facts=facts_of_message(connection, message, author),
            proof=proof,
        )
        decision = decide(ticket, judged, runtime.policy, now)
        splits = release == "split"
        matter = Matter(
            ticket=ticket,
            subject=judged.facts.subject if splits else subject,
            requester=author if splits else known[ticket.requester],
            cause=f"mail {message.mail}, held in {number}",
        )
        said = Said(
            id=judged.message,
            author=author.id,
            text=message.text,
            proven=message.proven,
            mail=message.mail,
            message_id=message.message_id,
        )
        Recorder.on(runtime, connection, now).enact(decision, matter, said)
    return decision
