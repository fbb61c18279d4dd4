"""Our own check of a sender: what the DNS, the signatures and the client's address say of From."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from maildesk.ingest.identity.dkim_arc import check_arc, check_dkim
from maildesk.ingest.identity.dns import Kind
from maildesk.ingest.identity.sender_check import check_sender
from maildesk.ingest.mime.mail_parser import parse
from maildesk.model.mail import RawMail, Source
from tests.ingest.signing import KEY, Zone, mail, sealed, signed

Records = dict[tuple[str, Kind], tuple[str, ...]]

STRICT = "v=DMARC1; p=none; adkim=s; aspf=s"
RELAXED = "v=DMARC1; p=none"
OURS: Records = {
    ("_dmarc.example.org", "TXT"): (RELAXED,),
    ("sel._domainkey.example.org", "TXT"): (KEY,),
    ("sel._domainkey.shop.example.org", "TXT"): (KEY,),
    ("sel._domainkey.evil.example", "TXT"): (KEY,),
    ("sel._domainkey.lists.example", "TXT"): (KEY,),
    ("sel._domainkey.org", "TXT"): (KEY,),
    ("example.org", "TXT"): ("unrelated", "v=spf1 ip4:192.0.2.0/24 -all"),
    ("bounce.example.org", "TXT"): ("v=spf1 ip4:192.0.2.0/24 -all",),
    ("evil.example", "TXT"): ("v=spf1 +all",),
    ("example.org.evil.example", "TXT"): ("v=spf1 +all",),
}


def other(**changes: tuple[str, ...]) -> Records:
    """The zone with other TXT records; "_" in a name stands for ".", a leading one for itself."""
    return OURS | {(name, "TXT"): values for name, values in changes.items()}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mail, how it came to us, and whether its From is proven by that."""

    why: str
    raw: bytes = mail()
    client: str = "203.0.113.9"
    envelope: str = "rita@example.org"
    records: Records | None = None
    silent: frozenset[str] = frozenset()
    sealers: tuple[str, ...] = ()
    proven: bool = False
    says: str = ""


def without(*names: str) -> Records:
    return {key: values for key, values in OURS.items() if key[0] not in names}


