"""The content and the recipients of mails, and the trace of both."""

from dataclasses import replace

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.messages.trace import english
from maildesk.model.cause import Choice, Command, WrongCommand
from maildesk.model.decision import Template
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.person import Proof
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    ASKED,
    LEE,
    MAX,
    NOW,
    RITA,
    SHIPPED,
    TICKETS,
    WAITING,
    mail,
    transcript_text,
)

APPROVE, REJECT, ACCEPT = Choice.APPROVE, Choice.REJECT, Choice.ACCEPT
WRONG = (WrongCommand("#resolv x", Message.of("refusal.unknown-command-near", command="#resolve")),)
NONE = Proof.NONE


def test_a_note_reaches_nobody_who_is_no_agent() -> None:
    secret = "Rita never reads manuals."
    for beside in ("", "And this?"):
        for name, ticket in TICKETS.items():
            noted = mail(ANN, beside, commands=[("note", secret)])
            decision = decide(ticket, noted, SHIPPED, NOW)
            texts = [
                x.text + english(x.note)
                for x in decision.outgoing_mails
                if x.to not in (ANN.id, LEE.id)
            ]
            assert not any(secret in text for text in texts), name


@pytest.mark.parametrize(
    ("text", "commands", "kept"),
    [
        ("Hello.", [], "Hello."),
        # the words behind a command are what was said, as well
        ("", [("note", "She is slow.")], "She is slow."),
        ("", [("resolve", "New toner.")], "New toner."),
        ("Dear Rita,", [("resolve", "New toner."), ("take", "")], "Dear Rita,\n\nNew toner."),
        ("", [("note", "One."), ("note", "Two.")], "One.\n\nTwo."),
        ("", [("take", "")], ""),
    ],
)
def test_what_is_kept_of_an_agents_mail(
    text: str, commands: list[tuple[str, str]], kept: str
) -> None:
    assert decide(ANALYSIS, mail(ANN, text, commands=commands), SHIPPED, NOW).message_text == kept


def test_what_others_write_is_kept_as_it_came() -> None:
    assert decide(ANALYSIS, mail(RITA), SHIPPED, NOW).message_text is None


def test_the_words_of_a_command_above_the_text_come_before_it() -> None:
    written = mail(ANN, "Yours, Ann")
    above = replace(written, commands=(Command("resolve", "New toner.", at_top=True),))
    decision = decide(ANALYSIS, above, SHIPPED, NOW)
    assert decision.message_text == decision.outgoing_mails[0].text == "New toner.\n\nYours, Ann"


def test_a_resolution_says_the_text_and_the_words_behind_the_command() -> None:
    command = mail(ANN, "Dear Rita,", commands=[("resolve", "it was the toner.")])
    outgoing_mail = decide(ANALYSIS, command, SHIPPED, NOW).outgoing_mails[0]
    assert outgoing_mail.template is Template.RESOLUTION
    assert outgoing_mail.text == "Dear Rita,\n\nit was the toner."
    assert outgoing_mail.links == (Purpose.RESOLUTION,)
    assert outgoing_mail.author == ANN.id
    assert not outgoing_mail.automatic


def test_who_gave_a_wrong_command_is_told_which_and_what_would_be_right() -> None:
    decision = decide(ANALYSIS, mail(ANN, "", wrong_commands=WRONG), SHIPPED, NOW)
    assert transcript_text(decision).split("\n")[:2] == [
        "Nothing was done, and nothing was sent to the requester.",
        "#resolv x: Did you mean #resolve?",
    ]


def test_an_illegal_command_is_answered_with_the_reason() -> None:
    decision = decide(ANALYSIS, mail(ANN, "", commands=[("close", "")]), SHIPPED, NOW)
    refused = '#close: A ticket in status "Analysis" cannot change to "Completed".'
    assert refused in transcript_text(decision)


def test_the_trace_of_a_mail_that_was_taken_back_does_not_say_that_it_was_done() -> None:
    both = mail(LEE, "Hello.", commands=[("take", ""), ("close", "")])
    decision = decide(ANALYSIS, both, SHIPPED, NOW)
    assert [(step.verdict, tuple(map(english, step.evidence))) for step in decision.why] == [
        ("done", ("#take: The ticket is assigned to you.",)),
        ("not done", ()),
    ]


def test_the_trace_names_what_was_done() -> None:
    both = mail(LEE, "Hello.", commands=[("take", "")])
    verdicts = [step.verdict for step in decide(ANALYSIS, both, SHIPPED, NOW).why]
    assert verdicts == ["answer sent to the requester", "done"]


def test_the_link_in_a_confirmation_fits_what_was_asked() -> None:
    for ticket, arrived, links in (
        (ASKED, mail(MAX, choice=APPROVE, proof=NONE), (Purpose.APPROVAL,)),
        (ASKED, mail(MAX, choice=REJECT, round=1), (Purpose.APPROVAL,)),
        (WAITING, mail(RITA, choice=ACCEPT, proof=NONE), (Purpose.RESOLUTION,)),
        (WAITING, mail(RITA, choice=REJECT, round=1), (Purpose.RESOLUTION,)),
        (ANALYSIS, mail(ANN, proof=NONE), ()),
    ):
        outgoing_mail = decide(ticket, arrived, SHIPPED, NOW).outgoing_mails[0]
        assert (outgoing_mail.template, outgoing_mail.links) == (Template.CONFIRMATION, links)


def test_an_answer_of_another_round_is_explained() -> None:
    decision = decide(ASKED, mail(MAX, choice=APPROVE, round=0), SHIPPED, NOW)
    assert decision.why[-1].evidence == ("answers a mail of round 0, the ticket is in round 1",)
