"""Leases: a row with a holder and an expiry lets one daemon at a time do a piece of work.

Two daemons may share a database. A lease only saves duplicate work; the guards on the rows make
sure that nothing is done twice. A holder on this host whose process has ended loses its leases at
once, so that the successor of a killed daemon need not wait.
"""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from maildesk.store import tables


@dataclass(frozen=True, slots=True)
class Holder:
    """One daemon: host, process id and start time (process ids are reused)."""

    host: str
    pid: int
    began: str

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}/{self.began}"


def this_process(part: str = "") -> Holder:
    """The holder for this process. `part` distinguishes two runtimes in one process."""
    pid = os.getpid()
    return Holder(_host(), pid, _began(pid) + part)


def _host() -> str:
    """The host name and the namespace of process ids.

    Containers may share a host name and not see each other's processes (pid_namespaces(7)).
    """
    try:
        return f"{socket.gethostname()}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def _began(pid: int) -> str:
    """The start time of a process in clock ticks since boot.

    "" if it has ended, even if its parent has not waited for it, or if it is unknown.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]


def is_gone(holder: str) -> bool:
    """Whether the holder was a process of this host that no longer runs."""
    host, _, rest = holder.partition("/")
    pid, _, began = rest.partition("/")
    if host != _host() or not pid.isdigit():
        return False
    now = _began(int(pid))
    return Path("/proc").exists() and (not now or not began.startswith(now))


def is_fresh(
    connection: Connection, name: str, holder: str, *, now: datetime, seconds: float
) -> bool:
    """Whether this holder has the lease with more than two thirds of its time left. Only reads."""
    lease = tables.lease
    until = connection.execute(
        select(lease.c.until).where(lease.c.name == name, lease.c.holder == holder)
    ).scalar_one_or_none()
    return until is not None and until - now > timedelta(seconds=seconds * 2 / 3)


def take(connection: Connection, name: str, holder: str, *, now: datetime, seconds: float) -> bool:
    """Take or renew a lease; False while another holder has it."""
    lease = tables.lease
    row = connection.execute(
        select(lease.c.holder, lease.c.until).where(lease.c.name == name).with_for_update()
    ).one_or_none()
    until = now + timedelta(seconds=seconds)
    if row is None:
        return _take_new(connection, name, holder, until)
    if row.holder != holder and row.until > now and not is_gone(row.holder):
        return False
    connection.execute(update(lease).where(lease.c.name == name).values(holder=holder, until=until))
    return True


def _take_new(connection: Connection, name: str, holder: str, until: datetime) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(insert(tables.lease).values(name=name, holder=holder, until=until))
    except IntegrityError:  # another daemon was faster
        return False
    return True


def release(connection: Connection, name: str, holder: str) -> None:
    """Give the lease back if this holder has it."""
    lease = tables.lease
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