DKIM = signed(mail(), "example.org")
SEALED = sealed(mail(), "lists.example", "dmarc=pass header.from=example.org")
CASES = (
    # ---- proven
    Case(
        why="a signature of the From domain", raw=DKIM, proven=True, says="dkim=pass of example.org"
    ),
    Case(
        why="relaxed, with blanks that the way here has changed",
        raw=signed(
            mail(body="a  b \t\r\n\r\n"), "example.org", canonicalize=(b"relaxed",) * 2
        ).replace(b"a  b \t", b"a b"),
        proven=True,
    ),
    Case(
        why="a client that SPF names",
        client="192.0.2.7",
        proven=True,
        says="spf=pass of example.org",
    ),
    Case(
        why="a return path below the domain, relaxed",
        client="192.0.2.7",
        envelope="b-1@bounce.example.org",
        proven=True,
    ),
    Case(
        why="a signature of a domain below, relaxed",
        raw=signed(mail(), "shop.example.org"),
        proven=True,
    ),
    Case(
        why="no dmarc record, but a signature of the domain",
        raw=DKIM,
        records=without("_dmarc.example.org"),
        proven=True,
    ),
    Case(
        why="a record at the organisational domain counts for those below",
        raw=signed(mail("rita@sales.example.org"), "example.org"),
        proven=True,
    ),
    Case(
        why="the second of two signatures",
        raw=signed(DKIM, "evil.example"),
        proven=True,
    ),
    Case(
        why="a list that changed the text, sealed what it saw, and is trusted",
        raw=sealed(
            DKIM.replace(b"print.", b"print.\r\n-- \r\nthe list"),
            "lists.example",
            "dmarc=pass header.from=example.org",
        ),
        sealers=("Lists.example",),
        proven=True,
        says="as lists.example saw and sealed",
    ),
    # ---- not proven
    Case(why="nothing speaks for it", says="spf=fail of 'example.org'"),
    Case(why="the text was changed", raw=DKIM.replace(b"print", b"sprint"), says="dkim=permerror"),
    Case(why="the subject was changed", raw=DKIM.replace(b"Printer", b"Approve"), says="dkim=fail"),
    Case(why="From was changed", raw=DKIM.replace(b"rita@", b"max@")),
    Case(why="a second From", raw=b"From: max@example.org\r\n" + DKIM),
    Case(why="a signature of another domain", raw=signed(mail(), "evil.example")),
    Case(why="a signature of everybody's domain", raw=signed(mail(), "org")),
    Case(
        why="a signature of a domain below, strict",
        raw=signed(mail(), "shop.example.org"),
        records=OURS | {("_dmarc.example.org", "TXT"): (STRICT,)},
    ),
    Case(
        why="a signature of a domain below, without a dmarc record",
        raw=signed(mail(), "shop.example.org"),
        records=without("_dmarc.example.org"),
    ),
    Case(
        why="a return path below the domain, strict",
        client="192.0.2.7",
        envelope="b-1@bounce.example.org",
        records=OURS | {("_dmarc.example.org", "TXT"): (STRICT,)},
    ),
    Case(
        why="SPF without a dmarc record says nothing of From",
        client="192.0.2.7",
        records=without("_dmarc.example.org"),
        says="there is no dmarc record",
    ),
    Case(
        why="SPF of the forger's domain",
        envelope="rita@evil.example",
        says="spf=pass of 'evil.example'",
    ),
    Case(
        why="SPF of a subdomain that looks like ours",
        envelope="rita@example.org.evil.example",
        says="spf=pass of 'example.org.evil.example'",
    ),
    Case(
        why="an envelope sender that holds a verdict",
        envelope='"dmarc=pass header.from=example.org"@evil.example',
    ),
    Case(why="the null return path", client="192.0.2.7", envelope="", says="spf=none"),
    Case(
        why="two dmarc records are none",
        client="192.0.2.7",
        records=OURS | {("_dmarc.example.org", "TXT"): (RELAXED, RELAXED)},
    ),
    Case(
        why="a signature over nothing of the text",
        raw=signed(mail(), "example.org", length=True),
        says="a part",
    ),
    Case(
        why="a signature that leaves From out",
        raw=DKIM.replace(b"h=from : ", b"h=date : "),
        says="does not sign From",
    ),
    Case(
        why="an old algorithm",
        raw=signed(mail(), "example.org", signature_algorithm=b"rsa-sha1"),
        says="not rsa-sha256",
    ),
    Case(
        why="a key that was taken back",
        raw=DKIM,
        records=OURS | {("sel._domainkey.example.org", "TXT"): ("v=DKIM1; p=",)},
    ),
    Case(
        why="a key as long as the DNS allows",
        raw=DKIM,
        records=OURS | {("sel._domainkey.example.org", "TXT"): (KEY + "A" * 4000,)},
    ),
    Case(
        why="the DNS does not answer for the key",
        raw=DKIM,
        silent=frozenset({"sel._domainkey.example.org"}),
        says="dkim=temperror",
    ),
    Case(
        why="the DNS does not answer for the policy",
        raw=DKIM,
        silent=frozenset({"_dmarc.example.org"}),
        says="dmarc=temperror",
    ),
    Case(
        why="the DNS does not answer for SPF",
        client="192.0.2.7",
        silent=frozenset({"example.org"}),
        says="spf=temperror",
    ),
    Case(
        why="a sealed mail, its sealer unknown: evidence alone",
        raw=sealed(mail(), "lists.example", "dmarc=pass header.from=example.org"),
        says="arc=pass, sealed by lists.example",
    ),
    Case(
        why="a trusted sealer that saw another From",
        raw=sealed(mail(), "lists.example", "dmarc=pass header.from=evil.example"),
        sealers=("lists.example",),
    ),
    Case(
        why="a chain with a link of somebody who is not trusted",
        raw=sealed(
            sealed(mail(), "evil.example", "dmarc=pass header.from=example.org"),
            "lists.example",
            "arc=pass",
        ),
        sealers=("lists.example",),
    ),
    Case(
        why="a sealed mail that was changed",
        raw=sealed(mail(), "lists.example", "dmarc=pass header.from=example.org").replace(
            b"print", b"sprint"
        ),
        sealers=("lists.example",),
    ),
    Case(
        why="SPF records that include each other for ever",
        client="198.51.100.1",
        records=OURS | {("example.org", "TXT"): ("v=spf1 include:example.org -all",)},
        says="spf=permerror",
    ),
    Case(why="a client without an address", client="", says="spf=permerror"),
    Case(
        why="an SPF record that is none",
        records=OURS | {("example.org", "TXT"): ("v=spf1 ip4:\xff %{x} ?",)},
    ),
    Case(why="no domain in From", raw=mail("rita"), says="no domain"),
    Case(
        why="a domain with letters of Unicode", raw=mail("rita@ex\u0430mple.org"), says="no domain"
    ),
    Case(
        why="a signature of garbage",
        raw=b"DKIM-Signature: ;;;=\r\n" + mail(),
        says="cannot be read",
    ),
    Case(
        why="a signature without a body hash",
        raw=b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=sel; h=from; b=x\r\n" + mail(),
    ),
    Case(why="no header at all", raw=b"\r\n\r\nx", says="no domain"),
)


