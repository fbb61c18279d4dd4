"""A decision in the making goes back to where it was, with its trace."""

from dataclasses import fields, replace
from typing import Any

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.draft import Draft, Mark
from maildesk.model.cause import AgentActed, Command, Facts, OriginTurned, TicketReported
from maildesk.model.clock import Notice
from maildesk.model.decision import Actor, ActorKind, Decision, FollowUp, Moving, Template
from maildesk.model.event import Tagged
from maildesk.model.mail import Step
from tests.lifecycle.cast import ANALYSIS, ANN, NEW, NOW, RITA, SHIPPED, told, with_rules

NOTICE = Notice(
    to=3, ticket=1001, metric="resolution", serial=0, level="due", due=NOW, not_before=NOW
)


def _draft() -> Draft:
    draft = Draft(ANALYSIS, Actor(ActorKind.AGENT, ANN.id), SHIPPED, NOW)
    draft.add(Tagged("before"))
    draft.write(Template.UPDATE, RITA.id, note="before")
    draft.explain("command", "before")
    return draft


def _state(draft: Draft) -> dict[str, Any]:
    """Every field of the draft; of a list, a copy."""
    found = {one.name: getattr(draft, one.name) for one in fields(draft)}
    return {name: list(one) if isinstance(one, list) else one for name, one in found.items()}


def test_a_rolled_back_draft_is_as_it_was_in_every_field() -> None:
    draft = _draft()
    before, mark = _state(draft), Mark.of(draft)
    draft.add(Tagged("after"))
    draft.write(Template.UPDATE, RITA.id, note="after")
    draft.explain("command", "after")
    draft.notes.append("after")
    draft.notices.append(NOTICE)
    draft.follow_ups.append(FollowUp(ticket=7, cause=OriginTurned(origin=1001, resolved=True)))
    draft.actor, draft.policy = Actor(ActorKind.RULE), with_rules()
    draft.moving, draft.distrust = Moving(7), RITA.id
    draft.is_new = draft.silent = draft.rules_ran = True
    draft.family, draft.now = {7: replace(NEW, number=7)}, NOW.replace(year=2027)
    same = [name for name, value in _state(draft).items() if value == before[name]]
    assert same == []  # the test touches every field that there is
    mark.back(draft)
    assert _state(draft) == before


def test_a_draft_can_go_back_to_the_same_place_twice() -> None:
    draft = _draft()
    before, mark = _state(draft), Mark.of(draft)
    for _ in range(2):
        draft.explain("command", "after")
        mark.back(draft)
    assert _state(draft) == before


def _ordered(*commands: tuple[str, str]) -> Decision:
    orders = tuple(Command(name, argument) for name, argument in commands)
    cause = AgentActed(agent=ANN, message="m", requester=RITA, commands=orders, text="Hello.")
    return decide(ANALYSIS, cause, SHIPPED, NOW)


def _trace(decision: Decision) -> list[str]:
    return [step.verdict for step in decision.why]


@pytest.mark.parametrize(
    ("rolled_back", "verdict"),
    [
        # all of a mail is rolled back where one command of it fails
        pytest.param(("resolve", "New cable."), "resolved", id="a resolution"),
        pytest.param(("tag", "cable"), "answer sent to the requester", id="the answer"),
        # and each command that writes to the requester, when the silent ones are done
        pytest.param(("approval", "manager"), "asked the reporting manager", id="an approval"),
    ],
)
def test_the_trace_tells_nothing_of_a_command_that_was_rolled_back(
    rolled_back: tuple[str, str], verdict: str
) -> None:
    assert verdict in _trace(_ordered(rolled_back))
    failed = _ordered(rolled_back, ("assign", "nobody at all"))
    assert verdict not in _trace(failed)
    assert _trace(failed)[-1] == "not done"
    assert "update:rita" not in told(failed)


def test_the_trace_tells_what_was_done_after_a_rollback() -> None:
    decision = _ordered(("tag", "cable"), ("assign", "nobody at all"))
    assert [step for step in decision.why if step.verdict == "done"] == [
        Step("command", "done", ('#tag: tagged "cable"',))
    ]


def test_of_rules_before_one_that_turns_a_mail_away_nothing_is_left_but_the_trace() -> None:
    # What an agent wrote down makes a ticket, whatever a rule says of mails.
    first = {"name": "First", "then": {"tag": "ad", "mail": {"text": "Hello"}, "note": "n"}}
    second = {"name": "Second", "when": '"ad" in ticket.tags', "then": {"drop": "we buy nothing"}}
    cause = TicketReported(
        agent=ANN, requester=RITA, source="phone", message="m", text="Hello", facts=Facts()
    )
    decision = decide(None, cause, with_rules(first, second), NOW)
    (change,) = decision.changes
    assert not any(isinstance(event, Tagged) for event in change.events)
    assert told(decision)[0] == "acknowledgement:rita"
    assert "reply:rita" not in told(decision)
    assert decision.notes == ()
    assert [step.evidence for step in decision.why if step.name == "rules"] == [
        ('rule "First" fired', 'rule "Second" fired')
    ]
