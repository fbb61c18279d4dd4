"""Our own check of a sender: SPF, DKIM, DMARC and ARC, for mail that arrived by our SMTP server.

No transaction is open during the check. A DNS failure means "no proof", never a lost mail.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import authres  # type: ignore[import-untyped]

from maildesk.ingest.identity.dkim_arc import Chain, Signature, check_arc, check_dkim
from maildesk.ingest.identity.dmarc import Policy, find_policy, is_above, is_aligned
from maildesk.ingest.identity.dns import Kind, NoAnswer, Resolver
from maildesk.ingest.identity.spf import SpfResult, check_spf
from maildesk.model.mail import RawMail
from maildesk.model.person import SenderCheck

QUESTIONS = 60
SECONDS = 10.0
_SHOWN = 80


@dataclass(slots=True)
class _Limited:
    """A resolver that answers one mail so many questions, and no longer than so."""

    resolver: Resolver
    until: float
    clock: Callable[[], float]
    left: int = QUESTIONS

    def lookup(self, name: str, kind: Kind) -> tuple[bytes, ...]:
        """Raises NoAnswer where the mail has had its share."""
        self.left -= 1
        if self.left < 0 or self.clock() > self.until:
            raise NoAnswer("this mail asks too much of the DNS")
        return self.resolver.lookup(name, kind)


def check_sender(
    mail: RawMail,
    domain: str,
    resolver: Resolver,
    trusted_sealers: tuple[str, ...] = (),
    clock: Callable[[], float] = time.monotonic,
) -> SenderCheck:
    """Whether the mail comes from `domain`, the one of From. Never raises."""
    if not domain or not domain.isascii():
        return SenderCheck("", (), (f"no domain to ask for: {domain[:_SHOWN]!r}",))
    asked = _Limited(resolver, clock() + SECONDS, clock)
    spf = check_spf(mail.peer, mail.envelope_from or "", mail.helo, asked)
    signatures = check_dkim(mail.raw, asked)
    chain = check_arc(mail.raw, asked)
    try:
        policy = find_policy(domain, asked)
    except NoAnswer as error:
        return SenderCheck("", (), (f"dmarc=temperror: {error}", *_told(spf, signatures, chain)))
    good = _speaking(domain, policy, spf, signatures) or _sealed(domain, chain, trusted_sealers)
    if good:
        return SenderCheck(domain, good, ())
    record = "there is no dmarc record" if policy is None else "dmarc=fail"
    return SenderCheck("", (), (f"{record} for {domain[:_SHOWN]}", *_told(spf, signatures, chain)))


def _speaking(
    domain: str, policy: Policy | None, spf: SpfResult, signatures: tuple[Signature, ...]
) -> tuple[str, ...]:
    """What speaks for the domain. Without a DMARC record SPF does not: who shares a server with
    the domain would speak for it; and a signature counts from the domain itself or above it."""
    passed = [one.domain for one in signatures if one.result == "pass"]
    if policy is None:
        return tuple(f"dkim=pass of {one}" for one in passed if is_above(one, domain))
    good = [
        f"dmarc=pass for {domain}: dkim=pass of {one}"
        for one in passed
        if is_aligned(one, domain, strict=policy.strict_dkim)
    ]
    if spf.result == "pass" and is_aligned(spf.domain, domain, strict=policy.strict_spf):
        good.append(f"dmarc=pass for {domain}: spf=pass of {spf.domain}")
    return tuple(good)


def _sealed(domain: str, chain: Chain | None, trusted: tuple[str, ...]) -> tuple[str, ...]:
    """What the first sealer saw counts where each of them is trusted (RFC 8617 §7.2)."""
    names = {one.casefold() for one in trusted}
    if chain is None or not names.issuperset(chain.sealers):
        return ()
    seen = [one for one in _results(chain.first_results) if one.method == "dmarc"]
    froms = [p.value for one in seen for p in one.properties if p.name == "from"]
    if len(seen) == 1 and seen[0].result == "pass" and froms == [domain]:
        return (f"dmarc=pass for {domain}, as {chain.sealers[0]} saw and sealed",)
    return ()


def _results(text: str) -> list[authres.AuthenticationResult]:
    try:
        return list(authres.core_features().parse_value(text).results)
    except Exception:  # authres promises no closed set
        return []


def _told(
    spf: SpfResult, signatures: tuple[Signature, ...], chain: Chain | None
) -> tuple[str, ...]:
    """What was found and is no proof."""
    signed = [f"dkim={one.result} of {one.domain[:_SHOWN]!r}" for one in signatures]
    sealed = [f"arc=pass, sealed by {', '.join(chain.sealers)[:_SHOWN]}"] if chain else []
    return (
        f"spf={spf.result} of {spf.domain[:_SHOWN]!r}",
        *(signed or ["no dkim signature"]),
        *sealed,
    )
