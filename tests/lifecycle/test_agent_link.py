"""What an agent's click on the link of a notification does, once, and what it never does."""

from dataclasses import replace

import pytest

from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.lifecycle.commands.agent_link import commands
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Policy
from maildesk.messages.trace import english
from maildesk.model.cause import AgentActed, Work
from maildesk.model.decision import Actor, ActorKind, Answer, Template
from maildesk.model.links.token import Purpose
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    ASKED,
    CLOSED,
    LEE,
    NEW,
    NOW,
    RITA,
    SHIPPED,
    WAITING,
    happened,
    policy,
    told,
)
from tests.world import shipped_policy

RESOLVE, TAKE, HAND_ON = Work.RESOLVE, Work.TAKE, Work.HAND_ON
NOBODYS = replace(NEW, assignee=None)
REOPENED = replace(ANALYSIS, round=1, reopened=1)


def click(work: Work, said: str = "", *, who: Person = ANN, round: int = 0) -> AgentActed:
    return AgentActed(
        agent=who, message="m-1", requester=RITA, commands=commands(work, said), round=round
    )


@pytest.mark.parametrize(
    ("ticket", "cause", "answer"),
    [
        # ---- what may be done
        (NOBODYS, click(TAKE), Answer.DONE),
        (NOBODYS, click(RESOLVE, "Toner."), Answer.DONE),
        (ANALYSIS, click(RESOLVE, "Toner."), Answer.DONE),
        # also a ticket that another agent has, as by mail
        (ANALYSIS, click(RESOLVE, "Toner.", who=LEE), Answer.DONE),
        (REOPENED, click(RESOLVE, "Toner.", round=1), Answer.DONE),
        (ANALYSIS, click(HAND_ON, "Too hard."), Answer.DONE),
        # ---- a resolution says what it is, and who hands on says why
        (ANALYSIS, click(RESOLVE), Answer.REASON_MISSING),
        (ANALYSIS, click(HAND_ON), Answer.REASON_MISSING),
        # ---- handed on by the own team alone, and so once; where there is a next level
        (replace(ANALYSIS, team="Network"), click(HAND_ON, "x"), Answer.ALREADY_DECIDED),
        (replace(ANALYSIS, team="Network"), click(HAND_ON, "x", who=LEE), Answer.ILLEGAL),
        (replace(ANALYSIS, status="Pending"), click(HAND_ON, "x"), Answer.ILLEGAL),
        (ASKED, click(HAND_ON, "x", round=ASKED.round), Answer.ILLEGAL),
        (WAITING, click(HAND_ON, "x", round=WAITING.round), Answer.ALREADY_DECIDED),
        (REOPENED, click(HAND_ON, "x"), Answer.OLD_ROUND),
        (ANALYSIS, click(HAND_ON, "x", who=RITA), Answer.NOT_YOURS),
        # ---- once, whoever comes second
        (WAITING, click(RESOLVE, "Toner.", round=WAITING.round), Answer.ALREADY_DECIDED),
        (WAITING, click(RESOLVE, "Toner.", round=WAITING.round - 1), Answer.ALREADY_DECIDED),
        (WAITING, click(TAKE, round=WAITING.round), Answer.ALREADY_DECIDED),
        (CLOSED, click(RESOLVE, "Toner.", round=CLOSED.round), Answer.ALREADY_DECIDED),
        (CLOSED, click(TAKE, round=CLOSED.round), Answer.ALREADY_DECIDED),
        (replace(NOBODYS, assignee=LEE.id), click(TAKE), Answer.ALREADY_DECIDED),
        (replace(NOBODYS, assignee=ANN.id), click(TAKE), Answer.ALREADY_DECIDED),
        # ---- a new round kills the link
        (REOPENED, click(RESOLVE, "Toner."), Answer.OLD_ROUND),
        (REOPENED, click(TAKE), Answer.OLD_ROUND),
        (NOBODYS, click(TAKE, round=1), Answer.OLD_ROUND),
        # ---- an open question to the manager is not made void by a click
        (ASKED, click(RESOLVE, "Toner.", round=ASKED.round), Answer.ILLEGAL),
        # ---- who is no agent, whatever the link says
        (NOBODYS, click(TAKE, who=RITA), Answer.NOT_YOURS),
        (NOBODYS, click(RESOLVE, "Mine.", who=replace(ANN, teams=())), Answer.NOT_YOURS),
    ],
)
def test_what_a_click_is_answered(ticket: Ticket, cause: AgentActed, answer: Answer) -> None:
    decision = decide(ticket, cause, SHIPPED, NOW)
    assert decision.answer is answer
    assert decision.actor == Actor(ActorKind.AGENT, cause.agent.id, "link")
    if answer is not Answer.DONE:
        assert (decision.changes, decision.outgoing_mails, decision.message_kind) == ((), (), "")


