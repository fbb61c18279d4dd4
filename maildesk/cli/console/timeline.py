"""A ticket's history as the command line shows it: what happened, who did it, and why."""

from collections.abc import Mapping
from datetime import datetime

from maildesk.messages.dates import stamp
from maildesk.messages.events import event_message, person_value
from maildesk.messages.translator import Translator
from maildesk.model.decision import Actor
from maildesk.model.event import Event
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.store.tickets import Recorded

Names = Mapping[int, Person]
_ENGLISH = Translator()


def line(recorded: Recorded, names: Names) -> str:
    """One line of the history."""
    rule = getattr(recorded.event, "rule", "")
    by = f'rule "{rule}"' if rule else _actor(recorded.actor, names)
    what = happened(recorded.event, names)
    return f"{stamp(recorded.at)}  {what}  ({by}; {recorded.cause})"


def happened(event: Event, names: Names) -> str:
    """The event in words."""
    return _ENGLISH.text(event_message(event, names))


def named(person: int | None, names: Names) -> str:
    """Somebody by address."""
    value = person_value(person, names)
    return _ENGLISH.text(value) if isinstance(value, Message) else str(value)


def fields(ticket: Ticket, names: Names) -> dict[str, str]:
    """The fields of the ticket in their order, without empty ones."""
    found = {name: _field(ticket, name, names) for name in Ticket.__dataclass_fields__}
    return {name: value for name, value in found.items() if value and name not in _APART}


# Ids, and what is shown below the fields.
_APART = frozenset({"sla_timers", "hold", "resolution", "closure_message"})


def _field(ticket: Ticket, name: str, names: Names) -> str:
    value = getattr(ticket, name)
    match name:
        case "requester" | "assignee":
            return "" if value is None else named(value, names)
        case "participants":
            return ", ".join(named(one, names) for one in value)
        case "tags" | "problems":
            return ", ".join(value)
        case "relations":
            return ", ".join(f"{one.kind} {one.other}" for one in value)
        case "approval" if value is not None:
            approvers = ", ".join(named(one, names) for one in value.approvers)
            return f'"{value.kind}" by {approvers}: {value.outcome}'
        case _:
            if isinstance(value, datetime):
                return stamp(value)
            return "" if value in (None, "", 0) else str(value)


def _actor(actor: Actor, names: Names) -> str:
    """Who it was and by which proof; the desk, the clock or a rule where it was nobody."""
    known = names.get(actor.person) if actor.person is not None else None
    who = known.name if known else f"the {actor.kind}"
    return f"{who}, {actor.proof}" if actor.proof else who
