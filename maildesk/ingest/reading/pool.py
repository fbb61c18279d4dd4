"""Worker processes that read strangers' mail under limits, so that no mail can block the desk.

For a mail that hangs, exhausts memory or kills its worker the answer is `Unreadable`. The worker
is killed by its process id and replaced; the other mails are not affected.
"""

import os
import pickle
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from maildesk.ingest.reading import worker_protocol
from maildesk.ingest.reading.reader_process import READY
from maildesk.ingest.reading.worker_protocol import Unreadable
from maildesk.model.mail import RawMail, Reading
from maildesk.model.service import ServiceUnavailable

__all__ = ["PoolError", "ReadingPool", "Unreadable"]

Answer: TypeAlias = Reading | Unreadable

_SPOOL_BYTES = 65_536
_AHEAD = 16
_AHEAD_BYTES = 131_072
_START_SECONDS = 60.0
_PIECE = 1 << 18
_REASONS = {signal.SIGXCPU: "took too much CPU time", signal.SIGKILL: "was killed"}


class PoolError(ServiceUnavailable):
    """No worker starts: the installation is at fault, not a mail. Temporary, for the operator."""


@dataclass(slots=True, eq=False)
class _Worker:
    """One process and what it was asked and has not yet answered."""

    process: subprocess.Popen[bytes]
    peer: socket.socket
    since: float
    ready: bool = False
    read: int = 0
    buffer: bytearray = field(default_factory=bytearray)
    asked: deque[tuple[int, int]] = field(default_factory=deque)
    asked_bytes: int = 0

    @property
    def can_take_more(self) -> bool:
        """Whether it may be asked more: what it was sent always fits into the socket's buffer."""
        return len(self.asked) < _AHEAD and self.asked_bytes + _SPOOL_BYTES <= _AHEAD_BYTES

    def ask(self, index: int, size: int) -> None:
        """Note the mail that it was asked, and the bytes of it that went through the socket."""
        self.asked.append((index, size))
        self.asked_bytes += size

    def answered(self) -> int:
        """Note that it answered the oldest mail; its index."""
        index, size = self.asked.popleft()
        self.asked_bytes -= size
        self.read += 1
        return index

    def end(self) -> None:
        """Kill this one process, by its id, and wait for it."""
        self.peer.close()
        self.process.kill()
        self.process.wait()


