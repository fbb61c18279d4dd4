"""The people of the directory, the source of each entry, and the chain of managers."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields


class Origin(enum.StrEnum):
    """Where a person's entry comes from. An entry in people.toml overrides an import."""

    FILE = "people.toml"
    IMPORT = "import"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A person as listed in the directory; `manager` is a mail address or ""."""

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
    """The changes that an import makes. `changed` has (address, field, before, after)."""

    added: tuple[Listed, ...]
    changed: tuple[tuple[str, str, object, object], ...]
    removed: tuple[Listed, ...]
    unchanged: int


def differences(before: Mapping[int, Listed], after: Mapping[int, Listed]) -> Differences:
    """The imported people who are added, changed or removed between the two states."""
    was, is_ = _imported(before), _imported(after)
    changes = {id_: tuple(_changes(was[id_], is_[id_])) for id_ in is_ if id_ in was}
    return Differences(
        added=tuple(one for id_, one in is_.items() if id_ not in was),
        changed=tuple(change for changed in changes.values() for change in changed),
        removed=tuple(one for id_, one in was.items() if id_ not in is_),
        unchanged=sum(1 for changed in changes.values() if not changed),
    )


def _imported(people: Mapping[int, Listed]) -> dict[int, Listed]:
    return {id_: one for id_, one in people.items() if one.origin is Origin.IMPORT}


def _changes(one: Listed, other: Listed) -> Iterator[tuple[str, str, object, object]]:
    for field in fields(Listed):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if before != after:
            yield one.address, field.name, before, after


def circles(manager: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Each cycle of managers once, beginning with its first person in `manager`. Linear time."""
    place = {person: i for i, person in enumerate(manager)}
    seen: set[str] = set()
    for start in manager:
        path_from_start: dict[str, None] = {}
        at = start
        while at in place and at not in seen:
            seen.add(at)
            path_from_start[at] = None
            at = manager[at]
        if at in path_from_start:
            circle = list(path_from_start)[list(path_from_start).index(at) :]
            first = circle.index(min(circle, key=place.__getitem__))
            yield (*circle[first:], *circle[:first])
