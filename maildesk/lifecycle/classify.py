"""What rules make of a ticket: its classification, its people, and whether somebody must approve.

There is one pass of the rules for one cause: what rules change fires no rule again.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import attrgetter

from maildesk.lifecycle import approval, closure, verdict, waiting, workflow
from maildesk.lifecycle.approvers import after_word
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.looking import look
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import Facts, OrderedElsewhere, RelationSet
from maildesk.model.decision import ActorKind, Answer, Decision, FollowUp, Template
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
from maildesk.model.policy import Cause
from maildesk.model.token import Purpose
from maildesk.rules import effects, engine
from maildesk.rules.facts import Scene

# So many rules that did not fire stand in a mail's trace; `maildesk rules try` shows all.
TRACED = 30
# Causes in which the requester speaks. What an agent writes may be for agents alone, and an
# approver reads the request.
_ASKING: frozenset[Cause] = frozenset({"created", "replied", "reopened"})
ASKED = Illegal("somebody is asked to approve")


def apply_rules(
    draft: Draft,
    on: Cause | tuple[Cause, ...],
    facts: Facts,
    requester: Person,
    only: Collection[str] | None = None,
) -> engine.Outcome:
    """Run the rules for this cause once, and let what they say happen. Several things that came
    with one cause, as a report that reopens, are one pass.

    What a rule wants to drop or put in quarantine is for the caller to see.
    """
    draft.rules_ran = True
    causes = (on,) if isinstance(on, str) else on
    outcome = look(draft.policy, causes, scene(draft, facts, requester), draft.now, only=only)
    draft.steps.append(_trace(outcome))
    if _away(outcome) is not None:
        return outcome
    for rule, wanted in groupby(outcome.effects, key=attrgetter("rule")):
        _happen(draft, rule, list(wanted))
    _bind(draft, outcome, requester)
    if draft.ticket.is_closed:
        return outcome
    asked = _to_ask(draft, causes, outcome)
    if asked is not None:
        words = (
            facts.text if _ASKING.issuperset(causes) else ""
        )  # "": the request as it stands in the ticket
        approval.ask(draft, requester, asked.whom, words, rule=asked.rule)
    elif is_classified(draft) and outcome.fired:
        assigned = draft.policy.workflow.roles.assigned
        workflow.move(draft, assigned, ActorKind.RULE, rule=outcome.fired[-1])
    return outcome


def _to_ask(
    draft: Draft, on: tuple[Cause, ...], outcome: engine.Outcome
) -> effects.AskApproval | None:
    """What a rule wants to be approved, or what every new ticket of this request type needs: one
    that answers a closed ticket, or was split off another, like any.
    """
    for effect in outcome.effects:
        if isinstance(effect, effects.AskApproval):
            return effect
    type_ = draft.policy.catalog.type_named(draft.ticket.request_type)
    if "created" in on and type_.automatic_approval:
        return effects.AskApproval(type_.approval, "")
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


def _away(outcome: engine.Outcome) -> effects.Act | None:
    for effect in outcome.effects:
        if isinstance(effect, effects.Act) and effect.action in ("drop", "quarantine"):
            return effect
    return None


def _happen(draft: Draft, rule: str, wanted: Sequence[effects.Effect]) -> None:
    """All that one rule wants: what it sets, the priority that follows, and then what it does."""
    before = len(draft.events)
    for effect in wanted:
        match effect:
            case effects.SetField(field=field, value=value):
                set_field(draft, field, value, rule)
            case effects.AddTag(tag=tag) if tag not in draft.ticket.tags:
                draft.add(Tagged(tag, rule))
    if not any(isinstance(one, effects.SetField) and one.field == "priority" for one in wanted):
        set_priority(draft, rule, since=before)
    for effect in wanted:
        if isinstance(effect, effects.Bond):
            _bond(draft, effect)
        elif isinstance(effect, effects.Act):
            _act(draft, effect)


def _bind(draft: Draft, outcome: engine.Outcome, person: Person) -> None:
    """The other ticket hears of a relation too; that the ticket is its child stands here alone."""
    for effect in outcome.effects:
        if isinstance(effect, effects.Bond) and effect.relate.as_ != "child":
            order = RelationSet(effect.relate.as_)
            cause = OrderedElsewhere(
                agent=person,
                proof="",
                origin=draft.ticket.number,
                order=order,
                rule=effect.rule,
            )
            draft.follow_ups.append(FollowUp(ticket=effect.other, cause=cause))


def _bond(draft: Draft, bond: effects.Bond) -> None:
    if bond.relate.as_ == "child":
        draft.add(ParentChanged(old=draft.ticket.parent, new=bond.other, rule=bond.rule))
    else:
        draft.add(Related(bond.relate.as_, bond.other, bond.rule))


def _act(draft: Draft, act: effects.Act) -> None:
    match act.action:
        case "status":
            _moved(draft, act, act.value)
        case "hold":
            _hold(draft, act)
        case "escalate":
            _escalate(draft, act)
        case "watch":
            _watch(draft, act)
        case "note":
            _acted(draft, act)
            draft.notes.append(act.value)
        case "tell-requester":
            _acted(draft, act)
            to = draft.ticket.requester
            text, links = _words(draft, act), (Purpose.VIEW,)
            draft.write(Template.REPLY, to, text=text, links=links, own=True)
        case "tell-agents":
            _acted(draft, act)
            draft.tell_agents(_words(draft, act))


def _words(draft: Draft, act: effects.Act) -> str:
    if not act.ready:
        return act.value
    texts = {one.name: one.text for one in draft.policy.answers.template}
    return texts.get(act.value, "").strip()


def _acted(draft: Draft, act: effects.Act) -> None:
    draft.add(RuleActed(rule=act.rule, action=act.action))


def _moved(draft: Draft, act: effects.Act, status: str) -> bool:
    """Whether the rule's move was legal; if not, the trace says why."""
    if draft.ticket.waits_for_approval:
        illegal: Illegal | None = ASKED
    else:
        illegal = closure.bring_to(draft, status, ActorKind.RULE, act.rule)
    if illegal is not None:
        draft.explain("rules", f"{act.action} not done: {illegal.why}", f'rule "{act.rule}"')
    return illegal is None


