"""monitoring.toml beyond its types: can the systems be told apart, and their patterns be used?"""

from collections.abc import Iterator

from maildesk.config.error_messages import quoted
from maildesk.config.errors import Fault
from maildesk.config.installation import doubles, outside_address_fault
from maildesk.config.name_references import named_once
from maildesk.config.toml_positions import KeyPath
from maildesk.ingest.intent.monitoring_signal import pattern_fault
from maildesk.model.monitoring import Monitoring, Reporter
from maildesk.model.settings import Desk


def monitoring_faults(monitoring: Monitoring, desk: Desk | None) -> Iterator[Fault]:
    """Systems told apart by name and address, patterns that can be used."""
    yield from named_once("source", (one.name for one in monitoring.source))
    addresses: list[tuple[KeyPath, str]] = []
    for i, one in enumerate(monitoring.source):
        addresses.append((("source", i, "address"), one.address))
        yield from outside_address_fault(("source", i, "address"), one.address, desk)
        yield from _forms(("source", i), one)
    for path, address in doubles(addresses):
        yield Fault(path, f"{quoted(address)} is taken above", "give each system its own address")


def _forms(path: KeyPath, one: Reporter) -> Iterator[Fault]:
    if one.format == "own" and not one.problem:
        remedy = 'name its format, or write problem = "…(?P<key>…)…"'
        yield Fault((*path, "format"), "there is no pattern that tells a problem", remedy)
    for name in ("problem", "recovery"):
        pattern = getattr(one, name)
        if pattern and one.format != "own":
            remedy = f'leave it out, or write format = "own" in the place of "{one.format}"'
            yield Fault((*path, name), "a known format has its own patterns", remedy)
        elif pattern and (problem := pattern_fault(pattern)):
            remedy = "write an RE2 pattern whose group (?P<key>…) names the problem"
            yield Fault((*path, name), f"is no usable pattern: {problem}", remedy)
