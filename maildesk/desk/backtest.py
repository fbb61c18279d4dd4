"""What another set of rules would have made of the mails in the journal. Nothing is changed.

Each mail is read anew and asked of both sets, in the order of the journal. A ticket of the
simulation has what each set's rules gave it, and all that people did to the real one, as its
history tells. The status is the real one: what hangs on a status that rules set is not simulated.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from maildesk.desk.facts import facts_of
from maildesk.desk.worker import Readers
from maildesk.ingest.forward import passed_on
from maildesk.ingest.pool import Unreadable
from maildesk.lifecycle import waiting
from maildesk.lifecycle.looking import look
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import Facts
from maildesk.model.event import ApprovalDecided, Event, MessageAdded, Reopened, TicketOpened
from maildesk.model.mail import Disposition, Reading, address_key
from maildesk.model.person import Person
from maildesk.model.policy import Cause
from maildesk.model.ticket import Ticket, evolve
from maildesk.rules.compile import CompiledRules
from maildesk.rules.facts import Scene
from maildesk.rules.trial import told
from maildesk.store import backtest as rows
from maildesk.store import people, tickets
from maildesk.store.engine import Store
from maildesk.store.tickets import Recorded

BATCH = 100
_NO_OUTCOME = frozenset({"fired"})


@dataclass(frozen=True, slots=True)
class Changed:
    """One field of one ticket that the other rules would have left otherwise, and after which
    mail for the first time."""

    ticket: int
    mail: int
    field: str
    now: Any
    then: Any


@dataclass(slots=True)
class _Story:
    """How far a ticket's history has been told, and the ticket under each set of rules."""

    number: int
    history: list[Recorded]
    sides: list[Ticket | None] = field(default_factory=lambda: [None, None])
    told: set[str] = field(default_factory=set)

    def until(self, cause: str) -> list[Recorded]:
        """Let all happen that came before this cause; what the cause did is handed back."""
        while self.history and self.history[0].cause != cause:
            self._happen(self.history.pop(0))
        group = []
        while self.history and self.history[0].cause == cause:
            group.append(self.history.pop(0))
        return group

    def people_did(self, group: list[Recorded]) -> None:
        """Of what the cause did, all but the work of rules."""
        for line in group:
            if not _by_rules(line.event):
                self._happen(line)

    def _happen(self, line: Recorded) -> None:
        self.sides = [
            evolve(side, line.event, number=self.number, at=line.at) for side in self.sides
        ]


def _by_rules(event: Event) -> bool:
    is_priority = getattr(event, "field", "") == "priority"
    is_status = hasattr(event, "state") and hasattr(event, "old")
    return is_priority or (bool(getattr(event, "rule", "")) and not is_status)


@dataclass(slots=True)
class Backtest:
    """One run over the journal."""

    store: Store
    policy: Policy
    other: CompiledRules
    readers: Readers
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

    def _batch(self, ids: list[int]) -> Iterator[tuple[int, tuple[Changed, ...]]]:
        if not ids:
            return
        with self.store.read() as connection:
            mails = rows.mails(connection, ids)
            numbers = {mail.ticket for mail in mails} - self._stories.keys()
            for number in sorted(numbers):
                history = list(tickets.history(connection, number))
                self._stories[number] = _Story(number, history)
            known = people.by_ids(connection, self._requesters(mails))
        readings = self.readers.read([mail.raw for mail in mails])
        for mail, reading in zip(mails, readings, strict=True):
            if isinstance(reading, Unreadable):
                yield mail.id, ()
            else:
                yield mail.id, tuple(self._mail(mail, reading, known))

    def _requesters(self, mails: Iterable[rows.Worked]) -> set[int]:
        stories = (self._stories[mail.ticket] for mail in mails)
        opened = (s.history[0].event for s in stories if s.history)
        found = {event.requester for event in opened if isinstance(event, TicketOpened)}
        sides = (side for s in self._stories.values() for side in s.sides)
        return found | {side.requester for side in sides if side is not None}

    def _mail(
        self, mail: rows.Worked, reading: Reading, known: Mapping[int, Person]
    ) -> Iterator[Changed]:
        story = self._stories[mail.ticket]
        group = story.until(f"mail {mail.id}")
        story.people_did(group)
        on = _cause(mail, group)
        if on is None:
            return
        facts = _facts(reading, on, self._requester(story, known))
        before, after = self._asked(story, on, facts, known, group[0].at)
        for key in sorted((before.keys() | after.keys()) - _NO_OUTCOME - story.told):
            if before.get(key) != after.get(key):
                story.told.add(key)
                yield Changed(mail.ticket, mail.id, key, before.get(key), after.get(key))

    def _requester(self, story: _Story, known: Mapping[int, Person]) -> Person:
        ticket = story.sides[0]
        assert ticket is not None
        return known[ticket.requester]

    def _asked(
        self,
        story: _Story,
        on: Cause,
        facts: Facts,
        known: Mapping[int, Person],
        at: datetime,
    ) -> list[dict[str, Any]]:
        outcomes = []
        for place, rules in enumerate((self.policy.rules, self.other)):
            ticket = story.sides[place]
            assert ticket is not None
            scene = self._scene(ticket, facts, known[ticket.requester], at)
            outcome = look(self.policy, on, scene, at, rules=rules)
            after = replace(outcome.ticket, status=ticket.status, state=ticket.state)
            story.sides[place] = after
            outcomes.append(told(outcome))
        return outcomes

    def _scene(self, ticket: Ticket, facts: Facts, requester: Person, at: datetime) -> Scene:
        return Scene(
            mail=facts,
            ticket=ticket,
            requester=requester,
            moment=waiting.moment(self.policy.calendar, at),
            organisation=self.policy.directory.organisation_of(requester),
        )


def _facts(reading: Reading, on: Cause, requester: Person) -> Facts:
    """As intake saw them: of an agent's forward, the inner mail."""
    mail = reading.mail
    if on != "created":
        return facts_of(mail, reading.reply_text)
    wrote_it = any(sender.key == address_key(requester.address) for sender in mail.senders)
    inner = None if wrote_it else passed_on(reading)
    return facts_of(mail, inner.text if inner else mail.text, inner)


def _cause(mail: rows.Worked, group: list[Recorded]) -> Cause | None:
    """On which cause the rules looked at this mail; None: on none."""
    events = [line.event for line in group]
    if not events:
        return None
    if isinstance(events[0], TicketOpened):
        return "created"
    if any(isinstance(event, Reopened) for event in events):
        return "reopened"
    for event in events:
        if isinstance(event, ApprovalDecided) and not event.more:
            return "approved" if event.approved else "rejected"
    replied = any(isinstance(e, MessageAdded) and e.kind == "reply" for e in events)
    return "replied" if replied and mail.disposition == Disposition.FOLLOW_UP else None