def raw_mail(raw: bytes, client: str, envelope: str) -> RawMail:
    return RawMail(
        raw=raw,
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        source=Source.SMTP,
        mailbox="door",
        received_at=datetime(2026, 11, 23, tzinfo=UTC),
        envelope_from=envelope,
        peer=client,
        helo="mail.example.org",
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_a_sender_is_proven_by_what_speaks_for_the_from_domain(case: Case) -> None:
    zone = Zone(OURS if case.records is None else case.records, case.silent)
    sender = parse(case.raw).sender
    domain = sender.domain if sender else ""
    found = check_sender(raw_mail(case.raw, case.client, case.envelope), domain, zone, case.sealers)
    assert found.domain == (domain if case.proven else ""), found
    assert bool(found.evidence) is case.proven
    assert case.says in " | ".join((*found.evidence, *found.rejected)), found


def test_a_mail_may_ask_the_dns_only_so_much() -> None:
    records: Records = {
        (f"n{i}.example.org", "TXT"): (f"v=spf1 include:n{i + 1}.example.org a mx ptr -all",)
        for i in range(100)
    }
    zone = Zone(records)
    check_sender(raw_mail(mail(), "192.0.2.1", "x@n0.example.org"), "example.org", zone)
    assert len(zone.asked) <= 60


def test_a_slow_dns_takes_its_ten_seconds_and_no_more() -> None:
    now = [0.0]

    @dataclass
    class Slow:
        asked: int = 0

        def lookup(self, _name: str, _kind: Kind) -> tuple[bytes, ...]:
            self.asked += 1
            now[0] += 6
            return ()

    slow = Slow()
    found = check_sender(
        raw_mail(DKIM, "192.0.2.1", "x@example.org"), "example.org", slow, clock=lambda: now[0]
    )
    assert slow.asked == 2
    assert "dmarc=temperror: this mail asks too much of the DNS" in found.rejected


BLANK = signed(mail(), "example.org", canonicalize=(b"relaxed",) * 2)
HOSTILE: tuple[tuple[str, Callable[[int], bytes]], ...] = (
    ("blanks in the body", lambda n: BLANK + b" " * n + b"x"),
    ("blanks in the body of a sealed mail", lambda n: SEALED + b" " * n + b"x"),
    ("blanks in a signature", lambda n: b"DKIM-Signature: v=1;" + b" " * n + b"x\r\n" + mail()),
    ("blanks among the names", lambda _: DKIM.replace(b"h=from", b"h=from" + b" " * 3_400)),
    ("empty lines", lambda n: DKIM + b"\r\n" * n),
    (
        "very many signatures",
        lambda n: b"DKIM-Signature: d=example.org; s=sel; h=from\r\n" * (n // 50) + mail(),
    ),
)


@pytest.mark.parametrize(("what", "make"), HOSTILE, ids=[what for what, _ in HOSTILE])
def test_a_hostile_mail_is_checked_in_time(what: str, make: Callable[[int], bytes]) -> None:
    del what
    raw = make(200_000)
    began = time.perf_counter()
    check_dkim(raw, Zone(OURS))
    check_arc(raw, Zone(OURS))
    assert time.perf_counter() - began < 2
