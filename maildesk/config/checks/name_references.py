"""Checks that names in the policy files are unique and refer to existing things."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from maildesk.config.checks.installation import doubles
from maildesk.config.error_messages import near, quoted
from maildesk.config.errors import Fault
from maildesk.config.toml_positions import KeyPath


def unknown(path: KeyPath, what: str, name: str, known: Iterable[str]) -> Iterator[Fault]:
    """A fault if the name is unknown."""
    names = list(known)
    if name not in names:
        yield Fault(path, f"there is no {what} {quoted(name)}", near(name, names))


def zone_faults(path: KeyPath, zone: str) -> Iterator[Fault]:
    """A fault if the time zone does not exist; "" is allowed."""
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, OSError, KeyError):
        yield Fault(
            path,
            f"unknown time zone {quoted(zone)}",
            'write "UTC" or, for example, "Europe/Berlin"',
        )


def named_once(table: str, names: Iterable[str]) -> Iterator[Fault]:
    """A fault for each entry of the table whose name an earlier entry has."""
    entries: list[tuple[KeyPath, str]] = [((table, i, "name"), n) for i, n in enumerate(names)]
    for path, name in doubles(entries):
        yield Fault(
            path, f"the name {quoted(name)} is already used above", "give each a unique name"
        )
