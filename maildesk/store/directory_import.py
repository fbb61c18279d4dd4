"""The whole directory with the source of each entry, and the import into it."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select, update

from maildesk.model.directory import Listed, Origin
from maildesk.model.mail import address_key
from maildesk.store import people, tables

_PERSON = tables.person
_ADDRESS = tables.person_address


def everybody(connection: Connection) -> dict[int, Listed]:
    """Every known person, by id."""
    further: dict[int, list[str]] = {}
    for row in connection.execute(select(_ADDRESS).order_by(_ADDRESS.c.address)):
        further.setdefault(row.person_id, []).append(row.address)
    rows = connection.execute(select(_PERSON).order_by(_PERSON.c.id)).all()
    main = {row.id: row.address for row in rows}
    return {
        row.id: Listed(
            name=row.name,
            address=row.address,
            addresses=_others(row.address, further.get(row.id, [])),
            manager=main.get(row.manager_id, ""),
            organisation=row.organisation,
            vip=row.vip,
            language=row.language,
            zone=row.zone,
            origin=Origin(row.origin),
        )
        for row in rows
    }


def _others(main: str, every: Iterable[str]) -> tuple[str, ...]:
    return tuple(address for address in every if address != address_key(main))


def import_people(
    connection: Connection, imported: Iterable[Listed], *, remove_missing: bool
) -> None:
    """Update the directory with the imported people, who must not be in people.toml.

    Each manager must be imported too, or known. With `remove_missing`, people who were imported
    before and are missing now leave the directory; tickets still name them.
    """
    people.alone(connection)
    everyone = tuple(imported)
    ids = {people.put(connection, one): one.manager for one in everyone}
    by_address = _ids(connection)
    for id_, manager in ids.items():
        above = by_address[address_key(manager)] if manager else None
        connection.execute(update(_PERSON).where(_PERSON.c.id == id_).values(manager_id=above))
    if remove_missing:
        before = everybody(connection)
        _remove(connection, [i for i in before if i not in ids], before)


def _ids(connection: Connection) -> Mapping[str, int]:
    return {row.address: row.person_id for row in connection.execute(select(_ADDRESS))}


def _remove(connection: Connection, missing: Iterable[int], before: Mapping[int, Listed]) -> None:
    bare = {"origin": Origin.MAIL, "manager_id": None, "organisation": "", "vip": False}
    bare |= {"language": "", "zone": ""}
    for id_ in missing:
        if before[id_].origin is Origin.IMPORT:
            connection.execute(update(_PERSON).where(_PERSON.c.id == id_).values(**bare))
