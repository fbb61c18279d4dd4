"""A decision in the making goes back to where it was, with its trace."""

from dataclasses import fields, replace
from typing import Any

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.decision_builder import DecisionBuilder, Savepoint
from maildesk.messages.trace import in_english
from maildesk.model.approval import Approval
from maildesk.model.cause import AgentActed, Command, Facts, ParentStateChanged, TicketReported
from maildesk.model.decision import Actor, ActorKind, Decision, Moving, RelatedChange, Template
from maildesk.model.event import Tagged
from maildesk.model.mail import Step
from maildesk.model.message import Message
from maildesk.model.sla.timer import PendingNotification
from tests.lifecycle.cast import ANALYSIS, ANN, NEW, NOW, RITA, SHIPPED, told, with_rules

NOTICE = PendingNotification(
    to=3, ticket=1001, metric="resolution", serial=0, level="due", due=NOW, not_before=NOW
)


def _builder() -> DecisionBuilder:
    builder = DecisionBuilder(ANALYSIS, Actor(ActorKind.AGENT, ANN.id), SHIPPED, NOW)
    builder.add(Tagged("before"))
    builder.write(Template.UPDATE, RITA.id, note=Message.verbatim("before"))
    builder.explain("command", "before")
    return builder


def _state(builder: DecisionBuilder) -> dict[str, Any]:
    """Every field; of a list, a copy."""
    found = {one.name: getattr(builder, one.name) for one in fields(builder)}
    return {name: list(one) if isinstance(one, list) else one for name, one in found.items()}


def test_a_rolled_back_decision_is_as_it_was_in_every_field() -> None:
    builder = _builder()
    before, savepoint = _state(builder), Savepoint.of(builder)
    builder.add(Tagged("after"))
    builder.write(Template.UPDATE, RITA.id, note=Message.verbatim("after"))
    builder.explain("command", "after")
    builder.notes.append(Message.verbatim("after"))
    builder.pending_notifications.append(NOTICE)
    builder.related_changes.append(
        RelatedChange(ticket=7, cause=ParentStateChanged(origin=1001, resolved=True))
    )
    builder.actor, builder.policy = Actor(ActorKind.RULE), with_rules()
    builder.moving, builder.distrust = Moving(7), RITA.id
    builder.silent = builder.rules_ran = True
    builder.acknowledges = False
    builder.before, builder.number = None, 1009
    builder.rounds.append(Approval(votes=(), round=1, asked_at=NOW))
    builder.descendants, builder.now = {7: replace(NEW, number=7)}, NOW.replace(year=2027)
    same = [name for name, value in _state(builder).items() if value == before[name]]
    assert same == []  # the test touches every field that there is
    savepoint.rollback(builder)
    assert _state(builder) == before


def test_a_decision_can_go_back_to_the_same_place_twice() -> None:
    builder = _builder()
    before, savepoint = _state(builder), Savepoint.of(builder)
    for _ in range(2):
        builder.explain("command", "after")
        savepoint.rollback(builder)
    assert _state(builder) == before


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
    done = [in_english(step) for step in decision.why if step.verdict == "done"]
    assert done == [Step("command", "done", ('#tag: Tag "cable" added.',))]


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
