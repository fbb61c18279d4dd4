"""The commands for parents and children: `#parent`, `#child`."""

from collections.abc import Iterator, Mapping

from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import ParentSet
from maildesk.model.command import ticket_number
from maildesk.model.event import ParentChanged
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket

_GENERATIONS = 1_000  # more ancestors than this mean that the tables are wrong


def named(task: Task) -> Ticket | Refusal:
    """The other ticket that the command names, which must be open."""
    other = found(task)
    if isinstance(other, Ticket) and other.is_closed:
        return Refusal(Message.of("refusal.other-closed", ticket=other.number))
    return other


def found(task: Task) -> Ticket | Refusal:
    """The other ticket that the command names."""
    number = ticket_number(task.argument)
    if number is None:
        return Refusal(Message.of("refusal.not-a-number", said=task.argument[:60]))
    if number == task.builder.ticket.number:
        return Refusal(Message.of("refusal.same-ticket"))
    other = task.tickets.get(number)
    return (
        other if other is not None else Refusal(Message.of("refusal.no-such-ticket", ticket=number))
    )


def ancestors(number: int | None, tickets: Mapping[int, Ticket]) -> Iterator[int]:
    """The numbers of parent, grandparent and so on, as far as they are known."""
    for _ in range(_GENERATIONS):
        if number is None:
            return
        yield number
        number = tickets[number].parent if number in tickets else None


def _parent(task: Task) -> Message | Refusal:
    builder = task.builder
    if task.argument.casefold() in ("none", "-"):
        builder.add(ParentChanged(old=builder.ticket.parent, new=None))
        return Message.of("command.no-parent")
    other = named(task)
    if isinstance(other, Refusal):
        return other
    if builder.ticket.number in ancestors(other.number, task.tickets):
        return Refusal(Message.of("refusal.already-child-of-this", ticket=other.number))
    builder.add(ParentChanged(old=builder.ticket.parent, new=other.number))
    return Message.of("command.parent", ticket=other.number)


def _child(task: Task) -> Message | Refusal:
    mine, other = task.builder.ticket, named(task)
    if isinstance(other, Refusal):
        return other
    if other.parent == mine.number:
        return Message.of("refusal.already-child-of-this", ticket=other.number)
    if other.parent is not None:
        return Refusal(Message.of("refusal.has-parent", ticket=other.number, parent=other.parent))
    if other.number in ancestors(mine.parent, task.tickets):
        return Refusal(Message.of("refusal.this-is-child-of", ticket=other.number))
    task.order(other.number, ParentSet())
    return Message.of("command.child", ticket=other.number)


def children(task: Task) -> list[Ticket]:
    """The open children of this ticket, ordered by number."""
    mine = task.builder.ticket.number
    below = [one for one in task.tickets.values() if one.parent == mine]
    return sorted((one for one in below if not one.is_closed), key=lambda one: one.number)


COMMANDS: dict[str, CommandHandler] = {"parent": _parent, "child": _child}
