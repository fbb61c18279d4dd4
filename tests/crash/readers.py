"""A reader for the reading processes that takes its time."""

import time
from typing import Any

from maildesk.ingest.reading.analyse import read

SECONDS = 4.0


def dawdle(raw: bytes, **options: Any) -> Any:
    """Read the mail, after a while."""
    time.sleep(SECONDS)
    return read(raw, **options)
