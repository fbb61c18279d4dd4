"""Reads the `--since` option, such as 30d."""

import re
from datetime import timedelta

import typer

_SINCE = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def so_long(since: str) -> timedelta:
    """The duration. Raises typer.BadParameter unless it is given in hours, days or weeks."""
    found = _SINCE.fullmatch(since)
    if found is None:
        raise typer.BadParameter("write 12h, 30d or 4w", param_hint="--since")
    return int(found[1]) * _UNITS[found[2]]
