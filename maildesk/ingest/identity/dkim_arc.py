"""Signatures in a mail: DKIM (RFC 6376) and the chain of ARC seals (RFC 8617).

The only module that uses dkimpy. It adds the bounds that dkimpy lacks: dkimpy's time is quadratic
in a run of blanks in the body and in a signature's length, and a DNS key may have any size. A
signature over a part of the body (`l=`) does not count, since anything could be appended.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import dkim  # type: ignore[import-untyped]
from dkim.canonicalization import CanonicalizationPolicy  # type: ignore[import-untyped]
from dkim.util import parse_tag_value  # type: ignore[import-untyped]

from maildesk.ingest.identity.dns import NoAnswer, Resolver
from maildesk.ingest.mime.fields import head

SIGNATURES = 5
SEALS = 10
MAIL_BYTES = 30_000_000
_HEADER_BYTES = 256_000
_FIELD_BYTES = 4_000
_KEY_BYTES = 1_400  # RSA of 8,192 bits
_KEY_BITS = 1_024
_NAME = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\Z")
_BLANKS = re.compile(rb"[ \t]+")
_SEALING = frozenset({b"arc-seal", b"arc-message-signature", b"arc-authentication-results"})


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature. `result` is a word of RFC 8601 §2.7.1, with the reason behind a blank."""

    result: str
    domain: str


@dataclass(frozen=True, slots=True)
class Chain:
    """An ARC chain that holds: who sealed, oldest first, and what the oldest saw."""

    sealers: tuple[str, ...]
    first_results: str


def check_dkim(raw: bytes, resolver: Resolver) -> tuple[Signature, ...]:
    """Every DKIM signature of the mail, at most five. Never raises."""
    signer = _read(dkim.DKIM, raw)
    if signer is None:
        return ()
    fields = [value for name, value in signer.headers if name.lower() == b"dkim-signature"]
    body = signer.body
    return tuple(
        _verified(signer, body, index, field, resolver)
        for index, field in enumerate(fields[:SIGNATURES])
    )


def _read(kind: Callable[..., "dkim.DomainSigner"], raw: bytes) -> "dkim.DomainSigner | None":
    """dkimpy's reading; None for a mail that is too large, or is none to it."""
    if len(raw) > MAIL_BYTES:
        return None
    try:
        found = kind(raw, minkey=_KEY_BITS)
    except Exception:  # dkimpy promises no closed set
        return None
    size = sum(len(name) + len(value) for name, value in found.headers)
    return found if size <= _HEADER_BYTES and _read_alike(found, raw) else None


def _read_alike(found: "dkim.DomainSigner", raw: bytes) -> bool:
    """Whether dkimpy reads the fields and the body that we read: it leaves out fields with a blank
    before the colon, and would then verify another mail."""
    ours = head(raw, 0, len(raw))
    same = [(name, value.split()) for name, value in ours.fields] == [
        (name.lower().decode("ascii", "replace"), value.split()) for name, value in found.headers
    ]
    body = raw[ours.body :].replace(b"\r\n", b"\n")
    return same and bytes(found.body).replace(b"\r\n", b"\n") == body


def _verified(
    signer: "dkim.DomainSigner", body: bytes, index: int, field: bytes, resolver: Resolver
) -> Signature:
    if len(field) > _FIELD_BYTES:
        return Signature("neutral (too long)", "")
    try:
        tags = parse_tag_value(_BLANKS.sub(b" ", field))
    except Exception:
        return Signature("neutral (cannot be read)", "")
    domain = tags.get(b"d", b"")
    objection = _objection(tags)
    if objection:
        return Signature(f"neutral ({objection})", _shown(domain))
    try:
        signer.body = _canonical(body, tags.get(b"c"))
        good = signer.verify(index, dnsfunc=_keys(resolver))
    except NoAnswer:
        return Signature("temperror", _shown(domain))
    except Exception as error:
        return Signature(f"permerror ({type(error).__name__})", _shown(domain))
    return Signature("pass" if good else "fail", _shown(domain))


def _objection(tags: dict[bytes, bytes]) -> str:
    if not _NAME.match(tags.get(b"d", b"")) or not _NAME.match(tags.get(b"s", b"")):
        return "no domain or no selector"
    signed = {name.strip().lower() for name in tags.get(b"h", b"").split(b":")}
    if b"from" not in signed:
        return "does not sign From"
    if b"l" in tags:
        return "signs a part of the body"
    if tags.get(b"a", b"").lower() != b"rsa-sha256":
        return "not rsa-sha256"  # RFC 8301; ed25519 needs a library of its own
    return ""


def _shown(domain: bytes) -> str:
    return domain.decode("ascii", "replace").lower().rstrip(".")[:253]


def _canonical(body: bytes, policy: bytes | None) -> bytes:
    """The body as the relaxed way leaves it (§3.4.4), which dkimpy then takes as it is, in time
    that grows with its length alone; untouched for the simple way."""
    if CanonicalizationPolicy.from_c_value(policy).body_algorithm.name != b"relaxed":
        return body
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    return b"\r\n".join(lines)


def _keys(resolver: Resolver) -> Callable[..., bytes | None]:
    def key(name: bytes, **_: object) -> bytes | None:
        if not _NAME.match(name.rstrip(b".")):
            return None
        found = resolver.lookup(name.decode("ascii").rstrip("."), "TXT")
        return found[0] if len(found) == 1 and len(found[0]) <= _KEY_BYTES else None

    return key


def check_arc(raw: bytes, resolver: Resolver) -> Chain | None:
    """The chain of seals where every one of them holds, else None. Never raises."""
    chain = _read(dkim.ARC, raw)
    if chain is None:
        return None
    fields = [value for name, value in chain.headers if name.lower() in _SEALING]
    if not fields or len(fields) > 3 * SEALS or max(map(len, fields)) > _FIELD_BYTES:
        return None
    chain.body = _canonical(chain.body, b"relaxed/relaxed")
    try:
        verdict, sets, _ = chain.verify(dnsfunc=_keys(resolver))
        if verdict != dkim.CV_Pass:
            return None
        oldest_first = sorted(sets, key=lambda one: one["instance"])
        first = oldest_first[0]["aar-value"].decode("ascii").partition(";")[2]
        return Chain(tuple(_shown(one["as-domain"]) for one in oldest_first), first.strip())
    except Exception:  # NoAnswer as well: a chain that nobody could check proves nothing
        return None
