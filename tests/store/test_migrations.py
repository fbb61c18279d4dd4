"""The migrations create the tables: from nothing, run twice, and by two daemons at once."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, insert, inspect, select
from sqlmodel import SQLModel

from maildesk.store import migrate, outgoing_rows, tables, tickets
from maildesk.store.engine import Store, open_engine
from maildesk.store.queries import related_candidates


@pytest.fixture
def empty(database_url: str) -> Store:
    """A database with nothing in it."""
    return Store(open_engine(database_url))


def _tables(store: Store) -> set[str]:
    with store.read() as connection:
        return set(inspect(connection).get_table_names())


def test_the_migrations_create_exactly_the_tables(empty: Store) -> None:
    migrate.upgrade(empty)
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    assert _tables(empty) == {*SQLModel.metadata.tables, "alembic_version"}
    empty.close()


def test_the_revision_is_none_before_and_the_newest_after(empty: Store) -> None:
    assert migrate.level(empty) is None
    migrate.upgrade(empty)
    assert migrate.level(empty) == migrate.newest()
    empty.close()


def test_the_second_upgrade_changes_nothing(store: Store) -> None:
    with store.write() as connection:
        connection.execute(tables.counter.update().values(value=1007))
    migrate.upgrade(store)
    with store.write() as connection:
        assert tickets.newest_number(connection) == 1007
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
        assert tickets.newest_number(connection) + 1 == 1001


NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def _at_level(store: Store, level: str) -> None:
    """Bring an empty database to an older level."""
    config = Config()
    folder = Path(migrate.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, level)


def _filled(table: Any, **values: Any) -> Mapping[str, Any]:
    """A row with something in each column that needs it."""
    empty = {str: "", int: 0, bool: False, bytes: b"", object: NOW}  # a time
    columns = [c for c in table.c if not c.nullable and c.name not in values]
    return {
        c.name: [] if isinstance(c.type, JSON) else empty[c.type.python_type] for c in columns
    } | values


def test_upgrading_from_revision_1_keeps_mail_rates_and_tags(empty: Store) -> None:
    """What the newer tables count and hold of the rows that are there already."""
    _at_level(empty, "0001")
    rows = [
        (tables.person, {"id": 1, "manager_id": None}),
        (tables.ticket, {"number": 1, "tags": ["outage"], "state": "In Progress"}),
        (tables.ticket, {"number": 2, "tags": ["outage", "vpn"], "state": "Open"}),
        (tables.ticket, {"number": 3, "tags": ["paper"], "state": "Resolved"}),
        (tables.ticket, {"number": 4, "tags": ["mouse"], "state": "Closed", "closed_at": NOW}),
        (tables.outgoing, {"id": 1, "automatic": True, "person_id": 1}),
        (tables.outgoing, {"id": 2, "automatic": True, "person_id": 1}),
        (tables.outgoing, {"id": 3, "automatic": False, "person_id": 1}),
    ]
    with empty.write() as connection:
        for table, values in rows:
            known = {"requester": 1} if table is tables.ticket else {}
            there = {column["name"] for column in inspect(connection).get_columns(table.name)}
            row = _filled(table, **(values | known))
            old = {name: value for name, value in row.items() if name in there}
            connection.execute(insert(table).values(old))
    migrate.upgrade(empty)
    with empty.read() as connection:
        assert outgoing_rows.automatic_since(connection, NOW) == 2
        assert outgoing_rows.automatic_since(connection, NOW + timedelta(minutes=1)) == 0
        tags = {"outage", "vpn", "paper", "mouse", "unknown"}
        assert related_candidates.tagged(connection, tags) == {"outage": 1, "vpn": 2}
        assert len(connection.execute(select(tables.ticket)).all()) == 4
    empty.close()