def _hold(draft: Draft, act: effects.Act) -> None:
    if _moved(draft, act, draft.policy.workflow.roles.on_hold):
        draft.add(Paused(rule=act.rule))
        draft.notes.append(act.value)


def _escalate(draft: Draft, act: effects.Act) -> None:
    old_team, back_to = draft.ticket.team, draft.ticket.back_to
    if old_team == act.value:
        draft.explain(
            "rules",
            f"escalate not done: the ticket is with {old_team} already",
            f'rule "{act.rule}"',
        )
        return
    if not _moved(draft, act, draft.policy.workflow.roles.escalated):
        return
    set_field(draft, "team", act.value, act.rule)
    assigned = any(m.id == draft.ticket.assignee for m in _members(draft, act.value))
    if draft.ticket.assignee is not None and not assigned:
        old = draft.ticket.assignee
        draft.add(FieldChanged(field="assignee", old=old, new=None, rule=act.rule))
    draft.add(Escalated(old=back_to, back_to=old_team, rule=act.rule))
    draft.tell_agents(f"Escalated to {act.value}.")
    named = draft.policy.directory.named(act.value)
    told = f"Your request was handed to {named}."
    draft.write(Template.UPDATE, draft.ticket.requester, note=told)


def _members(draft: Draft, team: str) -> tuple[Person, ...]:
    return draft.policy.directory.teams.get(team, ())


def _watch(draft: Draft, act: effects.Act) -> None:
    person = draft.policy.directory.known.get(act.value.casefold())
    if person is not None and not draft.ticket.takes_part(person):
        draft.add(PersonJoined(person))
        _acted(draft, act)


def settle_approval(
    draft: Draft,
    approver: Person | None,
    approved: bool,
    reason: str,
    facts: Facts,
    requester: Person,
) -> None:
    """An approver decides, or the clock for all of them; where that settles the question the
    rules look. On a no they look first: it closes the ticket, and a closed one never changes."""
    question = draft.ticket.approval
    assert question is not None, "only an open question is decided"
    if approver and after_word(question, approver.id, approved) is None:
        verdict.count(draft, question, approver, approved, reason)
        return
    if not approved:
        apply_rules(draft, "rejected", facts, requester)
    is_over = verdict.settle(draft, question, approver, approved, reason, requester)
    if approved and is_over:
        apply_rules(draft, "approved", facts, requester)


def _trace(outcome: engine.Outcome) -> Step:
    fired = tuple(f'rule "{step.rule}" fired' for step in outcome.steps if step.fired)
    others = [step for step in outcome.steps if not step.fired]
    passed = [f'rule "{step.rule}": {step.reason}' for step in others[:TRACED]]
    if len(others) > TRACED:
        passed.append(f"and {len(others) - TRACED} more; `maildesk rules try` shows every rule")
    return Step("rules", f"{len(fired)} fired", fired, tuple(passed))


def set_field(draft: Draft, field: Field, value: str, rule: str = "") -> None:
    """Change a classifying field; an assignee is named by address."""
    new: str | int | None = value
    if field == "assignee":
        agent = draft.policy.directory.agent(value)
        if agent is None:
            draft.explain("rules", f"{value} is no agent; nobody assigned", f'rule "{rule}"')
            return
        new = agent.id
    old = getattr(draft.ticket, field)
    if old != new:
        draft.add(FieldChanged(field=field, old=old, new=new, rule=rule))


def set_priority(draft: Draft, rule: str = "", since: int = 0) -> None:
    """The priority follows from impact and urgency (the matrix of catalog.toml), when they change:
    a priority that an agent or a rule set stays until then. `since`: by which event on."""
    changed = {event.field for event in draft.events[since:] if isinstance(event, FieldChanged)}
    ticket = draft.ticket
    priority = draft.policy.catalog.priority(ticket.impact, ticket.urgency)
    if priority and priority != ticket.priority and changed & {"impact", "urgency"}:
        draft.add(FieldChanged(field="priority", old=ticket.priority, new=priority, rule=rule))


def is_classified(draft: Draft) -> bool:
    """Whether all is known that the status Assign asks for."""
    return draft.ticket.is_classified and bool(draft.ticket.team or draft.ticket.assignee)
