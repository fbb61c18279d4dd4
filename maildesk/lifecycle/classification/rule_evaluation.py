"""The rules look at a ticket: one pass for one cause, on the ticket of a decision in the making.

What rules change fires no rule again.
"""

from collections.abc import Collection
from datetime import datetime

from maildesk.config.schema.rules import Trigger
from maildesk.lifecycle.approvals import start
from maildesk.lifecycle.classification import rule_time
from maildesk.lifecycle.classification.classify import is_classified
from maildesk.lifecycle.classification.rule_actions import BuilderTarget
from maildesk.lifecycle.decision_builder import DecisionBuilder, Savepoint
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.workflow import transitions
from maildesk.model.cause import Facts
from maildesk.model.decision import Actor, ActorKind, Answer, Decision
from maildesk.model.mail import Disposition, Step
from maildesk.model.person import Person
from maildesk.rules import engine
from maildesk.rules.compile import CompiledRules
from maildesk.rules.effects import AskApproval, RuleAction
from maildesk.rules.facts import RuleInput

# So many rules that did not fire stand in a mail's trace; `maildesk rules try` shows all.
TRACED = 30
# Causes in which the requester speaks. What an agent writes may be for agents alone, and an
# approver reads the request.
_ASKING: frozenset[Trigger] = frozenset({"created", "replied", "reopened"})


def apply_rules(
    builder: DecisionBuilder,
    on: Trigger | tuple[Trigger, ...],
    facts: Facts,
    requester: Person,
    only: Collection[str] | None = None,
) -> engine.Outcome:
    """Run the rules for this cause once, and let what they say happen. Several things that came
    with one cause, as a report that reopens, are one pass.

    Of a mail that a rule turns away nothing happens; the caller asks `turned_away`.
    """
    builder.rules_ran = True
    causes = (on,) if isinstance(on, str) else on
    before, place = Savepoint.of(builder), len(builder.steps)
    seen, target = rule_input(builder, facts, requester), BuilderTarget(builder, requester)
    outcome = engine.run(builder.policy.rules, causes, seen, target, only=only)
    if _away(outcome) is not None:
        before.rollback(builder)
    builder.steps.insert(place, _trace(outcome))
    if _away(outcome) is None and not builder.ticket.is_closed:
        _end_of_pass(builder, causes, outcome, facts, requester)
    return outcome


def _end_of_pass(
    builder: DecisionBuilder,
    causes: tuple[Trigger, ...],
    outcome: engine.Outcome,
    facts: Facts,
    requester: Person,
) -> None:
    """The approval that is needed is asked for; else the ticket is assigned, if rules brought all
    that this asks for."""
    asked = _to_ask(builder, causes, outcome)
    if asked is not None:
        # "": the request as it stands in the ticket
        words = facts.text if _ASKING.issuperset(causes) else ""
        start.ask(builder, requester, asked.whom, words, rule=asked.rule)
    elif is_classified(builder) and outcome.fired:
        assigned = builder.policy.workflow.roles.assigned
        transitions.move(builder, assigned, ActorKind.RULE, rule=outcome.fired[-1])


def evaluate_rules(
    policy: Policy,
    on: Trigger | tuple[Trigger, ...],
    rule_input: RuleInput,
    now: datetime,
    *,
    rules: CompiledRules | None = None,
) -> engine.Outcome:
    """What the rules do to the ticket of the input: those of the policy, or others.

    The ticket of the outcome is the real one; the decision is thrown away, so nothing happens.
    """
    builder = DecisionBuilder(rule_input.ticket, Actor(ActorKind.RULE), policy, now)
    compiled = policy.rules if rules is None else rules
    return engine.run(compiled, on, rule_input, BuilderTarget(builder, rule_input.requester))


def _to_ask(
    builder: DecisionBuilder, on: tuple[Trigger, ...], outcome: engine.Outcome
) -> AskApproval | None:
    """What a rule wants to be approved, or what every new ticket of this request type needs: one
    that answers a closed ticket, or was split off another, like any.
    """
    for effect in outcome.effects:
        if isinstance(effect, AskApproval):
            return effect
    type_ = builder.policy.catalog.type_named(builder.ticket.request_type)
    if "created" in on and type_.automatic_approval:
        return AskApproval(type_.approval, "")
    return None


def rule_input(builder: DecisionBuilder, facts: Facts, requester: Person) -> RuleInput:
    """What the rules look at."""
    policy = builder.policy
    return RuleInput(
        mail=facts,
        ticket=builder.ticket,
        requester=requester,
        moment=rule_time.moment(policy.calendar, builder.now),
        organisation=policy.directory.organisation_of(requester),
    )


def turned_away(outcome: engine.Outcome, builder: DecisionBuilder) -> Decision | None:
    """Where a rule says that this mail makes no ticket: nothing is kept but the mail and the
    trace."""
    act = _away(outcome)
    if act is None:
        return None
    builder.explain("rules", act.value, f'rule "{act.rule}": {act.action}')
    quarantined = act.action == "quarantine"
    return Decision(
        answer=Answer.RECORDED,
        actor=builder.actor,
        disposition=Disposition.QUARANTINED if quarantined else Disposition.REFUSED,
        why=tuple(builder.steps),
    )


def _away(outcome: engine.Outcome) -> RuleAction | None:
    for effect in outcome.effects:
        if isinstance(effect, RuleAction) and effect.action in ("drop", "quarantine"):
            return effect
    return None


def _trace(outcome: engine.Outcome) -> Step:
    fired = tuple(f'rule "{step.rule}" fired' for step in outcome.steps if step.fired)
    others = [step for step in outcome.steps if not step.fired]
    passed = [f'rule "{step.rule}": {step.reason}' for step in others[:TRACED]]
    if len(others) > TRACED:
        passed.append(f"and {len(others) - TRACED} more; `maildesk rules try` shows every rule")
    return Step("rules", f"{len(fired)} fired", fired, tuple(passed))
