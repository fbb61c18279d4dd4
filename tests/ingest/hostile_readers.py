"""Readers that do in a worker what a hostile mail might do, by the word in its body."""

import os
import signal
import time
from typing import Any

from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.ingest.reading.analyse import read, read_head


def reader(raw: Raw, **envelope: Any) -> object:
    """Read the mail, unless it says what harm to do."""
    match raw[-8:].split()[-1]:
        case b"hang":
            time.sleep(60)
        case b"spin":
            _spin()
        case b"eat":
            return bytearray(2 << 30)
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"exit":
            os._exit(3)
        case b"raise":
            raise RuntimeError("a fault in a reader")
        case b"lie":
            return os.system
    return read(raw, **envelope)


def head_reader(raw: Raw, **envelope: Any) -> object:
    """Read the header block of a mail, unless its body says `die`."""
    if raw[-8:].split()[-1] == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    return read_head(raw, **envelope)


def _spin() -> None:
    while True:
        pass
