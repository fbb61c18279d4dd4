"""`--since 30d`: how far back a command looks."""

import re
from datetime import timedelta

import typer

_SINCE = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def so_long(since: str) -> timedelta:
    """Raises typer.BadParameter for anything but hours, days and weeks."""
    found = _SINCE.fullmatch(since)
    if found is None:
        raise typer.BadParameter("write 12h, 30d or 4w", param_hint="--since")
    return int(found[1]) * _UNITS[found[2]]
