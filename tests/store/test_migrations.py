"""The migrations lead to the tables, from nothing, twice, and for two daemons at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlmodel import SQLModel

from maildesk.store import migrate, tables, tickets
from maildesk.store.engine import Store, open_engine


@pytest.fixture
def empty(database_url: str) -> Store:
    """A database with nothing in it."""
    return Store(open_engine(database_url))


def _tables(store: Store) -> set[str]:
    with store.read() as connection:
        return set(inspect(connection).get_table_names())


def test_the_migrations_make_the_tables_and_nothing_else(empty: Store) -> None:
    migrate.upgrade(empty)
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    assert _tables(empty) == {*SQLModel.metadata.tables, "alembic_version"}
    empty.close()


def test_the_level_is_none_before_and_the_newest_after(empty: Store) -> None:
    assert migrate.level(empty) is None
    migrate.upgrade(empty)
    assert migrate.level(empty) == migrate.newest()
    empty.close()


def test_the_second_upgrade_changes_nothing(store: Store) -> None:
    with store.write() as connection:
        number = tickets.next_number(connection)
    migrate.upgrade(store)
    with store.write() as connection:
        assert tickets.next_number(connection) == number + 1
        rows = connection.execute(tables.counter.select()).all()
    assert len(rows) == 1


def test_two_upgrades_at_once_come_one_after_the_other(empty: Store, database_url: str) -> None:
    stores = [empty, Store(open_engine(database_url)), Store(open_engine(database_url))]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate.upgrade, stores))
    assert migrate.level(empty) == migrate.newest()
    for one in stores:
        one.close()


def test_the_first_ticket_is_1001(store: Store) -> None:
    with store.write() as connection:
        assert tickets.next_number(connection) == 1001
