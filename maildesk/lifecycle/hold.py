"""A ticket that waits: `#hold`, and what wakes it."""

import re
from datetime import UTC, date, datetime

from maildesk.lifecycle import workflow
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.task import ASKED, Act, Task
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.decision import ActorKind
from maildesk.model.event import Paused

_UNTIL = re.compile(r"\buntil (\d{4}-\d\d-\d\d)\.?\Z", re.IGNORECASE)
_TAIL = 40  # characters at the end in which the date is looked for


def _hold(task: Task) -> str | Illegal:
    draft = task.draft
    if draft.ticket.waits_for_approval:
        return ASKED
    until = _until(task.argument, draft.now)
    if isinstance(until, Illegal):
        return until
    illegal = workflow.move(draft, draft.policy.workflow.roles.on_hold, ActorKind.AGENT)
    if illegal is not None:
        return illegal
    draft.add(Paused(message=task.message, wake_due=until))
    task.tell_agents(f"{task.agent.name} put this ticket on hold.")
    till = f"{until:%Y-%m-%d}, or until the requester answers" if until else "the requester answers"
    return f"on hold until {till}"


def _until(text: str, now: datetime) -> datetime | Illegal | None:
    """The day on which it wakes: `until` and an ISO date at the very end."""
    match = _UNTIL.search(" ".join(text[-_TAIL:].split()))
    if match is None:
        return None
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return Illegal(f"{match[1]} is no day; write it as in until {now:%Y}-12-31")
    if day <= now.date():
        return Illegal(f"{match[1]} is over")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def wake(draft: Draft) -> None:
    """The day has come."""
    if workflow.move(draft, draft.policy.workflow.roles.assigned, ActorKind.CLOCK) is None:
        draft.tell_agents("The hold of this ticket is over.")
        draft.explain("clock", "woken: its day has come")


def answered(draft: Draft) -> None:
    """What the requester says may be what the ticket waited for."""
    roles, ticket = draft.policy.workflow.roles, draft.ticket
    if ticket.status == roles.on_hold and not ticket.waits_for_approval:
        workflow.move(draft, roles.assigned, ActorKind.REQUESTER)
    elif ticket.status == roles.escalated and ticket.hold is not None:
        workflow.move(draft, roles.working, ActorKind.REQUESTER)


COMMANDS: dict[str, Act] = {"hold": _hold}
