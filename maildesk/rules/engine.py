"""Run the rules over a ticket: in order, once, and without a circle.

What a rule wants is done by the target before the next rule is asked: each rule sees the real
ticket. What rules change fires nothing again: there is one pass for one cause. A rule that cannot
be answered (an index out of range) did not fire, and the trace says why; the others go on.
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
    """What became of one rule, and why. `looked_at`: it was asked on this cause."""

    rule: str
    fired: bool
    reason: str
    looked_at: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules want, in the order they want it, and a step for every rule.

    `ticket` is as the last rule left it. A priority that follows from impact and urgency is not
    among the effects: whoever applies them sets it. Nor is what was so already.
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
    """One pass over all rules, or over those of these names `only`; also where a cause is several
    things `on` which rules look. `target` holds the ticket of the input."""
    causes = (on,) if isinstance(on, str) else on
    this = _Pass(compiled, causes, target, rule_input, compiled.activation(rule_input))
    for rule in compiled.rules:
        if only is None or rule.rule.name in only:
            this.steps.append(this.look(rule))
    return Outcome(tuple(this.effects), tuple(this.steps), this.rule_input.ticket)


def answer(compiled: CompiledRule, activation: cel.Activation) -> tuple[bool, str]:
    """Whether what the rule asks for holds, and why. What cannot be answered does not hold."""
    found = compiled.expression.eval(activation).value()
    if found is True:
        return True, compiled.holds
    return False, compiled.fails if found is False else f"could not be answered: {found}"


@dataclass(slots=True)
class _Pass:
    """How far a pass has come."""

    compiled: CompiledRules
    on: tuple[Trigger, ...]
    target: RuleTarget
    rule_input: RuleInput
    activation: cel.Activation
    effects: list[Effect] = field(default_factory=list)
    steps: list[Fired] = field(default_factory=list)
    stopped_by: str = ""

    def look(self, compiled: CompiledRule) -> Fired:
        """Ask one rule and take what it wants."""
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
        yield from _acts(rule)
        if then.ask_approval:
            yield AskApproval(then.ask_approval, rule.name)

    def _changes(self, effect: Effect) -> bool:
        match effect:
            case SetField(field="assignee"):
                return True  # an address; whether it is the assignee's is not known here
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


def _acts(rule: Rule) -> Iterator[RuleAction]:
    then, name = rule.then, rule.name
    singles: tuple[tuple[Action, str | None], ...] = (
        ("drop", then.drop),
        ("quarantine", then.quarantine),
        ("escalate", then.escalate),
        ("hold", then.hold),
        ("note", then.note),
    )
    yield from (RuleAction(action, value, name) for action, value in singles if value is not None)
    yield from (RuleAction("watch", address, name) for address in then.watch)
    if then.mail is not None:
        told: Action = "tell-agents" if then.mail.to == "agents" else "tell-requester"
        ready = then.mail.template is not None
        yield RuleAction(told, then.mail.template or then.mail.text or "", name, ready)
    if then.status is not None:
        yield RuleAction("status", then.status, name)  # last: it may be the end of the ticket
