"""What rules make of a ticket: its classification, its people, and whether somebody must approve.

There is one pass of the rules for one cause: what rules change fires no rule again.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import attrgetter

from maildesk.lifecycle.approvals import outcome, start
from maildesk.lifecycle.approvals.approvers import after_word
from maildesk.lifecycle.classification import rule_time
from maildesk.lifecycle.classification.rule_evaluation import look
from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Facts, RelatedTicketChange, RelationSet
from maildesk.model.decision import ActorKind, Answer, Decision, RelatedChange, Template
from maildesk.model.event import (
    Escalated,
    Field,
    FieldChanged,
    ParentChanged,
    Paused,
    PersonJoined,
    Related,
    RuleActed,
    Tagged,
)
from maildesk.model.mail import Disposition, Step
from maildesk.model.person import Person
from maildesk.model.policy import Trigger
from maildesk.model.token import Purpose
from maildesk.rules import effects, engine
from maildesk.rules.facts import RuleInput

# So many rules that did not fire stand in a mail's trace; `maildesk rules try` shows all.
TRACED = 30
# Causes in which the requester speaks. What an agent writes may be for agents alone, and an
# approver reads the request.
_ASKING: frozenset[Trigger] = frozenset({"created", "replied", "reopened"})
ASKED = Refusal("somebody is asked to approve")


def apply_rules(
    builder: DecisionBuilder,
    on: Trigger | tuple[Trigger, ...],
    facts: Facts,
    requester: Person,
    only: Collection[str] | None = None,
) -> engine.Outcome:
    """Run the rules for this cause once, and let what they say happen. Several things that came
    with one cause, as a report that reopens, are one pass.

    What a rule wants to drop or put in quarantine is for the caller to see.
    """
    builder.rules_ran = True
    causes = (on,) if isinstance(on, str) else on
    outcome = look(
        builder.policy, causes, rule_input(builder, facts, requester), builder.now, only=only
    )
    builder.steps.append(_trace(outcome))
    if _away(outcome) is not None:
        return outcome
    for rule, wanted in groupby(outcome.effects, key=attrgetter("rule")):
        _happen(builder, rule, list(wanted))
    _bind(builder, outcome, requester)
    if builder.ticket.is_closed:
        return outcome
    asked = _to_ask(builder, causes, outcome)
    if asked is not None:
        words = (
            facts.text if _ASKING.issuperset(causes) else ""
        )  # "": the request as it stands in the ticket
        start.ask(builder, requester, asked.whom, words, rule=asked.rule)
    elif is_classified(builder) and outcome.fired:
        assigned = builder.policy.workflow.roles.assigned
        transitions.move(builder, assigned, ActorKind.RULE, rule=outcome.fired[-1])
    return outcome


def _to_ask(
    builder: DecisionBuilder, on: tuple[Trigger, ...], outcome: engine.Outcome
) -> effects.AskApproval | None:
    """What a rule wants to be approved, or what every new ticket of this request type needs: one
    that answers a closed ticket, or was split off another, like any.
    """
    for effect in outcome.effects:
        if isinstance(effect, effects.AskApproval):
            return effect
    type_ = builder.policy.catalog.type_named(builder.ticket.request_type)
    if "created" in on and type_.automatic_approval:
        return effects.AskApproval(type_.approval, "")
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


def _away(outcome: engine.Outcome) -> effects.RuleAction | None:
    for effect in outcome.effects:
        if isinstance(effect, effects.RuleAction) and effect.action in ("drop", "quarantine"):
            return effect
    return None


def _happen(builder: DecisionBuilder, rule: str, wanted: Sequence[effects.Effect]) -> None:
    """All that one rule wants: what it sets, the priority that follows, and then what it does."""
    before = len(builder.events)
    for effect in wanted:
        match effect:
            case effects.SetField(field=field, value=value):
                set_field(builder, field, value, rule)
            case effects.AddTag(tag=tag) if tag not in builder.ticket.tags:
                builder.add(Tagged(tag, rule))
    if not any(isinstance(one, effects.SetField) and one.field == "priority" for one in wanted):
        set_priority(builder, rule, since=before)
    for effect in wanted:
        if isinstance(effect, effects.RelateTicket):
            _bond(builder, effect)
        elif isinstance(effect, effects.RuleAction):
            _act(builder, effect)


def _bind(builder: DecisionBuilder, outcome: engine.Outcome, person: Person) -> None:
    """The other ticket hears of a relation too; that the ticket is its child stands here alone."""
    for effect in outcome.effects:
        if isinstance(effect, effects.RelateTicket) and effect.relate.as_ != "child":
            order = RelationSet(effect.relate.as_)
            cause = RelatedTicketChange(
                agent=person,
                proof="",
                origin=builder.ticket.number,
                order=order,
                rule=effect.rule,
            )
            builder.related_changes.append(RelatedChange(ticket=effect.other, cause=cause))


def _bond(builder: DecisionBuilder, bond: effects.RelateTicket) -> None:
    if bond.relate.as_ == "child":
        builder.add(ParentChanged(old=builder.ticket.parent, new=bond.other, rule=bond.rule))
    else:
        builder.add(Related(bond.relate.as_, bond.other, bond.rule))


def _act(builder: DecisionBuilder, act: effects.RuleAction) -> None:
    match act.action:
        case "status":
            _moved(builder, act, act.value)
        case "hold":
            _hold(builder, act)
        case "escalate":
            _escalate(builder, act)
        case "watch":
            _watch(builder, act)
        case "note":
            _acted(builder, act)
            builder.notes.append(act.value)
        case "tell-requester":
            _acted(builder, act)
            to = builder.ticket.requester
            text, links = _words(builder, act), (Purpose.VIEW,)
            builder.write(Template.REPLY, to, text=text, links=links, own=True)
        case "tell-agents":
            _acted(builder, act)
            builder.tell_agents(_words(builder, act))


def _words(builder: DecisionBuilder, act: effects.RuleAction) -> str:
    if not act.ready:
        return act.value
    texts = {one.name: one.text for one in builder.policy.answers.template}
    return texts.get(act.value, "").strip()


def _acted(builder: DecisionBuilder, act: effects.RuleAction) -> None:
    builder.add(RuleActed(rule=act.rule, action=act.action))


def _moved(builder: DecisionBuilder, act: effects.RuleAction, status: str) -> bool:
    """Whether the rule's move was legal; if not, the trace says why."""
    if builder.ticket.waits_for_approval:
        illegal: Refusal | None = ASKED
    else:
        illegal = closure.bring_to(builder, status, ActorKind.RULE, act.rule)
    if illegal is not None:
        builder.explain("rules", f"{act.action} not done: {illegal.why}", f'rule "{act.rule}"')
    return illegal is None


