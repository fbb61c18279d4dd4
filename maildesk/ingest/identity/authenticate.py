"""The proof that the person in From wrote the mail. Pure; never raises.

Our own mail server's verdict is read from Authentication-Results (RFC 8601). Only the top-most
such field counts, and only when its authserv-id is configured: a sender can write any field, also
one in our server's name, but none above the field that our server puts on top (§5 asks the server
to remove such forgeries as well). What this cannot see: a server that adds no field of its own
and lets the sender's pass. Configure an authserv-id only for a server that checks every mail.

Exchange Online names no server in its field. Where a mailbox is set to it, the top-most field
is read without a name; Exchange renames such fields in incoming mail.

A mail that arrived by our own SMTP server is judged by our own check alone (`sender_check`): no
trusted server has added a field above what the sender wrote.

The server's dmarc result counts for the domain in From. Without one, a signature of the From
domain or of a registered domain above it does; one of a domain beside or below it does not.
"""

import re
from collections.abc import Iterable
from typing import Protocol

import authres  # type: ignore[import-untyped]

from maildesk.config.schema.settings import Trust
from maildesk.ingest.identity.author import Author
from maildesk.ingest.identity.dmarc import is_above
from maildesk.ingest.mime.fields import AMBIGUOUS
from maildesk.model.mail import Mail
from maildesk.model.person import Identity, Proof, SenderCheck

_FIELD = "authentication-results"
_FIELD_CHARACTERS = 8_192
_SHOWN = 80
_UNNAMED = "unnamed.invalid"
# What Exchange Online writes and no grammar allows: domains between the results, bare `action=`.
_METHOD = re.compile(r"[a-z]{2,12}=")
_ACTION = re.compile(r"\saction=[a-z.]{1,40}")


class _Property(Protocol):
    """One `type.name=value` of a result (RFC 8601 §2.3)."""

    type: str
    name: str
    value: str | None


class _Result(Protocol):
    """One result of the field, as authres gives it."""

    method: str
    result: str
    properties: list[_Property]


Finding = tuple[tuple[str, ...], tuple[str, ...]]  # what speaks for the sender, what was rejected


def identify(
    mail: Mail,
    *,
    token_proves: bool,
    trust: Trust,
    unnamed: bool = False,
    checked: SenderCheck | None = None,
    author: Author | None = None,
) -> Identity:
    """Who wrote the mail and how sure that is.

    `token_proves`: a recipient address held a token made for this sender (thread.token_proves).
    `unnamed`: the mail comes from a mailbox whose server names itself in no result.
    `checked`: what our own check found, for mail that arrived by our SMTP server.
    `author`: who wrote it if From cannot be the author. Any sender can write the fields that name
    this address, so nothing proves it, not even a token.
    Two From addresses, or none, prove nobody, whatever else the mail holds. Nor does a header
    block that programs read in different ways: who verified it may have read another mail.
    """
    if author is not None and author.why and author.address is not None:
        return Identity(author.address.key, Proof.NONE, rejected=(author.why,))
    sender = mail.sender
    if sender is None:
        count = "several" if mail.senders else "no"
        return Identity("", Proof.NONE, rejected=(f"{count} From addresses prove nobody",))
    ambiguous = AMBIGUOUS.intersection(mail.defects)
    if ambiguous:
        passed, objections = _ambiguous(ambiguous)
    elif checked is None:
        passed, objections = _told(mail, sender.domain, trust, unnamed)
    else:
        passed, objections = _found(checked, sender.domain)
    if token_proves:
        evidence = ("reply token made for this sender", *passed)
        return Identity(sender.key, Proof.TOKEN, evidence, objections)
    proof = Proof.AUTHENTICATED if passed else Proof.NONE
    return Identity(sender.key, proof, passed, objections)


def _ambiguous(defects: Iterable[str]) -> Finding:
    return (), (f"the header block can be read in several ways: {', '.join(sorted(defects))}",)


