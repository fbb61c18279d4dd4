"""The DNS queries of the sender check. `dns_resolver` implements them; tests use fixed zones."""

from typing import Literal, Protocol

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]


class NoAnswer(Exception):
    """The DNS did not answer, or not in time: nothing is known, and later it may be."""


class Resolver(Protocol):
    """Asks the DNS. May be called from many threads at once."""

    def lookup(self, name: str, kind: Kind) -> tuple[bytes, ...]:
        """The values, () where there are none: of TXT the joined strings, of the rest their text.

        Raises NoAnswer where the DNS does not say whether there are any.
        """
