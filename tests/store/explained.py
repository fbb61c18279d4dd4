"""The query plans of the statements that maildesk runs."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from maildesk.store.engine import Store

# Tables that grow with every mail, and indexes that hold but what is open, due or set aside.
GROWING = frozenset(
    {
        *("ticket", "message", "ticket_event", "outgoing", "ticket_person", "approval"),
        *("raw_mail", "raw_bytes", "attachment", "person", "person_address", "worked_tag"),
    }
)
SMALL = frozenset(
    {
        *("ix_raw_mail_todo", "ix_raw_mail_tried", "ix_raw_mail_awaiting_person"),
        *("ix_raw_mail_unsettled", "ix_ticket_next_due", "ix_ticket_open"),
        *("ix_ticket_open_assignee", "ix_ticket_unclassified", "ix_outgoing_due"),
        *("ix_outgoing_unsent", "ix_outgoing_unreported", "ix_outgoing_leased"),
    }
)
FEW_ROWS = 1_000  # that may be sorted: those of one ticket, one person, one listing
_SCAN = re.compile(r"SCAN (\w+?)(?:_\d+)?(?: USING (?:COVERING )?INDEX (\w+))?")
_READ = re.compile(r"(?:SCAN|SEARCH) (\w+?)(?:_\d+)?\b")
_EXPLAINED = ("SELECT", "UPDATE", "DELETE")


@dataclass
class Statements:
    """The statements of some work, each once, with the parameters of the first time."""

    seen: dict[str, Any] = field(default_factory=dict)

    def add(self, statement: str, parameters: Any, many: bool) -> None:
        if statement.lstrip().startswith(_EXPLAINED):
            self.seen.setdefault(statement, parameters[0] if many else parameters)


@contextmanager
def recorded(engine: Engine) -> Iterator[Statements]:
    """What is issued in between, by any connection of the engine."""
    found = Statements()

    def heard(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        found.add(statement, parameters, many)

    event.listen(engine, "before_cursor_execute", heard)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", heard)


def faults(store: Store, statements: Statements) -> list[str]:
    """Each statement that looks through a table that grows, or sorts it, and why."""
    look = _sqlite if store.engine.dialect.name == "sqlite" else _postgresql
    found = []
    with store.engine.connect() as connection:
        for statement, parameters in statements.seen.items():
            found += [f"{why}: {statement}" for why in look(connection, statement, parameters)]
        connection.rollback()
    return found


def _sqlite(connection: Any, statement: str, parameters: Any) -> Iterator[str]:
    """https://sqlite.org/eqp.html"""
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [row[3] for row in rows]
    scans = [found for step in steps if (found := _SCAN.match(step))]
    large = [s[0] for s in scans if s[1] in GROWING and s[2] not in SMALL]
    yield from large
    yield from (step for step in steps if "AUTOMATIC" in step)
    if any("TEMP B-TREE" in step for step in steps) and not _is_narrow(steps):
        yield "; ".join(steps)


def _is_narrow(steps: list[str]) -> bool:
    """Whether all that is sorted was found by the equality of a column, or in a small index."""
    reads = [found for step in steps if (found := _READ.match(step)) and found[1] in GROWING]
    return all(
        "=?" in read.string or any(index in read.string for index in SMALL) for read in reads
    )


def _postgresql(connection: Any, statement: str, parameters: Any) -> Iterator[str]:
    """https://www.postgresql.org/docs/current/using-explain.html"""
    query = f"EXPLAIN (FORMAT JSON) {statement}"
    found = connection.exec_driver_sql(query, parameters).scalar_one()
    plans = found if isinstance(found, list) else json.loads(found)
    for node in _nodes(plans[0]["Plan"]):
        kind, table, index = (node.get(k) for k in ("Node Type", "Relation Name", "Index Name"))
        if kind == "Seq Scan" and table in GROWING:
            yield f"{kind} on {table}"
        whole = "Index Cond" not in node and index is not None and index not in SMALL
        if whole and kind in ("Index Scan", "Index Only Scan") and table in GROWING:
            yield f"{kind} of all of {index}"
        if kind in ("Sort", "Hash", "Aggregate") and _rows_below(node) > FEW_ROWS:
            yield f"{kind} of {_rows_below(node)} rows"


def _rows_below(node: Any) -> int:
    return max((int(below["Plan Rows"]) for below in node.get("Plans", ())), default=0)


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
