"""People and teams in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from maildesk.config.schema.people import People, PersonEntry
from maildesk.model.directory import Listed, Origin
from maildesk.model.mail import Address, address_key
from maildesk.model.person import Person
from maildesk.store import tables
from maildesk.store.engine import savepoint

_PERSON = tables.person
_ADDRESS = tables.person_address
_MEMBER = tables.team_member

_FOUND = 10

# Built once, because SQLAlchemy takes longer to build a statement than to run it.
_ADD = insert(_PERSON).returning(_PERSON.c.id)
_ADD_MANY = insert(_PERSON).returning(_PERSON.c.id, _PERSON.c.address)
_ADD_ADDRESS = insert(_ADDRESS)
_EVERY = (
    select(_PERSON, _MEMBER.c.team)
    .join_from(_PERSON, _MEMBER, _MEMBER.c.person_id == _PERSON.c.id, isouter=True)
    .order_by(_MEMBER.c.team)
)
_BY_IDS = _EVERY.where(_PERSON.c.id.in_(bindparam("ids", expanding=True)))
_IMPORTED = _EVERY.where(_PERSON.c.origin == Origin.IMPORT)
_BY_ADDRESSES = (
    select(_PERSON, _MEMBER.c.team, _ADDRESS.c.address.label("found_by"))
    .join_from(_PERSON, _MEMBER, _MEMBER.c.person_id == _PERSON.c.id, isouter=True)
    .join(_ADDRESS, _ADDRESS.c.person_id == _PERSON.c.id)
    .where(_ADDRESS.c.address.in_(bindparam("addresses", expanding=True)))
    .order_by(_MEMBER.c.team)
)
_BY_ADDRESS = _EVERY.join(_ADDRESS, _ADDRESS.c.person_id == _PERSON.c.id).where(
    _ADDRESS.c.address == bindparam("address")
)


def sync(connection: Connection, people: People) -> None:
    """Update the database to match people.toml. People who are not in the file stay."""
    alone(connection)
    unnamed = update(_PERSON).where(_PERSON.c.origin == Origin.FILE)
    connection.execute(unnamed.values(origin=Origin.MAIL))
    ids = {entry.address: put(connection, entry) for entry in people.person}
    by_address = {address_key(entry.address): ids[entry.address] for entry in people.person}
    for entry in people.person:
        manager = by_address.get(address_key(entry.manager or ""))
        connection.execute(
            update(_PERSON).where(_PERSON.c.id == ids[entry.address]).values(manager_id=manager)
        )
    connection.execute(delete(_MEMBER))
    connection.execute(delete(tables.team))
    for team in people.team:
        connection.execute(insert(tables.team).values(name=team.name, level=team.level))
        for member in team.members:
            connection.execute(
                insert(_MEMBER).values(team=team.name, person_id=by_address[address_key(member)])
            )


def alone(connection: Connection) -> None:
    """Let other writers of the directory wait, as they do on SQLite anyway.

    Two daemons can start at once, or a daemon and an import.
    """
    if connection.dialect.name == "postgresql":
        lock = f"LOCK TABLE {_ADDRESS.name}, {tables.team.name} IN SHARE ROW EXCLUSIVE MODE"
        connection.execute(text(lock))


def put(connection: Connection, entry: PersonEntry | Listed) -> int:
    """Add or update the person and return the id; the manager stays unchanged.

    An entry of people.toml removes an agent's mark that the person sends spam.
    """
    of_file = isinstance(entry, PersonEntry)
    every = [address_key(address) for address in (entry.address, *entry.addresses)]
    values = {
        "name": entry.name,
        "address": entry.address,
        "organisation": entry.organisation,
        "vip": entry.vip,
        "language": entry.language,
        "zone": entry.zone,
        "origin": Origin.FILE if of_file else Origin.IMPORT,
        **({"held_at": None} if of_file else {}),
    }
    found = _owner(connection, every)
    if found is None:
        found = _insert(connection, values)
    else:
        connection.execute(update(_PERSON).where(_PERSON.c.id == found).values(**values))
    old = or_(_ADDRESS.c.person_id == found, _ADDRESS.c.address.in_(every))
    connection.execute(delete(_ADDRESS).where(old))
    for address in dict.fromkeys(every):
        connection.execute(insert(_ADDRESS).values(address=address, person_id=found))
    return found


def _owner(connection: Connection, addresses: Sequence[str]) -> int | None:
    """The person with these addresses; if there are several, the one with the first address."""
    rows = connection.execute(select(_ADDRESS).where(_ADDRESS.c.address.in_(addresses)))
    owners: dict[str, int] = {row.address: row.person_id for row in rows}
    return next((owners[address] for address in addresses if address in owners), None)


def _insert(connection: Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(_ADD, values).scalar_one())


def find_or_add(connection: Connection, address: Address) -> Person:
    """The person with that address, added if unknown."""
    found = find(connection, address.address)
    if found is not None:
        return found
    name = address.name or address.address
    values = {"name": name, "address": address.address, "organisation": ""}
    try:
        with savepoint(connection):
            id_ = _insert(connection, values)
            connection.execute(_ADD_ADDRESS, {"address": address.key, "person_id": id_})
    except IntegrityError:  # another transaction was faster
        return by_address(connection, address.address)
    return Person(id=id_, name=name, address=address.address)


def imported(connection: Connection) -> dict[int, Person]:
    """Everybody whose entry comes from an import."""
    return _people(connection.execute(_IMPORTED).all())


def find(connection: Connection, address: str) -> Person | None:
    """The person with that address, or None."""
    rows = connection.execute(_BY_ADDRESS, {"address": address_key(address)}).all()
    return next(iter(_people(rows).values()), None)


def find_all(connection: Connection, addresses: Iterable[str]) -> dict[str, Person]:
    """Those of these addresses that are known, by address in small letters, with their people."""
    keys = sorted({address_key(address) for address in addresses})
    rows = connection.execute(_BY_ADDRESSES, {"addresses": keys}).all() if keys else []
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.found_by, []).append(row)
    return {key: next(iter(_people(theirs).values())) for key, theirs in found.items()}


def add_all(connection: Connection, addresses: Iterable[Address]) -> dict[str, Person]:
    """Make people with these addresses known, who are not known yet; all of them, or nobody where
    another transaction was faster with one."""
    fresh = {one.key: one for one in addresses}
    rows = [
        {"name": one.name or one.address, "address": one.address, "organisation": ""}
        for one in fresh.values()
    ]
    if not rows:
        return {}
    try:
        with savepoint(connection):
            added = connection.execute(_ADD_MANY, rows).all()
            ids = {address_key(row.address): row.id for row in added}
            owned = [{"address": key, "person_id": id_} for key, id_ in ids.items()]
            connection.execute(_ADD_ADDRESS, owned)
    except IntegrityError:
        return {}
    return {
        key: Person(id=ids[key], name=one.name or one.address, address=one.address)
        for key, one in fresh.items()
    }


def search(connection: Connection, said: str) -> tuple[Person, ...]:
    """At most ten known people whose name is `said`, else whose name or address begins with it.

    If there are none either, people whose name or address contains it.
    """
    name, address = func.lower(_PERSON.c.name), func.lower(_PERSON.c.address)
    word = said.lower()
    looks = (
        name == word,
        or_(name.startswith(word, autoescape=True), address.startswith(word, autoescape=True)),
        or_(name.contains(word, autoescape=True), address.contains(word, autoescape=True)),
    )
    for look in looks if word else ():
        ids = list(connection.execute(select(_PERSON.c.id).where(look).limit(_FOUND)).scalars())
        if ids:
            return tuple(by_ids(connection, ids).values())
    return ()


def distrust(connection: Connection, id: int, now: datetime) -> None:
    """Hold the mails of that person from now on, until people.toml lists the person."""
    connection.execute(update(_PERSON).where(_PERSON.c.id == id).values(held_at=now))


def let_in(connection: Connection, id: int, now: datetime) -> None:
    """Accept the mails of that person from now on, from any domain."""
    values = {"held_at": None, "let_in_at": now}
    connection.execute(update(_PERSON).where(_PERSON.c.id == id).values(values))


def by_address(connection: Connection, address: str) -> Person:
    """The person with that address. Raises LookupError if there is none."""
    found = find(connection, address)
    if found is None:
        raise LookupError(f"nobody has the address {address}")
    return found


def addresses(connection: Connection, wanted: Iterable[str]) -> dict[str, int]:
    """The person id of each of these addresses, by address in lower case."""
    table = tables.person_address
    folded = {address.casefold() for address in wanted}
    rows = connection.execute(select(table).where(table.c.address.in_(folded)))
    return {row.address: row.person_id for row in rows}


def by_id(connection: Connection, id: int) -> Person:
    """The person with that id. Raises LookupError if there is none."""
    try:
        return by_ids(connection, [id])[id]
    except KeyError:
        raise LookupError(f"no person {id}") from None


def by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, Person]:
    """The people with these ids."""
    return _people(connection.execute(_BY_IDS, {"ids": list(set(ids))}).all())


def _people(rows: Sequence[Any]) -> dict[int, Person]:
    """The people of these rows, which have one row for each team of a person."""
    teams: dict[int, tuple[str, ...]] = {}
    for row in rows:
        teams[row.id] = teams.get(row.id, ()) + ((row.team,) if row.team else ())
    return {row.id: _person(row, teams[row.id]) for row in rows}


def _person(row: Any, teams: tuple[str, ...]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        address=row.address,
        manager=row.manager_id,
        organisation=row.organisation,
        vip=row.vip,
        teams=teams,
        distrusted=row.held_at is not None,
        language=row.language,
        zone=row.zone,
        listed=row.origin != Origin.MAIL or row.let_in_at is not None,
    )


def teams(connection: Connection) -> dict[str, tuple[Person, ...]]:
    """The members of every team."""
    rows = connection.execute(select(_MEMBER).order_by(_MEMBER.c.person_id)).all()
    people = by_ids(connection, [row.person_id for row in rows])
    names = connection.execute(select(tables.team.c.name)).scalars()
    return {
        name: tuple(people[row.person_id] for row in rows if row.team == name) for name in names
    }
