"""A reading process:
`python -m maildesk.ingest.reading.reader_process FD READER HEAD-READER MEMORY CPU`.

Reads strangers' mail under limits: address space in bytes for the process, CPU seconds for
each mail. Ends when the pool closes its socket. Ignores SIGINT: the pool says when to stop.
"""

import contextlib
import gc
import importlib
import mmap
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from maildesk.ingest.reading import worker_protocol

READY = "ready"
Reader: TypeAlias = Callable[..., Any]


def main(
    descriptor: int, reader: str, head_reader: str, memory_bytes: int, cpu_seconds: int
) -> None:
    """Read mails until the pool hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    whole, head_only = _named(reader), _named(head_reader)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.freeze()
    with socket.socket(fileno=descriptor) as pool, contextlib.suppress(OSError):
        pool.sendall(worker_protocol.frame(READY))
        while (received := worker_protocol.receive(pool)) is not None:
            data, file = received
            _allow_cpu(cpu_seconds)
            task = worker_protocol.task(data)
            read = head_only if task.head_only else whole
            pool.sendall(worker_protocol.frame(_answer(read, task, file)))


def _named(reader: str) -> Reader:
    module, _, name = reader.partition(":")
    found: Reader = getattr(importlib.import_module(module), name)
    return found


def _allow_cpu(seconds: int) -> None:
    """RLIMIT_CPU counts over the life of the process, so it is moved on before each mail."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds + 1, hard))


def _answer(read: Reader, task: worker_protocol.Task, file: int | None) -> object:
    try:
        if file is None:
            return read(task.raw, envelope_from=task.envelope_from, own_domains=task.own_domains)
        return _answer_file(read, task, file)
    except MemoryError:
        return worker_protocol.Unreadable("out of memory")
    except Exception as error:
        return worker_protocol.Unreadable(f"{type(error).__name__}: {error}"[:200])


def _answer_file(read: Reader, task: worker_protocol.Task, file: int) -> object:
    try:
        raw = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(file)
    try:
        return read(raw, envelope_from=task.envelope_from, own_domains=task.own_domains)
    finally:
        with contextlib.suppress(BufferError):
            raw.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
