"""Names within the files of the policy: each once, and each of a thing that exists."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from maildesk.config.error_messages import near, quoted
from maildesk.config.errors import Fault
from maildesk.config.installation import doubles
from maildesk.config.toml_positions import KeyPath


def unknown(path: KeyPath, what: str, name: str, known: Iterable[str]) -> Iterator[Fault]:
    """A fault where nothing of that name is known."""
    names = list(known)
    if name not in names:
        yield Fault(path, f"there is no {what} {quoted(name)}", near(name, names))


def zone_faults(path: KeyPath, zone: str) -> Iterator[Fault]:
    """A fault where there is no such time zone; none for ""."""
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, OSError, KeyError):
        yield Fault(path, f"there is no time zone {quoted(zone)}", 'as "UTC" or "Europe/Berlin"')


def named_once(table: str, names: Iterable[str]) -> Iterator[Fault]:
    """A fault for each entry of the table whose name stands above already."""
    entries: list[tuple[KeyPath, str]] = [((table, i, "name"), n) for i, n in enumerate(names)]
    for path, name in doubles(entries):
        yield Fault(path, f"the name {quoted(name)} is taken above", "give each its own name")
