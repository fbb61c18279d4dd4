"""Opening the database: which SQLite, which journal mode, and how a transaction begins.

SQLite 3.7.0 to 3.51.2 can corrupt a write-ahead log when two connections write, so WAL is
used on a newer one alone: the standard library's where it is new enough, else the one of
the `pysqlite3` wheel, else the rollback journal.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from time import monotonic, sleep
from types import ModuleType
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from maildesk.config.schema.settings import Database

WAL_IS_SAFE_FROM = (3, 51, 3)
BUSY_SECONDS = 10
_READING = "maildesk_reading"


@dataclass(frozen=True, slots=True)
class SqliteChoice:
    """The SQLite library that is used, and whether its WAL can be trusted."""

    module: ModuleType
    version: str
    wal: bool


def choose_sqlite() -> SqliteChoice:
    """The newest SQLite at hand whose WAL is safe, else the standard library's without WAL."""
    if sqlite3.sqlite_version_info >= WAL_IS_SAFE_FROM:
        return SqliteChoice(sqlite3, sqlite3.sqlite_version, wal=True)
    try:
        other = import_module("pysqlite3")
    except ImportError:
        return SqliteChoice(sqlite3, sqlite3.sqlite_version, wal=False)
    if other.sqlite_version_info < WAL_IS_SAFE_FROM:
        return SqliteChoice(sqlite3, sqlite3.sqlite_version, wal=False)
    return SqliteChoice(other, other.sqlite_version, wal=True)


def open_engine(url: str, password: str | None = None) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://USER@HOST/NAME`.

    Nothing is connected yet. Raises ValueError for another kind of database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, password)
    raise ValueError(f"database.url: {parsed.drivername} is neither sqlite nor postgresql")


def _json(value: Any) -> str:
    """In a fraction of the time that json.dumps takes: a mail writes a dozen such values."""
    return to_json(value).decode()


def _postgresql(url: URL, password: str | None) -> Engine:
    url = url.set(drivername="postgresql+psycopg")
    if password:
        url = url.set(password=password)
    return create_engine(
        url, pool_pre_ping=True, pool_size=10, hide_parameters=True, json_serializer=_json
    )


def _sqlite(url: URL) -> Engine:
    choice = choose_sqlite()
    engine = create_engine(
        url,
        module=choice.module,
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=10,
        hide_parameters=True,  # they hold people's mail, and errors are logged
        json_serializer=_json,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        _set_journal_mode(cursor, choice)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA mmap_size = 0")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _set_journal_mode(cursor: Any, choice: SqliteChoice) -> None:
    """SQLite waits for every lock but the one that a new journal mode needs: so we do."""
    give_up = monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute(f"PRAGMA journal_mode = {'WAL' if choice.wal else 'DELETE'}")
            return
        except choice.module.OperationalError:
            if monotonic() > give_up:
                raise
            sleep(0.02)


class _Turns:
    """Writers of one process, nearly in the order they came.

    SQLite itself lets a second writer sleep up to a tenth of a second between two tries, and
    whoever has just committed is first again: the work room would starve the mailboxes.
    """

    def __init__(self) -> None:
        self._next_in_line = Lock()
        self._writing = Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn. After BUSY_SECONDS SQLite may say that the database is locked."""
        with self._next_in_line:
            mine = self._writing.acquire(timeout=BUSY_SECONDS)
        try:
            yield
        finally:
            if mine:
                self._writing.release()


@dataclass(frozen=True, slots=True)
class Store:
    """The database. Every use of it is one of these three."""

    engine: Engine
    _turns: _Turns = field(default_factory=_Turns, repr=False, compare=False)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on an error."""
        with self._turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def trial(self) -> Iterator[Connection]:
        """A transaction that may write and is always rolled back: what would be."""
        with self._turn(), self.engine.connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()

    def _turn(self) -> AbstractContextManager[None]:
        one_writer = self.engine.dialect.name == "sqlite"
        return self._turns.turn() if one_writer else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, and waits for no writer."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(**{_READING: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A part of the transaction that an error undoes, and nothing else with it.

    In place of SQLAlchemy's begin_nested, which compiles its statements anew for each mail.
    """
    connection.exec_driver_sql("SAVEPOINT part")
    try:
        yield
    except BaseException as error:
        # A full disk or a lost line has undone it all by now; that is what is to be told.
        with suppress(DBAPIError) if is_of_the_database(error) else nullcontext():
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT part")
            connection.exec_driver_sql("RELEASE SAVEPOINT part")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT part")


def is_of_the_database(error: BaseException) -> bool:
    """Whether the database failed (full, locked, gone), and not what was asked of it."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def open_store(database: Database) -> Store:
    """The database of this installation, not yet connected."""
    password = database.password.value.get_secret_value() if database.password else None
    return Store(open_engine(database.url, password))
