"""What the planner of SQLite knows of the tables. PostgreSQL's autovacuum sees to that itself.

Without statistics SQLite takes every index to be equally good: it would count the automatic mails
of an hour by the address of an agent, and not by the ticket.
"""

from maildesk.store.engine import Store

_ROWS_LOOKED_AT = 1_000  # of each index, so that it takes milliseconds however large the table is


def refresh(store: Store) -> None:
    """Look at the tables anew. Connections of the pool are opened again, since each reads the
    statistics when it is opened."""
    if store.engine.dialect.name != "sqlite":
        return
    with store.write() as connection:
        connection.exec_driver_sql(f"PRAGMA analysis_limit = {_ROWS_LOOKED_AT}")
        connection.exec_driver_sql("ANALYZE")
    store.engine.dispose()
