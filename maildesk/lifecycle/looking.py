"""The rules look at a ticket: one pass for one cause, on the ticket of a decision in the making.

What rules change fires no rule again.
"""

from collections.abc import Collection
from datetime import datetime

from maildesk.lifecycle import approval, waiting, workflow
from maildesk.lifecycle.classify import is_classified
from maildesk.lifecycle.draft import Draft, Mark
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.rule_actions import DraftTarget
from maildesk.model.cause import Facts
from maildesk.model.decision import Actor, ActorKind, Answer, Decision
from maildesk.model.mail import Disposition, Step
from maildesk.model.person import Person
from maildesk.model.policy import Cause
from maildesk.rules import engine
from maildesk.rules.compile import CompiledRules
from maildesk.rules.effects import Act, AskApproval
from maildesk.rules.facts import Scene

# So many rules that did not fire stand in a mail's trace; `maildesk rules try` shows all.
TRACED = 30
# Causes in which the requester speaks. What an agent writes may be for agents alone, and an
# approver reads the request.
_ASKING: frozenset[Cause] = frozenset({"created", "replied", "reopened"})


def apply_rules(
    draft: Draft,
    on: Cause | tuple[Cause, ...],
    facts: Facts,
    requester: Person,
    only: Collection[str] | None = None,
) -> engine.Outcome:
    """Run the rules for this cause once, and let what they say happen. Several things that came
    with one cause, as a report that reopens, are one pass.

    Of a mail that a rule turns away nothing happens; the caller asks `turned_away`.
    """
    draft.rules_ran = True
    causes = (on,) if isinstance(on, str) else on
    before, place = Mark.of(draft), len(draft.steps)
    seen, target = scene(draft, facts, requester), DraftTarget(draft, requester)
    outcome = engine.run(draft.policy.rules, causes, seen, target, only=only)
    if _away(outcome) is not None:
        before.back(draft)
    draft.steps.insert(place, _trace(outcome))
    if _away(outcome) is None and not draft.ticket.is_closed:
        _end_of_pass(draft, causes, outcome, facts, requester)
    return outcome


def _end_of_pass(
    draft: Draft,
    causes: tuple[Cause, ...],
    outcome: engine.Outcome,
    facts: Facts,
    requester: Person,
) -> None:
    """The approval that is needed is asked for; else the ticket is assigned, if rules brought all
    that this asks for."""
    asked = _to_ask(draft, causes, outcome)
    if asked is not None:
        # "": the request as it stands in the ticket
        words = facts.text if _ASKING.issuperset(causes) else ""
        approval.ask(draft, requester, asked.whom, words, rule=asked.rule)
    elif is_classified(draft) and outcome.fired:
        assigned = draft.policy.workflow.roles.assigned
        workflow.move(draft, assigned, ActorKind.RULE, rule=outcome.fired[-1])


def look(
    policy: Policy,
    on: Cause | tuple[Cause, ...],
    scene: Scene,
    now: datetime,
    *,
    rules: CompiledRules | None = None,
) -> engine.Outcome:
    """What the rules do to the ticket of the scene, those of the policy or others. The ticket of
    the outcome is the real one: what is lost is the decision, so nothing happens by it."""
    draft = Draft(scene.ticket, Actor(ActorKind.RULE), policy, now)
    compiled = policy.rules if rules is None else rules
    return engine.run(compiled, on, scene, DraftTarget(draft, scene.requester))


def _to_ask(draft: Draft, on: tuple[Cause, ...], outcome: engine.Outcome) -> AskApproval | None:
    """What a rule wants to be approved, or what every new ticket of this request type needs: one
    that answers a closed ticket, or was split off another, like any.
    """
    for effect in outcome.effects:
        if isinstance(effect, AskApproval):
            return effect
    type_ = draft.policy.catalog.type_named(draft.ticket.request_type)
    if "created" in on and type_.automatic_approval:
        return AskApproval(type_.approval, "")
    return None


def scene(draft: Draft, facts: Facts, requester: Person) -> Scene:
    """What the rules look at."""
    policy = draft.policy
    return Scene(
        mail=facts,
        ticket=draft.ticket,
        requester=requester,
        moment=waiting.moment(policy.calendar, draft.now),
        organisation=policy.directory.organisation_of(requester),
    )


def turned_away(outcome: engine.Outcome, draft: Draft) -> Decision | None:
    """Where a rule says that this mail makes no ticket: nothing is kept but the mail and the
    trace."""
    act = _away(outcome)
    if act is None:
        return None
    draft.explain("rules", act.value, f'rule "{act.rule}": {act.action}')
    quarantined = act.action == "quarantine"
    return Decision(
        answer=Answer.RECORDED,
        actor=draft.actor,
        disposition=Disposition.QUARANTINED if quarantined else Disposition.REFUSED,
        why=tuple(draft.steps),
    )


def _away(outcome: engine.Outcome) -> Act | None:
    for effect in outcome.effects:
        if isinstance(effect, Act) and effect.action in ("drop", "quarantine"):
            return effect
    return None


def _trace(outcome: engine.Outcome) -> Step:
    fired = tuple(f'rule "{step.rule}" fired' for step in outcome.steps if step.fired)
    others = [step for step in outcome.steps if not step.fired]
    passed = [f'rule "{step.rule}": {step.reason}' for step in others[:TRACED]]
    if len(others) > TRACED:
        passed.append(f"and {len(others) - TRACED} more; `maildesk rules try` shows every rule")
    return Step("rules", f"{len(fired)} fired", fired, tuple(passed))
