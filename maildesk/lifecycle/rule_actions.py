"""What a rule does to the ticket of a decision in the making.

Every action passes the checks that people's actions pass (the workflow, an open approval, who is an
agent). What may not be done is told in the trace, and the rest of the rule is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from maildesk.lifecycle import closure, neighbours
from maildesk.lifecycle.classify import set_field, set_priority
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.hand_over import Reason, hand_over
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import OrderedElsewhere, RelationSet
from maildesk.model.decision import ActorKind, FollowUp, Template
from maildesk.model.event import ParentChanged, Paused, PersonJoined, Related, RuleActed, Tagged
from maildesk.model.person import Person
from maildesk.model.policy import Relate
from maildesk.model.ticket import Ticket
from maildesk.model.token import Purpose
from maildesk.rules.effects import Act, AddTag, Bond, Effect, SetField
from maildesk.rules.facts import Scene

ASKED = Illegal("somebody is asked to approve")


@dataclass(frozen=True, slots=True)
class DraftTarget:
    """The ticket of a draft, as rules work on it. `requester`: whose ticket it is."""

    draft: Draft
    requester: Person

    def choose(self, how: str, team: str, /) -> str | None:
        """An agent's address: whose turn it is, or who has the least to do."""
        return self.draft.policy.directory.choose(how, team, self.draft.now)

    def find(self, scene: Scene, relate: Relate, /) -> int | None:
        """The oldest open ticket that fits."""
        return neighbours.find(self.draft.policy.neighbours, scene, relate)

    def apply(self, rule: str, effects: Sequence[Effect], /) -> Ticket:
        """What the rule sets, the priority that follows, and then what it does.

        An approval is asked for when the pass is over, and a mail is turned away by the caller.
        """
        draft, before = self.draft, len(self.draft.events)
        for effect in effects:
            match effect:
                case SetField(field=field, value=value):
                    set_field(draft, field, value, rule)
                case AddTag(tag=tag) if tag not in draft.ticket.tags:
                    draft.add(Tagged(tag, rule))
        if not any(isinstance(one, SetField) and one.field == "priority" for one in effects):
            set_priority(draft, rule, since=before)
        for effect in effects:
            if isinstance(effect, Bond):
                _relate(draft, effect, self.requester)
            elif isinstance(effect, Act):
                _act(draft, effect)
        return draft.ticket


def _relate(draft: Draft, bond: Bond, person: Person) -> None:
    """The other ticket hears of a relation too; that the ticket is its child stands here alone."""
    if bond.relate.as_ == "child":
        draft.add(ParentChanged(old=draft.ticket.parent, new=bond.other, rule=bond.rule))
        return
    draft.add(Related(bond.relate.as_, bond.other, bond.rule))
    cause = OrderedElsewhere(
        agent=person,
        proof="",
        origin=draft.ticket.number,
        order=RelationSet(bond.relate.as_),
        rule=bond.rule,
    )
    draft.follow_ups.append(FollowUp(ticket=bond.other, cause=cause))


def _act(draft: Draft, act: Act) -> None:
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


def _words(draft: Draft, act: Act) -> str:
    if not act.ready:
        return act.value
    texts = {one.name: one.text for one in draft.policy.answers.template}
    return texts.get(act.value, "").strip()


def _acted(draft: Draft, act: Act) -> None:
    draft.add(RuleActed(rule=act.rule, action=act.action))


def _moved(draft: Draft, act: Act, status: str) -> bool:
    """Whether the rule's move was legal; if not, the trace says why."""
    if draft.ticket.waits_for_approval:
        illegal: Illegal | None = ASKED
    else:
        illegal = closure.bring_to(draft, status, ActorKind.RULE, act.rule)
    if illegal is not None:
        draft.explain("rules", f"{act.action} not done: {illegal.why}", f'rule "{act.rule}"')
    return illegal is None


def _hold(draft: Draft, act: Act) -> None:
    if _moved(draft, act, draft.policy.workflow.roles.on_hold):
        draft.add(Paused(rule=act.rule))
        draft.notes.append(act.value)


def _escalate(draft: Draft, act: Act) -> None:
    old_team = draft.ticket.team
    if old_team == act.value:
        draft.explain(
            "rules",
            f"escalate not done: the ticket is with {old_team} already",
            f'rule "{act.rule}"',
        )
        return
    if _moved(draft, act, draft.policy.workflow.roles.escalated):
        note = f"Escalated to {act.value}."
        hand_over(draft, act.value, Reason(kind="escalated", note=note, rule=act.rule))


def _watch(draft: Draft, act: Act) -> None:
    person = draft.policy.directory.known.get(act.value.casefold())
    if person is not None and not draft.ticket.takes_part(person):
        draft.add(PersonJoined(person))
        _acted(draft, act)
