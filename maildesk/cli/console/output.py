"""Prints results to stdout: lines for people, JSON lines for programs."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog


def print_json(value: Any) -> None:
    """Print a JSON object on one line, always in UTF-8. A lone surrogate is escaped."""
    line = json.dumps(value, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))


def shown(value: Any) -> Any:
    """The row or value with types that JSON supports, without bytes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: shown(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {key: shown(one) for key, one in value.items() if not isinstance(one, bytes)}
    if isinstance(value, list | tuple):
        return [shown(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def counted(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun: 1 mail, 2 mails, 2 people."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def log_to_stderr() -> None:
    """Log warnings to stderr, since stdout is for results. `maildesk run` logs to stdout."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
