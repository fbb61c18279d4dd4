"""What another set of rules would have made of the mails in the journal. Nothing is changed.

Each mail is read anew and asked of both sets, in the order of the journal; without another set,
today's rules are held against what really happened. A ticket of the simulation has what each set's
rules gave it, and all that people did to the real one, as its history tells. The status is the real
one: what hangs on a status that rules set is not simulated. What came by no mail (a click, the
console, the clock) cannot be asked again; how much of it rules would look at is counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from maildesk.config.schema.rules import Trigger
from maildesk.ingest.content.forward import passed_on
from maildesk.ingest.reading.pool import Unreadable
from maildesk.lifecycle.classification import rule_time
from maildesk.lifecycle.classification.rule_evaluation import evaluate_rules
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import Facts
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    Event,
    MessageAdded,
    ProblemEnded,
    ProblemSeen,
    Reopened,
    RulesDue,
    StatusMoved,
    TicketOpened,
)
from maildesk.model.mail import Disposition, Reading, address_key
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket, evolve
from maildesk.processing.mail.message_facts import facts_of
from maildesk.processing.worker import Readers
from maildesk.rules.compile import CompiledRules
from maildesk.rules.engine import Outcome
from maildesk.rules.facts import RuleInput
from maildesk.rules.trial import outcome_by_key
from maildesk.store import people, tickets
from maildesk.store.engine import Store
from maildesk.store.queries import worked_mails as rows
from maildesk.store.tickets import Recorded

BATCH = 100
_NO_OUTCOME = frozenset({"fired"})
# What a ticket of the simulation has of the rules: anything but what hangs on its status.
_GIVEN = (
    *("service", "category", "sub_category", "request_type", "impact", "urgency", "priority"),
    *("team", "assignee", "tags", "parent", "relations"),
)
# What is held against the history where there is no other set of rules.
_FIELDS = (
    *("service", "category", "sub_category", "request_type"),
    *("impact", "urgency", "priority", "team"),
)


@dataclass(frozen=True, slots=True)
class Changed:
    """One field of one ticket that the other rules would have left otherwise, and after which
    mail for the first time. `ticket` is None where a rule turned the mail away."""

    ticket: int | None
    mail: int
    field: str
    now: Any
    then: Any


@dataclass(slots=True)
class _Story:
    """How far a ticket's history has been told, and the ticket under each set of rules.

    `real`: the first of the two is the ticket as it really was.
    """

    number: int
    history: list[Recorded]
    real: bool
    sides: list[Ticket | None] = field(default_factory=lambda: [None, None])
    told: set[str] = field(default_factory=set)

    def until(self, cause: str) -> tuple[list[Recorded], list[Recorded]]:
        """Let all happen that came before this cause; that, and what the cause did."""
        before = []
        while self.history and self.history[0].cause != cause:
            before.append(self.history.pop(0))
            self._happen(before[-1])
        group = []
        while self.history and self.history[0].cause == cause:
            group.append(self.history.pop(0))
        return before, group

    def rest(self) -> list[Recorded]:
        """What came after the last mail."""
        return self.history

    def people_did(self, group: list[Recorded]) -> None:
        """Of what the cause did, all but the work of rules."""
        for line in group:
            if not _by_rules(line.event):
                self._happen(line)
            elif self.real:
                self._happen(line, 1)

    def _happen(self, line: Recorded, sides: int = 2) -> None:
        after = [evolve(s, line.event, number=self.number, at=line.at) for s in self.sides[:sides]]
        self.sides[:sides] = after


def _parted(group: list[Recorded]) -> tuple[list[Recorded], list[Recorded]]:
    """What the cause did until a rule asked for an approval, and from there on."""
    asked = (isinstance(line.event, ApprovalAsked) and line.event.rule for line in group)
    first = next((place for place, by_rule in enumerate(asked) if by_rule), len(group))
    return group[:first], group[first:]


def _by_rules(event: Event) -> bool:
    """An approval that a rule asked for counts as real: people answered it."""
    return bool(getattr(event, "rule", "")) and not isinstance(event, StatusMoved | ApprovalAsked)


@dataclass(slots=True)
class Backtest:
    """One run over the journal. `left_out`: what could not be asked again, by its cause."""

    store: Store
    policy: Policy
    other: CompiledRules | None
    readers: Readers
    left_out: Counter[str] = field(default_factory=Counter)
    _stories: dict[int, _Story] = field(default_factory=dict)

    def run(self, ids: Iterable[int]) -> Iterator[tuple[int, tuple[Changed, ...]]]:
        """Each mail's id, and what would be different from it on. Reads only."""
        batch: list[int] = []
        for id_ in ids:
            batch.append(id_)
            if len(batch) == BATCH:
                yield from self._batch(batch)
                batch = []
        yield from self._batch(batch)
        for story in self._stories.values():
            self._count(story.rest())

    def _batch(self, ids: list[int]) -> Iterator[tuple[int, tuple[Changed, ...]]]:
        if not ids:
            return
        with self.store.read() as connection:
            mails = rows.mails(connection, ids)
            numbers = {mail.ticket for mail in mails if mail.ticket is not None}
            for number in sorted(numbers - self._stories.keys()):
                history = list(tickets.history(connection, number))
                self._stories[number] = _Story(number, history, self.other is None)
            known = people.by_ids(connection, self._requesters(mails))
        with closing(self.readers.read([mail.raw for mail in mails])) as readings:
            for mail, reading in zip(mails, readings, strict=True):
                yield mail.id, tuple(self._compared(mail, reading, known))

    def _compared(
        self, mail: rows.Worked, reading: Reading | Unreadable, known: Mapping[int, Person]
    ) -> Iterable[Changed]:
        if isinstance(reading, Unreadable):
            return ()
        if mail.ticket is None:
            return self._turned_away(mail, reading)
        return self._mail(mail, mail.ticket, reading, known)

    def _requesters(self, mails: Iterable[rows.Worked]) -> set[int]:
        stories = (self._stories[mail.ticket] for mail in mails if mail.ticket is not None)
        opened = (s.history[0].event for s in stories if s.history)
        found = {event.requester for event in opened if isinstance(event, TicketOpened)}
        sides = (side for s in self._stories.values() for side in s.sides)
        return found | {side.requester for side in sides if side is not None}

    def _mail(
        self, mail: rows.Worked, number: int, reading: Reading, known: Mapping[int, Person]
    ) -> Iterator[Changed]:
        story = self._stories[number]
        before, group = story.until(f"mail {mail.id}")
        self._count(before)
        before_rules, asked = _parted(group)
        story.people_did(before_rules)
        on = _cause(mail, group)
        if on is not None:
            yield from self._changes(mail, story, on, reading, known, group)
        story.people_did(asked)  # the rules look at the ticket before it is asked about

    def _changes(
        self,
        mail: rows.Worked,
        story: _Story,
        on: Trigger,
        reading: Reading,
        known: Mapping[int, Person],
        group: list[Recorded],
    ) -> Iterator[Changed]:
        """What the rules would leave otherwise after this mail."""
        ticket = story.sides[0]
        assert ticket is not None
        facts = _facts(reading, on, known[ticket.requester])
        now, then = self._asked(story, on, facts, known, group)
        for key in sorted((now.keys() | then.keys()) - _NO_OUTCOME - story.told):
            if now.get(key) != then.get(key):
                story.told.add(key)
                yield Changed(story.number, mail.id, key, now.get(key), then.get(key))

    def _asked(
        self,
        story: _Story,
        on: Trigger,
        facts: Facts,
        known: Mapping[int, Person],
        group: list[Recorded],
    ) -> list[dict[str, Any]]:
        """What came of it under either set, or what there was and what would be now."""
        outcomes: list[dict[str, Any]] = []
        for place, rules in enumerate((self.policy.rules, self.other)):
            ticket = story.sides[place]
            assert ticket is not None
            if self.other is None and place == 0:
                outcomes.append(_seen(ticket))
                continue
            rule_input = self._scene(ticket, facts, known[ticket.requester], group[0].at)
            outcome = evaluate_rules(
                self.policy, _with_it(on, group), rule_input, group[0].at, rules=rules
            )
            given = {name: getattr(outcome.ticket, name) for name in _GIVEN}
            after = replace(ticket, **given)
            story.sides[place] = after
            outcomes.append(
                outcome_by_key(outcome) if self.other else _seen(after) | _away(outcome)
            )
        return outcomes

    def _turned_away(self, mail: rows.Worked, reading: Reading) -> Iterator[Changed]:
        """A mail that a rule let make no ticket: whether the other rules would."""
        assert mail.away is not None
        senders = reading.mail.senders
        if not senders:
            return
        with self.store.read() as connection:
            sender = people.find(connection, senders[0].address)
        sender = sender or Person(id=0, name=senders[0].name, address=senders[0].address)
        facts, scene_of = facts_of(reading.mail, reading.mail.text), self._scene
        ticket = self._fresh(sender, mail.at)
        rule_input = scene_of(ticket, facts, sender, mail.at)
        now = dict([mail.away])
        if self.other is not None:
            now = _away(evaluate_rules(self.policy, "created", rule_input, mail.at))
        then = _away(evaluate_rules(self.policy, "created", rule_input, mail.at, rules=self.other))
        for key in sorted(now.keys() | then.keys()):
            if now.get(key) != then.get(key):
                yield Changed(None, mail.id, key, now.get(key), then.get(key))

    def _fresh(self, sender: Person, at: datetime) -> Ticket:
        opened = first_event(self.policy, requester=sender.id, source="mail")
        return evolve(None, opened, number=0, at=at)

    def _count(self, lines: list[Recorded]) -> None:
        """Of what came by no mail, the causes at which rules of either set look."""
        sets = [rules for rules in (self.policy.rules, self.other) if rules is not None]
        groups: dict[tuple[str, datetime], list[Event]] = {}
        for line in lines:
            groups.setdefault((line.cause, line.at), []).append(line.event)
        for events in groups.values():
            on = _cause_of(events)
            if on is not None and any(rules.waits_for(on) for rules in sets):
                self.left_out[on] += 1

    def _scene(self, ticket: Ticket, facts: Facts, requester: Person, at: datetime) -> RuleInput:
        return RuleInput(
            mail=facts,
            ticket=ticket,
            requester=requester,
            moment=rule_time.moment(self.policy.calendar, at),
            organisation=self.policy.directory.organisation_of(requester),
        )


