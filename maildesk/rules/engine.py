"""Evaluates the rules for a ticket: in order, once each.

The target applies the effects of a rule before the next one is evaluated, so that each rule sees
the real ticket. Changes by rules trigger no rules: there is one pass per cause. A rule that cannot
be evaluated (an index out of range) does not fire, the trace says why, and the other rules run.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from cel_expr_python import cel  # type: ignore[import-untyped]

from maildesk.config.schema.rules import Rule, Trigger
from maildesk.model.event import Field
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import CompiledRule, CompiledRules
from maildesk.rules.effects import (
    Action,
    AddTag,
    AskApproval,
    Effect,
    RelateTicket,
    RuleAction,
    RuleTarget,
    SetField,
    is_new,
)
from maildesk.rules.facts import RuleInput

_SETTABLE: tuple[Field, ...] = (
    "service",
    "category",
    "sub_category",
    "request_type",
    "impact",
    "urgency",
    "priority",
    "team",
    "assignee",
)


@dataclass(frozen=True, slots=True)
class Fired:
    """The result of one rule, and why. `looked_at`: it was evaluated for this cause."""

    rule: str
    fired: bool
    reason: str
    looked_at: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """The effects of the rules in order, and a step for every rule.

    `ticket` is as the last rule left it. The effects contain neither values that were already set
    nor a priority that follows from impact and urgency, which the target sets.
    """

    effects: tuple[Effect, ...]
    steps: tuple[Fired, ...]
    ticket: Ticket

    @property
    def fired(self) -> tuple[str, ...]:
        """The rules that fired, in order."""
        return tuple(step.rule for step in self.steps if step.fired)


def run(
    compiled: CompiledRules,
    on: Trigger | tuple[Trigger, ...],
    rule_input: RuleInput,
    target: RuleTarget,
    *,
    only: Collection[str] | None = None,
) -> Outcome:
    """One pass over all rules, or only over those with the names in `only`.

    `on` is the trigger, or several if the cause has several. `target` holds the ticket of the
    input.
    """
    causes = (on,) if isinstance(on, str) else on
    this = _RulePass(compiled, causes, target, rule_input, compiled.activation(rule_input))
    for rule in compiled.rules:
        if only is None or rule.rule.name in only:
            this.steps.append(this.evaluate(rule))
    return Outcome(tuple(this.effects), tuple(this.steps), this.rule_input.ticket)


def answer(compiled: CompiledRule, activation: cel.Activation) -> tuple[bool, str]:
    """Whether the rule's condition holds, and why.

    A condition that cannot be evaluated does not hold.
    """
    found = compiled.expression.eval(activation).value()
    if found is True:
        return True, compiled.holds
    return False, compiled.fails if found is False else f"could not be answered: {found}"


@dataclass(slots=True)
class _RulePass:
    """The state of one pass."""

    compiled: CompiledRules
    on: tuple[Trigger, ...]
    target: RuleTarget
    rule_input: RuleInput
    activation: cel.Activation
    effects: list[Effect] = field(default_factory=list)
    steps: list[Fired] = field(default_factory=list)
    stopped_by: str = ""

    def evaluate(self, compiled: CompiledRule) -> Fired:
        """Evaluate one rule and collect its effects."""
        rule = compiled.rule
        if self.stopped_by:
            return Fired(rule.name, False, f"not looked at: {self.stopped_by!r} stops", False)
        if not any(on in rule.on for on in self.on):
            reason = f"looks on {', '.join(rule.on)}, not on {' or '.join(self.on)}"
            return Fired(rule.name, False, reason, False)
        holds, why = answer(compiled, self.activation)
        if holds:
            self._take(rule)
        return Fired(rule.name, holds, why)

    def _take(self, rule: Rule) -> None:
        new = [effect for effect in self._wanted(rule) if self._changes(effect)]
        self.effects += new
        before, after = self.rule_input.ticket, self.target.apply(rule.name, new)
        turns_away = rule.then.drop is not None or rule.then.quarantine is not None
        if rule.stop or turns_away or (after.is_closed and not before.is_closed):
            self.stopped_by = rule.name
        if after is not before:
            self.rule_input = replace(self.rule_input, ticket=after)
            self.activation = self.compiled.activation(self.rule_input)

    def _wanted(self, rule: Rule) -> Iterator[Effect]:
        then = rule.then
        for name in _SETTABLE:
            value = getattr(then, name)
            if value is not None:
                yield SetField(name, value, rule.name)
        if then.assign:
            team = then.escalate or then.team or self.rule_input.ticket.team
            chosen = self.target.choose(then.assign, team)
            if chosen is not None:
                yield SetField("assignee", chosen, rule.name)
        yield from (AddTag(tag, rule.name) for tag in dict.fromkeys(then.tag))
        if then.relate is not None:
            other = self.target.find(self.rule_input, then.relate)
            if other is not None:
                yield RelateTicket(then.relate, other, rule.name)
        yield from _actions(rule)
        if then.ask_approval:
            yield AskApproval(then.ask_approval, rule.name)

    def _changes(self, effect: Effect) -> bool:
        match effect:
            case SetField(field="assignee"):
                return True  # an address, which cannot be compared with the assignee's id here
            case SetField(field=name, value=value):
                return bool(getattr(self.rule_input.ticket, name) != value)
            case AddTag(tag=tag):
                return tag not in self.rule_input.ticket.tags
            case AskApproval():
                return not any(isinstance(earlier, AskApproval) for earlier in self.effects)
            case RelateTicket(relate=relate, other=other):
                return is_new(self.rule_input.ticket, relate, other)
            case RuleAction(action="status", value=status):
                return self.rule_input.ticket.status != status
            case RuleAction():
                return True


def _actions(rule: Rule) -> Iterator[RuleAction]:
    then, name = rule.then, rule.name
    singles: tuple[tuple[Action, str | None], ...] = (
        ("drop", then.drop),
        ("quarantine", then.quarantine),
        ("escalate", then.escalate),
        ("hold", then.hold),
        ("note", then.note),
    )
    yield from (RuleAction(action, value, name) for action, value in singles if value is not None)
    if then.acknowledge is not None:
        yield RuleAction("no-acknowledgement", "", name)
    yield from (RuleAction("watch", address, name) for address in then.watch)
    if then.mail is not None:
        told: Action = "tell-agents" if then.mail.to == "agents" else "tell-requester"
        ready = then.mail.template is not None
        yield RuleAction(told, then.mail.template or then.mail.text or "", name, ready)
    if then.status is not None:
        yield RuleAction("status", then.status, name)  # last, because it may close the ticket
