"""The statistics of SQLite's query planner. PostgreSQL's autovacuum updates its own.

Without statistics SQLite considers every index equally good: it would count the automatic mails of
an hour by the address of an agent instead of by the ticket.
"""

from maildesk.store.engine import Store

_ROWS_LOOKED_AT = 1_000  # per index, so that it takes milliseconds for a table of any size


def refresh(store: Store) -> None:
    """Update the statistics and reopen the pooled connections, which read them when opened."""
    if store.engine.dialect.name != "sqlite":
        return
    with store.write() as connection:
        connection.exec_driver_sql(f"PRAGMA analysis_limit = {_ROWS_LOOKED_AT}")
        connection.exec_driver_sql("ANALYZE")
    store.engine.dispose()