def _found(checked: SenderCheck, domain: str) -> Finding:
    good = bool(domain) and checked.domain == domain
    evidence = tuple(f"our own check: {one}" for one in checked.evidence) if good else ()
    return evidence, tuple(f"our own check: {one}" for one in checked.rejected)


def _told(mail: Mail, domain: str, trust: Trust, unnamed: bool) -> Finding:
    fields = mail.all_headers(_FIELD)
    if not fields:
        return (), ("no Authentication-Results",)
    if unnamed and _METHOD.match(fields[0].lstrip()):
        return _unnamed(fields[0], domain)
    read = _read(fields[0])
    if read is None:
        return (), ("the top-most Authentication-Results cannot be read",)
    authserv_id, results = read
    if authserv_id not in {one.casefold() for one in trust.authserv_ids}:
        return (), (f"Authentication-Results of {authserv_id[:_SHOWN]!r}, which is not trusted",)
    evidence, rejected = _weighed(results, domain)
    return tuple(f"{authserv_id}: {one}" for one in evidence), rejected


def _unnamed(field: str, domain: str) -> Finding:
    """The field as Exchange Online writes it: results alone, some with a domain of its own after.

    A part that holds no result is left out; it could only be a result to who reads on.
    """
    parts = (part.strip() for part in _ACTION.sub(" ", field[:_FIELD_CHARACTERS]).split(";"))
    results = "; ".join(part for part in parts if _METHOD.match(part))
    read = _read(f"{_UNNAMED}; {results}")
    if read is None:
        return (), ("the top-most Authentication-Results cannot be read",)
    evidence, rejected = _weighed(read[1], domain)
    return tuple(f"the mailbox's server: {one}" for one in evidence), rejected


def _read(field: str) -> tuple[str, list[_Result]] | None:
    """(authserv-id, results), or None where the field is too long or broken."""
    if len(field) > _FIELD_CHARACTERS or not field.isascii():
        return None
    try:
        header = authres.core_features().parse_value(field)
    except Exception:  # authres promises no closed set: RecursionError on nested comments
        return None
    return header.authserv_id.casefold(), list(header.results)


def _weighed(results: list[_Result], domain: str) -> Finding:
    dmarc = [result for result in results if result.method == "dmarc"]
    if len(dmarc) > 1:
        return (), ("more than one dmarc result: none of them is believed",)
    if dmarc and dmarc[0].result == "pass":
        return _by_dmarc(dmarc[0], domain)
    if dmarc and dmarc[0].result == "fail":
        return (), ("dmarc=fail",)
    return _by_dkim(results, domain)


def _by_dmarc(result: _Result, domain: str) -> Finding:
    checked = _property(result, "from")
    if domain and checked == domain:
        return (f"dmarc=pass for {domain[:_SHOWN]}",), ()
    return (), (f"dmarc=pass is for {checked[:_SHOWN]!r}, but From says {domain[:_SHOWN]!r}",)


def _by_dkim(results: list[_Result], domain: str) -> Finding:
    evidence: list[str] = []
    rejected: list[str] = []
    for one in results:
        if one.method != "dkim":
            rejected.append(f"{one.method}={one.result} alone is not proof"[:_SHOWN])
            continue
        signer = _property(one, "d") or _property(one, "i").rpartition("@")[2]
        good = one.result == "pass" and is_above(signer, domain)
        (evidence if good else rejected).append(f"dkim={one.result} of {signer[:_SHOWN]!r}")
    return tuple(evidence), tuple(dict.fromkeys(rejected))


def _property(result: _Result, name: str) -> str:
    """The value of header.NAME, without case and final dot; "" where it is missing or doubled."""
    found = [
        str(one.value or "")
        for one in result.properties
        if (one.type, one.name) == ("header", name)
    ]
    return found[0].casefold().rstrip(".") if len(found) == 1 else ""
