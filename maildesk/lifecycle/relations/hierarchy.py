"""The commands for parents and children: `#parent`, `#child`."""

from collections.abc import Iterator, Mapping

from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import ParentSet
from maildesk.model.command import ticket_number
from maildesk.model.event import ParentChanged
from maildesk.model.ticket import Ticket

_GENERATIONS = 1_000  # more ancestors than this mean that the tables are wrong


def named(task: Task) -> Ticket | Refusal:
    """The other ticket that the command names, which must be open."""
    other = found(task)
    if isinstance(other, Ticket) and other.is_closed:
        return Refusal(f"ticket {other.number} is closed")
    return other


def found(task: Task) -> Ticket | Refusal:
    """The other ticket that the command names."""
    number = ticket_number(task.argument)
    if number is None:
        return Refusal(f'"{task.argument[:60]}" is not a ticket number; write it like MD-1042')
    if number == task.builder.ticket.number:
        return Refusal("that is this ticket itself")
    other = task.tickets.get(number)
    return other if other is not None else Refusal(f"there is no ticket {number}")


def ancestors(number: int | None, tickets: Mapping[int, Ticket]) -> Iterator[int]:
    """The numbers of parent, grandparent and so on, as far as they are known."""
    for _ in range(_GENERATIONS):
        if number is None:
            return
        yield number
        number = tickets[number].parent if number in tickets else None


def _parent(task: Task) -> str | Refusal:
    builder = task.builder
    if task.argument.casefold() in ("none", "-"):
        builder.add(ParentChanged(old=builder.ticket.parent, new=None))
        return "the ticket is nobody's child"
    other = named(task)
    if isinstance(other, Refusal):
        return other
    if builder.ticket.number in ancestors(other.number, task.tickets):
        return Refusal(f"ticket {other.number} is a child of this one already")
    builder.add(ParentChanged(old=builder.ticket.parent, new=other.number))
    return f"the ticket is a child of {other.number} and is resolved with it"


def _child(task: Task) -> str | Refusal:
    mine, other = task.builder.ticket, named(task)
    if isinstance(other, Refusal):
        return other
    if other.parent == mine.number:
        return f"ticket {other.number} was a child of this one already"
    if other.parent is not None:
        return Refusal(f"ticket {other.number} is a child of {other.parent} already")
    if other.number in ancestors(mine.parent, task.tickets):
        return Refusal(f"this ticket is a child of {other.number} already")
    task.order(other.number, ParentSet())
    return f"ticket {other.number} is a child of this one and is resolved with it"


def children(task: Task) -> list[Ticket]:
    """The open children of this ticket, ordered by number."""
    mine = task.builder.ticket.number
    below = [one for one in task.tickets.values() if one.parent == mine]
    return sorted((one for one in below if not one.is_closed), key=lambda one: one.number)


COMMANDS: dict[str, CommandHandler] = {"parent": _parent, "child": _child}
