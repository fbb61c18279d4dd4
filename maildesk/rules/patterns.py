"""Matches all patterns of a fact at once, with RE2, in time linear in the text.

CEL's own `matches` compiles its pattern again for each call. Here the patterns of one fact
(`mail.subject.matches("…")`) are combined into one automaton when the rules are loaded: 500
patterns cost about as much as one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import re2  # type: ignore[import-untyped]

_MEMORY = 1 << 26  # bytes per automaton; the patterns that exceed it use a second one


def _options(memory: int = _MEMORY) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    return options


def error_in(pattern: str) -> str:
    """Why RE2 rejects the pattern; "" if it is valid."""
    try:
        re2.compile(pattern, _options())
    except re2.error as error:
        reason = error.args[0] if error.args else error
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return "" if _automaton([pattern]) is not None else "needs too much memory"


@dataclass(slots=True)
class Patterns:
    """Every pattern and the fact that it is matched with, numbered."""

    memory: int = _MEMORY
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _machines: list[tuple[str, Any, list[int]]] = field(default_factory=list)

    def number(self, fact: str, pattern: str) -> int:
        """The index of this pattern's result in `answers`."""
        return self._numbers.setdefault((fact, pattern), len(self._numbers))

    def ready(self) -> None:
        """Build the automata, after all patterns were added."""
        for fact in dict.fromkeys(fact for fact, _ in self._numbers):
            asked = {pattern: n for (of, pattern), n in self._numbers.items() if of == fact}
            for some in _groups_that_fit(list(asked), self.memory):
                numbers = [asked[pattern] for pattern in some]
                self._machines.append((fact, _automaton(some, self.memory), numbers))

    def answers(self, values: Mapping[str, Any]) -> list[bool]:
        """Whether each pattern matches these facts, in the order of the numbers."""
        found = [False] * len(self._numbers)
        for fact, machine, numbers in self._machines:
            for place in machine.Match(values[fact]) or ():
                found[numbers[place]] = True
        return found


def _groups_that_fit(patterns: list[str], memory: int) -> Iterator[list[str]]:
    """The patterns in groups, each of which fits into one automaton."""
    if len(patterns) == 1 or _automaton(patterns, memory) is not None:
        yield patterns
        return
    half = len(patterns) // 2
    yield from _groups_that_fit(patterns[:half], memory)
    yield from _groups_that_fit(patterns[half:], memory)


def _automaton(patterns: list[str], memory: int = _MEMORY) -> Any | None:
    """One automaton for all patterns; None if it needs too much memory."""
    machine = re2.Set.SearchSet(_options(memory))
    for pattern in patterns:
        machine.Add(pattern)
    try:
        machine.Compile()
    except re2.error:
        return None
    return machine
