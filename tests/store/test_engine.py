"""The choice of SQLite and its journal mode; no update is lost."""

import sqlite3
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError

from maildesk.config.schema.settings import Database
from maildesk.store import engine, tables
from maildesk.store.engine import Store, choose_sqlite, open_engine, open_store, savepoint


def _as_tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_wal_is_used_only_with_a_safe_version() -> None:
    choice = choose_sqlite()
    assert choice.version == choice.module.sqlite_version
    assert choice.wal == (_as_tuple(choice.version) >= (3, 51, 3))


LIBRARY = choose_sqlite().module


def _connect(store: Store) -> Any:
    """By the same library: two in one process do not see each other's locks."""
    return LIBRARY.connect(str(store.engine.url.database), timeout=0, isolation_level=None)


class _Library:
    """A SQLite of some version, as `import` would find it."""

    def __init__(self, version: str) -> None:
        self.sqlite_version = version
        self.sqlite_version_info = _as_tuple(version)


@pytest.mark.parametrize(
    ("standard", "wheel", "version", "wal"),
    [
        # the standard library is new enough: the first that is safe, and later ones
        ("3.51.3", None, "3.51.3", True),
        ("3.53.0", "3.54.0", "3.53.0", True),
        ("4.0.0", None, "4.0.0", True),
        # the last that is not: the wheel
        ("3.51.2", "3.53.0", "3.53.0", True),
        ("3.46.1", "3.51.3", "3.51.3", True),
        # no wheel, or an old one: the standard library without WAL
        ("3.46.1", None, "3.46.1", False),
        ("3.46.1", "3.51.2", "3.46.1", False),
    ],
)
def test_the_choice_of_sqlite(
    monkeypatch: pytest.MonkeyPatch, standard: str, wheel: str | None, version: str, wal: bool
) -> None:
    monkeypatch.setattr(engine, "sqlite3", _Library(standard))
    monkeypatch.setitem(sys.modules, "pysqlite3", _Library(wheel) if wheel else None)  # type: ignore[arg-type]
    choice = choose_sqlite()
    assert (choice.version, choice.wal) == (version, wal)


@pytest.fixture
def on_sqlite(sqlite_model: Path, tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "desk.db").write_bytes(sqlite_model.read_bytes())
    one = Store(open_engine(f"sqlite:///{tmp_path}/desk.db"))
    yield one
    one.close()


PRAGMAS = {
    "journal_mode": "wal" if choose_sqlite().wal else "delete",
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    "mmap_size": 0,
}


@pytest.mark.parametrize(("pragma", "value"), PRAGMAS.items())
def test_the_pragmas_are_set_on_every_connection(
    on_sqlite: Store, pragma: str, value: object
) -> None:
    with on_sqlite.read() as first, on_sqlite.read() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_without_a_safe_version_the_rollback_journal_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAL_IS_SAFE_FROM", (99, 0, 0))
    one = Store(open_engine(f"sqlite:///{tmp_path}/old.db"))
    with one.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
    assert one.engine.dialect.dbapi is sqlite3
    one.close()


def test_foreign_keys_are_enforced(store: Store) -> None:
    def orphan() -> None:
        with store.write() as connection:
            connection.execute(tables.person_address.insert().values(address="x", person_id=99))

    with pytest.raises(IntegrityError):
        orphan()


def test_eight_threads_lose_no_update_of_one_row(store: Store) -> None:
    """Read, add one, write: what SQLModel's default transaction lost 160 times of 200."""
    counter = tables.counter
    with store.write() as connection:
        connection.execute(counter.insert().values(name="test", value=0))

    def add(_: int) -> None:
        for _ in range(25):
            with store.write() as connection:
                row = counter.select().where(counter.c.name == "test").with_for_update()
                value = connection.execute(row).one().value
                update = counter.update().where(counter.c.name == "test")
                connection.execute(update.values(value=value + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    with store.read() as connection:
        row = counter.select().where(counter.c.name == "test")
        assert connection.execute(row).one().value == 200


def test_a_write_transaction_takes_the_lock_when_it_begins(on_sqlite: Store) -> None:
    with on_sqlite.write() as first:
        first.exec_driver_sql("SELECT 1")
        second = _connect(on_sqlite)
        with pytest.raises(LIBRARY.OperationalError, match="locked"):
            second.execute("BEGIN IMMEDIATE")
        second.close()


@pytest.mark.skipif(not choose_sqlite().wal, reason="allowed: no SQLite with a safe WAL here")
def test_a_reader_waits_for_no_writer_and_sees_what_was_committed(on_sqlite: Store) -> None:
    with on_sqlite.write() as writer:
        writer.execute(tables.counter.insert().values(name="test", value=1))
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.append(_count(on_sqlite)))
        reader.start()
        reader.join(5)
        assert seen == [1]  # the ticket counter alone
    assert _count(on_sqlite) == 2


def _count(store: Store) -> int:
    with store.read() as connection:
        return len(connection.execute(tables.counter.select()).all())


def test_an_error_rolls_back_the_whole_transaction(store: Store) -> None:
    def half() -> None:
        with store.write() as connection:
            connection.execute(tables.counter.insert().values(name="test", value=1))
            connection.execute(text("SELECT nonsense"))

    before = _count(store)
    with pytest.raises(Exception, match="nonsense"):
        half()
    assert _count(store) == before


def _spoil(connection: Connection) -> None:
    connection.execute(tables.counter.insert().values(name="bad", value=1))
    raise LookupError("the mail is bad")


def test_an_error_in_a_savepoint_rolls_back_only_the_savepoint(store: Store) -> None:
    """The savepoint that each mail of a batch stands under."""
    with store.write() as connection:
        connection.execute(tables.counter.insert().values(name="first", value=1))
        with pytest.raises(LookupError), savepoint(connection):
            _spoil(connection)
        connection.execute(tables.counter.insert().values(name="second", value=1))
    with store.read() as connection:
        names = set(connection.execute(tables.counter.select()).scalars())
    assert {"first", "second"} <= names
    assert "bad" not in names


def test_a_locked_database_is_reported_and_works_again_after_the_lock(
    on_sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an OperationalError, by which the worker knows that no mail is to blame."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.02)
    hasty = Store(open_engine(str(on_sqlite.engine.url)))
    blocker = _connect(on_sqlite)
    blocker.execute("BEGIN IMMEDIATE")
    for _ in range(2):  # the first failure leaves no turn taken
        with pytest.raises(OperationalError, match="locked"), hasty.write():
            pass
    blocker.close()
    with hasty.write() as connection:
        connection.execute(tables.counter.insert().values(name="test", value=1))
    hasty.close()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql is neither sqlite nor postgresql"):
        open_engine("mysql://root@localhost/desk")


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_the_password_is_separate_from_the_url_and_never_shown(scheme: str) -> None:
    secret = {"env": "PASSWORD", "value": "hunter2"}
    database = Database.model_validate({"url": f"{scheme}://desk@host/db", "password": secret})
    one = open_store(database)
    assert one.engine.url.password == "hunter2"
    assert one.engine.url.drivername == "postgresql+psycopg"
    assert "hunter2" not in f"{one.engine!r} {one!r} {one.engine.url}"
    one.close()
