"""A database that is up to date, quickly: migrated once, then copied for each test."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from maildesk.store import migrate
from maildesk.store.engine import Store, open_engine
from tests.servers.postgresql import PostgreSQL


def _migrated(url: str) -> str:
    store = Store(open_engine(url))
    migrate.upgrade(store)
    store.close()
    return url


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that is copied."""
    file = tmp_path_factory.mktemp("model") / "desk.db"
    _migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_model(postgresql: PostgreSQL) -> str:
    """The address of the database that is copied."""
    return _migrated(postgresql.new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with empty tables, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_model"), tmp_path / "desk.db")
        return f"sqlite:///{tmp_path}/desk.db"
    model = make_url(request.getfixturevalue("postgresql_model"))
    name = f"test_{uuid.uuid4().hex}"
    server = model.set(drivername="postgresql+psycopg", database="postgres")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{model.database}"'))
    engine.dispose()
    return model.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """The store on it."""
    one = Store(open_engine(migrated_url))
    yield one
    one.close()
