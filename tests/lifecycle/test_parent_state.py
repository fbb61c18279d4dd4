"""Children follow their parent in one way, whoever resolves it or opens it again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from maildesk.config.schema.rules import Rules
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Policy
from maildesk.model.approval import Approval, Vote
from maildesk.model.cause import (
    AgentActed,
    Cause,
    Choice,
    Command,
    CommandContext,
    DeadlineReached,
    Facts,
    LinkUsed,
    ParentStateChanged,
    ProblemReported,
)
from maildesk.model.decision import Actor, ActorKind, Decision
from maildesk.model.monitoring import Report
from maildesk.model.person import Proof
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    ASKED,
    HELD_UP,
    MAX,
    NEW,
    NOW,
    RITA,
    SHIPPED,
    WAITING,
    after,
    happened,
    mail,
    policy,
    results_text,
    told,
    with_rules,
)
from tests.world import shipped_policy

CHILD = replace(ANALYSIS, number=1010, parent=1001, requester=MAX.id)
GRANDCHILD = replace(NEW, number=1005, parent=1010)
ASKED_CHILD = replace(ASKED, number=1011, parent=1001)
WITH_PARENT = {"status": "Resolved by Origin ticket", "state": "Resolved"}
CLOSED_CHILD = replace(WAITING, number=1012, parent=1001, state="Closed", closed_at=NOW)
BELOW_CLOSED = replace(NEW, number=1013, parent=1012)
FAMILY = {one.number: one for one in (CHILD, GRANDCHILD, ASKED_CHILD, CLOSED_CHILD, BELOW_CLOSED)}
RESOLVE = {"status": "Resolved by Event"}
PROBLEM = replace(NEW, event_key="icinga:disk", problems=("icinga:disk",))


@dataclass(frozen=True)
class Way:
    """One way in which a ticket is resolved, or opened again."""

    ticket: Ticket
    cause: Cause
    policy: Policy = SHIPPED


def _acts(*commands: tuple[str, str], **more: Any) -> AgentActed:
    orders = tuple(Command(*one) for one in commands)
    return AgentActed(agent=ANN, message="m", requester=RITA, commands=orders, **more)


def _rule(on: str, **more: Any) -> Policy:
    return with_rules({"name": "It", "on": on, "then": RESOLVE, **more})


def _expiring(**kind: Any) -> Policy:
    """Rules resolve what the clock approved."""
    rule = {"name": "It", "on": "approved", "then": RESOLVE}
    approvals = {"approval": [{"name": "manager", "expire_after_days": 1, **kind}]}
    files = shipped_policy(approvals=approvals)
    return policy(files.model_copy(update={"rules": Rules.model_validate({"rule": [rule]})}))


def _report(report: Report) -> ProblemReported:
    return ProblemReported(
        requester=RITA,
        report=report,
        key="icinga:disk",
        message="m",
        text="",
        facts=Facts(),
        proof=Proof.AUTHENTICATED,
    )


def _due(asked: Ticket) -> Ticket:
    question = Approval(votes=(Vote(MAX.id),), round=1, asked_at=NOW, expire_due=NOW)
    return replace(asked, approval=question)


HOLD_ENDS = replace(HELD_UP, wake_due=NOW, hold="m")
MOVED = {"when": 'ticket.status == "Assign"'}
WAITS = {"waited": "1 hours", "in_status": "Analysis"}
SINCE = replace(ANALYSIS, status_since=NOW - timedelta(hours=1), rules_due=NOW)

RESOLVED = [
    pytest.param(Way(ANALYSIS, _acts(("resolve", "Done."))), id="an agent's command"),
    pytest.param(
        Way(ANALYSIS, _acts(("resolve", "Done."), round=0)), id="an agent's click on a link"
    ),
    pytest.param(Way(ANALYSIS, mail(RITA), _rule("replied")), id="a rule on a reply"),
    pytest.param(Way(PROBLEM, _report(Report.RECOVERY)), id="the end of a problem"),
    pytest.param(
        Way(replace(PROBLEM, settle_due=NOW), DeadlineReached(requester=RITA)),
        id="a problem that stayed away",
    ),
    pytest.param(
        Way(HOLD_ENDS, DeadlineReached(requester=RITA), _rule("status-changed", **MOVED)),
        id="a hold that ends by the clock, and a rule",
    ),
    pytest.param(
        Way(_due(ASKED), DeadlineReached(requester=RITA), _expiring(on_expiry="approve")),
        id="an approval that expires, and a rule",
    ),
    pytest.param(
        Way(SINCE, DeadlineReached(requester=RITA), _rule("waited", **WAITS)),
        id="a rule that waited",
    ),
]

BACK = [
    pytest.param(Way(WAITING, _acts(("reopen", "why"))), id="an agent's command"),
    pytest.param(Way(WAITING, _acts(("status", "Analysis"))), id="an agent's status"),
    pytest.param(Way(WAITING, mail(RITA, "No.", round=1)), id="the requester's mail"),
    pytest.param(
        Way(
            WAITING,
            LinkUsed(
                person=RITA,
                requester=RITA,
                choice=Choice.REJECT,
                round=1,
                comment="No.",
                message="m",
            ),
        ),
        id="the requester's click",
    ),
    pytest.param(
        Way(replace(PROBLEM, **RESOLVE, state="Resolved", problems=()), _report(Report.PROBLEM)),
        id="a problem that is back",
    ),
]


def _decided(way: Way, descendants: Iterable[Ticket]) -> Decision:
    known = {one.number: one for one in descendants}
    cause = replace(way.cause, descendants=known)  # type: ignore[call-arg]
    if isinstance(cause, AgentActed):
        cause = replace(cause, command_context=CommandContext(tickets=known))
    return decide(way.ticket, cause, way.policy, NOW)


def _followers(decision: Decision, resolved: bool) -> list[int | None]:
    for one in decision.related_changes:
        assert isinstance(one.cause, ParentStateChanged)
        assert (one.cause.origin, one.cause.resolved) == (1001, resolved)
    return [one.ticket for one in decision.related_changes]


@pytest.mark.parametrize("way", RESOLVED)
def test_what_resolves_a_ticket_resolves_all_that_is_open_below_it(way: Way) -> None:
    decision = _decided(way, FAMILY.values())
    assert after(way.ticket, decision).is_resolved
    assert sorted(filter(None, _followers(decision, resolved=True))) == [1005, 1010, 1011, 1013]


@pytest.mark.parametrize("way", BACK)
def test_what_opens_a_ticket_again_opens_what_was_resolved_with_it(way: Way) -> None:
    child = replace(CHILD, **WITH_PARENT)  # type: ignore[arg-type]
    grandchild = replace(GRANDCHILD, **WITH_PARENT)  # type: ignore[arg-type]
    own_way = replace(WAITING, number=1020, parent=1001)
    with_that_one = replace(grandchild, number=1021, parent=1020)
    still_open = replace(NEW, number=1022, parent=1001)
    decision = _decided(way, (child, grandchild, own_way, with_that_one, still_open))
    assert not after(way.ticket, decision).is_resolved
    assert _followers(decision, resolved=False) == [1005, 1010]


def test_each_child_decides_by_how_it_stands_when_its_turn_comes() -> None:
    turn = ParentStateChanged(origin=1001, resolved=True, requester=MAX)
    resolved = decide(CHILD, turn, SHIPPED, NOW)
    assert happened(resolved) == ["-> Resolved by Origin ticket", "ClosureScheduled"]
    assert told(resolved) == ["update:max", "agent-notification:ann"]
    for other in (ASKED_CHILD, CLOSED_CHILD, after(CHILD, resolved)):
        assert decide(other, turn, SHIPPED, NOW).changes == ()
    back = replace(turn, resolved=False)
    assert happened(decide(after(CHILD, resolved), back, SHIPPED, NOW)) == [
        "-> Analysis",
        "Reopened",
    ]
    assert decide(CHILD, back, SHIPPED, NOW).changes == ()


def test_a_child_reads_the_words_of_the_agent_who_resolved_its_parent() -> None:
    way = Way(ANALYSIS, _acts(("resolve", "New cable.")))
    (related_change,) = _decided(way, [CHILD]).related_changes
    decision = decide(CHILD, related_change.cause, SHIPPED, NOW)
    assert decision.actor == Actor(ActorKind.AGENT, ANN.id, "console")
    assert (decision.outgoing_mails[0].text, decision.outgoing_mails[0].author) == (
        "New cable.",
        ANN.id,
    )


def test_a_child_of_what_an_event_resolved_is_the_desks_doing() -> None:
    (related_change,) = _decided(Way(PROBLEM, _report(Report.RECOVERY)), [CHILD]).related_changes
    decision = decide(CHILD, related_change.cause, SHIPPED, NOW)
    assert decision.actor == Actor(ActorKind.DESK)
    assert (decision.outgoing_mails[0].text, decision.outgoing_mails[0].author) == ("", None)


def test_the_agent_reads_which_children_could_not_follow() -> None:
    solved = replace(WAITING, number=1020, parent=1001)
    decision = _decided(Way(ANALYSIS, _acts(("resolve", "Done."))), [CHILD, ASKED_CHILD, solved])
    done = results_text(decision.results)
    assert "Resolved with it: MD-1010." in done
    assert "MD-1011 was not resolved with it: The ticket is waiting for an approval." in done
    assert 'MD-1020 was not resolved with it: A ticket in status "Waiting for Closure"' in done


def test_a_child_that_the_same_mail_adds_is_resolved_with_the_others() -> None:
    other = replace(NEW, number=1030)
    way = Way(ANALYSIS, _acts(("child", "MD-1030"), ("resolve", "Done.")))
    decision = _decided(way, [other])
    turned = [one for one in decision.related_changes if isinstance(one.cause, ParentStateChanged)]
    assert [one.ticket for one in turned] == [1030]


def test_no_more_than_a_hundred_follow_and_the_agent_reads_who_does_not() -> None:
    many = [replace(NEW, number=number, parent=1001) for number in range(2000, 2101)]
    decision = _decided(Way(ANALYSIS, _acts(("resolve", "Done."))), many)
    assert _followers(decision, resolved=True) == list(range(2000, 2100))
    assert "MD-2100 was not resolved with it: At most 100" in results_text(decision.results)
