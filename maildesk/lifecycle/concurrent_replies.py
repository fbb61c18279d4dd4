"""Two agents at one ticket: each learns of what the other wrote to the requester."""

from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.cause import CommandContext
from maildesk.model.decision import Template
from maildesk.model.links.token import Purpose
from maildesk.model.person import Person

_TO_REQUESTERS = (Template.REPLY, Template.RESOLUTION)
_SAID = {"answer": "answered", "resolution": "resolved it"}


def told(command_context: CommandContext, kind: str) -> str:
    """What the agent is told who wrote second; "" where nobody was first."""
    others = " and ".join(other.name for other in command_context.answered_by)
    if not others or kind not in _SAID:
        return ""
    return f"{others} answered too, since the mail that you answered. Both answers went out."


def tell_others(
    builder: DecisionBuilder, agent: Person, command_context: CommandContext, kind: str
) -> None:
    """Whose ticket it is, and who wrote first, reads what went to the requester."""
    text = next((one.text for one in builder.outgoing_mails if one.template in _TO_REQUESTERS), "")
    if kind not in _SAID or not text:
        return
    agents = {one.id for one in builder.policy.directory.agents} - {agent.id}
    concerned = (builder.ticket.assignee, *(other.id for other in command_context.answered_by))
    note = f"{agent.name} wrote to the requester of this ticket and {_SAID[kind]}."
    builder.write(
        Template.AGENT_NOTIFICATION,
        *(one for one in concerned if one in agents),
        text=text,
        author=agent.id,
        note=note,
        links=(Purpose.WORK,),
    )
