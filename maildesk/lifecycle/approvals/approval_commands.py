"""The command `#approval`, by which an agent requests an approval.

`#delegate` is for approvers, agents or not, and is read with their reply
(lifecycle.correspondence).
"""

from maildesk.lifecycle.approvals import start
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind
from maildesk.model.message import Message

_OTHER = Refusal(Message.of("refusal.approval-after-onbehalf"))


def _approval(task: Task) -> Message | Refusal:
    builder = task.builder
    if builder.ticket.requester != task.requester.id:
        return _OTHER
    name = task.argument or "manager"
    illegal = start.ask(builder, task.requester, name, task.requester_text, by=ActorKind.AGENT)
    return illegal or Message.of("command.approval", name=name)


def _delegate(_task: Task) -> Message | Refusal:
    return Refusal(Message.of("refusal.not-an-approver"))


COMMANDS: dict[str, CommandHandler] = {"approval": _approval, "delegate": _delegate}
