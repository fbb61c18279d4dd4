"""The command `#approval`, by which an agent requests an approval.

`#delegate` is for approvers, agents or not, and is read with their reply
(lifecycle.correspondence).
"""

from maildesk.lifecycle.approvals import start
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind

_OTHER = Refusal(
    "the ticket is another person's since this mail; write #approval in one of its own"
)


def _approval(task: Task) -> str | Refusal:
    builder = task.builder
    if builder.ticket.requester != task.requester.id:
        return _OTHER
    name = task.argument or "manager"
    illegal = start.ask(builder, task.requester, name, task.requester_text, by=ActorKind.AGENT)
    return illegal or f'asked for the approval "{name}"'


def _delegate(_task: Task) -> str | Refusal:
    return Refusal("only who is asked for an approval now can pass it on")


COMMANDS: dict[str, CommandHandler] = {"approval": _approval, "delegate": _delegate}
