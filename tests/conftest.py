"""Servers and things that several rooms' tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests import world as worlds
from tests.ids import readable
from tests.servers import Dovecot, ImapServer, PostgreSQL, Pymap

# Nothing here is timed. Where a run must come out alike, the same examples are tried.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if "MAILDESK_CI" in os.environ else "here")


def pytest_make_parametrize_id(val: object) -> str | None:
    """A row of a table is named by what it is about."""
    return readable(val)


@pytest.fixture(autouse=True)
def no_logs() -> None:
    """Logs of the desk are nobody's output here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))


@pytest.fixture(scope="session")
def one_dovecot() -> Iterator[Dovecot]:
    """Dovecot for the whole run; skips where it is not installed."""
    if Dovecot.missing():
        pytest.skip(Dovecot.missing())
    server = Dovecot().start()
    yield server
    server.stop()


@pytest.fixture
def dovecot(one_dovecot: Dovecot) -> Iterator[Dovecot]:
    """An empty Dovecot."""
    yield one_dovecot
    one_dovecot.clear()


@pytest.fixture
def pymap() -> Iterator[Pymap]:
    """An empty pymap."""
    server = Pymap().start()
    yield server
    server.stop()


@pytest.fixture(params=["pymap", "dovecot"])
def imap_server(request: pytest.FixtureRequest) -> ImapServer:
    """An empty mailbox, on pymap and then on Dovecot."""
    server: ImapServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """PostgreSQL for the whole run."""
    server = PostgreSQL().start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[worlds.World]:
    """A desk on SQLite."""
    one = worlds.build(f"sqlite:///{tmp_path}/desk.db")
    yield one
    one.close()


@pytest.fixture
def world_on_each(database_url: str) -> Iterator[worlds.World]:
    """A desk on SQLite and then on PostgreSQL."""
    one = worlds.build(database_url)
    yield one
    one.close()
