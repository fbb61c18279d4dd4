"""Which of several things an agent means: by the full name, its beginning, or a part of it."""

from collections.abc import Iterable
from difflib import get_close_matches

from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.message import Message
from maildesk.model.person import Person

_LONGEST = 100  # characters of a name that are looked at
_SHOWN = 8


def pick(what: Message, said: str, options: Iterable[str]) -> str | Refusal:
    """The one option that is meant. Case does not matter."""
    named = list(dict.fromkeys(option for option in options if option))
    said = said.strip()
    wanted = said[:_LONGEST].casefold()
    for fits in (_is, _begins, _holds):
        found = [option for option in named if fits(option.casefold(), wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            return Refusal(_ambiguous(said, tuple(found)))
    return Refusal(_unknown(what, said[:_LONGEST], named))


def pick_person(said: str, people: Iterable[Person]) -> Person | Refusal:
    """The one person who is meant, by address, name, or a part of either."""
    known = {person.id: person for person in people}
    spoken = said.strip()[:_LONGEST].casefold()
    for fits in (_is, _begins, _holds):
        found = [one for one in known.values() if any(fits(x, spoken) for x in _names(one))]
        if len(found) == 1:
            return found[0]
        if found:
            return Refusal(_ambiguous(said, tuple(map(full_name, found))))
    names = [one.name for one in known.values()]
    return Refusal(_unknown(Message.of("kind.agent"), said[:_LONGEST], names))


def _is(name: str, said: str) -> bool:
    return name == said


def _begins(name: str, said: str) -> bool:
    return bool(said) and name.startswith(said)


def _holds(name: str, said: str) -> bool:
    return bool(said) and said in name


def _names(person: Person) -> tuple[str, ...]:
    return (person.address.casefold(), person.name.casefold())


def full_name(person: Person) -> str:
    """The name and address of a person, where the name alone may not be enough."""
    return f"{person.name} <{person.address}>"


def _ambiguous(said: str, found: tuple[str, ...]) -> Message:
    return Message.of("refusal.ambiguous", said=said[:_LONGEST], names=found[:_SHOWN])


def _unknown(what: Message, said: str, named: list[str]) -> Message:
    near = get_close_matches(said.casefold(), [name.casefold() for name in named], n=1)
    original = next((name for name in named if near and name.casefold() == near[0]), "")
    if original:
        return Message.of("refusal.unknown-near", what=what, said=said, near=original)
    if not named:
        return Message.of("refusal.unknown-none", what=what, said=said)
    known, more = tuple(named[:_SHOWN]), len(named) - _SHOWN
    if more > 0:
        return Message.of("refusal.unknown-of-many", what=what, said=said, known=known, count=more)
    return Message.of("refusal.unknown", what=what, said=said, known=known)
