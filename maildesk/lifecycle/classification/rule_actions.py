"""What a rule does to the ticket of a decision in the making.

Every action passes the checks that people's actions pass (the workflow, an open approval, who is an
agent). What may not be done is told in the trace, and the rest of the rule is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from maildesk.config.schema.rules import Relate
from maildesk.lifecycle.classification.classify import set_field, set_priority
from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.hand_over import Reason, hand_over
from maildesk.lifecycle.relations import relate_target
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import RelatedTicketChange, RelationSet
from maildesk.model.decision import ActorKind, RelatedChange, Template
from maildesk.model.event import ParentChanged, Paused, PersonJoined, Related, RuleActed, Tagged
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.rules.effects import AddTag, Effect, RelateTicket, RuleAction, SetField
from maildesk.rules.facts import RuleInput

ASKED = Refusal(Message.of("refusal.waits-for-approval"))


@dataclass(frozen=True, slots=True)
class BuilderTarget:
    """The ticket of a decision in the making, as rules change it. `requester` is the ticket's."""

    builder: DecisionBuilder
    requester: Person

    def choose(self, how: str, team: str, /) -> str | None:
        """An agent's address: whose turn it is, or who has the least to do."""
        return self.builder.policy.directory.choose(how, team, self.builder.now)

    def find(self, rule_input: RuleInput, relate: Relate, /) -> int | None:
        """The oldest open ticket that fits."""
        return relate_target.find(self.builder.policy.neighbours, rule_input, relate)

    def apply(self, rule: str, effects: Sequence[Effect], /) -> Ticket:
        """What the rule sets, the priority that follows, and then what it does.

        An approval is asked for when the pass is over, and a mail is turned away by the caller.
        """
        builder, before = self.builder, len(self.builder.events)
        for effect in effects:
            match effect:
                case SetField(field=field, value=value):
                    set_field(builder, field, value, rule)
                case AddTag(tag=tag) if tag not in builder.ticket.tags:
                    builder.add(Tagged(tag, rule))
        if not any(isinstance(one, SetField) and one.field == "priority" for one in effects):
            set_priority(builder, rule, since=before)
        for effect in effects:
            if isinstance(effect, RelateTicket):
                _relate(builder, effect, self.requester)
            elif isinstance(effect, RuleAction):
                _act(builder, effect)
        return builder.ticket


def _relate(builder: DecisionBuilder, wanted: RelateTicket, person: Person) -> None:
    """The other ticket hears of a relation too; that the ticket is its child stands here alone."""
    if wanted.relate.as_ == "child":
        builder.add(ParentChanged(old=builder.ticket.parent, new=wanted.other, rule=wanted.rule))
        return
    builder.add(Related(wanted.relate.as_, wanted.other, wanted.rule))
    cause = RelatedTicketChange(
        agent=person,
        proof="",
        origin=builder.ticket.number,
        order=RelationSet(wanted.relate.as_),
        rule=wanted.rule,
    )
    builder.related_changes.append(RelatedChange(ticket=wanted.other, cause=cause))


def _act(builder: DecisionBuilder, act: RuleAction) -> None:
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
            builder.notes.append(Message.verbatim(act.value))
        case "no-acknowledgement":
            _acted(builder, act)
            builder.acknowledges = False
        case "tell-requester":
            _acted(builder, act)
            to = builder.ticket.requester
            text, links = _words(builder, act), (Purpose.VIEW,)
            builder.write(Template.REPLY, to, text=text, links=links, own=True)
        case "tell-agents":
            _acted(builder, act)
            builder.tell_agents(Message.verbatim(_words(builder, act)))


def _words(builder: DecisionBuilder, act: RuleAction) -> str:
    if not act.ready:
        return act.value
    texts = {one.name: one.text for one in builder.policy.answers.template}
    return texts.get(act.value, "").strip()


def _acted(builder: DecisionBuilder, act: RuleAction) -> None:
    builder.add(RuleActed(rule=act.rule, action=act.action))


def _moved(builder: DecisionBuilder, act: RuleAction, status: str) -> bool:
    """Whether the rule's move was legal; if not, the trace says why."""
    if builder.ticket.waits_for_approval:
        illegal: Refusal | None = ASKED
    else:
        illegal = closure.bring_to(builder, status, ActorKind.RULE, act.rule)
    if illegal is not None:
        builder.explain("rules", f"{act.action} not done", illegal.why, f'rule "{act.rule}"')
    return illegal is None


def _hold(builder: DecisionBuilder, act: RuleAction) -> None:
    if _moved(builder, act, builder.policy.workflow.roles.on_hold):
        builder.add(Paused(rule=act.rule))
        builder.notes.append(Message.verbatim(act.value))


def _escalate(builder: DecisionBuilder, act: RuleAction) -> None:
    old_team = builder.ticket.team
    if old_team == act.value:
        builder.explain(
            "rules",
            f"escalate not done: the ticket is with {old_team} already",
            f'rule "{act.rule}"',
        )
        return
    if _moved(builder, act, builder.policy.workflow.roles.escalated):
        note = Message.of("note.escalated-by-rule", team=act.value)
        hand_over(builder, act.value, Reason(kind="escalated", note=note, rule=act.rule))


def _watch(builder: DecisionBuilder, act: RuleAction) -> None:
    person = builder.policy.directory.known.get(act.value.casefold())
    if person is not None and not builder.ticket.takes_part(person):
        builder.add(PersonJoined(person))
        _acted(builder, act)
