"""An approval from asking to its end: what changes, who is away, who answers too late."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from maildesk.model.cause import Choice
from maildesk.model.links.page import Page
from maildesk.outgoing.verp import verp
from maildesk.processing.desk import Desk
from tests.approving import (
    BUY,
    NOVEMBER,
    asks,
    away,
    desk,
    flat,
    kind,
    kinds,
    newest,
    people,
    ticks,
    waiting,
)
from tests.world import OutgoingMail, World, one, shipped_policy

Build = Callable[..., World]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    made: list[World] = []

    def builds(**changes: Any) -> World:
        made.append(desk(tmp_path, **changes))
        return made[-1]

    yield builds
    for world in made:
        world.close()


# ---- the end of a ticket is the end of its question


@pytest.mark.parametrize("text", ["approve", "reject\n\nToo dear.", "I approve, but only one"])
def test_a_late_word_to_a_closed_ticket_opens_none_and_is_answered(build: Build, text: str) -> None:
    world = build()
    asks(world)
    request = newest(world, "max")
    told = world.writes("ann", "#spam", subject="[MD-1001] x", trusted=True)
    assert kinds(told) == {"transcript:ann"}  # of spam nobody hears
    assert world.ticket(1001).approval.outcome == "withdrawn"  # type: ignore[union-attr]
    outgoing_mails = world.writes("max", text, answering=request)
    assert kinds(outgoing_mails) == {"confirmation:max"}
    assert "no longer needed" in flat(outgoing_mails[0])
    assert world.numbers() == [1001]
    assert world.messages(1001)[-1] == ("comment", text)
    assert world.replayed(1001) == world.ticket(1001)


def test_who_answers_what_others_decided_reads_by_whom_and_when(build: Build) -> None:
    both = {"approvers": ["manager", "will@example.org"]}
    world = build(approvals=kind(both))
    asks(world)
    request = newest(world, "max")
    outgoing_mails = world.writes("will", "reject\n\nToo dear.", answering=newest(world, "will"))
    assert "Will Wood did not approve the request. Your decision is no longer needed." in flat(
        one(outgoing_mails, "max", "update")
    )
    late = world.writes("max", "approve", answering=request)
    said = flat(one(late, "max", "confirmation"))
    assert "Will Wood rejected this request on 23 November 2026, 09:02 UTC" in said
    assert world.numbers() == [1001]


def test_a_word_of_an_earlier_level_opens_no_ticket_either(build: Build) -> None:
    world = build(approvals=kind({}, {"approvers": "will@example.org"}))
    asks(world)
    first = newest(world, "max")
    world.writes("max", "approve", answering=first)
    world.writes("will", "reject no budget", answering=newest(world, "will"))
    assert kinds(world.writes("max", "approve", answering=first)) == {"confirmation:max"}
    assert world.numbers() == [1001]


def test_the_requester_of_a_closed_ticket_still_opens_a_new_one(build: Build) -> None:
    world = build()
    asks(world)
    world.writes("max", "reject too dear", answering=newest(world, "max"))
    world.writes("rita", "Reject me not! I need it.", answering=newest(world, "rita", "closure"))
    assert world.numbers() == [1001, 1002]


def test_what_answers_a_rejected_ticket_is_asked_about_like_any_request(build: Build) -> None:
    catalog = shipped_policy().catalog.model_dump()
    catalog["request_type"][0]["automatic_approval"] = True
    world = build(catalog=catalog, rules={"rule": []})
    asks(world)
    world.writes("max", "reject too dear", answering=newest(world, "max"))
    outgoing_mails = world.writes(
        "rita", "Please order it anyway", answering=newest(world, "rita", "closure")
    )
    assert world.ticket(1002).parent == 1001
    assert "approval:max" in kinds(outgoing_mails)
    assert waiting(world, 1002) == ["max"]


# ---- the request with all its changes


def test_every_mail_that_asks_has_the_request_and_each_change_in_order(build: Build) -> None:
    levels = ({}, {"approvers": "will@example.org"})
    world = build(approvals=kind(*levels, remind_after_days=2))
    ack = one(asks(world), "rita", "acknowledgement")

    def has_all(outgoing_mail: OutgoingMail) -> bool:
        said = flat(outgoing_mail)
        first, second = said.index("One laptop please."), said.index("Make that ten.")
        return first < second < said.index("With 64 GB.") and "news" not in said

    world.writes("rita", "Make that ten.", answering=ack)
    world.writes("rita", "Any news?", answering=ack)
    asked_again = world.writes("rita", "With 64 GB.", answering=ack)
    assert has_all(one(asked_again, "max", "approval"))
    reminder = ticks(world, days=3)
    assert has_all(one(reminder, "max", "approval"))
    passed = world.writes("max", "#delegate Boss", answering=newest(world, "max"))
    assert has_all(one(passed, "boss", "approval"))
    second = world.writes("boss", "approve", answering=newest(world, "boss"))
    assert has_all(one(second, "will", "approval"))


def test_what_only_asks_how_it_stands_is_no_change(build: Build) -> None:
    world = build()
    ack = one(asks(world), "rita", "acknowledgement")
    round_ = world.ticket(1001).round
    for text in ("Any news?", "Thanks!", "When will the laptop come?"):
        assert kinds(world.writes("rita", text, answering=ack)) <= {"agent-notification:ann"}, text
        assert world.ticket(1001).round == round_
    world.writes("rita", "Make it two.", answering=ack)
    assert world.ticket(1001).round == round_ + 1


def test_what_is_added_after_a_yes_is_shown_to_agents_as_that(build: Build) -> None:
    world = build()
    ack = one(asks(world), "rita", "acknowledgement")
    world.writes("max", "approve", answering=newest(world, "max"))
    outgoing_mails = world.writes("rita", "Make that ten.", answering=ack)
    assert "This reply came after the approval" in flat(
        one(outgoing_mails, "ann", "agent-notification")
    )
    outgoing_mails = world.writes("rita", "Any news?", answering=ack)
    assert "came after" not in flat(one(outgoing_mails, "ann", "agent-notification"))


# ---- who is away


def test_an_absence_that_begins_while_the_question_is_open_is_a_deadline(build: Build) -> None:
    gone = away(date(2026, 11, 25), date(2026, 12, 24)) | {"delegate": "will@example.org"}
    world = build(people=people(max=gone | {"zone": "Pacific/Auckland"}))
    asks(world)
    # midnight of the 25th, where Max is
    assert world.ticket(1001).next_due == datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    world.clock.now = datetime(2026, 11, 24, 10, 59, tzinfo=UTC)
    assert ticks(world) == []
    outgoing_mails = ticks(world, minutes=1)
    assert "Max Moreno is away" in flat(one(outgoing_mails, "will", "approval"))
    assert (waiting(world), world.ticket(1001).next_due) == (["will"], None)
    assert world.replayed(1001) == world.ticket(1001)


def test_a_reminder_looks_who_is_away_by_now(build: Build) -> None:
    world = build(approvals=kind(remind_after_days=2))
    asks(world)
    # somebody fell ill: people.toml says so since today
    gone = away(date(2026, 11, 20), date(2026, 12, 24))
    directory = world.runtime.policy.directory
    max_ = world.people()["max@example.org"]
    files = shipped_policy(people=people(max=gone))
    absences = {max_: next(p.absence for p in files.people.person if p.name == "Max Moreno")}
    policy = replace(world.runtime.policy, directory=replace(directory, absences=absences))
    world.desk = Desk(replace(world.runtime, policy=policy))
    outgoing_mails = ticks(world, days=3)
    assert kinds(outgoing_mails) == {"approval:boss"}
    assert "This is a reminder" not in outgoing_mails[0].text


def test_agents_hear_where_an_approver_is_away_and_nobody_is_left(build: Build) -> None:
    world = build(people=people(max=NOVEMBER, boss=NOVEMBER))
    note = flat(one(asks(world), "ann", "agent-notification"))
    assert "Max Moreno is away, and there is nobody else to ask" in note
    assert waiting(world) == ["max"]
    assert world.replayed(1001) == world.ticket(1001)


def test_it_is_passed_on_to_who_decides_for_somebody_who_is_away(build: Build) -> None:
    world = build(people=people(will=NOVEMBER | {"delegate": "boss@example.org"}))
    asks(world)
    outgoing_mails = world.writes("max", "#delegate Will", answering=newest(world, "max"))
    assert "Will Wood is away, so Boss Big is asked" in flat(
        one(outgoing_mails, "max", "decision-receipt")
    )
    assert waiting(world) == ["boss"]


def test_it_is_not_passed_on_to_who_is_away_alone(build: Build) -> None:
    world = build(people=people(will=NOVEMBER))
    asks(world)
    outgoing_mails = world.writes("max", "#delegate Will", answering=newest(world, "max"))
    assert "Will Wood is away until 30 November 2026" in flat(
        one(outgoing_mails, "max", "confirmation")
    )
    assert waiting(world) == ["max"]


def _answers_by_itself(world: World, text: str, *, subject: str, to: str) -> list[OutgoingMail]:
    headers = {"Auto-Submitted": "auto-replied"}
    mail = world.mail("max", text, subject=subject, to=to, headers=headers)
    world.clock.forward(minutes=1)
    world.arrives(mail, envelope_from="", envelope_to=(to,))
    return world.new_letters()


def test_an_absence_that_is_told_to_the_return_path_is_heard(build: Build) -> None:
    world = build(people=people(max={"delegate": "will@example.org"}))
    asks(world)
    request = newest(world, "max")
    path = verp(world.runtime.settings.desk, request.id, world.runtime.keys)
    outgoing_mails = _answers_by_itself(
        world, "I am out of office until Monday.", subject="Auto: New laptop", to=path
    )
    assert kinds(outgoing_mails) == {"approval:will"}
    assert (world.disposition(), world.numbers()) == ("auto-reply", [1001])
    assert world.messages(1001)[-2][0] == "auto-reply"


@pytest.mark.parametrize("changed", ["b" + "a" * 24, "bounce"])
def test_a_return_path_that_we_did_not_sign_says_nothing(build: Build, changed: str) -> None:
    world = build(people=people(max={"delegate": "will@example.org"}))
    asks(world)
    path = f"desk+{changed}@example.org"
    assert _answers_by_itself(world, "I am out of office.", subject="Auto: x", to=path) == []
    assert waiting(world) == ["max"]


@pytest.mark.parametrize("by_return_path", [True, False])
@pytest.mark.parametrize(
    ("subject", "text", "is_away"),
    [
        ("Automatic reply: New laptop", "Thank you for your mail, I will read it soon.", False),
        ("Auto: New laptop", "We have received your mail. Office hours are 9 to 5.", False),
        ("Automatic reply: New laptop", "I am travelling until Monday.", True),
        ("Abwesenheitsnotiz: New laptop", "Guten Tag", True),
        ("Automatische Antwort: New laptop", "Ich bin bis 30.11. im Urlaub.", True),
        ("Auto: New laptop", "Je suis absent jusqu'au 30.", True),
    ],
)
def test_only_who_is_away_is_stood_in_for(
    build: Build, subject: str, text: str, is_away: bool, by_return_path: bool
) -> None:
    world = build()
    asks(world)
    request = newest(world, "max")
    path = verp(world.runtime.settings.desk, request.id, world.runtime.keys)
    to = path if by_return_path else request.reply_to
    _answers_by_itself(world, text, subject=subject, to=to)
    assert waiting(world) == (["boss"] if is_away else ["max"])


def test_a_read_receipt_is_no_absence(build: Build) -> None:
    world = build()
    asks(world)
    request = newest(world, "max")
    receipt = (
        f"From: Max <max@example.org>\r\nTo: {request.reply_to}\r\n"
        "Subject: Read: out of office rules\r\nMessage-ID: <r1@example.org>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; "
        "report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/plain\r\n\r\nI am out of office. Your mail was shown.\r\n--b\r\n"
        "Content-Type: message/disposition-notification\r\n\r\n"
        "Final-Recipient: rfc822;max@example.org\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n"
    )
    world.arrives(receipt.encode())
    assert (waiting(world), world.disposition()) == (["max"], "auto-reply")


def test_who_is_newly_asked_has_the_whole_time(build: Build) -> None:
    options = {"remind_after_days": 3, "expire_after_days": 3, "on_expiry": "reject"}
    world = build(approvals=kind(**options))
    asks(world)
    ticks(world, days=2)
    world.writes("max", "#delegate Will", answering=newest(world, "max"))
    assert ticks(world, days=2) == []
    assert waiting(world) == ["will"]
    assert "closure:rita" in kinds(ticks(world, days=4))


def test_who_is_asked_by_escalation_is_not_reminded_at_once(build: Build) -> None:
    world = build(approvals=kind(remind_after_days=3, expire_after_days=3))
    asks(world)
    outgoing_mails = ticks(world, days=3)
    assert kinds(outgoing_mails) == {"approval:boss", "agent-notification:ann"}
    assert "reminder" not in one(outgoing_mails, "boss", "approval").text


# ---- nobody is asked twice


def test_who_approved_at_one_level_is_not_asked_at_the_next(build: Build) -> None:
    levels = ({}, {"approvers": ["max@example.org", "will@example.org"]}, {"approvers": "manager"})
    world = build(approvals=kind(*levels))
    asks(world)
    outgoing_mails = world.writes("max", "approve", answering=newest(world, "max"))
    assert {"approval:will"} == {one for one in kinds(outgoing_mails) if one.startswith("approval")}
    assert world.replayed(1001) == world.ticket(1001)
    outgoing_mails = world.writes("will", "approve", answering=newest(world, "will"))
    assert "update:rita" in kinds(outgoing_mails)
    assert (world.ticket(1001).status, waiting(world)) == ("Assign", [])
    assert world.replayed(1001) == world.ticket(1001)


def test_who_approved_does_not_stand_in_for_the_next_level(build: Build) -> None:
    world = build(
        people=people(will={"manager": "max@example.org"}),
        approvals=kind({}, {"approvers": "will@example.org"}),
    )
    asks(world)
    world.writes("max", "approve", answering=newest(world, "max"))
    headers = {"Auto-Submitted": "auto-replied"}
    answered = newest(world, "will")
    outgoing_mails = world.writes(
        "will", "I am out of office.", answering=answered, headers=headers
    )
    assert kinds(outgoing_mails) == {"agent-notification:ann"}
    assert waiting(world) == ["will"]


def test_who_is_not_needed_any_more_hears_of_it(build: Build) -> None:
    anyone = {"approvers": ["manager", "will@example.org"], "quorum": "any"}
    world = build(approvals=kind(anyone))
    asks(world)
    outgoing_mails = world.writes("will", "approve", answering=newest(world, "will"))
    assert "Will Wood approved the request. Your decision is no longer needed." in flat(
        one(outgoing_mails, "max", "update")
    )


# ---- groups


def test_a_group_approves_and_its_members_are_no_agents(build: Build) -> None:
    buyers = {"name": "Buyers", "members": ["will@example.org", "boss@example.org"]}
    level = {"approvers": "Buyers", "quorum": "any"}
    world = build(people=people(groups=(buyers,)), approvals=kind(level))
    outgoing_mails = asks(world)
    assert kinds(outgoing_mails) == {"acknowledgement:rita", "approval:will", "approval:boss"}
    assert "approval of Will Wood or Boss Big" in flat(
        one(outgoing_mails, "rita", "acknowledgement")
    )
    agents = {agent.name for agent in world.runtime.policy.directory.agents}
    assert agents == {"Ann Archer"}
    world.writes("will", "#take", answering=newest(world, "will"))
    assert world.ticket(1001).assignee is None
    world.writes("boss", "approve", answering=newest(world, "boss"))
    assert world.ticket(1001).status == "Assign"


# ---- people are told how


def test_people_are_told_for_whom_it_waits_and_what_they_can_do(build: Build) -> None:
    world = build()
    outgoing_mails = asks(world)
    ack = one(outgoing_mails, "rita", "acknowledgement")
    assert "waiting for the approval of Max Moreno. To withdraw it, reply with the word" in flat(
        ack
    )
    page = world.door.view(ack.token)
    assert isinstance(page, Page)
    assert page.waits_for == ("Max Moreno",)
    assert "#delegate" in one(outgoing_mails, "max", "approval").text
    world.acts(newest(world, "max").token, Choice.APPROVE, "")
    page = world.door.view(ack.token)
    assert isinstance(page, Page)
    assert page.waits_for == ()


def test_the_requester_hears_that_an_agent_asks_for_an_approval(build: Build) -> None:
    world = build()
    world.writes("rita", "It is broken.", subject="Printer")
    outgoing_mails = world.writes("ann", "#approval", subject="[MD-1001] x", trusted=True)
    assert "waiting for the approval of Max Moreno" in flat(one(outgoing_mails, "rita", "update"))


def test_a_yes_that_leads_to_another_question_is_told_in_one_letter(build: Build) -> None:
    again = {"name": "Dear", "on": "approved", "then": {"ask_approval": "money"}}
    money = {"name": "money", "level": [{"approvers": "will@example.org"}]}
    world = build(
        rules={"rule": [*BUY["rule"], again]},
        approvals={"approval": [money, *kind()["approval"]]},
    )
    asks(world)
    outgoing_mails = world.writes("max", "approve", answering=newest(world, "max"))
    note = flat(one(outgoing_mails, "rita", "update"))
    assert (
        "Max Moreno approved your request. Your request needs an approval. Your request is waiting"
        in note
    )
    assert waiting(world) == ["will"]


def test_a_delegation_without_a_name_is_told_what_is_missing(build: Build) -> None:
    world = build()
    asks(world)
    outgoing_mails = world.writes("max", "#delegate", answering=newest(world, "max"))
    assert kinds(outgoing_mails) == {"confirmation:max"}
    assert "Name the person: #delegate Maria" in flat(outgoing_mails[0])
    assert waiting(world) == ["max"]


def test_a_yes_beside_a_delegation_is_asked_about(build: Build) -> None:
    world = build()
    asks(world)
    outgoing_mails = world.writes(
        "max", "approve\n\n#delegate Will", answering=newest(world, "max")
    )
    assert "approval:max" in kinds(outgoing_mails)
    assert waiting(world) == ["max"]


@pytest.mark.parametrize(
    ("text", "closes"),
    [
        ("withdraw", True),
        ("Please withdraw this request.", True),
        ("Can I withdraw this?", False),
        ("I do not know whether to cancel it", False),
    ],
)
def test_a_request_is_taken_back_or_its_requester_asked(
    build: Build, text: str, closes: bool
) -> None:
    world = build()
    ack = one(asks(world), "rita", "acknowledgement")
    outgoing_mails = world.writes("rita", text, answering=ack)
    assert world.ticket(1001).is_closed is closes
    assert ("update:max" in kinds(outgoing_mails)) is closes
    assert "approval:max" not in kinds(outgoing_mails)
    if not closes:
        assert "withdraw this request?" in flat(one(outgoing_mails, "rita", "confirmation"))


# ---- an agent makes another kind of request of it


def test_another_type_or_requester_needs_another_approval(build: Build) -> None:
    catalog = shipped_policy().catalog.model_dump()
    first = catalog["request_type"][0]
    dear = {"name": "purchase", "automatic_approval": True, "approval": "money"}
    catalog["request_type"] = [first, first | dear]
    money = {"name": "money", "level": [{"approvers": "will@example.org"}]}
    world = build(catalog=catalog, approvals={"approval": [money, *kind()["approval"]]})
    asks(world)
    outgoing_mails = world.writes("ann", "#type purchase", subject="[MD-1001] x", trusted=True)
    assert 'approval "money" was requested instead' in flat(
        one(outgoing_mails, "ann", "transcript")
    )
    assert {"approval:will", "update:max"} <= kinds(outgoing_mails)
    assert waiting(world) == ["will"]
    world.writes("will", "approve", answering=newest(world, "will"))
    world.writes("ann", "#onbehalf boss@example.org", subject="[MD-1001] x", trusted=True)
    assert waiting(world) == ["will"]  # another person's request was approved by nobody yet
