"""What an agent does: the text goes to the requester, the commands to the ticket."""

from collections.abc import Callable

from maildesk.lifecycle import closure, workflow
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import Command, WrongCommand
from maildesk.model.decision import ActorKind, Answer, Decision, Template
from maildesk.model.event import FieldChanged, MessageAdded
from maildesk.model.mail import Disposition
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.model.token import Purpose

_Act = Callable[[Draft, Person, str, str], Illegal | None]
_MIXED = "#note and #resolve: the one is for agents alone, the other for all; write two mails"
_CLOSED = "The ticket is closed, which is final; only a #note can be added."


def perform(
    draft: Draft,
    agent: Person,
    message: str,
    text: str,
    commands: tuple[Command, ...] = (),
    wrong: tuple[WrongCommand, ...] = (),
) -> Decision:
    """All of it, or nothing: a mail with a wrong command sends nothing and changes nothing."""
    if wrong:
        return _refused(draft, agent, message, [f"{w.line}: {w.hint}" for w in wrong])
    kind = _kind(text, commands)
    if {"note", "resolve"} <= {command.name for command in commands}:
        return _refused(draft, agent, message, [_MIXED])
    if draft.ticket.is_closed and kind == "answer":
        return _refused(draft, agent, message, [_CLOSED])
    before = (draft.ticket, len(draft.events), len(draft.letters), len(draft.steps))
    draft.add(MessageAdded(message, kind))
    if kind == "answer":
        _answer(draft, agent, text)
    failed = [line for command in commands for line in _try(draft, agent, message, command, text)]
    if failed:
        _take_back(draft, before)
        return _refused(draft, agent, message, failed)
    disposition = Disposition.COMMAND if commands else Disposition.FOLLOW_UP
    said = "\n\n".join(part for part in (text, *(one.argument for one in commands)) if part)
    return draft.decision(Answer.DONE, disposition, kind, said)


def _try(draft: Draft, agent: Person, message: str, command: Command, text: str) -> list[str]:
    if draft.ticket.is_closed and command.name != "note":
        return [f"#{command.name}: {_CLOSED}"]
    illegal = _ACTS[command.name](draft, agent, message, _body(command, text))
    if illegal is not None:
        return [f"#{command.name}: {illegal.why}"]
    draft.explain("command", f"#{command.name} done")
    return []


def _kind(text: str, commands: tuple[Command, ...]) -> str:
    names = {command.name for command in commands}
    if "resolve" in names:
        return "resolution"
    if "note" in names or not text:
        return "note"
    return "answer"


def _body(command: Command, text: str) -> str:
    """What `#resolve` and `#note` say: the words behind the command, and the text around it."""
    return "\n\n".join(part for part in (text, command.argument) if part)


def _take_back(draft: Draft, before: tuple[Ticket, int, int, int]) -> None:
    draft.ticket = before[0]
    del draft.events[before[1] :]
    del draft.letters[before[2] :]
    del draft.steps[before[3] :]


def _refused(draft: Draft, agent: Person, message: str, lines: list[str]) -> Decision:
    draft.add(MessageAdded(message, "note"))
    draft.write(
        Template.TRANSCRIPT,
        agent.id,
        text="\n".join(lines),
        note="Nothing was done and nothing was sent to the requester.",
    )
    draft.explain("command", "nothing done", *lines)
    return draft.decision(Answer.ILLEGAL, Disposition.COMMAND, "note")


def _answer(draft: Draft, agent: Person, text: str) -> None:
    """To the requester and all who take part; the agent works on the ticket from now on."""
    ticket = draft.ticket
    people = [person for person in (ticket.requester, *ticket.participants) if person != agent.id]
    draft.write(
        Template.REPLY,
        *people,
        automatic=False,
        text=text,
        author=agent.id,
        links=(Purpose.VIEW,),
    )
    draft.explain("lifecycle", "answer sent to the requester")
    _begin(draft, agent)


def _begin(draft: Draft, agent: Person) -> None:
    if draft.ticket.assignee is None:
        draft.add(FieldChanged(field="assignee", old=None, new=agent.id))
    # An answer beside an open question to the manager or the requester does not settle it.
    if not draft.ticket.waits_for_approval and not draft.ticket.waits_for_requester:
        workflow.move(draft, draft.policy.workflow.roles.working, ActorKind.AGENT)


def _take(draft: Draft, agent: Person, _message: str, _body: str) -> Illegal | None:
    if draft.ticket.assignee != agent.id:
        draft.add(FieldChanged(field="assignee", old=draft.ticket.assignee, new=agent.id))
    return None


def _note(_draft: Draft, _agent: Person, _message: str, _body: str) -> Illegal | None:
    return None  # its text is the message itself, which only agents see


def _resolve(draft: Draft, agent: Person, message: str, body: str) -> Illegal | None:
    if not body:
        return Illegal("say what the resolution is: #resolve <text>")
    if draft.ticket.assignee is None:
        draft.add(FieldChanged(field="assignee", old=None, new=agent.id))
    return closure.resolve(draft, agent, message, body)


def _close(draft: Draft, _agent: Person, _message: str, body: str) -> Illegal | None:
    closing = draft.policy.workflow.closing
    illegal = workflow.close(draft, ActorKind.AGENT, closing.accepted_category)
    if illegal is None:
        draft.write(Template.CLOSURE, draft.ticket.requester, text=body, author=draft.actor.person)
    return illegal


_ACTS: dict[str, _Act] = {"take": _take, "note": _note, "resolve": _resolve, "close": _close}
