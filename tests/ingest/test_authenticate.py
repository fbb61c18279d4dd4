"""Whom we believe: our own server's word, in the one place where no sender can write it."""

from dataclasses import dataclass

import pytest

from maildesk.config.schema.settings import Trust
from maildesk.ingest.identity.authenticate import identify
from maildesk.ingest.mime.mail_parser import parse
from maildesk.model.mail import Address, Mail
from maildesk.model.person import Proof, SenderCheck

TRUST = Trust(authserv_ids=("mx.example.net", "MX2.example.net"))
NONE, AUTHENTICATED, TOKEN = Proof.NONE, Proof.AUTHENTICATED, Proof.TOKEN


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mail with these Authentication-Results, top-most first."""

    why: str
    fields: tuple[str, ...] = ()
    senders: tuple[str, ...] = ("rita@example.com",)
    token: bool = False
    proof: Proof = NONE
    says: str = ""
    trust: Trust = TRUST

    def mail(self) -> Mail:
        received = ("received", "from mail.example.com by mx.example.net; Mon, 2 Mar 2026 12:00")
        fields = tuple(("authentication-results", field) for field in self.fields)
        return Mail(
            subject="",
            senders=tuple(Address("", one) for one in self.senders),
            to=(),
            cc=(),
            reply_to=(),
            date=None,
            message_id=None,
            in_reply_to=None,
            references=(),
            headers=(received, *fields),
            text="",
            html=None,
            attachments=(),
            content_key="",
        )


def mx(results: str) -> tuple[str, ...]:
    return (f"mx.example.net; {results}",)


DMARC = "dmarc=pass header.from=example.com"
GOOD = mx(DMARC)

CASES = (
    # ---- believed
    Case(why="dmarc=pass", fields=GOOD, proof=AUTHENTICATED, says="dmarc=pass for example.com"),
    Case(
        why="an authserv-id in other case",
        fields=(f"Mx2.Example.NET; {DMARC}",),
        proof=AUTHENTICATED,
    ),
    Case(
        why="a version behind the id", fields=(f"mx.example.net 1; {DMARC}",), proof=AUTHENTICATED
    ),
    Case(
        why="as Gmail writes it",
        fields=mx(
            'dkim=pass header.i=@example.com header.s=2023 header.b="a/b="; spf=pass (mx: domain '
            "of r@example.com designates 192.0.2.1 as permitted) smtp.mailfrom=r@example.com; "
            "dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=example.com"
        ),
        proof=AUTHENTICATED,
    ),
    Case(
        why="as Exchange writes it",
        fields=mx(
            "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.y; dmarc=pass action=none "
            "header.from=example.com;compauth=pass reason=100"
        ),
        proof=AUTHENTICATED,
    ),
    Case(why="From in capitals", fields=GOOD, senders=("Rita@EXAMPLE.com",), proof=AUTHENTICATED),
    Case(
        why="dkim of the From domain",
        fields=mx("dkim=pass header.d=example.com"),
        proof=AUTHENTICATED,
    ),
    Case(
        why="dkim of a domain above",
        fields=mx("dkim=pass header.d=example.com"),
        senders=("rita@sales.example.com",),
        proof=AUTHENTICATED,
    ),
    Case(
        why="one good signature among bad ones",
        fields=mx(
            "dkim=fail header.d=example.com; dkim=pass header.d=lists.example.org; "
            "dkim=pass header.d=example.com"
        ),
        proof=AUTHENTICATED,
        says="dkim=pass of 'lists.example.org'",
    ),
    Case(
        why="no dmarc record, but a signature",
        fields=mx("dmarc=none header.from=example.com; dkim=pass header.d=example.com"),
        proof=AUTHENTICATED,
    ),
    Case(why="a token", token=True, proof=TOKEN, says="reply token made for this sender"),
    Case(why="a token and dmarc", token=True, fields=GOOD, proof=TOKEN),
    Case(
        why="a token, while a list broke the signature: it is said",
        token=True,
        fields=mx("dmarc=fail header.from=example.com"),
        proof=TOKEN,
        says="dmarc=fail",
    ),
    # ---- not believed: whose word
    Case(why="no field at all", says="no Authentication-Results"),
    Case(why="nobody is trusted", fields=GOOD, trust=Trust(), says="not trusted"),
    Case(why="a foreign server", fields=(f"mx.evil.example; {DMARC}",), says="not trusted"),
    Case(why="a name that begins like ours", fields=(f"mx.example.net.evil.example; {DMARC}",)),
    Case(
        why="forged in our name, below our own field",
        fields=(*mx("dmarc=fail header.from=example.com"), *GOOD),
        says="dmarc=fail",
    ),
    Case(
        why="forged in our other name, below our own field",
        fields=(*mx("dmarc=none header.from=example.com"), f"mx2.example.net; {DMARC}"),
    ),
    Case(
        why="forged in our name, below a foreign field",
        fields=(f"mx.evil.example; {DMARC}", *GOOD),
        says="not trusted",
    ),
    Case(why="no authserv-id", fields=(f"{DMARC}; spf=pass",), says="cannot be read"),
    Case(why="a Sender's own field is no From", fields=mx("dmarc=pass smtp.mailfrom=example.com")),
    # ---- not believed: for whom
    Case(
        why="dmarc=pass of the attacker's domain",
        fields=mx("dmarc=pass header.from=evil.example"),
        says="dmarc=pass is for 'evil.example'",
    ),
    Case(why="dmarc=pass of nobody", fields=mx("dmarc=pass")),
    Case(why="two domains in one result", fields=mx(f"{DMARC} header.from=evil.example")),
    Case(
        why="two dmarc results: one was smuggled in",
        fields=mx(f"spf=none smtp.mailfrom=a; {DMARC}; dmarc=fail header.from=example.com"),
        says="more than one dmarc result",
    ),
    Case(
        why="dmarc=fail outweighs a signature",
        fields=mx("dkim=pass header.d=example.com; dmarc=fail header.from=example.com"),
    ),
    Case(why="dkim of another domain", fields=mx("dkim=pass header.d=evil.example")),
    Case(why="dkim of a domain that ends alike", fields=mx("dkim=pass header.d=ample.com")),
    Case(
        why="dkim of a domain below: it may be a customer's",
        fields=mx("dkim=pass header.d=mallory.example.com"),
    ),
    Case(why="dkim of a top-level domain", fields=mx("dkim=pass header.d=com")),
    Case(why="dkim of nobody", fields=mx("dkim=pass")),
    Case(why="dkim=fail", fields=mx("dkim=fail header.d=example.com")),
    Case(
        why="spf alone says nothing of From",
        fields=mx("spf=pass smtp.mailfrom=example.com"),
        says="spf=pass alone is not proof",
    ),
    Case(why="arc alone", fields=mx("arc=pass header.d=example.com")),
    Case(
        why="auth alone: somebody logged in, but as whom", fields=mx("auth=pass smtp.auth=mallory")
    ),
    # ---- not believed: who is in From
    Case(why="no From", fields=GOOD, senders=(), token=True, says="no From addresses"),
    Case(
        why="two From, one of them good",
        fields=GOOD,
        senders=("rita@example.com", "mallory@evil.example"),
        token=True,
        says="several From addresses",
    ),
    Case(
        why="an address within an address",
        fields=GOOD,
        senders=('"rita@example.com"@evil.example',),
    ),
    Case(why="no domain", fields=mx("dmarc=pass header.from="), senders=("rita@",)),
    Case(why="a look-alike", fields=GOOD, senders=("rita@exаmple.com",)),  # a Cyrillic а
    Case(
        why="a long s, which is the same as s without case",
        fields=mx("dmarc=pass header.from=deſk.example"),
        senders=("rita@desk.example",),
    ),
    # ---- garbage
    Case(why="an empty field", fields=("",), says="cannot be read"),
    Case(why="an open comment", fields=mx(f"{DMARC} (")),
    Case(why="nested comments", fields=mx(f"{DMARC} {'(' * 4000}")),
    Case(why="a comment that speaks", fields=mx(f"dmarc=none (; {DMARC})")),
    Case(why="a field too long", fields=mx(f"{DMARC}; dkim=pass " + "header.x=y " * 900)),
    Case(why="control characters", fields=mx(f"\x00\x1b {DMARC}"), says="cannot be read"),
    Case(why="eight-bit garbage", fields=mx(f"{DMARC} \udcff é"), says="cannot be read"),
    Case(why="none", fields=mx("none")),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_a_sender_is_believed_as_far_as_the_evidence_goes(case: Case) -> None:
    identity = identify(case.mail(), token_proves=case.token, trust=case.trust)
    assert identity.proof is case.proof
    assert bool(identity.evidence) is (case.proof is not NONE)
    assert case.says in " | ".join((*identity.evidence, *identity.rejected))


def test_the_identity_is_the_one_address_of_from_without_case() -> None:
    case = Case(why="", senders=("Rita@Example.com",))
    assert identify(case.mail(), token_proves=False, trust=TRUST).address == "rita@example.com"


def test_two_senders_are_nobody() -> None:
    case = Case(why="", senders=("rita@example.com", "max@example.com"))
    assert identify(case.mail(), token_proves=True, trust=TRUST).address == ""


def test_an_envelope_sender_that_our_server_quotes_cannot_decode_into_a_verdict() -> None:
    forged = "=?utf-8?q?a=3B_dmarc=3Dpass_header=2Efrom=3Dexample.com=3B_x=3Dy_smtp=2Ez=3Dq?="
    raw = (
        "Authentication-Results: mx.example.net;\r\n"
        f" spf=pass smtp.mailfrom={forged}@evil.example\r\n"
        "From: Rita <rita@example.com>\r\n\r\n#resolve\r\n"
    )
    identity = identify(parse(raw.encode()), token_proves=False, trust=TRUST)
    assert identity.proof is NONE


EXCHANGE = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; ours.example; dkim=pass "
    "(signature was verified) header.d=example.com;ours.example; {dmarc} action=none "
    "header.from=example.com;compauth=pass reason=100"
)
UNNAMED = (
    # the field of Exchange Online, whole
    (EXCHANGE.format(dmarc="dmarc=pass"), "rita@example.com", True),
    # its bestguesspass is a guess; the signature of the same domain counts
    (EXCHANGE.format(dmarc="dmarc=bestguesspass"), "rita@example.com", True),
    (EXCHANGE.format(dmarc="dmarc=fail"), "rita@example.com", False),
    # of another domain than From's
    (EXCHANGE.format(dmarc="dmarc=pass"), "rita@ours.example", False),
    # an envelope sender that holds a verdict makes two of them
    (
        "spf=fail smtp.mailfrom=x; dmarc=pass header.from=example.com; y=@evil.example; "
        "dmarc=fail action=none header.from=example.com",
        "rita@example.com",
        False,
    ),
    # its own guess is no proof
    ("spf=none smtp.mailfrom=x;compauth=pass reason=130", "rita@example.com", False),
    # a field that names a server is not the mailbox's
    (f"mx.evil.example; {DMARC}", "rita@example.com", False),
    ("", "rita@example.com", False),
)


@pytest.mark.parametrize(("field", "sender", "believed"), UNNAMED)
def test_a_server_without_a_name_is_believed_where_the_mailbox_is_set_to_it(
    field: str, sender: str, believed: bool
) -> None:
    mail = Case(why="", fields=(field, *GOOD), senders=(sender,)).mail()
    found = identify(mail, token_proves=False, trust=TRUST, unnamed=True)
    assert found.proof is (AUTHENTICATED if believed else NONE), found
    elsewhere = identify(mail, token_proves=False, trust=TRUST)
    assert elsewhere.proof is NONE


@pytest.mark.parametrize(
    ("checked", "proof"),
    [
        (SenderCheck("example.com", ("dmarc=pass",), ()), AUTHENTICATED),
        (SenderCheck("evil.example", ("dmarc=pass",), ()), NONE),
        (SenderCheck("", (), ("dmarc=fail",)), NONE),
    ],
)
def test_where_we_check_ourselves_the_mails_own_results_count_for_nothing(
    checked: SenderCheck, proof: Proof
) -> None:
    found = identify(
        Case(why="", fields=GOOD).mail(),
        token_proves=False,
        trust=TRUST,
        unnamed=True,
        checked=checked,
    )
    assert found.proof is proof
    assert all(line.startswith("our own check: ") for line in (*found.evidence, *found.rejected))