class ReadingPool:
    """Reads mails in worker processes, in order and ahead of the one who asks.

    `wall_seconds` and `cpu_seconds` are per mail, `memory_bytes` is a worker's address space.
    `reader` and `head_reader` name the functions a worker runs, as `module:function`.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        wall_seconds: float = 10,
        cpu_seconds: int = 10,
        memory_bytes: int = 1 << 30,
        own_domains: tuple[str, ...] = (),
        mails_per_worker: int = 10_000,
        reader: str = "maildesk.ingest.reading.analyse:read",
        head_reader: str = "maildesk.ingest.reading.analyse:read_head",
    ) -> None:
        self._size = max(1, workers)
        self._wall = wall_seconds
        self._limits = (reader, head_reader, str(memory_bytes), str(cpu_seconds))
        self._own_domains = own_domains
        self._mails_per_worker = mails_per_worker
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._turn = threading.Lock()  # held from a consumer's first mail to its last
        self._working = threading.Lock()  # held while the workers are dealt with
        self._closed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, also where a consumer stopped in the middle: it is told when it asks
        for its next mail. The pool starts new workers when it is asked again."""
        with self._working:
            self._closed += 1
            self._turn = threading.Lock()
            self._end(self._workers)

    def read(
        self, raws: Sequence[RawMail], *, head_only: bool = False
    ) -> Generator[Answer, None, None]:
        """A reading for each mail, in order, while the next ones are being read.

        `head_only` for mails that broke their limits: their header blocks alone are read.
        One consumer at a time; others wait until this one is through or closes its iterator.
        Raises PoolError where no worker starts, or where the pool was closed meanwhile.
        """
        with self._turn:
            closed = self._closed
            answers: dict[int, Answer] = {}
            waiting = deque(range(len(raws)))
            try:
                for wanted in range(len(raws)):
                    with self._working:
                        self._go_on(closed)
                        if wanted == 0:
                            self._feed(raws, waiting, head_only)
                        while wanted not in answers:
                            self._collect(answers, waiting)
                            self._feed(raws, waiting, head_only)
                    yield answers.pop(wanted)
            finally:  # the consumer may have left early
                with self._working:
                    if closed == self._closed:
                        self._end([worker for worker in self._workers if worker.asked])

    def _go_on(self, closed: int) -> None:
        if closed != self._closed:
            raise PoolError("the reading processes were closed")

    def _feed(self, raws: Sequence[RawMail], waiting: deque[int], head_only: bool) -> None:
        """Give each worker what it has room for, replacing those that have served their time."""
        self._end([one for one in self._workers if not one.asked and self._served(one)])
        while len(self._workers) < min(self._size, max(1, len(waiting))) and waiting:
            self._workers.append(worker := self._started())
            self._selector.register(worker.peer, selectors.EVENT_READ, worker)
        for worker in self._workers:
            while waiting and worker.can_take_more and not self._served(worker):
                index = waiting.popleft()
                if not self._ask(worker, index, raws[index], head_only):
                    waiting.appendleft(index)
                    break

    def _served(self, worker: _Worker) -> bool:
        return worker.read + len(worker.asked) >= self._mails_per_worker

    def _ask(self, worker: _Worker, index: int, mail: RawMail, head_only: bool) -> bool:
        """Send one mail; False where the worker is gone (which `_collect` then finds)."""
        large = len(mail.raw) > _SPOOL_BYTES
        raw = None if large else mail.raw
        task = worker_protocol.Task(raw, mail.envelope_from, self._own_domains, head_only)
        data = worker_protocol.frame(task)
        if not worker.asked:
            worker.since = time.monotonic()
        try:
            if large:
                _send_with_file(worker.peer, data, mail.raw)
            else:
                worker.peer.sendall(data)
        except OSError:
            return False
        worker.ask(index, 0 if large else len(data))
        return True

    def _collect(self, answers: dict[int, Answer], waiting: deque[int]) -> None:
        """Wait for any worker to say something, to die, or to be over its time."""
        patience = min(self._deadline(one) for one in self._workers) - time.monotonic()
        heard = [key.data for key, _ in self._selector.select(max(0.0, patience))]
        for worker in heard or list(self._workers):
            fault = self._hear(worker, answers) if heard else self._overdue(worker)
            if fault:
                self._replace(worker, fault, answers, waiting)

    def _deadline(self, worker: _Worker) -> float:
        if not worker.ready:
            return worker.since + _START_SECONDS
        return worker.since + self._wall if worker.asked else float("inf")

    def _overdue(self, worker: _Worker) -> str:
        if time.monotonic() < self._deadline(worker):
            return ""
        return f"took more than {self._wall:g} s"

    def _hear(self, worker: _Worker, answers: dict[int, Answer]) -> str:
        """Take what the worker said; the fault, if it is gone or talks nonsense."""
        try:
            data = _received(worker.peer)
            worker.buffer += data
            for one in worker_protocol.frames(worker.buffer):
                self._take(worker, worker_protocol.model_value(one), answers)
        except (OSError, ValueError, pickle.UnpicklingError) as error:
            return f"broke its answer ({type(error).__name__})"
        return "" if data else _last_words(worker.process)

    def _take(self, worker: _Worker, said: object, answers: dict[int, Answer]) -> None:
        worker.since = time.monotonic()
        if not worker.ready and said == READY:
            worker.ready = True
        elif isinstance(said, Reading | Unreadable) and worker.asked:
            answers[worker.answered()] = said
        else:
            raise ValueError("an answer nobody asked for")

    def _replace(
        self, worker: _Worker, fault: str, answers: dict[int, Answer], waiting: deque[int]
    ) -> None:
        """The oldest mail asked is the one it fell over; the others are read by the next."""
        ready = worker.ready
        asked = [index for index, _ in worker.asked]
        self._end([worker])
        if not ready:
            raise PoolError(f"a reading process does not start: it {fault}")
        if asked:
            answers[asked[0]] = Unreadable(f"the reading process {fault}")
            waiting.extendleft(reversed(asked[1:]))

    def _end(self, workers: Sequence[_Worker]) -> None:
        for worker in list(workers):
            self._workers.remove(worker)
            self._selector.unregister(worker.peer)
            worker.end()

    def _started(self) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * _AHEAD_BYTES)
        ours.settimeout(_START_SECONDS)
        with theirs:
            descriptor = theirs.fileno()
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "maildesk.ingest.reading.reader_process",
                    str(descriptor),
                    *self._limits,
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=(descriptor,),
                process_group=0,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
            )
        return _Worker(process, ours, time.monotonic())


def _send_with_file(peer: socket.socket, data: bytes, raw: bytes) -> None:
    """Send a frame and, beside it, the mail as an unlinked file that the worker maps."""
    with tempfile.TemporaryFile() as spool:
        spool.write(raw)
        spool.flush()
        sent = socket.send_fds(peer, [data], [spool.fileno()])
        peer.sendall(data[sent:])


def _received(peer: socket.socket) -> bytes:
    """The next bytes of the worker, also of one that died with mails unread."""
    try:
        return peer.recv(_PIECE)
    except ConnectionResetError:
        return peer.recv(_PIECE)


def _last_words(process: subprocess.Popen[bytes]) -> str:
    """How a process ended that closed its socket."""
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "hung up"
    if code < 0:
        return _REASONS.get(signal.Signals(-code), f"died of signal {-code}")
    return f"ended with status {code}"
