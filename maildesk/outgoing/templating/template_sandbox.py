"""Limits for a template that an administrator wrote: no way out, no endless loop, no huge mail.

Jinja's sandbox keeps a template from the inside of the process. Here every turn of a loop and every
call costs one step, and the output and what operators build have a greatest length.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from jinja2 import Template as Page
from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

STEPS = 20_000
LONGEST = 1_000_000  # characters of one format, beside what the mail's own text needs
_LONGEST_BUILT = 100_000
_PER_CHARACTER = 10  # an escaped character of the mail's text takes up to six
_left: ContextVar[list[int]] = ContextVar("steps_left")


def rendered(page: Page, words: Mapping[str, object]) -> str:
    """The page with these words. Raises SecurityError where it is too long, or takes too long."""
    most = LONGEST + _PER_CHARACTER * len(str(words.get("text", "")))
    token = _left.set([STEPS])
    try:
        return "".join(_limited(page.generate(words), most))
    finally:
        _left.reset(token)


def _limited(chunks: Iterator[str], most: int) -> Iterator[str]:
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > most:
            raise SecurityError(f"the mail is longer than {most} characters")
        yield chunk


def _step() -> None:
    left = _left.get([STEPS])
    left[0] -= 1
    if left[0] < 0:
        raise SecurityError(f"the template needs more than {STEPS} steps: does a loop end?")


def _counted(items: Iterable[object]) -> Iterator[object]:
    for item in items:
        _step()
        yield item


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with a limit on steps and on the length of what is built."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.filters.update(counted=_counted, format=_formatted)
        for name in ("center", "indent"):
            del self.filters[name]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in list(tree.find_all(nodes.For)):
            if loop.recursive:
                raise TemplateSyntaxError("a recursive loop is not allowed", loop.lineno, name)
            loop.iter = nodes.Filter(
                loop.iter, "counted", [], [], None, None, lineno=loop.lineno, environment=self
            )
        return tree

    def call(
        self, context: Context, function: Callable[..., Any], /, *given: Any, **named: Any
    ) -> Any:
        """One step. Raises SecurityError where none is left, or the call is not safe."""
        _step()
        return super().call(context, function, *given, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Numbers may be multiplied, texts only to a bounded length."""
        if operator == "%" and isinstance(left, str):
            _check_format(left)
        if operator == "**":
            raise SecurityError("** is not allowed")
        if operator == "*" and _length(left, right) > _LONGEST_BUILT:
            raise SecurityError(f"* makes a text of more than {_LONGEST_BUILT} characters")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Texts have no methods that pad them or format them."""
        if isinstance(obj, str) and attr in _GROWING:
            return False
        return super().is_safe_attribute(obj, attr, value)


def _formatted(text: str, *values: object) -> str:
    """Jinja's filter, for short fields alone."""
    _check_format(text)
    return str(text) % values


def _check_format(text: str) -> None:
    if _WIDE.search(text):
        raise SecurityError("% makes a text of more than 99 characters")


_WIDE = re.compile(r"%[^a-zA-Z%]*(\d{3}|\*)")
_GROWING = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs", "format", "format_map"})


def _length(left: Any, right: Any) -> int:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            return len(sequence) * max(times, 0)
    return 0
