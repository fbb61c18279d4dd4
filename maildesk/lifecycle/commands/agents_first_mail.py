"""An agent's first mail with commands: a ticket that begins as they say, often for another person.

The text is the request, which its requester sees. Where anything is wrong, nobody but the agent
hears of the mail: the ticket is the agent's own, its text a note, until a reply says whose it is.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from maildesk.lifecycle.classification.rule_evaluation import apply_rules, turned_away
from maildesk.lifecycle.commands import perform, transcript
from maildesk.lifecycle.commands.command_help import command_help
from maildesk.lifecycle.commands.participants import person_meant
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.opening import begun, let_join, opened, passed_on
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sender_proof import ACTING_AS_AN_AGENT, actor, proof
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Command, LatestMessage, MailArrived, WrongCommand
from maildesk.model.command import on_behalf
from maildesk.model.decision import (
    ActorKind,
    Answer,
    CommandResult,
    CommandResults,
    Decision,
    OutgoingMail,
    Template,
)
from maildesk.model.event import MessageAdded
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition
from maildesk.model.message import Message
from maildesk.model.person import Person

_TWICE = Message.of("refusal.onbehalf-twice")
_NOT_OBEYED = Message.of("note.commands-not-obeyed")
_WRONG = Message.of("note.kept-as-own-ticket")


def is_one(mail: MailArrived) -> bool:
    """Whether this mail, which belongs to no ticket, orders anything."""
    return mail.sender.is_agent and bool(mail.commands or mail.wrong_commands)


def dictated(mail: MailArrived, policy: Policy, now: datetime) -> Decision:
    """The ticket, with what was ordered done to it; each command that cannot be is told of."""
    if proof(mail) < ACTING_AS_AN_AGENT:
        return _not_obeyed(mail, policy, now)
    if _asks_for_help_alone(mail):
        return _helped(mail)
    order = _understood(mail)
    if not order.wrong:
        decision = _as_ordered(mail, order, policy, now)
        if decision is not None:
            return decision
    return (
        _passed_on_in_part(mail, order, policy, now)
        if mail.behalf
        else _kept(mail, order, policy, now)
    )


def _asks_for_help_alone(mail: MailArrived) -> bool:
    only = all(one.name == "help" for one in mail.commands)
    return only and not mail.wrong_commands and not mail.text.strip()


def _helped(mail: MailArrived) -> Decision:
    """The list of commands; nothing else was said, so no ticket is opened."""
    results = CommandResults(done=(CommandResult("", command_help()),))
    told = OutgoingMail(template=Template.TRANSCRIPT, to=mail.sender.id, results=results)
    return Decision(
        answer=Answer.DONE,
        actor=actor(mail, ActorKind.AGENT),
        disposition=Disposition.COMMAND,
        outgoing_mails=(told,),
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """Whose request it is and how they asked; what else is ordered; what is wrong with it."""

    requester: Person
    source: str
    commands: tuple[Command, ...]
    wrong: tuple[WrongCommand, ...]


def _understood(mail: MailArrived) -> _Order:
    behalf = [one for one in mail.commands if one.name == "onbehalf"]
    others = tuple(one for one in mail.commands if one.name != "onbehalf")
    requester, source, wrong = mail.behalf or mail.sender, "", [*mail.wrong_commands]
    for one in behalf[:1]:
        said, source = on_behalf(one.argument)
        meant = person_meant(mail.command_context, said)
        if isinstance(meant, Refusal):
            wrong.append(WrongCommand(f"#onbehalf {one.argument}", meant.why))
        else:
            requester = meant
    wrong += [WrongCommand(f"#onbehalf {one.argument}", _TWICE) for one in behalf[1:]]
    return _Order(requester, source or "mail", others, tuple(wrong))


def _written(mail: MailArrived, order: _Order) -> perform.Written:
    latest = LatestMessage(message=mail.message, author=mail.sender, text=mail.text, kind="request")
    return perform.Written(
        agent=mail.sender,
        requester=order.requester,
        message=mail.message,
        text="",
        commands=order.commands,
        wrong=order.wrong,
        command_context=replace(mail.command_context, latest=latest),
    )


def _as_ordered(mail: MailArrived, order: _Order, policy: Policy, now: datetime) -> Decision | None:
    """All of it, or None where a command cannot be done."""
    requester = order.requester
    builder = begun(mail, requester, ActorKind.AGENT, policy, now, source=order.source)
    let_join(builder, mail)
    away = turned_away(apply_rules(builder, "created", mail.facts, requester), builder)
    if away is not None:
        return away
    # What the agent orders stands behind this: it wins over rules, and can be taken back.
    builder.add(MessageAdded(mail.message, "request"))
    done, failed = perform.on_a_new_ticket(builder, _written(mail, order))
    if failed:
        return None
    _announce(builder, mail, requester)
    results = _answer(builder, mail, [*_opening(mail, requester), *done], [])
    words = perform.words_for_agents(order.commands)
    return builder.decision(
        Answer.DONE, Disposition.NEW_TICKET, "request", mail.text, words, results
    )


def _opening(mail: MailArrived, requester: Person) -> list[CommandResult]:
    if requester.id == mail.sender.id:
        return []
    return [CommandResult("", Message.of("command.opened-for", requester=requester))]


def _announce(builder: DecisionBuilder, mail: MailArrived, requester: Person) -> None:
    if mail.behalf is not None and requester.id == mail.behalf.id:
        passed_on(builder, mail, requester)
        return
    mine = requester.id == mail.sender.id
    note = None if mine else Message.of("note.entered-for-you", agent=mail.sender)
    builder.write(Template.ACKNOWLEDGEMENT, requester.id, note=note, links=(Purpose.VIEW,))
    if not builder.ticket.waits_for_approval:
        told = Message.of("note.new-ticket")
        if not mine:
            told = Message.of("note.new-ticket-entered", agent=mail.sender)
        builder.tell_agents_once(told, text=mail.text, author=mail.sender.id)


def _passed_on_in_part(mail: MailArrived, order: _Order, policy: Policy, now: datetime) -> Decision:
    """What an agent passes on is its author's request, whatever is wrong beside it."""
    requester = order.requester
    builder = begun(mail, requester, ActorKind.AGENT, policy, now)
    let_join(builder, mail)
    away = turned_away(apply_rules(builder, "created", mail.facts, requester), builder)
    if away is not None:
        return away
    builder.add(MessageAdded(mail.message, "request"))
    done, failed = perform.silent_on_a_new_ticket(builder, _written(mail, order))
    passed_on(builder, mail, requester)
    note = Message.of("note.request-of-but-failed", requester=requester)
    results = _answer(builder, mail, done, failed, note)
    words = perform.words_for_agents(order.commands)
    return builder.decision(
        Answer.ILLEGAL, Disposition.NEW_TICKET, "request", mail.text, words, results
    )


