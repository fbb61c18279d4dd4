"""Results on stdout: lines for people, JSON lines for programs."""

import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """One JSON object on one line, UTF-8 whatever the locale. A lone surrogate is escaped."""
    line = json.dumps(value, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
