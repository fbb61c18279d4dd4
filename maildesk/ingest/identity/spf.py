"""SPF (RFC 7208): may this client send for the domain of the return path."""

from dataclasses import dataclass
from typing import Any

import spf  # type: ignore[import-untyped]

from maildesk.ingest.identity.dns import Kind, NoAnswer, Resolver

_ADDRESS_CHARACTERS = 320


@dataclass(frozen=True, slots=True)
class SpfResult:
    """`result` is a word of RFC 7208 §2.6, for that domain."""

    result: str
    domain: str


class _Query(spf.query):  # type: ignore[misc]
    """pyspf's evaluation, with a resolver of ours in the place of its own."""

    def __init__(self, client: str, sender: str, helo: str, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[tuple[str, Kind], list[Any]] = {}
        super().__init__(i=client, s=sender, h=helo)

    def dns(
        self, name: str, qtype: Kind, _cnames: object = None, ignore_void: bool = False
    ) -> list[Any]:
        """The values of that name; more than two that hold nothing are an error (§4.6.4)."""
        name = name.rstrip(".").lower()
        if not all(0 < len(label) < 64 for label in name.split(".")):
            return []
        key = (name, qtype)
        if key not in self._known:
            self._known[key] = [_as_pyspf(one, qtype) for one in self._ask(name, qtype)]
        if not self._known[key] and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many lookups that find nothing")
        return self._known[key]

    def _ask(self, name: str, qtype: Kind) -> tuple[bytes, ...]:
        try:
            return self._resolver.lookup(name, qtype)
        except NoAnswer as error:
            raise spf.TempError(f"DNS: {error}") from error


def _as_pyspf(value: bytes, qtype: Kind) -> Any:
    if qtype == "TXT":
        return (value,)
    text = value.decode("ascii", "replace").rstrip(".")
    if qtype == "MX":
        preference, _, host = text.partition(" ")
        return int(preference), host
    return text


def check_spf(client: str, sender: str, helo: str, resolver: Resolver) -> SpfResult:
    """SPF of the return path `sender`. Never raises.

    The null return path names no domain that an author could be aligned with: "none".
    """
    domain = sender.rpartition("@")[2].lower().rstrip(".")
    if not domain or len(sender) > _ADDRESS_CHARACTERS or not sender.isascii():
        return SpfResult("none", "")
    try:
        result, _, _ = _Query(client, sender, helo or "unknown", resolver).check()
    except Exception:  # pyspf promises no closed set for hostile records
        return SpfResult("permerror", domain)
    return SpfResult(str(result), domain)
