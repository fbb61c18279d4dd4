"""One mail read as the desk reads it, and what it cost: CPU seconds, bytes held at the peak."""

import ctypes
import gc
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from maildesk.config.schema.settings import Desk, Trust
from maildesk.ingest.html.sanitise import sanitise
from maildesk.ingest.identity.authenticate import identify
from maildesk.ingest.intent.commands import read_commands
from maildesk.ingest.intent.decisions import read_decision
from maildesk.ingest.reading import worker_protocol
from maildesk.ingest.reading.analyse import read, read_head
from maildesk.ingest.threading import Known, clues, thread, token_proves, wanted
from maildesk.model.links.token import ReplyToken, sign_reply
from maildesk.model.mail import Reading
from maildesk.model.person import Person

SECONDS = 2.0
TIMES_ITS_SIZE = 4
INTERPRETER_BYTES = 32_000_000
"""What a mail may hold beyond that, however small it is: half for Python and the C library (arenas
of 1 MB, each kept whole for one small object in it), half for the text, which is bounded but may be
four bytes a letter in a Python string, and a tree of HTML, which is bounded in tags."""

KEYS = (b"k" * 40,)
DESK = Desk(address="desk@example.org", aliases=("help@example.org",))
TRUST = Trust(authserv_ids=("mx.example.org",))
RITA = Person(id=1, name="Rita", address="rita@example.org")
_TOKEN = sign_reply(ReplyToken(1001, 1, 1), KEYS)
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one mail took. `trouble` is the last line of a traceback, or ""."""

    seconds: float
    stage: str
    held: int
    size: int
    trouble: str

    @property
    def faults(self) -> tuple[str, ...]:
        """The bounds that it broke."""
        found = [self.trouble] if self.trouble else []
        if self.seconds > SECONDS:
            found.append(f"took {self.seconds:.2f} s, most of it in {self.stage}")
        if self.held > TIMES_ITS_SIZE * self.size + INTERPRETER_BYTES:
            found.append(f"held {self.held / 1e6:.1f} MB, its size is {self.size / 1e6:.2f} MB")
        return tuple(found)


class Clock:
    """CPU seconds of each stage."""

    def __init__(self) -> None:
        self.of: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.process_time()
        try:
            yield
        finally:
            self.of[name] = self.of.get(name, 0.0) + time.process_time() - began


def warm_up(mails: Iterable[bytes]) -> None:
    """What a process does once: imports, tables of charsets, compiled patterns."""
    for raw in mails:
        cost(raw)
    gc.collect()
    gc.freeze()


def cost(raw: bytes) -> Cost:
    """Read the mail and say what that took. Nothing is raised."""
    clock, trouble = Clock(), ""
    gc.collect()
    _LIBC.malloc_trim(0)
    before = _begin_peak()
    try:
        _read(raw, clock)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        trouble = f"{type(error).__name__}: {error}"[:200] + f" ({where})"
    held = len(raw) + 1024 * max(0, _kilobytes("VmHWM") - before)
    slowest = max(clock.of, key=lambda name: clock.of[name], default="")
    return Cost(sum(clock.of.values()), slowest, held, len(raw), trouble)


def _read(raw: bytes, clock: Clock) -> Reading:
    with clock.stage("read"):
        reading = read(raw, own_domains=("example.org",))
    with clock.stage("answer"):
        worker_protocol.frame(reading)
    with clock.stage("head"):
        read_head(raw)
    with clock.stage("thread"):
        _threaded(reading)
    with clock.stage("commands"):
        read_commands(reading.reply_text)
        read_decision(reading.reply_text)
    with clock.stage("html"):
        sanitise(reading.mail.html or "")
    return reading


def _threaded(reading: Reading) -> None:
    found = clues(reading.mail, DESK, KEYS, (f"desk+{_TOKEN}@example.org",))
    wanted(found)
    known = Known()
    threaded = thread(found, RITA, known)
    identify(reading.mail, token_proves=token_proves(found, threaded, RITA, known), trust=TRUST)


def _begin_peak() -> int:
    """Forget the highest mark so far (proc(5): clear_refs); the kilobytes in use now."""
    _CLEAR.write_text("5")
    return _kilobytes("VmRSS")


def _kilobytes(field: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])
