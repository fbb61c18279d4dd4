"""What an agent writes: the text goes to the requester, the commands to the ticket.

Where anything in a mail is wrong, nothing of it goes to the requester: what is right and writes
to no requester is done, and the transcript tells the rest.
"""

from dataclasses import dataclass, replace

from maildesk.lifecycle import concurrent_replies
from maildesk.lifecycle.approvals import approval_commands
from maildesk.lifecycle.commands import (
    assignment,
    classification_commands,
    escalation,
    hold,
    participants,
    ready_texts,
    status_commands,
    transcript,
    undo,
)
from maildesk.lifecycle.commands.command_help import command_help
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.decision_builder import DecisionBuilder, Savepoint
from maildesk.lifecycle.hand_over import give_to
from maildesk.lifecycle.relations import hierarchy, relations
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Command, CommandContext, WrongCommand
from maildesk.model.command import COMMANDS, Takes
from maildesk.model.decision import (
    ActorKind,
    Answer,
    CommandResult,
    Decision,
    OutgoingMail,
    Template,
)
from maildesk.model.event import MessageAdded
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition
from maildesk.model.message import Message, joined
from maildesk.model.person import Person

CONSOLE = "console"
_CLOSED = Message.of("refusal.closed")
_CLOSED_TO_WORDS = Message.of("refusal.closed-to-text")
_MIXED = WrongCommand("#note and #resolve", Message.of("refusal.note-and-resolve"))
_ONLY_ONE = {
    "merge": WrongCommand("#merge", Message.of("refusal.two-merges")),
    "parent": WrongCommand("#parent", Message.of("refusal.two-parents")),
}
WRITES = Message.of("refusal.writes-to-requester")
_NO_LETTER = Message.of("command.text-not-sent")
_READERS = frozenset({"onbehalf", "cc"})
_ALWAYS = frozenset({"note", "help", "undo"})
# What has nothing to be done to in a first mail: that mail is the request, and no answer to it.
_OF_A_TICKET = frozenset(
    ("resolve", "close", "reopen", "merge", "split", "spam", "template", "kb", "undo", "delegate")
)
_NOT_AT_FIRST = Refusal(Message.of("refusal.not-in-first-mail"))
_KINDS = {kind.name: kind for kind in COMMANDS}


def _noted(_task: Task) -> Message | Refusal:
    return Message.of("command.noted")


def _helped(_task: Task) -> Message | Refusal:
    return command_help()


