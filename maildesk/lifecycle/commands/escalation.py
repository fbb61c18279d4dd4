"""Handing a ticket to another level, back again, or asking the requester: `#escalate`."""

from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.task import WAITS_FOR_APPROVAL, CommandHandler, Task
from maildesk.lifecycle.hand_over import Reason, give_to, hand_over
from maildesk.lifecycle.policy import Directory
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Command
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import Paused
from maildesk.model.message import Message

_WHY = Refusal(Message.of("refusal.escalate-usage"))

_RESOLVED = Refusal(Message.of("refusal.waits-for-requester"))


def question(command: Command) -> str | None:
    """What the command asks the requester; None where it is another command, or hands on."""
    word, _, why = command.argument.partition(" ")
    asks = command.name == "escalate" and word.casefold() == "requester"
    return why.strip() or None if asks else None


def _escalate(task: Task) -> Message | Refusal:
    if task.builder.ticket.waits_for_approval:
        return WAITS_FOR_APPROVAL
    if task.builder.ticket.waits_for_requester:
        return _RESOLVED
    word, why = _parted(task.argument)
    match word.casefold():
        case "requester" if why:
            return _ask(task, why)
        case "back" if why:
            return _hand_back(task, why)
        case "requester" | "back":
            return _WHY
    found = _team(task.builder.policy.directory, task.argument)
    return found if isinstance(found, Refusal) else _hand_on(task, *found)


def _parted(said: str) -> tuple[str, str]:
    """The first word, and what stands behind it or on the lines below."""
    word, *rest = said.split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""


def _team(directory: Directory, said: str) -> tuple[str, str] | Refusal:
    """(team, why): by the team's full name, which may have blanks, by level, or by a part."""
    for team in sorted(directory.teams, key=len, reverse=True):
        rest = said[len(team) :]
        if said[: len(team)].casefold() == team.casefold() and (not rest or rest[0].isspace()):
            return (team, rest.strip()) if rest.strip() else _WHY
    word, why = _parted(said)
    if not why:
        return _WHY
    found = _of_level(directory, word) or pick(
        Message.of("kind.level-or-team"), word, directory.teams
    )
    return found if isinstance(found, Refusal) else (found, why)


def _of_level(directory: Directory, word: str) -> str | Refusal | None:
    levels = {level.casefold() for level in directory.levels.values()}
    teams = [t for t, level in directory.levels.items() if level.casefold() == word.casefold()]
    if word.casefold() not in levels:
        return None
    if len(teams) == 1:
        return teams[0]
    return Refusal(Message.of("refusal.several-teams", level=word, teams=tuple(teams)))


def _hand_on(task: Task, team: str, why: str) -> Message | Refusal:
    builder = task.builder
    if builder.ticket.team == team:
        return Refusal(Message.of("refusal.already-with", team=team))
    illegal = closure.bring_to(builder, builder.policy.workflow.roles.escalated, ActorKind.AGENT)
    if illegal is not None:
        return illegal
    note = Message.of("note.escalated", agent=task.agent, team=team)
    hand_over(builder, team, Reason(kind="escalated", note=note, text=why, message=task.message))
    named = builder.policy.directory.named(team)
    return Message.of("command.escalated", team=named, requester=task.requester)


def _hand_back(task: Task, why: str) -> Message | Refusal:
    builder, team = task.builder, task.builder.ticket.back_to
    if not team:
        return Refusal(Message.of("refusal.not-escalated"))
    if team not in builder.policy.directory.teams:
        return Refusal(Message.of("refusal.team-gone", team=team))
    illegal = closure.bring_to(builder, builder.policy.workflow.roles.working, ActorKind.AGENT)
    if illegal is not None:
        return illegal
    note = Message.of("note.handed-back", agent=task.agent, team=team)
    hand_over(builder, team, Reason(kind="handed-back", note=note, text=why, message=task.message))
    return Message.of("command.handed-back", team=team)


def _ask(task: Task, question: str) -> Message | Refusal:
    builder = task.builder
    illegal = closure.bring_to(builder, builder.policy.workflow.roles.escalated, ActorKind.AGENT)
    if illegal is not None:
        return illegal
    if builder.ticket.assignee is None:
        give_to(builder, task.agent.id)
    builder.add(Paused(message=task.message))
    builder.write(
        Template.UPDATE,
        builder.ticket.requester,
        automatic=False,
        text=question,
        author=task.agent.id,
        note=Message.of("note.question"),
    )
    return Message.of("command.requester-asked", requester=task.requester)


COMMANDS: dict[str, CommandHandler] = {"escalate": _escalate}
