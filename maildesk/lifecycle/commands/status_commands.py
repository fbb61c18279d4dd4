"""Moving a ticket through its life: `#status`, `#resolve`, `#close`, `#reopen`, `#spam`."""

from functools import reduce
from operator import add

from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.task import WAITS_FOR_APPROVAL, CommandHandler, Task
from maildesk.lifecycle.hand_over import give_to
from maildesk.lifecycle.relations import parent_state
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Command
from maildesk.model.decision import ActorKind, Template
from maildesk.model.message import Message
from maildesk.model.ticket import spoken

SPAM = "Spam"
_NOTHING_TO_REOPEN = Refusal(Message.of("refusal.not-resolved"))
_ASKED_FIRST = Refusal(Message.of("refusal.waits-for-approval-withdraw"))


def _status(task: Task) -> Message | Refusal:
    builder, shipped = task.builder, task.builder.policy.workflow
    status = pick(Message.of("kind.status"), task.argument, [one.name for one in shipped.status])
    if isinstance(status, Refusal):
        return status
    if builder.ticket.status == status:
        return Message.of("command.status-already", status=status)
    if builder.ticket.waits_for_approval:
        return WAITS_FOR_APPROVAL
    if status == shipped.roles.waiting_for_closure:
        return Refusal(Message.of("refusal.needs-resolution", status=status))
    if status == shipped.roles.closed:
        return _closed(task, "", "")
    if builder.ticket.is_resolved and status == shipped.roles.working:
        return _reopen(task)
    if builder.ticket.waits_for_requester:
        return _unreachable(task, status)
    illegal = closure.bring_to(builder, status, ActorKind.AGENT)
    if illegal is not None:
        return illegal
    said = Message.of("command.status", status=status)
    if not builder.ticket.is_closed:
        return said
    return said + Message.of("command.notified", requester=task.requester)


def _unreachable(task: Task, status: str) -> Refusal:
    old = task.builder.ticket.status
    return Refusal(Message.of("refusal.no-transition", old=old, new=status))


def _resolve(task: Task) -> Message | Refusal:
    builder = task.builder
    if not task.body:
        return Refusal(Message.of("refusal.resolve-usage"))
    if builder.ticket.waits_for_approval:
        return _ASKED_FIRST
    if builder.ticket.assignee is None:
        give_to(builder, task.agent.id)
    monitoring = builder.policy.monitoring
    asks = task.requester.address.casefold() not in monitoring.addresses
    illegal = closure.resolve(builder, task.agent, task.message, task.body, asks=asks)
    if illegal is not None:
        return illegal
    if asks:
        said = Message.of("command.resolved", requester=task.requester)
    else:
        hours = monitoring.close_after_hours
        said = Message.of("command.resolved-unasked", hours=hours, count=round(hours))
    return reduce(add, _children(task), said)


def _children(task: Task) -> list[Message]:
    """What becomes of the tickets below it."""
    reasons = parent_state.resolve_children(task.builder, task.argument, task.agent, task.tickets)
    done = tuple(spoken(number) for number, reason in reasons.items() if reason is None)
    rest = [
        Message.of("command.child-not-resolved", ticket=spoken(number), reason=reason)
        for number, reason in reasons.items()
        if reason is not None
    ]
    with_it = [Message.of("command.children-resolved", tickets=done)] if done else []
    return [*with_it, *rest[:10]]


def _close(task: Task) -> Message | Refusal:
    """`#close`, `#close <category>` or `#close <category>: <note>`."""
    return _closed(task, *_said_at_the_end(task.argument))


def _said_at_the_end(argument: str) -> tuple[str, str]:
    """(closure category, note), each "" where it is not said."""
    category, _, note = argument.partition(":")
    return category.strip(), note.strip()


def closing_note(command: Command) -> str:
    """What a `#close` says to the requester; "" where it says nothing, and of any other command."""
    return _said_at_the_end(command.argument)[1] if command.name == "close" else ""


def _closed(task: Task, category: str, note: str) -> Message | Refusal:
    builder = task.builder
    if builder.ticket.waits_for_approval:
        return WAITS_FOR_APPROVAL
    closing, said = builder.policy.workflow.closing, task.message if note or task.text else None
    known = dict.fromkeys((closing.accepted_category, *closing.categories))
    named = (
        pick(Message.of("kind.closure-category"), category, known)
        if category
        else closing.accepted_category
    )
    if isinstance(named, Refusal):
        return named
    illegal = transitions.close(builder, ActorKind.AGENT, named, note or closing.agent_note, said)
    if illegal is not None:
        return illegal
    builder.write(
        Template.CLOSURE, builder.ticket.requester, text=note, author=builder.actor.person
    )
    return Message.of("command.closed", category=named, requester=task.requester)


def _reopen(task: Task) -> Message | Refusal:
    builder = task.builder
    if not builder.ticket.is_resolved:
        return _NOTHING_TO_REOPEN
    asked = builder.ticket.waits_for_requester
    illegal = closure.reopen(
        builder, task.agent, task.argument, Message.of("note.reopened", person=task.agent)
    )
    if illegal is not None:
        return illegal
    note = Message.of("note.reopened-links-void" if asked else "note.working-again")
    builder.write(Template.UPDATE, builder.ticket.requester, note=note)
    return Message.of("command.reopened", requester=task.requester)


def _spam(task: Task) -> Message | Refusal:
    builder = task.builder
    if builder.ticket.requester in {agent.id for agent in builder.policy.directory.agents}:
        return Refusal(Message.of("refusal.requester-is-agent"))
    builder.distrust = builder.ticket.requester
    transitions.end(builder, SPAM, silent=True)
    return Message.of("command.spam")


COMMANDS: dict[str, CommandHandler] = {
    "status": _status,
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
    "spam": _spam,
}
