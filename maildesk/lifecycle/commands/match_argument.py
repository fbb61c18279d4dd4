"""Which of several things an agent means: by the full name, its beginning, or a part of it."""

from collections.abc import Iterable
from difflib import get_close_matches

from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.person import Person

_LONGEST = 100  # characters of a name that are looked at
_SHOWN = 8


def pick(what: str, said: str, options: Iterable[str]) -> str | Refusal:
    """The one option that is meant. Case does not matter."""
    named = list(dict.fromkeys(option for option in options if option))
    said = said.strip()
    wanted = said[:_LONGEST].casefold()
    for fits in (_is, _begins, _holds):
        found = [option for option in named if fits(option.casefold(), wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            return Refusal(f'"{said[:_LONGEST]}" can be {_or(found)}')
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
            return Refusal(f'"{said[:_LONGEST]}" can be {_or([_full(one) for one in found])}')
    return Refusal(_unknown("agent", said[:_LONGEST], [one.name for one in known.values()]))


def _is(name: str, said: str) -> bool:
    return name == said


def _begins(name: str, said: str) -> bool:
    return bool(said) and name.startswith(said)


def _holds(name: str, said: str) -> bool:
    return bool(said) and said in name


def _names(person: Person) -> tuple[str, ...]:
    return (person.address.casefold(), person.name.casefold())


def _full(person: Person) -> str:
    return f"{person.name} <{person.address}>"


def _unknown(what: str, said: str, named: list[str]) -> str:
    near = get_close_matches(said.casefold(), [name.casefold() for name in named], n=1)
    original = next((name for name in named if near and name.casefold() == near[0]), "")
    if original:
        return f'there is no {what} "{said}"; did you mean "{original}"?'
    return f'there is no {what} "{said}"; there {_is_or_are(named)}'


def _is_or_are(named: list[str]) -> str:
    if not named:
        return "is none"
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ("is " if len(named) == 1 else "are ") + ", ".join(named[:_SHOWN]) + more


def _or(found: list[str]) -> str:
    return " or ".join(found[:_SHOWN])
