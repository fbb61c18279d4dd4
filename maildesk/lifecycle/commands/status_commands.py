"""Moving a ticket through its life: `#status`, `#resolve`, `#close`, `#reopen`, `#spam`."""

from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.task import ASKED, CommandHandler, Task
from maildesk.lifecycle.hand_over import give_to
from maildesk.lifecycle.relations import parent_state
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Command
from maildesk.model.decision import ActorKind, Template

SPAM = "Spam"
_NOTHING_TO_REOPEN = Refusal("only a ticket that is resolved can reopen")
_ASKED_FIRST = Refusal(
    f"{ASKED.why} until it is decided; the requester can take the request back by a reply that "
    "begins with withdraw"
)


def _status(task: Task) -> str | Refusal:
    builder, shipped = task.builder, task.builder.policy.workflow
    status = pick("status", task.argument, [one.name for one in shipped.status])
    if isinstance(status, Refusal):
        return status
    if builder.ticket.status == status:
        return f"the status was {status} already"
    if builder.ticket.waits_for_approval:
        return ASKED
    if status == shipped.roles.waiting_for_closure:
        return Refusal(f'"{status}" needs a resolution: #resolve <text>')
    if status == shipped.roles.closed:
        return _closed(task, "", "")
    if builder.ticket.is_resolved and status == shipped.roles.working:
        return _reopen(task)
    if builder.ticket.waits_for_requester:
        return _unreachable(task, status)
    illegal = closure.bring_to(builder, status, ActorKind.AGENT)
    closed = "; the requester was notified" if builder.ticket.is_closed else ""
    return illegal or f"the status is {status}{closed}"


def _unreachable(task: Task, status: str) -> Refusal:
    return Refusal(f'a ticket in status "{task.builder.ticket.status}" cannot become "{status}"')


def _resolve(task: Task) -> str | Refusal:
    builder = task.builder
    if not task.body:
        return Refusal("say what the resolution is: #resolve <text>")
    if builder.ticket.waits_for_approval:
        return _ASKED_FIRST
    if builder.ticket.assignee is None:
        give_to(builder, task.agent.id)
    monitoring = builder.policy.monitoring
    asks = task.requester.address.casefold() not in monitoring.addresses
    illegal = closure.resolve(builder, task.agent, task.message, task.body, asks=asks)
    if illegal is not None:
        return illegal
    hours = f"{monitoring.close_after_hours:g} hours"
    asked = "the requester is asked whether it is" if asks else f"it closes in {hours}"
    return f"resolved; {asked}" + _children(task)


def _children(task: Task) -> str:
    """What becomes of the tickets below it, in words."""
    reasons = parent_state.resolve_children(task.builder, task.argument, task.agent, task.tickets)
    done = [f"{number}" for number, reason in reasons.items() if not reason]
    rest = [f"; {number} was not: {reason}" for number, reason in reasons.items() if reason]
    with_it = f"; resolved with it: {', '.join(done)}" if done else ""
    return with_it + "".join(rest[:10])


def _close(task: Task) -> str | Refusal:
    """`#close`, `#close <category>` or `#close <category>: <note>`."""
    return _closed(task, *_said_at_the_end(task.argument))


def _said_at_the_end(argument: str) -> tuple[str, str]:
    """(closure category, note), each "" where it is not said."""
    category, _, note = argument.partition(":")
    return category.strip(), note.strip()


def closing_note(command: Command) -> str:
    """What a `#close` says to the requester; "" where it says nothing, and of any other command."""
    return _said_at_the_end(command.argument)[1] if command.name == "close" else ""


def _closed(task: Task, category: str, note: str) -> str | Refusal:
    builder = task.builder
    if builder.ticket.waits_for_approval:
        return ASKED
    closing, said = builder.policy.workflow.closing, task.message if note or task.text else None
    known = dict.fromkeys((closing.accepted_category, *closing.categories))
    named = pick("closure category", category, known) if category else closing.accepted_category
    if isinstance(named, Refusal):
        return named
    illegal = transitions.close(builder, ActorKind.AGENT, named, closing.agent_note, said)
    if illegal is not None:
        return illegal
    builder.write(
        Template.CLOSURE, builder.ticket.requester, text=note, author=builder.actor.person
    )
    return f"closed as {named}; the requester was notified"


def _reopen(task: Task) -> str | Refusal:
    builder = task.builder
    if not builder.ticket.is_resolved:
        return _NOTHING_TO_REOPEN
    asked = builder.ticket.waits_for_requester
    illegal = closure.reopen(builder, task.agent, task.argument, "reopened the ticket")
    if illegal is not None:
        return illegal
    note = "We are working on your request again"
    void = "; the links of the last mail are void." if asked else "."
    builder.write(Template.UPDATE, builder.ticket.requester, note=note + void)
    return "reopened; the requester was notified"


def _spam(task: Task) -> str | Refusal:
    builder = task.builder
    if builder.ticket.requester in {agent.id for agent in builder.policy.directory.agents}:
        return Refusal("the requester is an agent")
    builder.distrust = builder.ticket.requester
    transitions.end(builder, SPAM, silent=True)
    return "closed without a word; the sender's mails are held from now on"


COMMANDS: dict[str, CommandHandler] = {
    "status": _status,
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
    "spam": _spam,
}