def test_a_resolution_by_click_is_one_by_mail() -> None:
    clicked = decide(NOBODYS, click(RESOLVE, "Toner."), SHIPPED, NOW)
    assert {outgoing_mail.template for outgoing_mail in clicked.outgoing_mails} == {
        Template.RESOLUTION,
        Template.TRANSCRIPT,  # which offers to take it back
        Template.UPDATE,  # to who takes part
    }
    console = replace(click(RESOLVE, "Toner."), round=None)
    assert happened(clicked) == happened(decide(NOBODYS, console, SHIPPED, NOW))
    assert (clicked.message_kind, clicked.message_text) == ("resolution", "Toner.")


def test_words_that_come_with_taking_a_ticket_go_to_no_requester() -> None:
    decision = decide(NOBODYS, click(TAKE, "I know this one."), SHIPPED, NOW)
    assert (decision.message_kind, decision.message_text) == ("note", "I know this one.")
    assert [template for template in told(decision) if "rita" in template] == []


def test_a_line_with_a_hash_in_a_resolution_is_text() -> None:
    decision = decide(ANALYSIS, click(RESOLVE, "Done.\n#close\n#spam"), SHIPPED, NOW)
    assert decision.message_text == "Done.\n#close\n#spam"
    assert decision.distrust is None


def _only_leads_resolve() -> Policy:
    files = shipped_policy()
    roles = files.workflow.roles
    moves = [
        move.model_copy(update={"by": ("lead",)}) if move.to == roles.waiting_for_closure else move
        for move in files.workflow.move
    ]
    workflow = files.workflow.model_copy(update={"move": moves})
    return policy(PolicyFiles.model_validate(files.model_copy(update={"workflow": workflow})))


def test_where_the_workflow_forbids_it_a_click_says_so_and_changes_nothing() -> None:
    decision = decide(ANALYSIS, click(RESOLVE, "Toner."), _only_leads_resolve(), NOW)
    assert (decision.answer, decision.changes) == (Answer.ILLEGAL, ())
    (step,) = decision.why
    (line,) = step.rejected
    assert english(line) == (
        'Only these roles can change a ticket from "Analysis" to "Waiting for Closure": lead.'
    )


def test_every_notification_carries_the_link() -> None:
    handed = AgentActed(
        agent=ANN,
        message="m-1",
        requester=RITA,
        commands=(replace(commands(TAKE, "")[0], name="team", argument="Network"),),
    )
    outgoing_mails = decide(ANALYSIS, handed, SHIPPED, NOW).outgoing_mails
    (outgoing_mail,) = [
        one for one in outgoing_mails if one.template is Template.AGENT_NOTIFICATION
    ]
    assert (outgoing_mail.to, outgoing_mail.links) == (LEE.id, (Purpose.WORK,))


def test_a_ticket_is_handed_on_to_the_team_of_the_next_level_with_the_reason() -> None:
    decision = decide(ANALYSIS, click(HAND_ON, "The switch is down."), SHIPPED, NOW)
    assert happened(decision)[1:] == ["-> Escalated", "team", "assignee", "Escalated"]
    assert told(decision) == ["agent-notification:lee", "update:rita", "transcript:ann"]
    assert decision.outgoing_mails[0].text == "The switch is down."
