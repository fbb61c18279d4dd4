"""Message ids: sortable by time and hard to guess. Time and randomness are arguments."""

import base64
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def new_id(now: datetime, random: bytes) -> str:
    """An id of 26 letters from 6 bytes of milliseconds and 10 random bytes."""
    milliseconds = ((now - _EPOCH) // _MILLISECOND).to_bytes(6, "big")
    return base64.b32hexencode(milliseconds + random).decode().rstrip("=").lower()
