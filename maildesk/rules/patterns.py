"""Patterns of rules: RE2, so linear in the mail, and all patterns of one fact in one look.

CEL's own `matches` compiles its pattern anew each time it is asked. Here those that rules ask of
a fact (`mail.subject.matches("…")`) are put together into one machine, built when the rules are
loaded: 500 patterns cost about as much as one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import re2  # type: ignore[import-untyped]

_MEMORY = 1 << 26  # bytes for one machine; patterns that do not fit get a second one


def _options(memory: int = _MEMORY) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    return options


def fault_of(pattern: str) -> str:
    """Why RE2 does not take the pattern; "" where it does."""
    try:
        re2.compile(pattern, _options())
    except re2.error as error:
        reason = error.args[0] if error.args else error
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return "" if _machine([pattern]) is not None else "needs too much memory"


@dataclass(slots=True)
class Patterns:
    """Every pattern that is asked of a fact by name, and the number of its answer."""

    memory: int = _MEMORY
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _machines: list[tuple[str, Any, list[int]]] = field(default_factory=list)

    def number(self, fact: str, pattern: str) -> int:
        """Where the answer to this question will stand."""
        return self._numbers.setdefault((fact, pattern), len(self._numbers))

    def ready(self) -> None:
        """All are known: build the machines."""
        for fact in dict.fromkeys(fact for fact, _ in self._numbers):
            asked = {pattern: n for (of, pattern), n in self._numbers.items() if of == fact}
            for some in _that_fit(list(asked), self.memory):
                numbers = [asked[pattern] for pattern in some]
                self._machines.append((fact, _machine(some, self.memory), numbers))

    def answers(self, values: Mapping[str, Any]) -> list[bool]:
        """The answer to each question about these facts, in the order of the numbers."""
        found = [False] * len(self._numbers)
        for fact, machine, numbers in self._machines:
            for place in machine.Match(values[fact]) or ():
                found[numbers[place]] = True
        return found


def _that_fit(patterns: list[str], memory: int) -> Iterator[list[str]]:
    """The patterns in groups of which each fits into one machine."""
    if len(patterns) == 1 or _machine(patterns, memory) is not None:
        yield patterns
        return
    half = len(patterns) // 2
    yield from _that_fit(patterns[:half], memory)
    yield from _that_fit(patterns[half:], memory)


def _machine(patterns: list[str], memory: int = _MEMORY) -> Any | None:
    """All of them in one; None where that takes too much memory."""
    machine = re2.Set.SearchSet(_options(memory))
    for pattern in patterns:
        machine.Add(pattern)
    try:
        machine.Compile()
    except re2.error:
        return None
    return machine
