"""Who takes part in a ticket: `#cc`, `#uncc`, `#onbehalf`."""

from maildesk.lifecycle.approvals import start
from maildesk.lifecycle.commands.match_argument import full_name
from maildesk.lifecycle.commands.task import WAITS_FOR_APPROVAL, CommandHandler, Task
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import CommandContext
from maildesk.model.command import on_behalf
from maildesk.model.decision import Template
from maildesk.model.event import FieldChanged, PersonJoined, PersonLeft, RequesterChanged
from maildesk.model.message import Message
from maildesk.model.person import Person

_OPEN_QUESTION = Refusal(Message.of("refusal.waits-for-requester"))


def person_meant(command_context: CommandContext, said: str) -> Person | Refusal:
    """The one person whom an address or a name means."""
    if said.strip().casefold() in command_context.ours:
        return Refusal(Message.of("refusal.own-address", address=said.strip()))
    found = command_context.people.get(said.strip().casefold(), ())
    if len(found) == 1:
        return found[0]
    if found:
        names = tuple(map(full_name, found[:8]))
        return Refusal(Message.of("refusal.ambiguous", said=said.strip(), names=names))
    return Refusal(Message.of("refusal.unknown-person", said=said.strip()))


def several(argument: str) -> list[str]:
    """The people of `#cc one@example.org, two@example.org`."""
    return [part.strip() for part in argument.split(",") if part.strip()]


def _everybody(task: Task) -> list[Person] | Refusal:
    found = [person_meant(task.command_context, said) for said in several(task.argument)]
    wrong = [one for one in found if isinstance(one, Refusal)]
    return wrong[0] if wrong else [one for one in found if isinstance(one, Person)]


def _cc(task: Task) -> Message | Refusal:
    people = _everybody(task)
    if isinstance(people, Refusal):
        return people
    fresh = [one for one in people if not task.builder.ticket.takes_part(one.id)]
    for person in fresh:
        task.builder.add(PersonJoined(person.id))
        note = Message.of("note.added-you", agent=task.agent)
        task.builder.write(Template.UPDATE, person.id, note=note)
    if not fresh:
        return Message.of("command.cc-already", people=tuple(people), count=len(people))
    return Message.of("command.cc", people=tuple(fresh))


def _uncc(task: Task) -> Message | Refusal:
    people = _everybody(task)
    if isinstance(people, Refusal):
        return people
    there = [one for one in people if one.id in task.builder.ticket.participants]
    if not there:
        return Refusal(
            Message.of("refusal.not-participant", people=tuple(people), count=len(people))
        )
    task.builder.add(*(PersonLeft(one.id) for one in there))
    gone = {one.id for one in there}  # whom the same mail let in is told nothing of it
    task.builder.outgoing_mails[:] = [
        outgoing_mail
        for outgoing_mail in task.builder.outgoing_mails
        if outgoing_mail.to not in gone
    ]
    return Message.of("command.uncc", people=tuple(there))


def _on_behalf(task: Task) -> Message | Refusal:
    builder = task.builder
    who, source = on_behalf(task.argument)
    person = person_meant(task.command_context, who)
    if isinstance(person, Refusal):
        return person
    if source and builder.ticket.source != source:
        builder.add(FieldChanged(field="source", old=builder.ticket.source, new=source))
    if builder.ticket.requester == person.id:
        return Message.of("command.requester-already", requester=person)
    if builder.ticket.waits_for_approval:
        return WAITS_FOR_APPROVAL
    if builder.ticket.waits_for_requester:
        return _OPEN_QUESTION
    change_requester(builder, person)
    note = Message.of("note.entered-for-you", agent=task.agent)
    builder.write(Template.UPDATE, person.id, note=note)
    needs = start.what_it_needs(builder, person, task.requester_text, anew=True)
    return Message.of("command.requester", requester=person).then(needs)


def change_requester(builder: DecisionBuilder, person: Person) -> None:
    """It is that person's request; who asked until now goes on taking part, if no agent."""
    old = builder.ticket.requester
    builder.add(RequesterChanged(old=old, new=person.id))
    agents = {agent.id for agent in builder.policy.directory.agents}
    if old not in agents:
        builder.add(PersonJoined(old))
    if person.id in builder.ticket.participants:
        builder.add(PersonLeft(person.id))


COMMANDS: dict[str, CommandHandler] = {"cc": _cc, "uncc": _uncc, "onbehalf": _on_behalf}
