"""Whatever people, links, commands, monitoring and the clock do to tickets, in any order."""

import itertools
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from maildesk.config.schema.workflow import Workflow
from maildesk.model.cause import Choice, Work
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalPassedOn,
    Closed,
    MergedInto,
    PersonJoined,
    RequesterChanged,
    StatusMoved,
    TicketOpened,
)
from maildesk.model.ticket import Ticket
from maildesk.outgoing.verp import verp
from maildesk.store import people, tickets
from maildesk.store.tickets import Recorded
from tests.world import ADDRESS, OutgoingMail, World, build, shipped_policy

ICINGA = {"name": "icinga", "address": "icinga@example.org", "format": "icinga"}
OUTSIDERS = ("rita", "max", "mallory")
AGENTS = ("ann", "lee")
SUBJECTS = ("The printer jams", "VPN is down", "New laptop please", "A question")
TEXTS = (
    *(
        "Hello.",
        "It still smears.",
        "Thank you!",
        "accept",
        "reject it smears",
        "reject",
        "approve",
    ),
    *("keep open", "accept, but it still does not work", "What do you mean?"),
)
DSN = (
    "From: <>\r\nSubject: Undelivered\r\nMessage-ID: <{number}@mx.example.org>\r\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    "--b\r\n\r\nIt did not arrive.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.example.org\r\n\r\n"
    "Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)
# A rule for every cause. The one that looks on every change of status leaves a note each time, so
# a second look would be seen.
MOVED = "SECRET: its status has changed"
RULES = [
    {"name": "All", "then": {"team": "First line", "tag": "new"}},
    {"name": "Said", "on": "replied", "then": {"tag": "said", "note": "SECRET of a rule"}},
    {"name": "Retry", "on": "reopened", "then": {"tag": "again", "urgency": "high"}},
    {"name": "Moved", "on": "status-changed", "then": {"note": MOVED}},
    {"name": "Struck", "on": "event", "then": {"tag": "event", "impact": "high"}},
    {"name": "Yes", "on": ["approved", "rejected"], "then": {"tag": "decided"}},
    {
        "name": "Late",
        "on": "waited",
        "waited": "20 hours",
        "in_status": ["New", "Analysis"],
        "then": {"escalate": "Network"},
    },
    {
        "name": "Laptops",
        "when": 'mail.subject.contains("laptop")',
        "then": {"ask_approval": "manager"},
    },
]
# More than this in the history of one ticket by one cause would be rules that go in circles.
EVENTS_OF_A_CAUSE = 25
LAWLESS = (Closed, MergedInto)  # spam and merging end a ticket from everywhere


def command_lines() -> st.SearchStrategy[str]:
    """One line of an agent, right or wrong; {0} to {5} stand for tickets that are there."""
    numbers = st.integers(0, 5).map("{{{}}}".format) | st.just("1999")
    fixed = (
        *("#take", "#assign lee", "#assign ann", "#team Network", "#status Analysis", "#prio P1"),
        *("#status Assign", "#status Pending", "#status Resolved by Event", "#status Rejected"),
        *("#status Escalated", "#hold SECRET part", "#hold until 2026-12-01", "#undo", "#undo"),
        *("#category Hardware / Printer", "#impact high", "#urgency low", "#note SECRET note"),
        *("#resolve a new cable", "#close", "#reopen", "#escalate L2 SECRET", "#escalate back"),
        *("#escalate requester which floor?", "#parent none", "#split", "#cc max@example.org"),
        *(
            "#uncc max@example.org",
            "#tag SECRET",
            "#tag -SECRET",
            "#onbehalf max@example.org",
            "#spam",
        ),
        *("#help", "#nonsense", "#team Nobody"),
    )
    aimed = ("#parent", "#child", "#merge", "#link related", "#link blocks", "#link duplicate")
    return st.sampled_from(fixed) | st.builds(
        lambda name, number: f"{name} {number}", st.sampled_from(aimed), numbers
    )


class AnyDay(RuleBasedStateMachine):
    """A desk and everybody who may do something to it; the letters are what they act on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        people = shipped_policy().people.model_dump(by_alias=True)
        people["team"][0]["members"] = [ADDRESS["ann"], ADDRESS["lee"]]
        policy = shipped_policy(
            monitoring={"source": [ICINGA]}, rules={"rule": RULES}, people=people
        )
        self.world: World = build(f"sqlite:///{Path(self.folder.name)}/desk.db", policy=policy)
        self.post: dict[str, list[OutgoingMail]] = {name: [] for name in ADDRESS}
        self.serial = itertools.count()
        self.undoing: set[str] = set()  # causes that took something back

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()

    def _deliver(self) -> None:
        for outgoing_mail in self.world.new_letters():
            outside = outgoing_mail.to not in (ADDRESS["ann"], ADDRESS["lee"])
            number = outgoing_mail.message["X-Maildesk-Ticket"]  # an SLA digest has none
            taking_part = self._taking_part(int(number)) if number else set()
            assert not outside or outgoing_mail.to in taking_part, (
                outgoing_mail.to,
                outgoing_mail.text,
            )
            assert not (outside and "SECRET" in outgoing_mail.message.as_string()), (
                outgoing_mail.text
            )
            for name, address in ADDRESS.items():
                if outgoing_mail.to == address:
                    self.post[name].append(outgoing_mail)

    def _taking_part(self, number: int) -> set[str]:
        """Everybody who ever asked, takes part, was asked to approve, or wrote to this ticket, or
        to one that is merged into it."""
        with self.world.store.read() as connection:
            ids: set[int] = set()
            for line in tickets.history(connection, number):
                match line.event:
                    case TicketOpened(requester=one) | PersonJoined(person=one):
                        ids.add(one)
                    case RequesterChanged(old=one, new=other):
                        ids |= {one, other}
                    case ApprovalAsked(approvers=asked):
                        ids |= set(asked)
                    case ApprovalPassedOn(to=one):
                        ids.add(one)
            ids |= {m.author for m in tickets.messages(connection, number) if m.author is not None}
            named = {one.address for one in people.by_ids(connection, ids).values()}
        return named - {"icinga@example.org"}

    @initialize(descendants=st.booleans())
    def it_begins(self, descendants: bool) -> None:
        """One ticket; or a parent with a child of somebody else's."""
        self._write("rita", "It jams.", subject="The printer jams")
        if descendants:
            self._write("max", "Mine, too.", subject="The other printer")
            self._write("ann", "#parent 1001", answering=self.post["ann"][-1])
            assert self.world.ticket(1002).parent == 1001
            self._write("mallory", "And mine.", subject="A third printer")

    def _write(self, who: str, text: str, **options: Any) -> None:
        before = self._tickets()
        numbers = [*before, *before, *before, *before, *before, 1000][:6]
        text = text.format(*(numbers or [1000] * 6))
        self.world.clock.forward(minutes=1)
        self.world.arrives(self.world.mail(who, text, **options))
        if "#undo" in text:
            self.undoing.add(f"mail {self.world.mails()[-1].id}")
        else:
            self._check_families(before)
        self._deliver()

    def _tickets(self) -> dict[int, Ticket]:
        return {number: self.world.ticket(number) for number in self.world.numbers()}

    def _check_families(self, before: dict[int, Ticket]) -> None:
        """Who was a child when the parent was resolved is resolved with it; who was a child of a
        ticket that was merged is one of the survivor."""
        after = self._tickets()
        for number, was in before.items():
            now, parent = after[number], was.parent
            if parent is None or was.is_closed or now.parent != parent:
                continue
            resolved = [one[parent].state == "Resolved" for one in (before, after)]
            if resolved == [False, True] and not before[parent].is_closed:
                assert now.state in ("Resolved", "Closed"), number
            assert after[parent].merged_into == before[parent].merged_into, number

    # ---- causes

    @rule(who=st.sampled_from(OUTSIDERS), subject=st.sampled_from(SUBJECTS))
    def somebody_writes_first(self, who: str, subject: str) -> None:
        if len(self.world.numbers()) < 6:
            self._write(who, "Please help.", subject=subject)

    @rule(who=st.sampled_from(OUTSIDERS), text=st.sampled_from(TEXTS), which=st.integers(0, 5))
    def somebody_answers(self, who: str, text: str, which: int) -> None:
        if outgoing_mail := self._one_of(who, which):
            self._write(who, text, answering=outgoing_mail)

    @rule(who=st.sampled_from((*OUTSIDERS, *AGENTS)), text=st.sampled_from(TEXTS))
    def mallory_answers_in_the_name_of(self, who: str, text: str) -> None:
        if outgoing_mail := self._one_of("mallory", 0) or self._one_of("rita", 0):
            reference = {"In-Reply-To": str(outgoing_mail.message["Message-ID"])}
            self._write(who, text, subject="Re: [MD-1001]", headers=reference)

    @rule(
        who=st.sampled_from(AGENTS),
        lines=st.lists(command_lines(), max_size=3),
        text=st.sampled_from(("", "We look into it.")),
        which=st.integers(0, 5),
    )
    def an_agent_answers(self, who: str, lines: list[str], text: str, which: int) -> None:
        if outgoing_mail := self._one_of(who, which):
            self._write(who, "\n".join((text, "", *lines)), answering=outgoing_mail)

    @rule(who=st.sampled_from(AGENTS), which=st.integers(0, 5))
    def an_agent_resolves(self, who: str, which: int) -> None:
        if outgoing_mail := self._one_of(who, which):
            self._write(who, "#resolve a new cable", answering=outgoing_mail)

    @rule(
        line=st.sampled_from(("#merge {2}", "#merge {1}", "#child {2}", "#parent {0}", "#split")),
        number=st.integers(1001, 1003),
    )
    def an_agent_binds_tickets(self, line: str, number: int) -> None:
        if outgoing_mails := [one for one in self.post["ann"] if f"[MD-{number}]" in one.subject]:
            self._write("ann", line, answering=outgoing_mails[-1])

    @rule(
        number=st.integers(1001, 1003),
        line=st.sampled_from(("", "#hold SECRET", "#escalate L2 SECRET", "#status Escalated")),
    )
    def an_agent_asks(self, number: int, line: str) -> None:
        if outgoing_mails := [one for one in self.post["lee"] if f"[MD-{number}]" in one.subject]:
            self._write("lee", f"Which one is it?\n\n{line}", answering=outgoing_mails[-1])

    @rule(who=st.sampled_from(AGENTS), line=command_lines(), which=st.integers(0, 5))
    def an_agent_commands(self, who: str, line: str, which: int) -> None:
        if outgoing_mail := self._one_of(who, which):
            self._write(who, line, answering=outgoing_mail)

    @rule(
        who=st.sampled_from((*OUTSIDERS, *AGENTS)),
        choice=st.sampled_from((*Choice, *Work)),
        comment=st.sampled_from(("", "no")),
        which=st.integers(0, 5),
    )
    def a_link_is_used(self, who: str, choice: Choice | Work, comment: str, which: int) -> None:
        outgoing_mail = self._one_of(who, which)
        if outgoing_mail is not None and "/l/" in outgoing_mail.text:
            self.world.clock.forward(minutes=1)
            self.world.acts(outgoing_mail.token, choice, comment)
            self._deliver()

    @rule(subject=st.sampled_from(("[PROBLEM] disk on a is BAD!", "[RECOVERY] disk on a is OK!")))
    def monitoring_reports(self, subject: str) -> None:
        self.world.clock.forward(minutes=1)
        self.world.writes("rita", "", sender="icinga@example.org", subject=subject, trusted=True)
        self._deliver()

    @rule(hours=st.sampled_from((1, 30, 200)))
    def time_passes(self, hours: int) -> None:
        self.world.clock.forward(hours=hours)
        while self.world.desk.tick():
            self._deliver()
        self._deliver()

    @rule(who=st.sampled_from(OUTSIDERS), which=st.integers(0, 5))
    def a_mail_bounces(self, who: str, which: int) -> None:
        if outgoing_mail := self._one_of(who, which):
            runtime = self.world.runtime
            returned = verp(runtime.settings.desk, outgoing_mail.id, runtime.keys)
            report = DSN.format(number=next(self.serial), to=outgoing_mail.to).encode()
            self.world.arrives(report, envelope_from="", envelope_to=(returned,))
            self._deliver()

    def _one_of(self, who: str, which: int) -> OutgoingMail | None:
        """One of the newest letters of that person."""
        newest = self.post[who][-6:]
        return newest[-1 - which % len(newest)] if newest else None

    # ---- what always holds

    def _histories(self) -> dict[int, tuple[Recorded, ...]]:
        with self.world.store.read() as connection:
            return {n: tickets.history(connection, n) for n in self.world.numbers()}

    @invariant()
    def the_history_gives_the_row(self) -> None:
        for number in self.world.numbers():
            assert self.world.replayed(number) == self.world.ticket(number)

    @invariant()
    def every_status_is_legal_and_so_was_the_way_to_it(self) -> None:
        workflow = self.world.runtime.policy.workflow
        for history in self._histories().values():
            for line, following in itertools.pairwise([*history, None]):
                if line is not None and isinstance(line.event, StatusMoved):
                    self._check_move(line, line.event, following, workflow)

    def _check_move(
        self, line: Recorded, moved: StatusMoved, following: Recorded | None, workflow: Workflow
    ) -> None:
        assert workflow.state_of(moved.new) == moved.state
        legal = any(moved.old in move.from_ and moved.new == move.to for move in workflow.move)
        ended = following is not None and isinstance(following.event, LAWLESS)
        assert legal or ended or line.cause in self.undoing, (line.cause, moved)

    @invariant()
    def families_are_consistent_and_go_in_no_circle(self) -> None:
        every = {n: self.world.ticket(n) for n in self.world.numbers()}
        for ticket in every.values():
            for step in ("parent", "merged_into"):
                assert len(_chain(ticket, every, step)) <= len(every), step
            if ticket.merged_into is not None:
                assert ticket.is_closed
                assert ticket.merged_into != ticket.number

    @invariant()
    def no_page_shows_what_is_for_agents_alone(self) -> None:
        for name in OUTSIDERS:
            outgoing_mail = next(iter(self.post[name][-1:]), None)
            if outgoing_mail is not None and "/l/" in outgoing_mail.text:
                assert "SECRET" not in str(self.world.door.view(outgoing_mail.token)), (
                    outgoing_mail.to
                )

    @invariant()
    def rules_and_monitoring_end(self) -> None:
        for history in self._histories().values():
            by_cause = itertools.groupby(history, key=lambda line: (line.cause, line.at))
            assert all(len(list(lines)) <= EVENTS_OF_A_CAUSE for _, lines in by_cause)
        for number in self.world.numbers():
            with self.world.store.read() as connection:
                noted = [m.at for m in tickets.messages(connection, number) if m.text == MOVED]
            # One pass for one cause: a minute passes before the next.
            assert len(noted) == len(set(noted)), number

    @invariant()
    def every_mail_has_one_disposition(self) -> None:
        assert all(mail.disposition for mail in self.world.mails()), [
            (mail.state, mail.reason) for mail in self.world.mails()
        ]


def _chain(ticket: Ticket, every: dict[int, Ticket], step: str) -> list[int]:
    seen: list[int] = []
    number = getattr(ticket, step)
    while number is not None and len(seen) <= len(every):
        seen.append(number)
        number = getattr(every[number], step)
    return seen


AnyDay.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyDay = AnyDay.TestCase