def _kept(mail: MailArrived, order: _Order, policy: Policy, now: datetime) -> Decision:
    """No rule looks: it is nobody's request yet."""
    mine = replace(order, requester=mail.sender)
    builder = begun(mail, mail.sender, ActorKind.AGENT, policy, now)
    builder.add(MessageAdded(mail.message, "note"))
    done, failed = perform.silent_on_a_new_ticket(builder, _written(mail, mine))
    if order.requester.id != mail.sender.id:
        failed.append(CommandResult("#onbehalf", perform.WRITES))
    results = _answer(builder, mail, done, failed, _WRONG)
    words = perform.words_for_agents(order.commands)
    text = "\n\n".join(part for part in (words, mail.text) if part)
    return builder.decision(Answer.ILLEGAL, Disposition.NEW_TICKET, "note", text, results=results)


def _answer(
    builder: DecisionBuilder,
    mail: MailArrived,
    done: list[CommandResult],
    failed: list[CommandResult],
    note: Message | None = None,
) -> CommandResults:
    results = transcript.results(builder, done, failed)
    transcript.explain(builder, results)
    headline = note or transcript.headline(results)
    builder.write(Template.TRANSCRIPT, mail.sender.id, note=headline, results=results)
    return results


def _not_obeyed(mail: MailArrived, policy: Policy, now: datetime) -> Decision:
    """Who may not be the agent is a requester; the command lines are shown to agents alone."""
    between = {wrong.line for wrong in mail.wrong_commands}
    text = "\n".join(line for line in mail.text.split("\n") if line.strip() not in between)
    lines = [*(f"#{one.name} {one.argument}".strip() for one in mail.commands), *sorted(between)]
    plain = replace(mail, text=text, facts=replace(mail.facts, text=text))
    decision = opened(None, plain, policy, now)
    outgoing_mails = tuple(
        replace(one, note=_NOT_OBEYED) if one.template is Template.ACKNOWLEDGEMENT else one
        for one in decision.outgoing_mails
    )
    note = Message.of("note.lines-not-obeyed", lines="\n".join(lines))
    return replace(
        decision, outgoing_mails=outgoing_mails, notes=(*decision.notes, note), message_text=text
    )
