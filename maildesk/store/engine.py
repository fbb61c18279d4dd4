"""Opens the database: which SQLite library, which journal mode, how a transaction begins.

SQLite 3.7.0 to 3.51.2 can corrupt a write-ahead log when two connections write, so WAL needs a
newer one: the standard library's if it is new enough, else that of the `pysqlite3` wheel. Otherwise
the rollback journal is used.
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
    """The SQLite library to use, and whether its WAL is safe."""

    module: ModuleType
    version: str
    wal: bool


def choose_sqlite() -> SqliteChoice:
    """A SQLite library whose WAL is safe, else the standard library's without WAL."""
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
    """An engine for `sqlite:///FILE` or `postgresql://USER@HOST/NAME`, not yet connected.

    Raises ValueError for another kind of database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, password)
    raise ValueError(f"database.url: {parsed.drivername} is neither sqlite nor postgresql")


def _json(value: Any) -> str:
    """JSON text, much faster than json.dumps: each mail writes about a dozen such values."""
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
        hide_parameters=True,  # parameters hold people's mail, and errors are logged
        json_serializer=_json,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # `_on_begin` sends BEGIN
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
    """Set the journal mode, and retry while it is locked: SQLite does not wait for this lock."""
    give_up = monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute(f"PRAGMA journal_mode = {'WAL' if choice.wal else 'DELETE'}")
            return
        except choice.module.OperationalError:
            if monotonic() > give_up:
                raise
            sleep(0.02)


class _WriterQueue:
    """Lets the writers of one process take turns, almost in the order of their requests.

    SQLite lets a second writer sleep up to a tenth of a second between two attempts, so the writer
    that has just committed would usually be first again and the mailboxes would starve.
    """

    def __init__(self) -> None:
        self._next_in_line = Lock()
        self._writing = Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn. After BUSY_SECONDS SQLite may report that the database is locked."""
        with self._next_in_line:
            acquired = self._writing.acquire(timeout=BUSY_SECONDS)
        try:
            yield
        finally:
            if acquired:
                self._writing.release()


@dataclass(frozen=True, slots=True)
class Store:
    """The database, used only through `write`, `trial` and `read`."""

    engine: Engine
    _writer_queue: _WriterQueue = field(default_factory=_WriterQueue, repr=False, compare=False)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on an error."""
        with self._turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def trial(self) -> Iterator[Connection]:
        """A transaction that may write and is always rolled back, to see what would happen."""
        with self._turn(), self.engine.connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()

    def _turn(self) -> AbstractContextManager[None]:
        one_writer = self.engine.dialect.name == "sqlite"
        return self._writer_queue.turn() if one_writer else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads and waits for no writer."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(**{_READING: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A part of the transaction that is rolled back alone if it raises.

    SQLAlchemy's begin_nested would compile its statements again for each mail.
    """
    connection.exec_driver_sql("SAVEPOINT part")
    try:
        yield
    except BaseException as error:
        # A full disk or a lost connection has already rolled back everything: raise that error.
        with suppress(DBAPIError) if is_of_the_database(error) else nullcontext():
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT part")
            connection.exec_driver_sql("RELEASE SAVEPOINT part")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT part")


def is_of_the_database(error: BaseException) -> bool:
    """Whether the database itself failed (full, locked, gone), not the statement."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def open_store(database: Database) -> Store:
    """The configured database, not yet connected."""
    password = database.password.value.get_secret_value() if database.password else None
    return Store(open_engine(database.url, password))
