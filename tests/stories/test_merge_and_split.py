"""Two tickets become one with all that belongs to them, and one becomes two."""

from collections.abc import Iterator

import pytest

from maildesk.model.ticket import Ticket
from tests.world import OutgoingMail, Part, World, build, one, shipped_policy, to

RULES = {
    "rule": [
        {"name": "Chair", "when": 'mail.subject.contains("chair")', "then": {"tag": "by-subject"}},
        {
            "name": "Log",
            "when": 'mail.attachments.exists(a, a == "log.pdf")',
            "then": {"tag": "log"},
        },
        {"name": "Help", "when": 'mail.cc.exists(a, a.contains("help"))', "then": {"tag": "help"}},
    ]
}


@pytest.fixture
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk whose rules look at more than the text."""
    folder = tmp_path_factory.mktemp("desk")
    world = build(f"sqlite:///{folder}/desk.db", policy=shipped_policy(rules=RULES))
    yield world
    world.close()


def _opened(world: World, who: str = "rita", subject: str = "Something odd") -> OutgoingMail:
    outgoing_mails = world.writes(who, "It hums.", subject=subject)
    return next(x for x in outgoing_mails if x.to == "ann@example.org")


def _said(outgoing_mails: list[OutgoingMail]) -> str:
    return " ".join(one(outgoing_mails, "ann", "transcript").text.split())


def _bonds(ticket: Ticket) -> set[tuple[str, int]]:
    return {(one.kind, one.other) for one in ticket.relations}


def _consistent(world: World) -> None:
    for number in world.numbers():
        assert world.ticket(number) == world.replayed(number)


def test_the_mail_that_the_agent_answers_is_split_off_with_all_that_rules_look_at(
    ruled: World,
) -> None:
    for_ann = _opened(ruled)
    asked = one(ruled.writes("ann", "Which?", answering=for_ann), "rita", "reply")
    log = (Part("log.pdf", b"%PDF-1.4"),)
    cc = {"Cc": "help@example.org"}
    outgoing_mails = ruled.writes(
        *("rita", "My chair squeaks, too."), answering=asked, parts=log, headers=cc
    )
    about_it = one(outgoing_mails, "ann", "agent-notification")
    ruled.writes("rita", "Forget the left one.", answering=asked)
    outgoing_mails = ruled.writes("ann", "#split A chair", answering=about_it)
    said = _said(outgoing_mails)
    assert "now a separate ticket, MD-1002. A split cannot be undone." in said
    assert "#undo" not in said
    assert ruled.messages(1002) == [("request", "My chair squeaks, too.")]
    assert set(ruled.ticket(1002).tags) == {"by-subject", "log", "help"}
    assert _bonds(ruled.ticket(1001)) == {("split-into", 1002)}
    assert _bonds(ruled.ticket(1002)) == {("split-from", 1001)}
    again = ruled.writes("ann", "#split A chair", answering=about_it)
    assert "is now in MD-1002" in _said(again)
    assert ruled.numbers() == [1001, 1002]
    _consistent(ruled)


def test_whoever_answers_another_mail_splits_the_last_one_off(world: World) -> None:
    for_ann = _opened(world)
    assert "is the one that opened it" in _said(world.writes("ann", "#split x", answering=for_ann))
    outgoing_mails = world.writes("ann", "Which?\n\n#tag x", answering=for_ann)
    transcript = one(outgoing_mails, "ann", "transcript")
    world.writes("rita", "And a chair.", answering=one(outgoing_mails, "rita", "reply"))
    assert "MD-1002" in _said(world.writes("ann", "#split", answering=transcript))
    assert world.messages(1002) == [("request", "And a chair.")]
    _consistent(world)


def test_tags_and_relations_go_over_with_the_ticket(world: World) -> None:
    first, second, third = (_opened(world, who) for who in ("rita", "max", "rita"))
    world.writes("ann", "#tag hot\n#link blocks 1003\n#link 1002", answering=first)
    world.writes("ann", "#tag cold\n#tag hot", answering=second)
    assert _bonds(world.ticket(1003)) == {("blocked-by", 1001)}
    said = _said(world.writes("ann", "#merge 1002", answering=first))
    assert "Merged into MD-1002, with all messages. Rita Rossi was notified. A merge cannot" in said
    survivor = world.ticket(1002)
    assert survivor.tags == ("cold", "hot")
    assert _bonds(survivor) == {("merged", 1001), ("blocks", 1003)}
    assert _bonds(world.ticket(1003)) == {("blocked-by", 1002)}
    assert third.to == "ann@example.org"
    _consistent(world)


def test_nothing_is_merged_into_what_waits_to_be_closed(world: World) -> None:
    first, second = _opened(world), _opened(world, "max")
    world.writes("ann", "#resolve It is new.", answering=second)
    outgoing_mails = world.writes("ann", "#merge 1002", answering=first)
    assert "would close without asking" in _said(outgoing_mails)
    assert to(outgoing_mails, "rita") == []
    assert world.ticket(1001).merged_into is None
    world.writes("ann", "#merge 1001", answering=second)
    assert world.ticket(1002).merged_into == 1001
    _consistent(world)
