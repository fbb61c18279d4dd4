"""Where the desk's CPU time goes: milliseconds a mail in each stage of the work.

Each function of `STAGES` is wrapped while the desk runs. A stage counts the CPU time of its thread
without that of the stages inside it, so that the stages add up to `work` and `collect`.
"""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

# stage: the functions that are it, as module:name. Where one was renamed, mend it here.
STAGES = {
    "work": ("maildesk.processing.worker:Worker.work",),  # what no other stage counts
    "collect": (
        "maildesk.ingest.reading.pool:ReadingPool._collect",
        "maildesk.ingest.reading.pool:ReadingPool._feed",
    ),
    "claim": ("maildesk.processing.worker:Worker._claim",),
    "threading": (
        "maildesk.processing.mail.pipeline:_look_up",
        "maildesk.ingest.threading:clues",
        "maildesk.ingest.threading:thread",
    ),
    "decide": ("maildesk.lifecycle.decide:decide",),
    "rules": ("maildesk.rules.engine:run",),
    "compose": ("maildesk.outgoing.compose:Composer.compose",),
    "statements": ("sqlalchemy.engine:Connection.execute",),  # but those of the look-up: threading
    "commit": ("sqlalchemy.engine.default:DefaultDialect.do_commit",),
}
OUTER = ("work", "collect")  # a stage counts only inside these: other threads use the database, too


class Stages:
    """The CPU seconds of each stage, of all threads together."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open = threading.local()
        self._lock = threading.Lock()

    def measure(self) -> None:
        """Wrap the functions of `STAGES`, wherever a module of the desk has imported them."""
        for stage, functions in STAGES.items():
            for function in functions:
                self._wrap(stage, *found(function))

    def _wrap(self, stage: str, holder: Any, name: str) -> None:
        plain = getattr(holder, name)
        timed = self._timed(stage, plain)
        setattr(holder, name, timed)
        for module in [one for key, one in sys.modules.items() if key.startswith("maildesk.")]:
            for key, value in list(vars(module).items()):
                if value is plain:
                    setattr(module, key, timed)

    def _timed(self, stage: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(plain)
        def timed(*arguments: Any, **options: Any) -> Any:
            inner = self._inner()
            if not inner and stage not in OUTER:
                return plain(*arguments, **options)
            inner.append(0.0)
            began = time.thread_time()
            try:
                return plain(*arguments, **options)
            finally:
                took = time.thread_time() - began
                self._add(stage, took - inner.pop())
                if inner:
                    inner[-1] += took

        return timed

    def _inner(self) -> list[float]:
        """For each stage open in this thread, the seconds of the stages inside it."""
        if not hasattr(self._open, "inner"):
            self._open.inner = []
        inner: list[float] = self._open.inner
        return inner

    def _add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self.seconds[stage] += seconds


def found(function: str) -> tuple[Any, str]:
    """(what holds the function, its name there). Raises LookupError."""
    module, _, path = function.partition(":")
    *holders, name = path.split(".")
    holder: Any = import_module(module)
    try:
        for one in holders:
            holder = getattr(holder, one)
        getattr(holder, name)
    except AttributeError:
        raise LookupError(f"{function} is gone: mend STAGES in bench/stages.py") from None
    return holder, name