def _hold(builder: DecisionBuilder, act: effects.RuleAction) -> None:
    if _moved(builder, act, builder.policy.workflow.roles.on_hold):
        builder.add(Paused(rule=act.rule))
        builder.notes.append(act.value)


def _escalate(builder: DecisionBuilder, act: effects.RuleAction) -> None:
    old_team, back_to = builder.ticket.team, builder.ticket.back_to
    if old_team == act.value:
        builder.explain(
            "rules",
            f"escalate not done: the ticket is with {old_team} already",
            f'rule "{act.rule}"',
        )
        return
    if not _moved(builder, act, builder.policy.workflow.roles.escalated):
        return
    set_field(builder, "team", act.value, act.rule)
    assigned = any(m.id == builder.ticket.assignee for m in _members(builder, act.value))
    if builder.ticket.assignee is not None and not assigned:
        old = builder.ticket.assignee
        builder.add(FieldChanged(field="assignee", old=old, new=None, rule=act.rule))
    builder.add(Escalated(old=back_to, back_to=old_team, rule=act.rule))
    builder.tell_agents(f"Escalated to {act.value}.")
    named = builder.policy.directory.named(act.value)
    told = f"Your request was handed to {named}."
    builder.write(Template.UPDATE, builder.ticket.requester, note=told)


def _members(builder: DecisionBuilder, team: str) -> tuple[Person, ...]:
    return builder.policy.directory.teams.get(team, ())


def _watch(builder: DecisionBuilder, act: effects.RuleAction) -> None:
    person = builder.policy.directory.known.get(act.value.casefold())
    if person is not None and not builder.ticket.takes_part(person):
        builder.add(PersonJoined(person))
        _acted(builder, act)


def settle_approval(
    builder: DecisionBuilder,
    approver: Person | None,
    approved: bool,
    reason: str,
    facts: Facts,
    requester: Person,
) -> None:
    """An approver decides, or the clock for all of them; where that settles the question the
    rules look. On a no they look first: it closes the ticket, and a closed one never changes."""
    question = builder.ticket.approval
    assert question is not None, "only an open question is decided"
    if approver and after_word(question, approver.id, approved) is None:
        outcome.count(builder, question, approver, approved, reason)
        return
    if not approved:
        apply_rules(builder, "rejected", facts, requester)
    is_over = outcome.settle(builder, question, approver, approved, reason, requester)
    if approved and is_over:
        apply_rules(builder, "approved", facts, requester)


def _trace(outcome: engine.Outcome) -> Step:
    fired = tuple(f'rule "{step.rule}" fired' for step in outcome.steps if step.fired)
    others = [step for step in outcome.steps if not step.fired]
    passed = [f'rule "{step.rule}": {step.reason}' for step in others[:TRACED]]
    if len(others) > TRACED:
        passed.append(f"and {len(others) - TRACED} more; `maildesk rules try` shows every rule")
    return Step("rules", f"{len(fired)} fired", fired, tuple(passed))


def set_field(builder: DecisionBuilder, field: Field, value: str, rule: str = "") -> None:
    """Change a classifying field; an assignee is named by address."""
    new: str | int | None = value
    if field == "assignee":
        agent = builder.policy.directory.agent(value)
        if agent is None:
            builder.explain("rules", f"{value} is no agent; nobody assigned", f'rule "{rule}"')
            return
        new = agent.id
    old = getattr(builder.ticket, field)
    if old != new:
        builder.add(FieldChanged(field=field, old=old, new=new, rule=rule))


def set_priority(builder: DecisionBuilder, rule: str = "", since: int = 0) -> None:
    """The priority follows from impact and urgency (the matrix of catalog.toml), when they change:
    a priority that an agent or a rule set stays until then. `since`: by which event on."""
    changed = {event.field for event in builder.events[since:] if isinstance(event, FieldChanged)}
    ticket = builder.ticket
    priority = builder.policy.catalog.priority(ticket.impact, ticket.urgency)
    if priority and priority != ticket.priority and changed & {"impact", "urgency"}:
        builder.add(FieldChanged(field="priority", old=ticket.priority, new=priority, rule=rule))


def is_classified(builder: DecisionBuilder) -> bool:
    """Whether all is known that the status Assign asks for."""
    return builder.ticket.is_classified and bool(builder.ticket.team or builder.ticket.assignee)
