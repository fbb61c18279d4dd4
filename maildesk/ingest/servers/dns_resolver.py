"""Asks the DNS over the network, with a time limit for each query and a cache."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.exception
import dns.rdata
import dns.resolver

from maildesk.ingest.identity.dns import Kind, NoAnswer

QUESTION_SECONDS = 3.0
_REMEMBERED = 4_096
_LONGEST_SECONDS, _SHORTEST_SECONDS = 3_600.0, 30.0
_FAILED_SECONDS = 60.0
_VALUES = 60
_VALUE_BYTES = 8_000
_NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)

_Answer = tuple[bytes, ...] | None  # None: the DNS did not say


@dataclass
class DnsResolver:
    """The resolvers of this machine (/etc/resolv.conf). May be asked from many threads.

    `seconds` are for one question; so many answers as `most` are remembered.
    """

    clock: Callable[[], float] = time.monotonic
    servers: Callable[[], dns.resolver.Resolver] = dns.resolver.get_default_resolver
    seconds: float = QUESTION_SECONDS
    most: int = _REMEMBERED
    _known: "OrderedDict[tuple[str, Kind], tuple[float, _Answer]]" = field(
        default_factory=OrderedDict
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lookup(self, name: str, kind: Kind) -> tuple[bytes, ...]:
        """As `identity.dns.Resolver` says. What got no answer is not asked anew for a minute."""
        key = (name.rstrip(".").lower(), kind)
        with self._lock:
            good_until, answer = self._known.get(key, (0.0, None))
        if good_until <= self.clock():
            seconds, answer = self._ask(*key)
            with self._lock:
                self._known[key] = (self.clock() + seconds, answer)
                self._known.move_to_end(key)
                while len(self._known) > self.most:
                    self._known.popitem(last=False)
        if answer is None:
            raise NoAnswer(f"no answer for {kind} of {name[:100]}")
        return answer

    def _ask(self, name: str, kind: Kind) -> tuple[float, _Answer]:
        """How long the answer is good for, in seconds, and the answer."""
        try:
            found = self.servers().resolve(name, kind, lifetime=self.seconds, search=False)
        except _NOTHING:
            return _SHORTEST_SECONDS, ()
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError):
            return _FAILED_SECONDS, None
        ttl = found.rrset.ttl if found.rrset is not None else 0
        seconds = min(max(float(ttl), _SHORTEST_SECONDS), _LONGEST_SECONDS)
        return seconds, tuple(_text(one, kind)[:_VALUE_BYTES] for one in list(found)[:_VALUES])


def _text(value: dns.rdata.Rdata, kind: Kind) -> bytes:
    if kind == "TXT":
        return b"".join(getattr(value, "strings", ()))
    return value.to_text().encode("ascii", "replace")
