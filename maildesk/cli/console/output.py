"""Results on stdout: lines for people, JSON lines for programs."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog


def print_json(value: Any) -> None:
    """One JSON object on one line, UTF-8 whatever the locale. A lone surrogate is escaped."""
    line = json.dumps(value, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))


def shown(value: Any) -> Any:
    """A row or a value of the desk as JSON can hold it; bytes are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: shown(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {key: shown(one) for key, one in value.items() if not isinstance(one, bytes)}
    if isinstance(value, list | tuple):
        return [shown(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def log_to_stderr() -> None:
    """Warnings of the desk go to stderr: stdout is for results. `maildesk run` says otherwise."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