def _seen(ticket: Ticket) -> dict[str, Any]:
    found = {name: getattr(ticket, name) for name in _FIELDS}
    return found | {"tag": tuple(sorted(ticket.tags))}


def _away(outcome: Outcome) -> dict[str, Any]:
    """Whether the mail would make no ticket."""
    return {
        key: why for key, why in outcome_by_key(outcome).items() if key in ("drop", "quarantine")
    }


def _facts(reading: Reading, on: Trigger, requester: Person) -> Facts:
    """As intake saw them: of an agent's forward, the inner mail."""
    mail = reading.mail
    if on == "event":
        return facts_of(mail, mail.text)
    if on != "created":
        return facts_of(mail, reading.reply_text)
    wrote_it = any(sender.key == address_key(requester.address) for sender in mail.senders)
    inner = None if wrote_it else passed_on(reading)
    return facts_of(mail, inner.text if inner else mail.text, inner)


def _cause(mail: rows.Worked, group: list[Recorded]) -> Trigger | None:
    """On which cause the rules looked at this mail; None: on none."""
    events = [line.event for line in group]
    replied = any(isinstance(e, MessageAdded) and e.kind == "reply" for e in events)
    related_change = replied and mail.disposition == Disposition.FOLLOW_UP
    found = _cause_of(events)
    return "replied" if related_change and found in (None, "status-changed") else found


def _with_it(on: Trigger, group: list[Recorded]) -> tuple[Trigger, ...]:
    """A report that reopened its ticket was both, in one pass."""
    again = on == "event" and any(isinstance(line.event, Reopened) for line in group)
    return (on, "reopened") if again else (on,)


def _cause_of(events: list[Event]) -> Trigger | None:
    """The cause of rules that these events of one moment were, as far as they tell."""
    if events and isinstance(events[0], TicketOpened):
        return "created"
    for event in events:
        match event:
            case ProblemSeen() | ProblemEnded():
                return "event"
            case Reopened():
                return "reopened"
            case ApprovalDecided(more=False, approved=approved):
                return "approved" if approved else "rejected"
    for event in events:
        match event:
            case RulesDue() if not any(isinstance(one, StatusMoved) for one in events):
                return "waited"
            case StatusMoved(rule=""):
                return "status-changed"
    return None
