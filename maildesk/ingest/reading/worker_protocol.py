"""How the pool and its workers talk: frames on a Unix stream socket.

A frame is four bytes of length, then a pickle. A mail too large to be copied comes as an open
file beside its frame. What a worker answers is only unpickled into the values of `_VALUES`.

A dataclass is pickled as its name and its fields: the way in which frozen dataclasses pickle
themselves costs the desk three times as much for each mail.
"""

import io
import pickle
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone
from operator import attrgetter
from typing import Any

from maildesk.model.mail import (
    Address,
    Attachment,
    BounceReport,
    Enclosed,
    Kind,
    Mail,
    Permanence,
    Reading,
    Screening,
)

HEADER = struct.Struct("<I")
FRAME_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """One mail to read; `raw` is None where the mail comes as a file.

    `head_only`: the mail broke its limits before, its header block alone is to be read.
    """

    raw: bytes | None
    envelope_from: str | None
    own_domains: tuple[str, ...]
    head_only: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A mail that no worker could read, and why. Its bytes are untouched."""

    reason: str


_DATACLASSES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(Address, Attachment, BounceReport, Enclosed, Mail, Reading, Screening),
        *(Task, Unreadable),
    )
}
_FIELDS = {name: tuple(one.name for one in fields(kind)) for name, kind in _DATACLASSES.items()}


def rebuilt(name: str, *values: object) -> object:
    """The value that was pickled as these fields. Raises LookupError, ValueError."""
    kind = _DATACLASSES[name]
    value = object.__new__(kind)
    for write, field in zip(_WRITERS[name], values, strict=True):
        write(value, field)
    return value


def _reducer(name: str) -> Callable[[Any], tuple[Any, ...]]:
    """What pickles a dataclass of that name."""
    if len(_FIELDS[name]) == 1:
        (only,) = _FIELDS[name]
        return lambda value: (rebuilt, (name, getattr(value, only)))
    read = attrgetter(*_FIELDS[name])
    return lambda value: (rebuilt, (name, *read(value)))


# The fields of a frozen dataclass are written by their slots.
_WRITERS = {
    name: tuple(vars(kind)[field].__set__ for field in _FIELDS[name])
    for name, kind in _DATACLASSES.items()
}
_REDUCERS = {kind: _reducer(name) for name, kind in _DATACLASSES.items()}
_VALUES: dict[tuple[str, str], Any] = {
    (one.__module__, one.__qualname__): one
    for one in (rebuilt, Kind, Permanence, datetime, timedelta, timezone)
}


def frame(value: object) -> bytes:
    """The bytes that say `value`. Pickled into place: a long text is not copied once more."""
    written = io.BytesIO(bytes(HEADER.size))
    written.seek(HEADER.size)
    pickler = pickle.Pickler(written, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(value)
    with written.getbuffer() as view:
        HEADER.pack_into(view, 0, len(view) - HEADER.size)
    return written.getvalue()


def frames(buffer: bytearray) -> Iterator[bytes]:
    """Take the complete frames from the start of the buffer.

    Raises ValueError for a frame nobody honest would send.
    """
    while len(buffer) >= HEADER.size:
        (size,) = HEADER.unpack_from(buffer)
        if size > FRAME_BYTES:
            raise ValueError(f"a frame of {size} bytes")
        if len(buffer) < HEADER.size + size:
            return
        data = bytes(buffer[HEADER.size : HEADER.size + size])
        del buffer[: HEADER.size + size]
        yield data


def receive(peer: socket.socket) -> tuple[bytes, int | None] | None:
    """(one frame, the file that came with it), or None at the end. Blocks."""
    header, files, _, _ = socket.recv_fds(peer, HEADER.size, 1)
    header += _exactly(peer, HEADER.size - len(header)) if header else b""
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    return _exactly(peer, size), (files[0] if files else None)


def _exactly(peer: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = peer.recv(min(size - len(data), 1 << 20))
        if not piece:
            break
        data += piece
    return bytes(data)


class _ValueUnpickler(pickle.Unpickler):
    """Builds the values of `_VALUES` and nothing else, whatever the worker was made to send."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _VALUES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not a value of the model") from None


def model_value(data: bytes) -> object:
    """What a worker said. Raises pickle.UnpicklingError where that is not a value of the model."""
    try:
        return _ValueUnpickler(io.BytesIO(data)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # pickle raises nearly anything for bytes that are no pickle
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from None


def task(data: bytes) -> Task:
    """What the pool asks. Raises pickle.UnpicklingError where that is not a task."""
    value = model_value(data)
    if not isinstance(value, Task):
        raise pickle.UnpicklingError(f"{type(value).__name__} is not a task")
    return value