ACTS: dict[str, CommandHandler] = {
    "note": _noted,
    "help": _helped,
    **assignment.COMMANDS,
    **classification_commands.COMMANDS,
    **status_commands.COMMANDS,
    **hold.COMMANDS,
    **escalation.COMMANDS,
    **approval_commands.COMMANDS,
    **hierarchy.COMMANDS,
    **relations.COMMANDS,
    **participants.COMMANDS,
    **ready_texts.COMMANDS,
    **undo.COMMANDS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One mail of an agent, or what an agent said on the command line or a page."""

    agent: Person
    requester: Person
    message: str
    text: str
    commands: tuple[Command, ...] = ()
    wrong: tuple[WrongCommand, ...] = ()
    command_context: CommandContext


_Results = tuple[list[CommandResult], list[CommandResult]]


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of the commands, in words; `kind` is that of the message."""

    done: list[CommandResult]
    failed: list[CommandResult]
    kind: str


def perform(builder: DecisionBuilder, written: Written) -> Decision:
    """Do all of it; or, where something is wrong, what is right and silent to the requester."""
    text = ready_texts.filled_in(builder.policy.answers, written.text, written.commands)
    written = replace(written, text=text)
    names = {command.name for command in written.commands}
    written = _without_contradictions(written)
    before = Savepoint.of(builder)
    result = _all(builder, written)
    if written.wrong or result.failed:
        before.rollback(builder)
        result = _the_silent(builder, written, result)
    concurrent_replies.tell_others(builder, written.agent, written.command_context, result.kind)
    builder.outgoing_mails[:] = _one_update_each(builder.outgoing_mails)
    results = transcript.results(builder, result.done, result.failed)
    transcript.explain(builder, results)
    if builder.actor.proof != CONSOLE:
        crossed = concurrent_replies.told(written.command_context, result.kind)
        unsent = "" if result.kind != "note" or not result.failed else written.text
        transcript.send(builder, written.agent, results, crossed, unsent)
    said, aside = _said(written, result.kind)
    disposition = Disposition.COMMAND if names or written.wrong else Disposition.FOLLOW_UP
    answer = Answer.ILLEGAL if result.failed else Answer.DONE
    return builder.decision(answer, disposition, result.kind, said, aside, results)


def _without_contradictions(written: Written) -> Written:
    """Commands of one mail that exclude each other are wrong, whichever was meant."""
    names = [command.name for command in written.commands]
    without: set[str] = set()
    wrong = list(written.wrong)
    if {"note", "resolve"} <= set(names):
        without |= {"note", "resolve"}
        wrong.append(_MIXED)
    for name, twice in _ONLY_ONE.items():
        if names.count(name) > 1:
            without.add(name)
            wrong.append(twice)
    left = tuple(command for command in written.commands if command.name not in without)
    return replace(written, commands=left, wrong=tuple(wrong))


def _said(written: Written, kind: str) -> tuple[str, str]:
    """The mail's words in their order: (what `kind` keeps of them, what agents alone may see).

    What stands behind other commands is a value, not words; their events have it.
    """
    spoken = [command for command in written.commands if _is_words(command)]
    if kind == "note":
        return _in_order(written.text, spoken), ""
    public = [command for command in spoken if _is_public(command)]
    apart = [command for command in spoken if not _is_public(command)]
    return _in_order(written.text, [_spoken(one) for one in public]), _in_order("", apart)


def _in_order(text: str, commands: list[Command]) -> str:
    above = [command.argument for command in commands if command.at_top]
    below = [command.argument for command in commands if not command.at_top]
    return "\n\n".join(part for part in (*above, text, *below) if part)


def _is_words(command: Command) -> bool:
    says = command.name == "reopen" or status_commands.closing_note(command) != ""
    return says or _KINDS[command.name].takes is Takes.TEXT


def _is_public(command: Command) -> bool:
    """Whether its words are for the requester: a resolution, a question, or a last word."""
    says = command.name == "resolve" or status_commands.closing_note(command) != ""
    return says or escalation.question(command) is not None


def _spoken(command: Command) -> Command:
    """With the words alone that the requester got."""
    said = escalation.question(command) or status_commands.closing_note(command)
    return replace(command, argument=said or command.argument)


def _one_update_each(outgoing_mails: list[OutgoingMail]) -> list[OutgoingMail]:
    """Several commands of one mail tell a person in one letter: in the answer, if there is one."""
    told: dict[int, OutgoingMail] = {}
    answers = {one.to: one for one in outgoing_mails if one.template is Template.REPLY}
    others = [
        one for one in outgoing_mails if one.template not in (Template.UPDATE, Template.REPLY)
    ]
    for update in (one for one in outgoing_mails if one.template is Template.UPDATE):
        answer = answers.get(update.to)
        if answer is not None and not update.text:
            answers[update.to] = replace(answer, note=joined(answer.note, update.note))
            continue
        first = told.get(update.to)
        told[update.to] = update if first is None else _together(first, update)
    return [*answers.values(), *others, *told.values()]


def _together(first: OutgoingMail, second: OutgoingMail) -> OutgoingMail:
    return replace(
        first,
        automatic=first.automatic and second.automatic,
        text="\n\n".join(text for text in (first.text, second.text) if text),
        author=second.author if first.author is None else first.author,
        note=joined(first.note, second.note),
    )


def _all(builder: DecisionBuilder, written: Written) -> _Done:
    kind = _kind(written)
    builder.add(MessageAdded(written.message, kind))
    first = tuple(one for one in written.commands if one.name in _READERS)
    others = tuple(one for one in written.commands if one.name not in _READERS)
    done, failed = _each(builder, written, first)  # they get the text
    if written.text and kind == "answer" and builder.ticket.is_closed:
        failed.append(CommandResult("", _CLOSED_TO_WORDS))
    elif written.text and kind == "answer":
        _answer(builder, written)
    also, neither = _each(builder, written, others)
    return _Done([*done, *also], [*failed, *neither], kind)


def _each(builder: DecisionBuilder, written: Written, commands: tuple[Command, ...]) -> _Results:
    """What was done and what was not."""
    done: list[CommandResult] = []
    failed: list[CommandResult] = []
    for command in commands:
        told = _try(builder, written, command)
        (failed if isinstance(told, Refusal) else done).append(_result(command, told))
    return done, failed


def on_a_new_ticket(builder: DecisionBuilder, written: Written) -> _Results:
    """Carry out the commands of an agent's first mail: what was done and what was not."""
    able = tuple(one for one in written.commands if not _needs_a_ticket(one))
    done, failed = _each(builder, written, able)
    unable = (one for one in written.commands if _needs_a_ticket(one))
    builder.outgoing_mails[:] = _one_update_each(builder.outgoing_mails)
    return done, [*failed, *(_result(one, _NOT_AT_FIRST) for one in unable)]


def silent_on_a_new_ticket(builder: DecisionBuilder, written: Written) -> _Results:
    """The same without each command that writes to a requester."""
    failed = [CommandResult(wrong.line, wrong.hint) for wrong in written.wrong]
    able = tuple(one for one in written.commands if not _needs_a_ticket(one))
    done, others = _silent_ones(builder, replace(written, commands=able))
    unable = (one for one in written.commands if _needs_a_ticket(one))
    return done, [*failed, *others, *(_result(one, _NOT_AT_FIRST) for one in unable)]


def _needs_a_ticket(command: Command) -> bool:
    return command.name in _OF_A_TICKET or escalation.question(command) is not None


def words_for_agents(commands: tuple[Command, ...]) -> str:
    """What these commands say to agents, in the order of the mail."""
    return _in_order("", [command for command in commands if _is_words(command)])


def _the_silent(builder: DecisionBuilder, written: Written, first: _Done) -> _Done:
    """Again, without the text, and without each command that fails or writes to a requester."""
    builder.add(MessageAdded(written.message, "note"))
    failed = [CommandResult(wrong.line, wrong.hint) for wrong in written.wrong]
    if written.text and first.kind == "answer":
        closed = builder.ticket.is_closed
        failed.append(CommandResult("", _CLOSED_TO_WORDS if closed else _NO_LETTER))
    done, others = _silent_ones(builder, written)
    return _Done(done, [*failed, *others], "note")


def _silent_ones(builder: DecisionBuilder, written: Written) -> _Results:
    """What was done and what was not."""
    done: list[CommandResult] = []
    failed: list[CommandResult] = []
    for command in written.commands:
        savepoint = Savepoint.of(builder)
        told = _try(builder, written, command)
        if not isinstance(told, Refusal) and savepoint.speaks_outside(builder):
            savepoint.rollback(builder)
            told = Refusal(WRITES)
        (failed if isinstance(told, Refusal) else done).append(_result(command, told))
    return done, failed


def _try(builder: DecisionBuilder, written: Written, command: Command) -> Message | Refusal:
    if builder.ticket.is_closed and command.name not in _ALWAYS:
        return Refusal(_CLOSED)
    task = Task(
        builder=builder,
        agent=written.agent,
        requester=written.requester,
        message=written.message,
        argument=command.argument,
        at_top=command.at_top,
        text=written.text,
        command_context=written.command_context,
    )
    savepoint = Savepoint.of(builder)
    told = ACTS[command.name](task)
    if isinstance(told, Refusal):
        savepoint.rollback(builder)
    return told


def _result(command: Command, told: Message | Refusal) -> CommandResult:
    if isinstance(told, Refusal):
        return CommandResult(f"#{command.name}", told.why)
    return CommandResult("" if command.name == "help" else f"#{command.name}", told)


def _kind(written: Written) -> str:
    names = {command.name for command in written.commands}
    if "resolve" in names:
        return "resolution"
    if names & {"note", "spam"}:
        return "note"
    asks = any(_is_public(command) for command in written.commands)
    return "answer" if written.text or asks else "note"


def _answer(builder: DecisionBuilder, written: Written) -> None:
    """To the requester and all who take part; the agent works on the ticket from now on."""
    ticket, agent = builder.ticket, written.agent
    people = [person for person in (ticket.requester, *ticket.participants) if person != agent.id]
    builder.write(
        Template.REPLY,
        *people,
        automatic=False,
        text=written.text,
        author=agent.id,
        links=(Purpose.VIEW,),
    )
    builder.explain("lifecycle", "answer sent to the requester")
    if ticket.assignee is None:
        give_to(builder, agent.id)
    # An answer beside an open question to the manager or the requester does not settle it, nor does
    # it bring what the ticket is on hold for; and one to who asks about a resolved ticket does not
    # open that again.
    roles = builder.policy.workflow.roles
    if ticket.status != roles.on_hold and not ticket.is_resolved:
        transitions.move(builder, roles.working, ActorKind.AGENT)
