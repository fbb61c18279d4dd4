"""Answers to the mails that the desk really sends: what they quote of these is no answer."""

from collections.abc import Callable

import pytest

from maildesk.ingest.html.plain_text import to_text
from tests.approving import newest
from tests.world import OutgoingMail, World, one


def _marked(mail: OutgoingMail) -> str:
    lines = "".join(f"> {line}".rstrip() + "\n" for line in mail.text.splitlines())
    return f"On 30 Nov 2026 at 10:41, Service Desk <{mail.reply_to}> wrote:\n\n{lines}"


def _unmarked(mail: OutgoingMail) -> str:
    return f"On 30 Nov 2026 at 10:41, Service Desk <{mail.reply_to}> wrote:\n\n{mail.text}"


def _flattened(mail: OutgoingMail) -> str:
    """The HTML part as a program turns it into lines, without any mark."""
    return to_text(mail.html)


def _flattened_and_marked(mail: OutgoingMail) -> str:
    lines = "".join(f"> {line}".rstrip() + "\n" for line in to_text(mail.html).splitlines())
    return f"30.11.2026 10:41, Service Desk:\n{lines}"


def _under_a_foreign_block(mail: OutgoingMail) -> str:
    head = f"No: Service Desk <{mail.reply_to}>\nNosūtīts: pirmdiena\nKam: jums\nTēma: x"
    return f"{head}\n\n{to_text(mail.html)}"


Quoting = Callable[[OutgoingMail], str]
QUOTINGS = [_marked, _unmarked, _flattened, _flattened_and_marked, _under_a_foreign_block]
quoted_by = pytest.mark.parametrize("quoting", QUOTINGS, ids=lambda one: one.__name__.strip("_"))
placed = pytest.mark.parametrize("below", [False, True], ids=["above", "below"])


def _answer(mail: OutgoingMail, said: str, quoting: Quoting, below: bool) -> str:
    quote = quoting(mail)
    return f"{quote}\n\n{said}\n" if below else f"{said}\n\n{quote}\n"


@placed
@quoted_by
def test_a_requester_accepts_and_signs(world: World, quoting: Quoting, below: bool) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    answer = world.writes("ann", "#resolve The toner is new.", answering=for_ann, trusted=True)
    resolution = one(answer, "rita", "resolution")
    said = _answer(resolution, "accept\n\nThanks\nRita", quoting, below)
    world.writes("rita", said, answering=resolution, trusted=True)
    assert world.ticket(1001).is_closed


@placed
@quoted_by
def test_a_manager_rejects(world: World, quoting: Quoting, below: bool) -> None:
    asked = one(world.writes("rita", "Mine is slow.", subject="New laptop"), "max", "approval")
    world.writes(
        "max", _answer(asked, "reject too expensive", quoting, below), answering=asked, trusted=True
    )
    question = world.ticket(1001).approval
    assert question is not None
    assert question.outcome == "rejected"


@placed
@quoted_by
def test_an_agent_answers_and_only_the_answer_goes_out(
    world: World, quoting: Quoting, below: bool
) -> None:
    first = one(world.writes("rita", "It jams on page two."), "ann", "agent-notification")
    world.writes("ann", "#note The customer is difficult, be careful.", answering=first)
    world.writes(
        "rita", "Any news about the printer?", answering=newest(world, "rita", "acknowledgement")
    )
    told = newest(world, "ann", "agent-notification")
    said = "We have ordered a new tray.\n\nPlease wait until Friday.\n\nAnn"
    answer = world.writes("ann", _answer(told, said, quoting, below), answering=told, trusted=True)
    text = one(answer, "rita", "reply").text
    assert "We have ordered a new tray." in text
    assert "until Friday" in text
    assert not [word for word in ("difficult", "#resolve", "To answer Rita") if word in text]
    assert world.messages(1001)[-1] == ("answer", said)


@placed
@quoted_by
def test_a_command_in_the_quoted_help_does_nothing(
    world: World, quoting: Quoting, below: bool
) -> None:
    first = one(world.writes("rita", "It jams on page two."), "ann", "agent-notification")
    text = _answer(first, "#prio P1", quoting, below)
    world.writes("ann", text, answering=first, trusted=True)
    assert world.ticket(1001).priority == "P1"
    assert not world.ticket(1001).is_resolved


def test_what_may_be_a_mail_among_agents_does_not_go_to_the_requester(world: World) -> None:
    world.writes("rita", "It jams on page two.", trusted=True)
    inner = (
        "From: Ann Archer <ann@example.org>\nSent: Monday\nTo: Lee\nSubject: Printer\n\n"
        "The customer is difficult."
    )
    text = f"We are on it.\n\n{inner}\n"
    told = world.writes("lee", text, subject="[MD-1001] Printer broken", trusted=True)
    reply = one(told, "rita", "reply")
    assert "We are on it." in reply.text
    assert "difficult" not in reply.text
