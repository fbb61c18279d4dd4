"""Run the rules over a ticket: in order, once, and without a circle.

A rule sees the ticket as the rules before it left it, and what it changes fires nothing again:
there is one pass for one cause. A rule that cannot be answered (an index out of range) did not
fire, and the trace says why; the others go on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cel_expr_python import cel  # type: ignore[import-untyped]

from maildesk.model.cause import Facts
from maildesk.model.event import Field
from maildesk.model.person import Person
from maildesk.model.policy import Cause, Rule
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import CompiledRule, CompiledRules
from maildesk.rules.facts import Scene

_SETTABLE: tuple[Field, ...] = (
    "service",
    "category",
    "sub_category",
    "request_type",
    "impact",
    "urgency",
    "team",
    "assignee",
)
Priority = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class SetField:
    """A field gets a value. For `assignee` the value is an agent's mail address."""

    field: Field
    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class AddTag:
    """A tag that the ticket does not have yet."""

    tag: str
    rule: str


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Somebody must approve first."""

    whom: Literal["manager"]
    rule: str


Effect = SetField | AddTag | AskApproval


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of one rule, and why."""

    rule: str
    fired: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules want, in the order they want it, and a step for every rule.

    Only real changes are listed. The priority is not among them: it follows from impact and
    urgency, and whoever applies these effects sets it.
    """

    effects: tuple[Effect, ...]
    steps: tuple[Fired, ...]


def run(
    compiled: CompiledRules,
    on: Cause,
    *,
    ticket: Ticket,
    facts: Facts,
    requester: Person,
    priority: Priority,
) -> Outcome:
    """One pass over all rules. `priority(impact, urgency)` is the catalogue's matrix."""
    scene = Scene(mail=facts, ticket=ticket, requester=requester)
    this = _Pass(compiled, on, priority, scene, compiled.activation(scene))
    for rule in compiled.rules:
        this.steps.append(this.look(rule))
    return Outcome(tuple(this.effects), tuple(this.steps))


@dataclass(slots=True)
class _Pass:
    """How far a pass has come."""

    compiled: CompiledRules
    on: Cause
    priority: Priority
    scene: Scene
    activation: cel.Activation
    effects: list[Effect] = field(default_factory=list)
    steps: list[Fired] = field(default_factory=list)
    stopped_by: str = ""

    def look(self, compiled: CompiledRule) -> Fired:
        """Ask one rule and take what it wants."""
        rule = compiled.rule
        if self.stopped_by:
            return Fired(rule.name, False, f"not looked at: {self.stopped_by!r} stops")
        if self.on not in rule.on:
            return Fired(rule.name, False, f"looks on {', '.join(rule.on)}, not on {self.on}")
        holds, reason = _answer(compiled, self.activation)
        if holds:
            self._take(rule)
        return Fired(rule.name, holds, reason)

    def _take(self, rule: Rule) -> None:
        new = [effect for effect in _wanted(rule) if self._changes(effect)]
        self.effects += new
        if rule.stop:
            self.stopped_by = rule.name
        ticket = _after(self.scene.ticket, new, self.priority)
        if ticket != self.scene.ticket:
            self.scene = replace(self.scene, ticket=ticket)
            self.activation = self.compiled.activation(self.scene)

    def _changes(self, effect: Effect) -> bool:
        match effect:
            case SetField(field="assignee"):
                return True  # an address; whether it is the assignee's is not known here
            case SetField(field=name, value=value):
                return bool(getattr(self.scene.ticket, name) != value)
            case AddTag(tag=tag):
                return tag not in self.scene.ticket.tags
            case AskApproval():
                return not any(isinstance(earlier, AskApproval) for earlier in self.effects)


def _answer(compiled: CompiledRule, activation: cel.Activation) -> tuple[bool, str]:
    when = compiled.rule.when
    answer = compiled.expression.eval(activation).value()
    if answer is True:
        return True, f"holds: {when}"
    if answer is False:
        return False, f"does not hold: {when}"
    return False, f"could not be answered: {answer}"


def _wanted(rule: Rule) -> Iterator[Effect]:
    for name in _SETTABLE:
        value = getattr(rule.then, name)
        if value is not None:
            yield SetField(name, value, rule.name)
    yield from (AddTag(tag, rule.name) for tag in dict.fromkeys(rule.then.tag))
    if rule.then.ask_approval:
        yield AskApproval(rule.then.ask_approval, rule.name)


def _after(ticket: Ticket, effects: list[Effect], priority: Priority) -> Ticket:
    """The ticket as the next rule sees it."""
    tags = tuple(effect.tag for effect in effects if isinstance(effect, AddTag))
    changes: dict[str, Any] = {
        effect.field: effect.value
        for effect in effects
        if isinstance(effect, SetField) and effect.field != "assignee"
    }
    if not tags and not changes:
        return ticket
    changed = replace(ticket, tags=ticket.tags + tags, **changes)
    if changes.keys() & {"impact", "urgency"}:
        return replace(changed, priority=priority(changed.impact, changed.urgency))
    return changed
