"""Whatever happens to a ticket, in whatever order, some things always hold."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.relations.hierarchy import ancestors
from maildesk.messages.trace import english
from maildesk.model.cause import (
    AgentActed,
    Cause,
    Choice,
    Command,
    CommandContext,
    DeadlineReached,
    DeliveryFailed,
    LatestMessage,
    LinkUsed,
    MailArrived,
    SplitCandidate,
    UndoTarget,
    WrongCommand,
)
from maildesk.model.decision import Answer, Change, Decision, OutgoingMail, Template
from maildesk.model.event import ApprovalPassedOn, Event, MessageAdded, PersonJoined
from maildesk.model.mail import Disposition, Kind
from maildesk.model.person import Person, Proof
from maildesk.model.ticket import Ticket, evolve
from tests.lifecycle.cast import (
    ANN,
    BOSS,
    CAST,
    LEE,
    MALLORY,
    MAX,
    NEW,
    NOW,
    RITA,
    WILL,
    mail,
    with_rules,
)

# Rules that look on every cause, and ask for approvals at awkward moments.
POLICY = with_rules(
    {
        "name": "Printers",
        "when": 'mail.subject.contains("Printer")',
        "then": {
            "category": "Hardware",
            "service": "Workplace",
            "impact": "low",
            "urgency": "medium",
            "team": "First line",
        },
    },
    {"name": "Buy", "when": 'mail.subject == "buy"', "then": {"ask_approval": "manager"}},
    {
        "name": "Money",
        "on": ["replied", "reopened", "approved", "rejected"],
        "when": 'mail.text.contains("EUR")',
        "then": {"ask_approval": "manager", "tag": "money"},
    },
    {"name": "Retry", "on": "reopened", "then": {"urgency": "high", "assignee": LEE.address}},
    {"name": "No", "on": "rejected", "then": {"tag": "no", "team": "Network"}},
    fallback=BOSS,
)
STATUSES = {status.name: status.state for status in POLICY.workflow.status}
AGENTS = {ANN.id, LEE.id}
FOR_OUTSIDERS = {
    *(Template.ACKNOWLEDGEMENT, Template.REPLY, Template.RESOLUTION, Template.REMINDER),
    *(
        Template.UPDATE,
        Template.CLOSURE,
        Template.APPROVAL,
        Template.DECISION_RECEIPT,
        Template.CONFIRMATION,
    ),
}

people = st.sampled_from(list(CAST.values()))
agents = st.sampled_from([ANN, LEE])
choices = st.none() | st.sampled_from(Choice)
words = st.sampled_from(["", "Hello.", "That is 20 EUR.", "It smears."])
command_lines = st.lists(
    st.sampled_from(
        [
            Command("take", ""),
            Command("note", "SECRET"),
            Command("resolve", "New toner."),
            Command("resolve", ""),
            Command("close", ""),
            *(Command("assign", "lee"), Command("team", "Network"), Command("tag", "vip")),
            *(Command("impact", "high"), Command("priority", "P1"), Command("status", "Analysis")),
            *(Command("hold", "SECRET"), Command("hold", "SECRET until 2026-12-01")),
            *(Command("escalate", "L2 SECRET"), Command("escalate", "back SECRET")),
            *(Command("escalate", "requester Which?"), Command("reopen", "SECRET")),
            *(Command("cc", "will"), Command("uncc", "will"), Command("onbehalf", "will")),
            *(Command("parent", "1500"), Command("child", "1501"), Command("link", "1500")),
            *(Command("child", "1500"), Command("parent", "1501"), Command("parent", "none")),
            *(Command("merge", "1500"), Command("split", ""), Command("spam", "")),
            *(Command("undo", ""), Command("undo", ""), Command("help", "")),
        ]
    ),
    max_size=3,
)
OTHER = replace(NEW, number=1500)
CHILD = replace(NEW, number=1501, requester=MAX.id)
rounds_ago = st.sampled_from([None, 0, 0, 0, 1])


class AnyHistory(RuleBasedStateMachine):
    """One ticket, and everybody who may do something to it."""

    def __init__(self) -> None:
        super().__init__()
        self.ticket: Ticket | None = None
        self.history: list[tuple[Event, datetime]] = []
        self.now = NOW
        self.serial = itertools.count()
        self.others = {one.number: one for one in (OTHER, CHILD)}
        self.elsewhere: dict[int, tuple[Event, ...]] = {}
        self.before: dict[int, Ticket] = {}

    @initialize(who=people, subject=st.sampled_from(["Printer broken", "buy", "?"]))
    def somebody_writes_first(self, who: Person, subject: str) -> None:
        self._happen(mail(who, subject=subject, requester=who, message=self._id()), who)

    # ---- causes

    @rule(
        who=people,
        text=words,
        kind=st.sampled_from([Kind.PERSON] * 4 + [Kind.AUTO_REPLY, Kind.LIST]),
        proof=st.sampled_from(Proof),
        ago=rounds_ago,
        choice=choices,
        reason=st.sampled_from(["", "no"]),
        unclear=st.sampled_from([False, False, False, True]),
        thanks=st.sampled_from([False, False, False, True]),
        joining=st.lists(st.sampled_from([WILL.id, MALLORY.id]), max_size=1),
        silent=st.sampled_from([False, False, False, True]),
    )
    def somebody_writes(
        self,
        who: Person,
        text: str,
        kind: Kind,
        proof: Proof,
        ago: int | None,
        choice: Choice | None,
        reason: str,
        unclear: bool,
        thanks: bool,
        joining: Sequence[int],
        silent: bool,
    ) -> None:
        arrived = mail(
            who,
            text,
            kind=kind,
            proof=proof,
            requester=self._requester(),
            message=self._id(),
            round=None if ago is None else self._ticket().round - ago,
            choice=None if unclear else choice,
            reason=reason,
            unclear=unclear,
            thanks=thanks,
            joining=tuple(joining),
            silent=silent,
            held=self._is_stranger(who),
        )
        self._happen(arrived, who)

    @rule(
        who=agents,
        text=words,
        commands=command_lines,
        wrong=st.sampled_from([False, False, False, True]),
        by_mail=st.booleans(),
    )
    def an_agent_acts(
        self, who: Person, text: str, commands: list[Command], wrong: bool, by_mail: bool
    ) -> None:
        wrongs = (WrongCommand("#x", "not known"),) if wrong else ()
        if by_mail:
            orders = [(command.name, command.argument) for command in commands]
            requester, message = self._requester(), self._id()
            cause: Cause = mail(
                *(who, text),
                requester=requester,
                message=message,
                commands=orders,
                wrong_commands=wrongs,
                command_context=self._around(),
            )
        else:
            cause = AgentActed(
                agent=who,
                message=self._id(),
                requester=RITA,
                text=text,
                commands=tuple(commands),
                wrong_commands=wrongs,
                command_context=self._around(),
            )
        self._happen(cause, who)

    @rule(
        who=people, choice=st.sampled_from(Choice), ago=rounds_ago, why=st.sampled_from(["", "no"])
    )
    def a_link_is_used(self, who: Person, choice: Choice, ago: int | None, why: str) -> None:
        self._press(who, choice, self._ticket().round - (ago or 0), why)

    @precondition(lambda self: self.ticket and self.ticket.waits_for_approval)
    @rule(choice=st.sampled_from([Choice.APPROVE, Choice.REJECT]))
    def the_approver_decides(self, choice: Choice) -> None:
        approval = self._ticket().approval
        assert approval is not None
        self._press(CAST[approval.waiting[0]], choice, approval.round, "20 EUR are too much")

    @precondition(lambda self: self.ticket and self.ticket.waits_for_requester)
    @rule(choice=st.sampled_from([Choice.ACCEPT, Choice.REJECT, Choice.REJECT]))
    def the_requester_decides(self, choice: Choice) -> None:
        self._press(self._requester(), choice, self._ticket().round, "20 EUR are too much")

    @rule(days=st.sampled_from([0, 1, 3, 6]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days, minutes=1)
        due = self._ticket().next_due
        decision = self._happen(DeadlineReached(requester=RITA), None)
        assert bool(decision.changes) == (due is not None and due <= self.now)

    @rule(to=people, template=st.sampled_from(Template))
    def a_mail_does_not_arrive(self, to: Person, template: Template) -> None:
        decision = self._happen(
            DeliveryFailed(requester=RITA, recipient=to, template=template, reason="550"), None
        )
        asked = {
            outgoing_mail.to
            for outgoing_mail in decision.outgoing_mails
            if outgoing_mail.template is Template.APPROVAL
        }
        assert bool(decision.changes) == bool(asked)  # a question that bounced goes to another
        assert {outgoing_mail.to for outgoing_mail in decision.outgoing_mails} - asked <= AGENTS - {
            to.id
        }

    # ---- how it goes on

    def _press(self, who: Person, choice: Choice, round_: int, why: str) -> None:
        used = LinkUsed(
            person=who,
            requester=self._requester(),
            choice=choice,
            round=round_,
            comment=why,
            message=self._id(),
        )
        decision = self._happen(used, who)
        assert (decision.answer is Answer.DONE) == bool(decision.changes)

    def _happen(self, cause: Cause, who: Person | None) -> Decision:
        before = self.ticket
        self.now += timedelta(minutes=1)
        # The numbers of the ticket itself, of the child of a closed one, and of what is split off.
        number = 1001 if before is None else 2000 if before.is_closed else 2001
        cause = replace(cause, number=number)
        decision = decide(before, cause, POLICY, self.now)
        for change in decision.changes:
            assert change.after == _folded(change, self.now)
        assert decision == decide(before, cause, POLICY, self.now)  # it depends on nothing else
        self.before = {**self.others, **({} if before is None else {before.number: before})}
        self.elsewhere = {}
        for change in decision.changes:
            child = change.ticket is None and before is not None
            self._record(change.events, child)
        self._check_letters(decision, before, who)
        if isinstance(cause, MailArrived):
            self._check_mail(cause, decision, before)
        if isinstance(cause, MailArrived | AgentActed):
            self._check_secrets(decision)
            self._check_elsewhere(decision)
        if before is not None and before.is_closed:
            self._check_end(before, decision)
        return decision

    def _around(self) -> CommandContext:
        """What a shell would find: two other tickets, a watcher, and the last thing done."""
        mine = self._ticket()
        last = tuple(event for event, at in self.history if at == self.history[-1][1])
        latest = LatestMessage(message="m-any", author=self._requester(), text="?", kind="reply")
        return CommandContext(
            tickets={**self.others, mine.number: mine},
            people={"will": (WILL,)},
            latest=latest,
            split_candidate=SplitCandidate(latest=latest),
            undo_target=UndoTarget(
                at=self.history[-1][1], events=last, elsewhere=self.elsewhere, before=self.before
            ),
        )

    def _record(self, events: Sequence[Event], child: bool) -> None:
        ticket = None if child else self.ticket
        number = 2000 if child else 1001
        for event in events:
            ticket = evolve(ticket, event, number=number, at=self.now)
        if not child:
            self.ticket = ticket
            self.history += [(event, self.now) for event in events]

    def _ticket(self) -> Ticket:
        assert self.ticket is not None
        return self.ticket

    def _requester(self) -> Person:
        return CAST[self._ticket().requester]

    def _is_stranger(self, who: Person) -> bool:
        """As threading has it."""
        return not who.is_agent and not self._ticket().takes_part(who.id)

    def _id(self) -> str:
        return f"m{next(self.serial)}"

    # ---- what holds after each

    def _check_letters(self, decision: Decision, before: Ticket | None, who: Person | None) -> None:
        allowed = {person for person in CAST if self._ticket().takes_part(person)} | AGENTS
        if before is not None:
            allowed |= {person for person in CAST if before.takes_part(person)}
        if who is not None:
            allowed.add(who.id)
        for outgoing_mail in decision.outgoing_mails:
            assert outgoing_mail.to in allowed, outgoing_mail
            assert outgoing_mail.to in AGENTS or outgoing_mail.template in FOR_OUTSIDERS, (
                outgoing_mail
            )
        keys = [
            (outgoing_mail.template, outgoing_mail.to) for outgoing_mail in decision.outgoing_mails
        ]
        notifications = [key for key in keys if key[0] is not Template.AGENT_NOTIFICATION]
        assert len(set(notifications)) == len(notifications), keys

    def _check_mail(self, cause: MailArrived, decision: Decision, before: Ticket | None) -> None:
        assert decision.disposition in Disposition
        assert decision.message_kind != ""
        assert len(decision.changes) == 1
        added = [e for e in decision.changes[0].events if isinstance(e, MessageAdded)]
        assert added == [MessageAdded(cause.message, decision.message_kind)]
        if cause.silent:
            assert decision.outgoing_mails == ()
        if before is None or decision.disposition is Disposition.NEW_TICKET:
            return
        after = self._ticket()
        changes_nothing = {Disposition.AUTO_REPLY, Disposition.HELD}
        passed = any(isinstance(e, ApprovalPassedOn) for e in decision.changes[0].events)
        nothing = decision.disposition in changes_nothing and not passed
        if nothing or decision.answer is Answer.UNPROVEN:
            assert _but_the_time(after) == _but_the_time(before)
        if cause.kind is Kind.AUTO_REPLY:
            assert {one.template for one in decision.outgoing_mails} <= {Template.APPROVAL}
        if cause.identity.proof is Proof.NONE:
            assert not any(isinstance(e, PersonJoined) for e in decision.changes[0].events)
            assert (after.resolution, after.close_due) == (before.resolution, before.close_due)
            assert not after.is_closed or before.is_closed

    def _check_secrets(self, decision: Decision) -> None:
        """What a note, a hold or an escalation says reaches agents alone."""
        assert not any(_leaks(outgoing_mail) for outgoing_mail in decision.outgoing_mails), (
            decision.outgoing_mails
        )

    def _check_elsewhere(self, decision: Decision) -> None:
        """What follows for other tickets is decided by their own state, and ends there."""
        for one in sorted(decision.related_changes, key=lambda one: one.ticket or 9_999):
            other = self.others.get(one.ticket or 0)
            assert (other is None) == (one.ticket is None)
            theirs = decide(other, one.cause, POLICY, self.now)
            assert theirs.related_changes == ()
            assert not any(_leaks(outgoing_mail) for outgoing_mail in theirs.outgoing_mails)
            after = other
            happened = [event for change in theirs.changes for event in change.events]
            for event in happened:
                after = evolve(after, event, number=one.ticket or 2001, at=self.now)
            assert after is not None
            if one.ticket is not None and happened:
                self.others[one.ticket] = after
                self.elsewhere[one.ticket] = (*self.elsewhere.get(one.ticket, ()), *happened)
            assert STATUSES[after.status] == after.state

    def _check_end(self, before: Ticket, decision: Decision) -> None:
        """A closed ticket gets texts, and never changes."""
        assert _but_the_time(self._ticket()) == _but_the_time(before)
        mine = [c for c in decision.changes if c.ticket is not None]
        assert all(isinstance(e, MessageAdded) for c in mine for e in c.events)

    @invariant()
    def the_history_gives_the_ticket(self) -> None:
        if self.ticket is None:
            return
        folded: Ticket | None = None
        for event, at in self.history:
            folded = evolve(folded, event, number=1001, at=at)
        assert folded == self.ticket

    @invariant()
    def no_ticket_is_its_own_ancestor(self) -> None:
        every = {**self.others, **({} if self.ticket is None else {1001: self.ticket})}
        for number, ticket in every.items():
            above = list(itertools.islice(ancestors(ticket.parent, every), len(every) + 1))
            assert number not in above

    @invariant()
    def the_status_is_one_of_the_workflow_and_in_its_state(self) -> None:
        if self.ticket is not None:
            assert STATUSES[self.ticket.status] == self.ticket.state

    @invariant()
    def a_closed_ticket_is_in_the_closed_status_and_no_other_is(self) -> None:
        if self.ticket is not None:
            closed = self.ticket.status == POLICY.workflow.roles.closed
            assert self.ticket.is_closed == closed

    @invariant()
    def deadlines_are_there_only_while_the_requester_is_waited_for(self) -> None:
        if self.ticket is not None:
            waiting = self.ticket.status == POLICY.workflow.roles.waiting_for_closure
            assert (self.ticket.close_due is not None) == waiting
            assert self.ticket.remind_due is None or waiting
            assert not waiting or self.ticket.resolution is not None

    @invariant()
    def nobody_is_asked_to_approve_the_own_request(self) -> None:
        if self.ticket is not None and self.ticket.approval is not None:
            assert self.ticket.requester not in self.ticket.approval.approvers

    @invariant()
    def an_open_question_holds_the_ticket(self) -> None:
        if self.ticket is not None and self.ticket.waits_for_approval:
            assert self.ticket.status == POLICY.workflow.roles.on_hold


def _leaks(outgoing_mail: OutgoingMail) -> bool:
    secret = "SECRET" in outgoing_mail.text or "SECRET" in english(outgoing_mail.note)
    return outgoing_mail.to not in AGENTS and secret


def _folded(change: Change, now: datetime) -> Ticket | None:
    """The ticket as its events alone give it."""
    ticket = change.before
    for event in change.events:
        ticket = evolve(ticket, event, number=change.after.number, at=now)
    return ticket


def _but_the_time(ticket: Ticket) -> tuple[object, ...]:
    return tuple(
        getattr(ticket, name) for name in Ticket.__dataclass_fields__ if name != "updated_at"
    )


AnyHistory.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAnyHistory = AnyHistory.TestCase
