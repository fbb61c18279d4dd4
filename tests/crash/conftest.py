"""Daemons to be killed, and mailboxes of one's own for each."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.crash.scene import Box
from tests.crash.warm import Warm
from tests.servers import Dovecot, Pymap

OpenBox = Callable[[], Box]


@pytest.fixture(scope="package")
def warm() -> Iterator[Warm]:
    """Forks daemons; those still alive at the end are killed with it."""
    one = Warm()
    yield one
    one.close()


@pytest.fixture(params=["pymap", "dovecot"])
def open_box(request: pytest.FixtureRequest) -> Iterator[OpenBox]:
    """Opens empty mailboxes, on pymap and then on Dovecot."""
    if request.param == "dovecot":
        dovecot: Dovecot = request.getfixturevalue("dovecot")
        numbers = itertools.count(1)
        yield lambda: Box(dovecot.port, f"desk{next(numbers)}")
        return
    with ExitStack() as stack:

        def fresh() -> Box:
            server = Pymap().start()
            stack.callback(server.stop)
            return Box(server.port)

        yield fresh


@pytest.fixture
def box() -> Iterator[Box]:
    """An empty mailbox on pymap, for tests that are not about IMAP."""
    server = Pymap().start()
    yield Box(server.port)
    server.stop()


@pytest.fixture
def imap_steps(request: pytest.FixtureRequest) -> frozenset[str]:
    """On pymap every step is walked, on Dovecot those on which the server has a say."""
    server = request.node.callspec.params["open_box"]
    steps = {"position", "keep", "settled", "advance", "hold"}
    return frozenset(steps if server == "dovecot" else ())


@pytest.fixture
def some_box(request: pytest.FixtureRequest) -> Box:
    """An empty mailbox on Dovecot where it is installed, else on pymap."""
    if Dovecot.missing():
        box: Box = request.getfixturevalue("box")
        return box
    dovecot: Dovecot = request.getfixturevalue("dovecot")
    return Box(dovecot.port)
