"""Whoever verifies a mail must have read the mail that we read: else nothing is proven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.config.schema.settings import Trust
from maildesk.ingest.identity.authenticate import identify
from maildesk.ingest.identity.dkim_arc import check_dkim
from maildesk.ingest.mime.mail_parser import parse
from maildesk.model.person import Proof, SenderCheck
from tests.ingest.signing import KEY, Zone, mail, signed

ZONE = {("sel._domainkey.example.org", "TXT"): (KEY,)}
GENUINE = signed(mail("Rita <rita@example.org>"), "example.org")
FILLER = b"".join(b"X-%d: x\r\n" % number for number in range(2_100))
TRUSTED = Trust(authserv_ids=("mx.example.org",))
ON_TOP = b"Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n"


def by_signature(raw: bytes) -> Proof:
    """The proof by our own check, where a signature passes."""
    passed = any(one.result == "pass" for one in check_dkim(raw, Zone(ZONE)))
    checked = SenderCheck("example.org" if passed else "", ("dkim=pass",) if passed else (), ())
    return identify(parse(raw), token_proves=False, trust=TRUSTED, checked=checked).proof


def by_server(raw: bytes) -> Proof:
    """The proof by the Authentication-Results of a trusted server."""
    return identify(parse(raw), token_proves=False, trust=TRUSTED).proof


def proof(raw: bytes) -> Proof:
    return max(by_signature(raw), by_server(ON_TOP + raw))


def test_a_genuine_mail_is_proven() -> None:
    assert proof(GENUINE) is Proof.AUTHENTICATED


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(b"From : Ann <ann@example.org>\r\n" + GENUINE, id="blank-before-the-colon"),
        pytest.param(
            b"From : Ann <ann@example.org>\r\n" + FILLER + GENUINE, id="and-two-thousand-fields"
        ),
        pytest.param(
            b"From : Ann <ann@example.org>\r\nFrom x\r\nFrom x\r\n" + GENUINE, id="and-from-lines"
        ),
        pytest.param(b"From x\r\n" + GENUINE, id="a-from-line"),
        pytest.param(b"From: Ann <ann@example.org>\r\n" + GENUINE, id="two-from-fields"),
        pytest.param(b"Subject: another\r\n" + GENUINE, id="two-subjects"),
        pytest.param(b"Reply-To: a@example.org\r\nReply-To: b@example.org\r\n" + GENUINE, id="two"),
        pytest.param(b"no field at all\r\n" + GENUINE, id="a-line-without-a-colon"),
        pytest.param(
            b"From : Ann <ann@example.org>\r\nContent-Type : text/plain\r\n\r\n#resolve\r\n"
            + GENUINE,
            id="the-genuine-mail-as-the-body",
        ),
        pytest.param(
            GENUINE.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 300_000 + b"\r\n\r\n", 1),
            id="too-long",
        ),
        pytest.param(GENUINE.replace(b"\r\n", b"\r"), id="bare-returns"),
    ],
)
def test_a_header_block_that_can_be_read_in_two_ways_proves_nobody(forged: bytes) -> None:
    assert proof(forged) is Proof.NONE


def test_a_signature_over_fields_that_we_read_otherwise_does_not_count() -> None:
    forged = b"From : Ann <ann@example.org>\r\n" + GENUINE
    assert check_dkim(GENUINE, Zone(ZONE)) != ()
    assert check_dkim(forged, Zone(ZONE)) == ()


_LINES = st.sampled_from([
    b"From : Ann <ann@example.org>", b"From: Ann <ann@example.org>", b"From x", b">From x",
    b" folded", b"\tfolded", b"X: y", b"Subject: again", b"no colon", b":", b"From\t: a@b.c", b"",
    b"\0: x", b"Content-Type: text/html", b"X: y\rFrom: ann@example.org",
    b"=?utf-8?q?From?=: ann@example.org",
])  # fmt: skip


@given(st.lists(_LINES, max_size=4), st.sampled_from([b"\r\n", b"\n", b"\r"]))
def test_no_lines_above_a_genuine_mail_lend_its_proof_to_another_author(
    lines: list[bytes], end: bytes
) -> None:
    raw = b"".join(line + end for line in lines) + GENUINE
    if by_signature(raw) is not Proof.NONE:
        read = parse(raw)
        assert [one.address for one in read.senders] == ["rita@example.org"]
        assert read.text.strip() == "It does not print."
    if by_server(ON_TOP + raw) is not Proof.NONE:  # which vouches for the domain alone
        assert [one.domain for one in parse(ON_TOP + raw).senders] == ["example.org"]
