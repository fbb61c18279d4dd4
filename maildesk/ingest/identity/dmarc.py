"""DMARC (RFC 7489): whether what SPF and DKIM found speaks for the domain in From. Pure but for
the resolver.

Organisational domains come from the public suffix list that the library carries; it is never
fetched. An old list can but be too coarse for a suffix that is new.
"""

from dataclasses import dataclass

from publicsuffixlist import PublicSuffixList

from maildesk.ingest.identity.dns import Resolver

_SUFFIXES = PublicSuffixList()
_RECORD_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Policy:
    """What the domain's record says of alignment. What it wants done with failures is not ours."""

    strict_dkim: bool = False
    strict_spf: bool = False


def organisational(domain: str) -> str:
    """The domain that somebody registered; "" for a public suffix."""
    return str(_SUFFIXES.privatesuffix(domain) or "")


def is_aligned(signer: str, domain: str, *, strict: bool) -> bool:
    """Identifier alignment (§3.1): the same domain, or of the same owner unless strict."""
    if not signer or not domain:
        return False
    if signer == domain:
        return True
    owner = organisational(domain)
    return not strict and bool(owner) and organisational(signer) == owner


def is_above(signer: str, domain: str) -> bool:
    """Whether the signer is the domain, or one above it that somebody registered."""
    if not organisational(signer):
        return False
    return domain == signer or domain.endswith("." + signer)


def find_policy(domain: str, resolver: Resolver) -> Policy | None:
    """The record of the domain, else of its organisational domain (§6.6.3); None without one.

    Raises NoAnswer where the DNS does not say.
    """
    for name in dict.fromkeys((domain, organisational(domain))):
        found = _policies(name, resolver) if name else []
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _policies(domain: str, resolver: Resolver) -> list[Policy]:
    values = resolver.lookup(f"_dmarc.{domain}", "TXT")
    read = (_read(value.decode("ascii", "replace")) for value in values)
    return [policy for policy in read if policy is not None]


def _read(record: str) -> Policy | None:
    pairs = [one.partition("=") for one in record[:_RECORD_CHARACTERS].split(";")]
    tags = [(name.strip().lower(), value.strip().lower()) for name, _, value in pairs]
    if not tags or tags[0] != ("v", "dmarc1"):
        return None
    said = dict(tags)
    return Policy(strict_dkim=said.get("adkim") == "s", strict_spf=said.get("aspf") == "s")
