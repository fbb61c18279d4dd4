"""How the pool and its workers talk: frames on a Unix stream socket.

A frame is four bytes of length, then a pickle. A mail too large to be copied comes as an open
file beside its frame. What a worker answers is only unpickled into the values of the model.
"""

import io
import pickle
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HEADER = struct.Struct("<I")
FRAME_BYTES = 64_000_000
_BUILT_IN = {("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta")}


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


def frame(value: object) -> bytes:
    """The bytes that say `value`. Pickled into place: a long text is not copied once more."""
    written = io.BytesIO(bytes(HEADER.size))
    written.seek(HEADER.size)
    pickle.dump(value, written, pickle.HIGHEST_PROTOCOL)
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


class _ModelUnpickler(pickle.Unpickler):
    """Builds values of the model and nothing else, whatever the worker was made to send."""

    def find_class(self, module: str, name: str) -> Any:
        trusted = module in ("maildesk.model.mail", "maildesk.ingest.reading.worker_protocol") or (
            (module, name) in _BUILT_IN
        )
        if trusted and "." not in name and not name.startswith("_"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no value of the model")


def model_value(data: bytes) -> object:
    """What a worker said. Raises pickle.UnpicklingError (or what it wraps) where it is no value."""
    return _ModelUnpickler(io.BytesIO(data)).load()
