"""Checks of monitoring.toml that types cannot express."""

from collections.abc import Iterator

from maildesk.config.checks.installation import doubles, outside_address_fault
from maildesk.config.checks.name_references import named_once
from maildesk.config.error_messages import quoted
from maildesk.config.errors import Fault
from maildesk.config.schema.monitoring import Monitoring, Reporter
from maildesk.config.schema.settings import Desk
from maildesk.config.toml_positions import KeyPath
from maildesk.ingest.intent.monitoring_signal import pattern_fault


def monitoring_faults(monitoring: Monitoring, desk: Desk | None) -> Iterator[Fault]:
    """Names and addresses must be unique and patterns valid."""
    yield from named_once("source", (one.name for one in monitoring.source))
    addresses: list[tuple[KeyPath, str]] = []
    for i, one in enumerate(monitoring.source):
        addresses.append((("source", i, "address"), one.address))
        yield from outside_address_fault(("source", i, "address"), one.address, desk)
        yield from _forms(("source", i), one)
    for path, address in doubles(addresses):
        yield Fault(
            path, f"{quoted(address)} is already used above", "give each system a unique address"
        )


def _forms(path: KeyPath, one: Reporter) -> Iterator[Fault]:
    if one.format == "own" and not one.problem:
        remedy = 'set `format`, or write problem = "…(?P<key>…)…"'
        yield Fault((*path, "format"), "there is no pattern for a problem", remedy)
    for name in ("problem", "recovery"):
        pattern = getattr(one, name)
        if pattern and one.format != "own":
            remedy = f'remove it, or write format = "own" instead of "{one.format}"'
            yield Fault((*path, name), "a known format has its own patterns", remedy)
        elif pattern and (problem := pattern_fault(pattern)):
            remedy = "write an RE2 pattern whose group (?P<key>…) names the problem"
            yield Fault((*path, name), f"is not a valid pattern: {problem}", remedy)
