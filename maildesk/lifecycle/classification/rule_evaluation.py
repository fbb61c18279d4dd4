"""One look of the rules at a ticket, with what the desk knows for them. Nothing happens by it."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.relations.relate_target import find
from maildesk.lifecycle.workflow import transitions
from maildesk.model.decision import ActorKind
from maildesk.model.policy import Trigger, Workflow
from maildesk.model.ticket import Ticket
from maildesk.rules import engine
from maildesk.rules.compile import CompiledRules
from maildesk.rules.effects import Move, Ways
from maildesk.rules.facts import RuleInput


def look(
    policy: Policy,
    on: Trigger | tuple[Trigger, ...],
    rule_input: RuleInput,
    now: datetime,
    *,
    rules: CompiledRules | None = None,
    only: Collection[str] | None = None,
) -> engine.Outcome:
    """What the rules want on this cause, those of the policy or others."""

    def choose(how: str, team: str) -> str | None:
        return policy.directory.choose(how, team, now)

    return engine.run(
        policy.rules if rules is None else rules,
        on,
        rule_input,
        priority=policy.catalog.priority,
        choose=choose,
        ways=_ways(policy),
        only=only,
    )


def moves_of(shipped: Workflow) -> Move:
    """The moves that the workflow opens to rules."""

    def move(ticket: Ticket, status: str) -> str | None:
        if ticket.waits_for_approval:
            return None
        state = shipped.state_of(status)
        filling = transitions.CLOSING if state == transitions.CLOSED else frozenset()
        illegal = transitions.check(shipped, ticket, status, ActorKind.RULE, filling)
        return state if illegal is None else None

    return move


def _ways(policy: Policy) -> Ways:
    directory, roles = policy.directory, policy.workflow.roles

    def agent(address: str) -> int | None:
        found = directory.agent(address)
        return found.id if found else None

    def is_of(person: int, team: str) -> bool:
        return any(member.id == person for member in directory.teams.get(team, ()))

    return Ways(
        move=moves_of(policy.workflow),
        on_hold=roles.on_hold,
        escalated=roles.escalated,
        agent=agent,
        is_of=is_of,
        find=partial(find, policy.neighbours),
    )
