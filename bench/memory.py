"""How much memory a process and its children hold, looked at again and again."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

MEASURE = "pss of the process and its children, sampled"


class Sampler:
    """The highest sum of PSS seen; pages that processes share are counted once."""

    def __init__(self, pid: int, seconds: float) -> None:
        self._root = psutil.Process(pid)
        self._seconds = seconds
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.peak = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        """In megabytes of 1,000,000 bytes."""
        return round(self.peak / 1e6, 1)

    def _run(self) -> None:
        while not self._end.wait(self._seconds):
            with suppress(psutil.NoSuchProcess):
                descendants = [self._root, *self._root.children(recursive=True)]
                self.peak = max(self.peak, sum(_pss(one.pid) for one in descendants))


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
