"""The test's hand on `tests.crash.victim`: start a daemon, wait for its end, kill it by its id."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.scene import ENVIRON
from tests.crash.sites import Site

ROOT = Path(__file__).resolve().parents[2]
KILLED = -signal.SIGKILL


@dataclass
class Running:
    """One daemon. `status` is its exit status, negative for a signal, once it has ended."""

    name: str
    pid: int = 0
    status: int = 0
    _born: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def wait(self, seconds: float) -> int:
        """Its exit status; fails the test where it does not end in time."""
        assert self._ended.wait(seconds), f"{self.name} did not end within {seconds} s"
        return self.status

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        self.wait(10)

    def stop(self, seconds: float = 10) -> int:
        """SIGTERM; its exit status."""
        self._signal(signal.SIGTERM)
        return self.wait(seconds)

    def _signal(self, number: signal.Signals) -> None:
        if not self.has_ended:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Warm:
    """A process that has imported maildesk and forks daemons from itself."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.victim"],
            cwd=ROOT,
            env=os.environ | ENVIRON,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._by_name: dict[str, Running] = {}
        self._by_pid: dict[int, Running] = {}
        self._serial = itertools.count(1)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def close(self) -> None:
        """End it, and it kills what is left of its children."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._listener.join(5)
        self._process.stdout.close()

    def daemon(
        self,
        folder: Path,
        *only: str,
        name: str = "",
        fatal: Site | None = None,
        reader: str = "",
    ) -> Running:
        """Start a daemon on the maildesk.toml in that folder; its output goes to NAME.log.

        `reader` names the function that reads mails; "inline" reads without a process for it.
        """
        running = Running(f"{name or 'daemon'}{next(self._serial)}")
        self._by_name[running.name] = running
        order = {
            "name": running.name,
            "folder": str(folder),
            "only": only,
            "fatal": asdict(fatal) if fatal else None,
            "reader": reader,
        }
        assert self._process.stdin is not None
        os.write(self._process.stdin.fileno(), json.dumps(order).encode() + b"\n")
        assert running._born.wait(60), "no daemon was forked"
        return running

    @contextmanager
    def running(self, folder: Path, *only: str, **options: Any) -> Iterator[Running]:
        """The same; killed at the end, whatever happens."""
        one = self.daemon(folder, *only, **options)
        try:
            yield one
        finally:
            one.kill()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "name" in said:
                one = self._by_pid[said["pid"]] = self._by_name[said["name"]]
                one.pid = said["pid"]
                one._born.set()
            else:
                one = self._by_pid.pop(said["pid"])
                one.status = said["status"]
                one._ended.set()
