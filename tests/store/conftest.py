"""An empty database with the newest schema, migrated only once for all tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from maildesk.store import migrate, tables
from maildesk.store.engine import Store, open_engine
from tests.servers.postgresql import PostgreSQL


def _migrated(url: str) -> str:
    store = Store(open_engine(url))
    migrate.upgrade(store)
    store.close()
    return url


def _emptied(url: str) -> str:
    store = Store(open_engine(url))
    with store.write() as connection:
        connection.execute(tables.person.update().values(manager_id=None))
        for table in reversed(SQLModel.metadata.sorted_tables):
            if table is not tables.counter:
                connection.execute(table.delete())
        connection.execute(tables.counter.delete().where(tables.counter.c.name != "ticket"))
        connection.execute(tables.counter.update().values(value=1000))
    store.close()
    return url


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that each test copies."""
    file = tmp_path_factory.mktemp("model") / "desk.db"
    _migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_model(postgresql: PostgreSQL) -> str:
    """The database that each test empties: to make one takes PostgreSQL longer."""
    return _migrated(postgresql.new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with empty tables, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_model"), tmp_path / "desk.db")
        return f"sqlite:///{tmp_path}/desk.db"
    return _emptied(request.getfixturevalue("postgresql_model"))


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """The store on it."""
    one = Store(open_engine(migrated_url))
    yield one
    one.close()
