"""Who is in the directory, where it says so, and who reports to whom."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields


class Origin(enum.StrEnum):
    """Where somebody is known from. What people.toml says wins over an import."""

    FILE = "people.toml"
    IMPORT = "import"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody as the directory has them; `manager` is an address, or empty."""

    name: str
    address: str
    addresses: tuple[str, ...] = ()
    manager: str = ""
    organisation: str = ""
    vip: bool = False
    language: str = ""
    zone: str = ""
    origin: Origin = Origin.MAIL


@dataclass(frozen=True, slots=True)
class Differences:
    """What an import makes of the directory. `changed`: address, field, before, after."""

    added: tuple[Listed, ...]
    changed: tuple[tuple[str, str, object, object], ...]
    removed: tuple[Listed, ...]
    unchanged: int


def differences(before: Mapping[int, Listed], after: Mapping[int, Listed]) -> Differences:
    """Who came, went or is told of otherwise among those who are imported."""
    was, is_ = _imported(before), _imported(after)
    changes = {id_: tuple(_changes(was[id_], is_[id_])) for id_ in is_ if id_ in was}
    return Differences(
        added=tuple(one for id_, one in is_.items() if id_ not in was),
        changed=tuple(change for of_one in changes.values() for change in of_one),
        removed=tuple(one for id_, one in was.items() if id_ not in is_),
        unchanged=sum(1 for of_one in changes.values() if not of_one),
    )


def _imported(people: Mapping[int, Listed]) -> dict[int, Listed]:
    return {id_: one for id_, one in people.items() if one.origin is Origin.IMPORT}


def _changes(one: Listed, other: Listed) -> Iterator[tuple[str, str, object, object]]:
    for field in fields(Listed):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if before != after:
            yield one.address, field.name, before, after


def circles(manager: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Each circle of managers once, from whoever of it comes first. Linear in the people."""
    place = {person: i for i, person in enumerate(manager)}
    seen: set[str] = set()
    for start in manager:
        way: dict[str, None] = {}
        at = start
        while at in place and at not in seen:
            seen.add(at)
            way[at] = None
            at = manager[at]
        if at in way:
            circle = list(way)[list(way).index(at) :]
            first = circle.index(min(circle, key=place.__getitem__))
            yield (*circle[first:], *circle[:first])
