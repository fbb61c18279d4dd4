"""Two agents at one ticket: each learns of what the other wrote to the requester."""

from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.cause import CommandContext
from maildesk.model.decision import Template
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.person import Person

_TO_REQUESTERS = (Template.REPLY, Template.RESOLUTION)
_SAID = {"answer": "note.other-answered", "resolution": "note.other-resolved"}


def told(command_context: CommandContext, kind: str) -> Message | None:
    """The remark for the agent who answered second; None if no other agent answered before."""
    others = command_context.answered_by
    if not others or kind not in _SAID:
        return None
    return Message.of("note.both-answered", agents=tuple(others))


def tell_others(
    builder: DecisionBuilder, agent: Person, command_context: CommandContext, kind: str
) -> None:
    """Whose ticket it is, and who wrote first, reads what went to the requester."""
    text = next((one.text for one in builder.outgoing_mails if one.template in _TO_REQUESTERS), "")
    if kind not in _SAID or not text:
        return
    agents = {one.id for one in builder.policy.directory.agents} - {agent.id}
    concerned = (builder.ticket.assignee, *(other.id for other in command_context.answered_by))
    note = Message.of(_SAID[kind], agent=agent)
    builder.write(
        Template.AGENT_NOTIFICATION,
        *(one for one in concerned if one in agents),
        text=text,
        author=agent.id,
        note=note,
        links=(Purpose.WORK,),
    )
