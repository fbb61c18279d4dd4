"""The people that a unit of work has read, each once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from maildesk.model.mail import Address, address_key
from maildesk.model.person import Person
from maildesk.store import people


@dataclass(slots=True)
class KnownPeople:
    """People by id and by address. Whoever is made known here stays known if a mail fails later."""

    connection: Connection
    _people: dict[int, Person] = field(default_factory=dict)
    _addresses: dict[str, int] = field(default_factory=dict)

    def by_id(self, id: int) -> Person:
        """The person of that id. Raises LookupError."""
        found = self.by_ids([id])
        if id not in found:
            raise LookupError(f"no person {id}")
        return found[id]

    def by_ids(self, ids: Collection[int]) -> dict[int, Person]:
        """The people of these ids."""
        missing = set(ids) - self._people.keys()
        if missing:
            self._people |= people.by_ids(self.connection, missing)
        return {id_: self._people[id_] for id_ in ids if id_ in self._people}

    def of(self, address: Address) -> Person:
        """The person with that address, made known now if need be."""
        key = address_key(address.address)
        if key not in self._addresses:
            self._know(key, people.find_or_add(self.connection, address))
        return self._people[self._addresses[key]]

    def find(self, addresses: Iterable[str]) -> dict[str, Person]:
        """Those of these addresses that are known, read at once; by address in small letters."""
        keys = {address_key(address) for address in addresses}
        fresh = people.find_all(self.connection, keys - self._addresses.keys())
        for key, person in fresh.items():
            self._know(key, person)
        return {key: self._people[self._addresses[key]] for key in keys & self._addresses.keys()}

    def add(self, addresses: Iterable[Address]) -> None:
        """Make known at once those of these people who are not known yet."""
        fresh = [one for one in addresses if one.key not in self._addresses]
        for key, person in people.add_all(self.connection, fresh).items():
            self._know(key, person)

    def forget(self, id: int) -> None:
        """The row of that person was changed: it is read again."""
        self._people.pop(id, None)
        self._addresses = {key: one for key, one in self._addresses.items() if one != id}

    def _know(self, key: str, person: Person) -> None:
        self._addresses[key] = person.id
        self._people[person.id] = person
