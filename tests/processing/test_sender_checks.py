"""Mail that came in at our own door is checked by us, outside of any transaction."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from maildesk.ingest.identity.dns import Kind
from maildesk.model.mail import Source
from maildesk.processing.mail.sender_checks import SenderChecks
from maildesk.processing.worker import Worker
from maildesk.store import journal
from tests.ingest.signing import KEY, Zone, signed
from tests.world import OutgoingMail, World, build, one, settings

DOOR = {"name": "door", "protocol": "smtp", "port": 0, "check_senders": True}
INSIDE = {"name": "inside", "port": 0}
ZONE = Zone(
    {
        ("_dmarc.example.org", "TXT"): ("v=DMARC1; p=reject",),
        ("sel._domainkey.example.org", "TXT"): (KEY,),
    }
)
SMTP = {"source": Source.SMTP, "peer": "203.0.113.9", "helo": "mail.evil.example"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk with a door that strangers reach, and one behind a server of ours."""
    world = build(
        f"sqlite:///{tmp_path}/desk.db",
        installation=settings(listener=[DOOR, INSIDE], limits={"attempts": 3}),
    )
    yield world
    world.close()


def _checking(world: World, zone: object, seconds: float = 5.0) -> None:
    world.worker = Worker(
        world.runtime,
        world.readers,
        SenderChecks(world.runtime.settings, zone, seconds),  # type: ignore[arg-type]
    )


def _for_ann(world: World) -> OutgoingMail:
    return one(world.writes("rita", "No print."), "ann", "agent-notification")


def _resolves(world: World, outgoing_mail: OutgoingMail, *, trusted: bool = False) -> bytes:
    reference = {"In-Reply-To": str(outgoing_mail.message["Message-ID"])}
    return world.mail("ann", "#resolve Done.", headers=reference, trusted=trusted)


def _proof(world: World) -> dict[str, object]:
    found = next(step for step in world.mails()[-1].trace if step["name"] == "authenticate")
    assert isinstance(found, dict)
    return found


def test_a_signed_mail_of_an_agent_acts_and_explain_says_why(world: World) -> None:
    _checking(world, ZONE)
    raw = signed(_resolves(world, _for_ann(world)), "example.org")
    world.arrives(raw, envelope_from="ann@example.org", **SMTP)
    assert world.ticket(1001).waits_for_requester
    told = "our own check: dmarc=pass for example.org: dkim=pass of example.org"
    assert _proof(world)["evidence"] == [told]


def test_what_the_mail_says_of_itself_counts_for_nothing_at_our_own_door(world: World) -> None:
    _checking(world, ZONE)
    raw = _resolves(world, _for_ann(world), trusted=True)
    world.arrives(raw, envelope_from="ann@example.org", **SMTP)
    assert not world.ticket(1001).waits_for_requester
    assert "our own check: dmarc=fail for example.org" in _proof(world)["rejected"]  # type: ignore[operator]


def test_behind_a_server_of_ours_its_word_counts_and_nobody_is_asked(world: World) -> None:
    for_ann = _for_ann(world)
    zone = Zone({})
    _checking(world, zone)
    world.arrives(_resolves(world, for_ann, trusted=True), mailbox="inside")
    assert world.ticket(1001).waits_for_requester
    assert zone.asked == []


def test_where_nothing_can_be_checked_nothing_is_believed(world: World) -> None:
    raw = _resolves(world, _for_ann(world), trusted=True)
    world.arrives(raw, **SMTP)
    assert not world.ticket(1001).waits_for_requester
    assert _proof(world)["rejected"] == ["our own check: not checked here"]


def test_a_dns_that_hangs_is_no_proof_and_no_mail_is_lost(world: World) -> None:
    never = threading.Event()

    @dataclass
    class Hanging:
        asked: list[str] = field(default_factory=list)

        def lookup(self, name: str, _kind: Kind) -> tuple[bytes, ...]:
            self.asked.append(name)
            never.wait(20)
            return ()

    for_ann = _for_ann(world)
    _checking(world, Hanging(), seconds=0.2)
    world.arrives(_resolves(world, for_ann), **SMTP)
    never.set()
    assert world.disposition() == "follow-up"
    assert world.messages(1001)[-1][0] == "unproven"
    assert _proof(world)["rejected"] == ["our own check: the DNS did not answer in time"]


def test_what_the_check_needs_is_in_the_journal_and_outlives_the_daemon(world: World) -> None:
    kept = world.raw(world.mail("rita", "Hello."), envelope_from="rita@example.org", **SMTP)
    world.desk.keep([kept])
    with world.store.read() as connection:
        found = journal.load(connection, 1).mail
    assert (found.peer, found.helo, found.envelope_from) == (
        "203.0.113.9",
        "mail.evil.example",
        "rita@example.org",
    )
