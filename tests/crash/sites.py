"""The steps of a daemon, each ended by a commit, and a database that dies at one of them."""

import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, event

from maildesk.store.engine import Store

When = Literal["before", "after"]

# What a transaction wrote tells which step it was. The first line that fits counts.
STEPS: tuple[tuple[str, str], ...] = (
    ("keep", r"INSERT INTO raw_mail "),
    ("settled", r"UPDATE raw_mail SET settled_at="),
    ("work", r"UPDATE raw_mail SET state=.*content_key="),
    ("claim", r"UPDATE raw_mail SET attempts=\(raw_mail.attempts \+"),
    ("at_dot", r"UPDATE outgoing SET dot_at="),
    ("record", r"UPDATE outgoing SET state=.*sent_at="),
    ("lease", r"UPDATE outgoing SET state=.*attempts=\(outgoing.attempts \+"),
    ("advance", r"UPDATE mailbox_position "),
    ("position", r"INSERT INTO mailbox_position "),
    ("people", r"INSERT INTO team "),
    ("migrate", r"\s*(CREATE TABLE|SELECT) alembic_version"),
    ("hold", r"(INSERT INTO|UPDATE|DELETE FROM) lease\b"),
)
_WRITTEN = "written by the transaction under way"


@dataclass(frozen=True, slots=True)
class Site:
    """A place to die: before or after the commit that ends a step for the so-manieth time."""

    step: str
    time: int
    when: When

    def __str__(self) -> str:
        return f"{self.when} {self.step} {self.time}"


def step_of(statements: list[str]) -> str:
    """The step that a transaction with these statements ends."""
    for step, pattern in STEPS:
        if any(re.match(pattern, statement) for statement in statements):
            return step
    return "look"


@dataclass(frozen=True, kw_only=True)
class MortalStore(Store):
    """Writes down each step it commits, and kills its own process at the fatal one."""

    log: Path
    fatal: Site | None
    _seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        @event.listens_for(self.engine, "before_cursor_execute")
        def _note(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
            connection.info.setdefault(_WRITTEN, []).append(statement)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with Store.write(self) as connection:
            connection.info[_WRITTEN] = []
            yield connection
            step = step_of(connection.info[_WRITTEN])
            self._seen[step] += 1
            time = self._seen[step]
            self._die(Site(step, time, "before"))
        with self.log.open("a") as log:
            log.write(f"{step} {time}\n")
        self._die(Site(step, time, "after"))

    def _die(self, site: Site) -> None:
        if site == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
