"""Leases let one daemon at a time do a piece of work, on both databases."""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from maildesk.store import lease
from maildesk.store.engine import Store, open_engine

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HERE = lease.this_process().host
OTHER, THIRD = "elsewhere/1/100", "elsewhere/2/200"


def take(store: Store, holder: str, *, at: float = 0, name: str = "work") -> bool:
    now = NOW + timedelta(seconds=at)
    with store.write() as connection:
        return lease.take(connection, name, holder, now=now, seconds=60)


def release(store: Store, holder: str, name: str = "work") -> None:
    with store.write() as connection:
        lease.release(connection, name, holder)


def test_one_holder_at_a_time(store: Store) -> None:
    assert take(store, OTHER)
    assert not take(store, THIRD)
    assert take(store, THIRD, name="mailbox")  # another piece of work


def test_the_holder_renews_a_lease_from_the_current_time(store: Store) -> None:
    assert take(store, OTHER)
    assert take(store, OTHER, at=50)
    assert not take(store, THIRD, at=100)
    assert take(store, THIRD, at=110)


@pytest.mark.parametrize(("at", "free"), [(59.9, False), (60, True), (61, True)])
def test_a_lease_expires(store: Store, at: float, free: bool) -> None:
    take(store, OTHER)
    assert take(store, THIRD, at=at) is free


def test_a_released_lease_is_free(store: Store) -> None:
    take(store, OTHER)
    release(store, OTHER)
    assert take(store, THIRD)


def test_only_the_holder_releases_a_lease(store: Store) -> None:
    take(store, OTHER)
    release(store, THIRD)
    release(store, OTHER, "mailbox")
    assert not take(store, THIRD)


def test_one_of_eight_simultaneous_takers_gets_the_lease_and_none_fails(migrated_url: str) -> None:
    stores = [Store(open_engine(migrated_url)) for _ in range(8)]
    start = Barrier(8)

    def begin(store: Store, holder: str) -> bool:
        with store.read():  # connected
            start.wait(10)
        return take(store, holder)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(begin, stores, [f"elsewhere/{n}/1" for n in range(8)]))
    assert sum(taken) == 1
    for one in stores:
        one.close()


# ---- holders that are gone


def _dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()
    return child.pid


def test_this_process_is_running_and_its_parts_are_different_holders() -> None:
    mine = lease.this_process()
    assert (mine.host, mine.pid) == (HERE, os.getpid())
    assert str(mine) == f"{HERE}/{os.getpid()}/{mine.began}"
    assert not lease.is_gone(str(mine))
    assert not lease.is_gone(str(lease.this_process("-b")))
    assert str(lease.this_process("-b")) != str(mine)


@pytest.mark.parametrize(
    ("holder", "gone"),
    [
        # a number that runs nothing
        (f"{HERE}/{_dead_process()}/123", True),
        # our number, but of a process that began at another time: numbers come again
        (f"{HERE}/{os.getpid()}/1", True),
        # of another host nobody here can tell
        ("elsewhere/1/1", False),
        # nothing that we wrote
        ("", False),
        (f"{HERE}/x/1", False),
        # a container of the same host name, whose processes we cannot see
        (f"{socket.gethostname()}:1/{_dead_process()}/123", False),
        (f"{socket.gethostname()}/{_dead_process()}/123", False),
        (HERE, False),
    ],
    ids=(
        *("nothing runs", "another time", "elsewhere", "empty", "no number"),
        *("container", "no namespace", "no process"),
    ),
)
def test_holders_whose_process_has_ended(holder: str, gone: bool) -> None:
    assert lease.is_gone(holder) is gone


@pytest.mark.parametrize(
    ("holder", "at", "fresh"),
    [
        (OTHER, 0, True),
        (OTHER, 19, True),
        (OTHER, 20, False),  # a third of the minute has gone: it is renewed
        (OTHER, 70, False),
        (THIRD, 0, False),
    ],
)
def test_a_lease_is_fresh_for_a_third_of_its_time(
    store: Store, holder: str, at: float, fresh: bool
) -> None:
    take(store, OTHER)
    with store.read() as connection:
        now = NOW + timedelta(seconds=at)
        found = lease.is_fresh(connection, "work", holder, now=now, seconds=60)
    assert found is fresh


def test_the_lease_of_a_killed_daemon_is_free_at_once(store: Store) -> None:
    take(store, f"{HERE}/{_dead_process()}/123")
    assert take(store, THIRD, at=1)


def test_the_lease_of_a_living_daemon_is_not(store: Store) -> None:
    take(store, str(lease.this_process()))
    assert not take(store, THIRD, at=1)
