"""An agent asks for an approval: `#approval`. `#delegate` is for who is asked for one, agent or
not, and is read with that person's answer (lifecycle.correspondence)."""

from maildesk.lifecycle import approval
from maildesk.lifecycle.task import Act, Task
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.decision import ActorKind

_OTHER = Illegal(
    "the ticket is another person's since this mail; write #approval in one of its own"
)


def _approval(task: Task) -> str | Illegal:
    draft = task.draft
    if draft.ticket.requester != task.requester.id:
        return _OTHER
    name = task.argument or "manager"
    illegal = approval.ask(draft, task.requester, name, task.latest_words, by=ActorKind.AGENT)
    return illegal or f'asked for the approval "{name}"'


def _delegate(_task: Task) -> str | Illegal:
    return Illegal("only who is asked for an approval now can pass it on")


COMMANDS: dict[str, Act] = {"approval": _approval, "delegate": _delegate}
