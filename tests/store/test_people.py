"""People and teams: the database says what people.toml says, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest

from maildesk.config.schema.people import People
from maildesk.model.directory import Listed, Origin
from maildesk.model.mail import Address
from maildesk.model.person import Person
from maildesk.store import directory_import, people
from maildesk.store.engine import Store, open_engine

RITA: dict[str, Any] = {"name": "Rita", "address": "Rita@Example.org", "manager": "MAX@example.org"}
MAX: dict[str, Any] = {"name": "Max", "address": "max@example.org"}
ANN: dict[str, Any] = {"name": "Ann", "address": "ann@example.org", "organisation": "IT"}
FIRST = {"name": "First line", "level": "L1", "members": ["ANN@example.org"]}


def entries(*persons: dict[str, Any], teams: tuple[dict[str, Any], ...] = (FIRST,)) -> People:
    return People.model_validate({"person": persons, "team": teams})


NOW = datetime(2026, 11, 24, tzinfo=UTC)
ALL = entries(RITA, MAX, ANN)


def sync(store: Store, said: People) -> None:
    with store.write() as connection:
        people.sync(connection, said)


def find(store: Store, address: str) -> Person | None:
    with store.read() as connection:
        return people.find(connection, address)


def known(store: Store, address: str) -> Person:
    found = find(store, address)
    assert found is not None, address
    return found


def wrote(store: Store, address: str, name: str = "") -> Person:
    with store.write() as connection:
        return people.find_or_add(connection, Address(name, address))


def teams(store: Store) -> dict[str, list[str]]:
    with store.read() as connection:
        return {
            name: [member.name for member in members]
            for name, members in people.teams(connection).items()
        }


def test_people_are_as_the_file_has_them(store: Store) -> None:
    sync(store, ALL)
    rita, max_, ann = (known(store, f"{name}@example.org") for name in ("rita", "max", "ann"))
    assert rita == Person(
        id=rita.id, name="Rita", address="Rita@Example.org", manager=max_.id, listed=True
    )
    assert (ann.organisation, ann.teams, ann.is_agent) == ("IT", ("First line",), True)
    assert not max_.is_agent
    assert teams(store) == {"First line": ["Ann"]}


def test_whoever_is_a_vip_is_one_until_the_file_says_otherwise(store: Store) -> None:
    sync(store, entries(RITA | {"vip": True}, MAX, ANN))
    assert (known(store, "rita@example.org").vip, known(store, "max@example.org").vip) == (1, 0)
    sync(store, ALL)
    assert not known(store, "rita@example.org").vip


def test_the_second_time_changes_nothing(store: Store) -> None:
    sync(store, ALL)
    before = [known(store, f"{name}@example.org") for name in ("rita", "max", "ann")]
    sync(store, ALL)
    assert [known(store, f"{name}@example.org") for name in ("rita", "max", "ann")] == before


@pytest.mark.parametrize("spelt", ["rita@example.org", "RITA@EXAMPLE.ORG", "Rita@Example.org"])
def test_the_case_of_an_address_does_not_matter(store: Store, spelt: str) -> None:
    sync(store, ALL)
    assert known(store, spelt).name == "Rita"
    assert wrote(store, spelt, "Somebody").id == known(store, "rita@example.org").id


CHANGES: list[tuple[str, dict[str, Any], Callable[[Person], object], object]] = [
    ("another name", {"name": "Rita Rossi"}, lambda p: p.name, "Rita Rossi"),
    ("another organisation", {"organisation": "HR"}, lambda p: p.organisation, "HR"),
    ("no manager any more", {"manager": None}, lambda p: p.manager, None),
]


@pytest.mark.parametrize(
    ("changes", "read", "value"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_what_the_file_changes_changes(
    store: Store, changes: dict[str, Any], read: Callable[[Person], object], value: object
) -> None:
    sync(store, ALL)
    before = known(store, "rita@example.org")
    sync(store, entries(RITA | changes, MAX, ANN))
    after = known(store, "rita@example.org")
    assert (after.id, read(after)) == (before.id, value)


def test_several_addresses_are_one_person_and_mails_go_to_the_first(store: Store) -> None:
    sync(store, entries(RITA | {"addresses": ["rr@home.example"]}, MAX, ANN))
    assert known(store, "RR@home.example") == known(store, "rita@example.org")
    assert known(store, "rr@home.example").address == "Rita@Example.org"


def test_a_new_main_address_with_the_old_one_beside_it_is_the_same_person(store: Store) -> None:
    sync(store, ALL)
    before = known(store, "rita@example.org")
    married = RITA | {"address": "verdi@example.org", "addresses": ["rita@example.org"]}
    sync(store, entries(married, MAX, ANN))
    after = known(store, "verdi@example.org")
    assert (after.id, after.address) == (before.id, "verdi@example.org")
    assert known(store, "rita@example.org") == after


def test_an_address_that_was_taken_out_of_the_file_is_nobodys(store: Store) -> None:
    """It may be given to somebody else, who must not be taken for Rita."""
    sync(store, entries(RITA | {"addresses": ["sales@example.org"]}, MAX, ANN))
    sync(store, ALL)
    assert find(store, "sales@example.org") is None


def test_an_address_can_change_hands(store: Store) -> None:
    sync(store, entries(RITA | {"addresses": ["sales@example.org"]}, MAX, ANN))
    rita, max_ = known(store, "rita@example.org"), known(store, "max@example.org")
    for first, second in ((0, 1), (1, 0)):  # whoever stands first in the file
        order = [RITA, MAX | {"addresses": ["sales@example.org"]}]
        sync(store, entries(order[first], order[second], ANN))
        assert known(store, "sales@example.org").id == max_.id
    assert known(store, "rita@example.org").id == rita.id


def test_who_wrote_from_home_first_is_the_person_of_the_main_address(store: Store) -> None:
    """The other one keeps the old tickets; the person whom managers and teams mean stays."""
    at_home = wrote(store, "a-home@home.example", "R.")
    sync(store, ALL)
    rita = known(store, "rita@example.org")
    sync(store, entries(RITA | {"addresses": ["a-home@home.example"]}, MAX, ANN))
    assert known(store, "a-home@home.example").id == rita.id != at_home.id


def test_who_wrote_before_the_file_named_them_stays_the_same_person(store: Store) -> None:
    before = wrote(store, "rita@example.org", "rita r")
    sync(store, ALL)
    after = known(store, "rita@example.org")
    assert (after.id, after.name) == (before.id, "Rita")


def test_people_whom_the_file_no_longer_names_stay_without_their_teams(store: Store) -> None:
    sync(store, ALL)
    sync(store, entries(RITA | {"manager": None}, teams=()))
    ann = known(store, "ann@example.org")
    assert (ann.name, ann.is_agent) == ("Ann", False)
    assert teams(store) == {}


def test_somebody_unknown_is_added_once_with_the_name_of_the_mail(store: Store) -> None:
    first = wrote(store, "Mallory@Example.net", "Mallory M.")
    assert first == Person(id=first.id, name="Mallory M.", address="Mallory@Example.net")
    assert wrote(store, "mallory@example.net", "Max") == first
    assert wrote(store, "nameless@example.net").name == "nameless@example.net"


def test_nobody_is_nobody(store: Store) -> None:
    assert find(store, "nobody@example.org") is None
    with store.read() as connection:
        assert people.by_ids(connection, []) == {}
        with pytest.raises(LookupError, match="no person 99"):
            people.by_id(connection, 99)


def test_an_agent_of_two_teams_has_both(store: Store) -> None:
    second = {"name": "Access", "level": "L2", "members": ["ann@example.org", "max@example.org"]}
    sync(store, entries(RITA, MAX, ANN, teams=(FIRST, second)))
    assert known(store, "ann@example.org").teams == ("Access", "First line")
    assert teams(store) == {"Access": ["Max", "Ann"], "First line": ["Ann"]}


def test_a_team_may_be_empty(store: Store) -> None:
    sync(store, entries(RITA, MAX, teams=(FIRST | {"members": []},)))
    assert teams(store) == {"First line": []}


# ---- at once


def _at_once(url: str, act: Callable[[Store], Any], times: int = 6) -> list[Any]:
    stores = [Store(open_engine(url)) for _ in range(times)]
    start = Barrier(times)

    def begin(store: Store) -> Any:
        with store.read():  # connected
            start.wait(10)
        return act(store)

    with ThreadPoolExecutor(times) as pool:
        answers = list(pool.map(begin, stores))
    for one in stores:
        one.close()
    return answers


def test_daemons_that_start_at_once_agree(store: Store, migrated_url: str) -> None:
    _at_once(migrated_url, lambda one: sync(one, ALL))
    assert teams(store) == {"First line": ["Ann"]}
    rita = known(store, "rita@example.org")
    assert rita.manager == known(store, "max@example.org").id
    with store.read() as connection:
        assert len(people.by_ids(connection, range(1000))) == 3


def test_somebody_unknown_who_writes_to_several_at_once_is_one_person(
    store: Store, migrated_url: str
) -> None:
    found = _at_once(migrated_url, lambda one: wrote(one, "mallory@example.net", "M"))
    assert set(found) == {known(store, "mallory@example.net")}


@pytest.mark.parametrize(
    ("known_as", "written"),
    [
        ("sam@example.org", "\u017fam@example.org"),  # a long s, which folds to s
        ("kim@example.org", "\u212aim@example.org"),  # the Kelvin sign, which folds to k
        ("strasse@example.org", "straße@example.org"),  # which folds to ss
    ],
)
def test_a_look_alike_is_somebody_else(store: Store, known_as: str, written: str) -> None:
    assert wrote(store, known_as).id != wrote(store, written).id
    assert wrote(store, known_as.upper()).id == wrote(store, known_as).id


BO = Listed(name="Bo", address="bo@example.org", manager="max@example.org", origin=Origin.IMPORT)


def bring(store: Store, *imported: Listed, remove_missing: bool = False) -> None:
    with store.write() as connection:
        directory_import.import_people(connection, imported, remove_missing=remove_missing)


def origins(store: Store) -> dict[str, str]:
    with store.read() as connection:
        return {
            one.name: one.origin.value for one in directory_import.everybody(connection).values()
        }


def imported(store: Store) -> list[str]:
    with store.read() as connection:
        return [person.name for person in people.imported(connection).values()]


def test_an_import_adds_to_people_toml_and_takes_in_who_has_only_written(store: Store) -> None:
    sync(store, entries(RITA, MAX, ANN))
    wrote(store, "Bo@example.org", "Bobby")
    assert origins(store)["Bobby"] == "mail"
    bring(store, BO)
    assert known(store, "bo@example.org").manager == known(store, "max@example.org").id
    assert origins(store) == dict.fromkeys(("Rita", "Max", "Ann"), "people.toml") | {"Bo": "import"}
    assert imported(store) == ["Bo"]


def test_people_toml_takes_over_who_was_imported_and_an_import_whom_it_drops(store: Store) -> None:
    sync(store, ALL)
    bring(store, BO)
    sync(store, entries(RITA, MAX, ANN, {"name": "Bo", "address": "bo@example.org"}))
    assert (origins(store)["Bo"], known(store, "bo@example.org").manager) == ("people.toml", None)
    sync(store, ALL)
    assert origins(store)["Bo"] == "mail"
    bring(store, BO)
    assert origins(store)["Bo"] == "import"


def test_only_who_was_imported_is_let_go(store: Store) -> None:
    sync(store, ALL)
    wrote(store, "kim@example.org", "Kim")
    bring(store, BO)
    bring(store, remove_missing=True)
    there = {"Rita": "people.toml", "Max": "people.toml", "Ann": "people.toml"}
    assert origins(store) == there | {"Kim": "mail", "Bo": "mail"}
    assert known(store, "bo@example.org").manager is None


def test_an_import_does_not_take_back_what_an_agent_said_of_spam(store: Store) -> None:
    with store.write() as connection:
        bo = people.find_or_add(connection, Address("Bo", "bo@example.org"))
        people.distrust(connection, bo.id, NOW)
    sync(store, ALL)
    bring(store, BO)
    assert known(store, "bo@example.org").distrusted
