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

from maildesk.model.cause import Choice, Work
from maildesk.model.decision import ActorKind
from maildesk.model.event import Closed, MergedInto, StatusMoved
from maildesk.model.ticket import Ticket
from maildesk.outgoing.verp import verp
from maildesk.store import people, tickets
from maildesk.store.tickets import Recorded
from tests.world import ADDRESS, Letter, World, build, shipped_policy

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
# More than this in the history of one ticket by one cause would be rules that go in circles.
EVENTS_OF_A_CAUSE = 25
LAWLESS = (Closed, MergedInto)  # spam and merging end a ticket from everywhere


def command_lines() -> st.SearchStrategy[str]:
    """One line of an agent, right or wrong."""
    numbers = st.integers(1000, 1006).map(str)
    fixed = (
        *("#take", "#assign lee", "#assign ann", "#team Network", "#status Analysis", "#prio P1"),
        *("#status Escalated", "#hold a part is ordered", "#hold until 2026-12-01", "#undo"),
        *("#category Hardware / Printer", "#impact high", "#urgency low", "#note between us"),
        *("#resolve a new cable", "#close", "#reopen", "#escalate L2 too hard", "#escalate back"),
        *("#escalate requester which floor?", "#parent none", "#split", "#cc max@example.org"),
        *("#uncc max@example.org", "#tag vip", "#tag -vip", "#onbehalf max@example.org", "#spam"),
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
        policy = shipped_policy(monitoring={"source": [ICINGA]})
        self.world: World = build(f"sqlite:///{Path(self.folder.name)}/desk.db", policy=policy)
        self.post: dict[str, list[Letter]] = {name: [] for name in ADDRESS}
        self.serial = itertools.count()

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()

    def _deliver(self) -> None:
        taking_part = self._taking_part()
        for letter in self.world.new_letters():
            assert letter.to in taking_part, (letter.to, letter.template, letter.text)
            for name, address in ADDRESS.items():
                if letter.to == address:
                    self.post[name].append(letter)

    def _taking_part(self) -> set[str]:
        """Everybody who wrote to the desk, was named by an agent, or works there."""
        with self.world.store.read() as connection:
            ids = {ADDRESS["ann"], ADDRESS["lee"], *self._wrote}
            for number in self.world.numbers():
                ticket = tickets.load_one(connection, number, lock=False)[0]
                asked = () if ticket.approval is None else ticket.approval.approvers
                every = (ticket.requester, *ticket.participants, *asked)
                ids |= {one.address for one in people.by_ids(connection, every).values()}
        return ids - {"icinga@example.org"}

    _wrote: set[str] = set()  # noqa: RUF012  # filled in anew by `it_begins`

    @initialize()
    def it_begins(self) -> None:
        self._wrote = set()
        self._write("rita", "It jams.", subject="The printer jams")

    def _write(self, who: str, text: str, **options: Any) -> None:
        self._wrote.add(ADDRESS[who])
        self.world.clock.forward(minutes=1)
        self.world.arrives(self.world.mail(who, text, **options))
        self._deliver()

    # ---- causes

    @rule(who=st.sampled_from(OUTSIDERS), subject=st.sampled_from(SUBJECTS))
    def somebody_writes_first(self, who: str, subject: str) -> None:
        if len(self.world.numbers()) < 6:
            self._write(who, "Please help.", subject=subject)

    @rule(who=st.sampled_from(OUTSIDERS), text=st.sampled_from(TEXTS), which=st.integers(0, 5))
    def somebody_answers(self, who: str, text: str, which: int) -> None:
        if letter := self._one_of(who, which):
            self._write(who, text, answering=letter)

    @rule(who=st.sampled_from((*OUTSIDERS, *AGENTS)), text=st.sampled_from(TEXTS))
    def mallory_answers_in_the_name_of(self, who: str, text: str) -> None:
        if letter := self._one_of("mallory", 0) or self._one_of("rita", 0):
            reference = {"In-Reply-To": str(letter.message["Message-ID"])}
            self._write(who, text, subject="Re: [MD-1001]", headers=reference)

    @rule(
        who=st.sampled_from(AGENTS),
        lines=st.lists(command_lines(), max_size=2),
        text=st.sampled_from(("", "We look into it.")),
        which=st.integers(0, 5),
    )
    def an_agent_answers(self, who: str, lines: list[str], text: str, which: int) -> None:
        if letter := self._one_of(who, which):
            self._write(who, "\n".join((text, "", *lines)), answering=letter)

    @rule(who=st.sampled_from(AGENTS), which=st.integers(0, 5))
    def an_agent_resolves(self, who: str, which: int) -> None:
        if letter := self._one_of(who, which):
            self._write(who, "#resolve a new cable", answering=letter)

    @rule(who=st.sampled_from(AGENTS), line=command_lines(), which=st.integers(0, 5))
    def an_agent_commands(self, who: str, line: str, which: int) -> None:
        if letter := self._one_of(who, which):
            self._write(who, line, answering=letter)

    @rule(
        who=st.sampled_from((*OUTSIDERS, *AGENTS)),
        choice=st.sampled_from((*Choice, *Work)),
        comment=st.sampled_from(("", "no")),
        which=st.integers(0, 5),
    )
    def a_link_is_used(self, who: str, choice: Choice | Work, comment: str, which: int) -> None:
        letter = self._one_of(who, which)
        if letter is not None and "/l/" in letter.text:
            self.world.clock.forward(minutes=1)
            self.world.door.act(letter.token, choice, comment)
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
        if letter := self._one_of(who, which):
            office = self.world.office
            returned = verp(office.settings.desk, letter.id, office.keys)
            report = DSN.format(number=next(self.serial), to=letter.to).encode()
            self.world.arrives(report, envelope_from="", envelope_to=(returned,))
            self._deliver()

    def _one_of(self, who: str, which: int) -> Letter | None:
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
        workflow = self.world.office.policy.workflow
        for history in self._histories().values():
            for line, following in itertools.pairwise([*history, None]):
                if line is not None and isinstance(line.event, StatusMoved):
                    self._check_move(line.event, following, line.actor.kind, workflow)

    def _check_move(
        self, moved: StatusMoved, following: Recorded | None, by: ActorKind, workflow: Any
    ) -> None:
        assert workflow.state_of(moved.new) == moved.state
        legal = any(moved.old in move.from_ and moved.new == move.to for move in workflow.move)
        ended = following is not None and isinstance(following.event, LAWLESS)
        taken_back = by is ActorKind.AGENT  # by #undo
        assert legal or ended or taken_back, moved

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
    def rules_and_monitoring_end(self) -> None:
        for history in self._histories().values():
            by_cause = itertools.groupby(history, key=lambda line: (line.cause, line.at))
            assert all(len(list(lines)) <= EVENTS_OF_A_CAUSE for _, lines in by_cause)

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
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyDay = AnyDay.TestCase
