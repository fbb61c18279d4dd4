"""Who takes part in a ticket: `#cc`, `#uncc`, `#onbehalf`."""

from maildesk.lifecycle import approval
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.task import ASKED, Act, Task
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import Around
from maildesk.model.command import on_behalf
from maildesk.model.decision import Template
from maildesk.model.event import FieldChanged, PersonJoined, PersonLeft, RequesterChanged
from maildesk.model.person import Person

_OPEN_QUESTION = Illegal("the requester is asked whether it is solved; #reopen first")


def person_meant(around: Around, said: str) -> Person | Illegal:
    """The one person whom an address or a name means."""
    if said.strip().casefold() in around.ours:
        return Illegal(f"{said.strip()} is the desk's own address")
    found = around.people.get(said.strip().casefold(), ())
    if len(found) == 1:
        return found[0]
    if found:
        every = " or ".join(f"{one.name} <{one.address}>" for one in found[:8])
        return Illegal(f'"{said.strip()}" can be {every}')
    return Illegal(f'nobody of the name "{said.strip()}" is known; write the mail address')


def several(argument: str) -> list[str]:
    """The people of `#cc one@example.org, two@example.org`."""
    return [part.strip() for part in argument.split(",") if part.strip()]


def _everybody(task: Task) -> list[Person] | Illegal:
    found = [person_meant(task.around, said) for said in several(task.argument)]
    wrong = [one for one in found if isinstance(one, Illegal)]
    return wrong[0] if wrong else [one for one in found if isinstance(one, Person)]


def _cc(task: Task) -> str | Illegal:
    people = _everybody(task)
    if isinstance(people, Illegal):
        return people
    fresh = [one for one in people if not task.draft.ticket.takes_part(one.id)]
    for person in fresh:
        task.draft.add(PersonJoined(person.id))
        note = f"{task.agent.name} lets you take part in this request from now on."
        task.draft.write(Template.UPDATE, person.id, note=note)
    if not fresh:
        return f"{_and(people)} took part already"
    return f"{_and(fresh)} will get what is said from now on"


def _uncc(task: Task) -> str | Illegal:
    people = _everybody(task)
    if isinstance(people, Illegal):
        return people
    there = [one for one in people if one.id in task.draft.ticket.participants]
    if not there:
        return Illegal(f"{_and(people)} takes no part beside requester and assignee")
    task.draft.add(*(PersonLeft(one.id) for one in there))
    gone = {one.id for one in there}  # whom the same mail let in is told nothing of it
    task.draft.letters[:] = [letter for letter in task.draft.letters if letter.to not in gone]
    return f"{_and(there)} will get nothing more"


def _on_behalf(task: Task) -> str | Illegal:
    draft = task.draft
    who, source = on_behalf(task.argument)
    person = person_meant(task.around, who)
    if isinstance(person, Illegal):
        return person
    if source and draft.ticket.source != source:
        draft.add(FieldChanged(field="source", old=draft.ticket.source, new=source))
    if draft.ticket.requester == person.id:
        return f"the ticket was {person.name}'s already"
    if draft.ticket.waits_for_approval:
        return ASKED
    if draft.ticket.waits_for_requester:
        return _OPEN_QUESTION
    change_requester(draft, person)
    note = f"{task.agent.name} wrote this request down for you."
    draft.write(Template.UPDATE, person.id, note=note)
    needs = approval.what_it_needs(draft, person, task.latest_words, anew=True)
    return f"the ticket is {person.name}'s request{needs}"


def change_requester(draft: Draft, person: Person) -> None:
    """It is that person's request; who asked until now goes on taking part, if no agent."""
    old = draft.ticket.requester
    draft.add(RequesterChanged(old=old, new=person.id))
    agents = {agent.id for agent in draft.policy.directory.agents}
    if old not in agents:
        draft.add(PersonJoined(old))
    if person.id in draft.ticket.participants:
        draft.add(PersonLeft(person.id))


def _and(people: list[Person]) -> str:
    return ", ".join(person.name for person in people)


COMMANDS: dict[str, Act] = {"cc": _cc, "uncc": _uncc, "onbehalf": _on_behalf}
