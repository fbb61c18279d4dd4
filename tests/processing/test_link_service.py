"""The page of a link for its holder, and the description of decisions on it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.messages.trace import english
from maildesk.model.cause import Choice, Work
from maildesk.model.decision import Actor, ActorKind, Answer
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    Closed,
    Event,
    FieldChanged,
    PersonJoined,
    Reopened,
    ResolutionDecided,
    ResolutionGiven,
    StatusMoved,
    TicketOpened,
)
from maildesk.model.links.page import Decided, Page, Problem
from maildesk.model.links.token import LinkToken, Purpose, sign_link
from maildesk.model.mail import Address
from maildesk.model.ticket import Ticket, evolve
from maildesk.store import people, tickets
from maildesk.store.tickets import Message
from tests.rows import write_message, write_ticket
from tests.world import MONDAY, World, build, one

VIEW, RESOLUTION, APPROVAL = Purpose.VIEW, Purpose.RESOLUTION, Purpose.APPROVAL
WORK = Purpose.WORK
DUE = MONDAY + timedelta(days=5)
OPENED = TicketOpened(
    requester=0, source="mail", status="New", state="Open", request_type="incident"
)
GIVEN = ResolutionGiven(message="m-9", round=1, close_due=DUE, remind_due=None)
ASKED = ApprovalAsked(approvers=(0,), round=1)


class Told:
    """A ticket as a history tells it, a minute from line to line."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ticket: Ticket | None = None
        with world.store.write() as connection:
            self.number = tickets.newest_number(connection) + 1
            self.people = {
                name: people.find_or_add(connection, Address(name.title(), f"{name}@example.org"))
                for name in ("rita", "max", "ann", "lee", "mallory", "will")
            }
        self.happens(replace(OPENED, requester=self.people["rita"].id), by="rita")

    def happens(self, *events: Event, by: str = "") -> None:
        """These events, at the same moment, by that person, by the clock or by the desk."""
        self.world.clock.forward(minutes=1)
        now = self.world.clock.now
        before, after = self.ticket, self.ticket
        for event in events:
            after = evolve(after, event, number=self.number, at=now)
        assert after is not None
        kind = ActorKind(by) if by in set(ActorKind) else ActorKind.REQUESTER
        actor = Actor(kind, self.people[by].id if by in self.people else None)
        with self.world.store.write() as connection:
            named = {"subject": "Printer broken", "actor": actor, "at": now}
            write_ticket(connection, before, after, events, **named)  # type: ignore[arg-type]
        self.ticket = after

    def says(
        self,
        kind: str,
        text: str,
        by: str = "rita",
        id_: str = "",
        *,
        proven: bool = True,
        later: int = 1,
    ) -> None:
        """A text of that kind, so many minutes later."""
        self.world.clock.forward(minutes=later)
        message = Message(
            id=id_ or f"{self.number}-{text}",
            ticket=self.number,
            mail=None,
            author=self.people[by].id if by else None,
            kind=kind,
            proven=proven,
            text=text,
            message_id=None,
            at=self.world.clock.now,
        )
        with self.world.store.write() as connection:
            write_message(connection, message)

    def link(self, who: str, purpose: Purpose = VIEW, round_: int = 0, *, beyond: int = 0) -> str:
        expires = self.world.clock.now + timedelta(days=30)
        token = LinkToken(purpose, self.number + beyond, self.people[who].id, round_, expires)
        return sign_link(token, self.world.runtime.keys)

    def page(self, who: str, purpose: Purpose = VIEW, round_: int = 0) -> Page:
        page = self.world.door.view(self.link(who, purpose, round_))
        assert isinstance(page, Page)
        return page

    def seen(self, who: str) -> list[str]:
        return [entry.text for entry in self.page(who).conversation]


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For all tests here: each has a ticket of its own."""
    one = build(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    yield one
    one.close()


@pytest.fixture
def told(one_world: World) -> Told:
    return Told(one_world)


# ---- who sees what


def test_everybody_sees_what_was_said_to_them_and_nobody_what_was_not(told: Told) -> None:
    told.says("request", "It is broken.")
    told.happens(replace(ASKED, approvers=(told.people["max"].id,)), by="rita")
    told.says("note", "She broke it herself.", by="ann")
    told.says("held", "Let me in.", by="mallory")
    told.says("unproven", "accept", by="rita")
    told.says("auto-reply", "I am away.", by="rita")
    told.says("answer", "Which one?", by="ann")
    told.happens(PersonJoined(told.people["will"].id), by="rita")
    told.says("reply", "The one upstairs.")
    told.says("decision", "Fine.", by="max")
    told.says("comment", "Hm.", by="max")
    told.says("resolution", "New toner.", by="lee")

    later = ["The one upstairs.", "Fine.", "Hm.", "New toner."]
    everything = ["It is broken.", "Which one?", *later]
    with_apart = ["It is broken.", "Let me in.", "accept", *everything[1:]]
    for who, sees in {
        # whose ticket it is and who was asked: all that was said to them
        "rita": everything,
        "max": everything,
        # who works for the desk: what was held apart as well
        "ann": with_apart,
        "lee": with_apart,
        # who joined later: what came after that
        "will": later,
        # who takes no part, and holds a link all the same: nothing
        "mallory": [],
    }.items():
        assert told.seen(who) == sees, who


def test_a_watcher_sees_the_mail_that_brought_them_in(told: Told) -> None:
    told.says("request", "First.")
    told.happens(PersonJoined(told.people["will"].id), by="rita")
    told.world.clock.forward(minutes=-1)  # the mail and its event are of the same moment
    told.says("reply", "With Will in CC.")
    assert told.seen("will") == ["With Will in CC."]


def test_joining_again_takes_nothing_away(told: Told) -> None:
    will = PersonJoined(told.people["will"].id)
    told.happens(will, by="rita")
    told.says("reply", "Between.")
    told.happens(will, by="rita")
    assert told.seen("will") == ["Between."]


def test_who_was_asked_before_somebody_else_was_sees_it_no_more(told: Told) -> None:
    told.says("request", "It is broken.")
    told.happens(replace(ASKED, approvers=(told.people["max"].id,)), by="rita")
    told.happens(replace(ASKED, approvers=(told.people["will"].id,), round=2), by="rita")
    assert told.seen("max") == []
    assert told.seen("will") == ["It is broken."]


def test_an_entry_has_its_author_and_says_who_works_for_the_desk(told: Told) -> None:
    told.says("request", "Broken.")
    told.says("answer", "Which?", by="ann")
    told.says("answer", "By nobody.", by="")
    entries = told.page("rita").conversation
    shown = [(entry.author, entry.by_agent) for entry in entries]
    assert shown == [("Rita Rossi", False), ("Ann Archer", True), ("Service desk", False)]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def test_a_text_that_nobody_could_prove_is_marked_and_makes_nobody_an_agent(told: Told) -> None:
    told.says("request", "Broken.", proven=False)
    told.says("reply", "Send me your password.", by="ann", proven=False)
    told.says("answer", "Which one?", by="ann")
    entries = told.page("rita").conversation
    assert [(entry.author, entry.by_agent, entry.proven) for entry in entries] == [
        ("Rita Rossi", False, False),
        ("Ann Archer", False, False),
        ("Ann Archer", True, True),
    ]


def test_texts_of_one_moment_stand_in_the_order_they_were_written(told: Told) -> None:
    written = [f"{number}." for number in range(8)]
    for number, text in enumerate(written):  # ids in an order of their own
        told.says("reply", text, id_=f"{told.number}-{number * 5 % 8}", later=0)
    assert told.seen("rita") == written


def test_a_solution_is_shown_to_those_alone_who_may_read_it(told: Told) -> None:
    told.says("resolution", "The code of the door is 4711.", by="ann", id_=f"{told.number}-key")
    told.happens(replace(GIVEN, message=f"{told.number}-key"), by="ann")
    told.happens(PersonJoined(told.people["will"].id), by="rita")
    for who, reads in {"rita": True, "lee": True, "will": False, "mallory": False}.items():
        for purpose in (VIEW, RESOLUTION, APPROVAL):
            assert bool(told.page(who, purpose, 1).resolution) is reads, (who, purpose)
    assert told.page("lee", WORK, 1).resolution


def test_the_page_shows_the_ticket_as_it_is(told: Told) -> None:
    told.says("resolution", "New toner.", by="ann", id_="m-9")
    told.happens(GIVEN, StatusMoved(old="New", new="Waiting for Closure", state="Resolved"))
    page = told.page("rita", RESOLUTION, 1)
    assert (page.purpose, page.viewer) == (RESOLUTION, "Rita Rossi")
    assert page.number == told.number
    assert (page.subject, page.requester) == ("Printer broken", "Rita Rossi")
    assert (page.status, page.state) == ("Waiting for Closure", "Resolved")
    assert page.resolution == "New toner."


# ---- what can be decided, and what was

Line = tuple[str, tuple[Event, ...]]


def _history(told: Told, lines: list[Line]) -> None:
    for by, events in lines:
        told.happens(*(_with_ids(told, event) for event in events), by=by)


def _with_ids(told: Told, event: Event) -> Event:
    match event:
        case ApprovalAsked():
            return replace(event, approvers=(told.people["max"].id,))
        case FieldChanged(new=str(name)):
            return replace(event, new=told.people[name].id)
        case _:
            return event


ACCEPTED: Line = ("rita", (ResolutionDecided(round=1, accepted=True), Closed("Solved")))
REJECTED: Line = ("rita", (ResolutionDecided(round=1, accepted=False), Reopened()))
RESOLVED: Line = ("ann", (GIVEN,))
AGAIN: Line = ("ann", (replace(GIVEN, round=2, message="m-10"),))
AND_ASKED: Line = ("rita", (ASKED,))
ASKED_AGAIN: Line = ("rita", (replace(ASKED, round=2),))
YES: Line = ("max", (ApprovalDecided(round=1, approved=True),))
NO: Line = ("max", (ApprovalDecided(round=1, approved=False), Closed("Not approved")))
TAKEN: Line = ("lee", (FieldChanged(field="assignee", old=None, new="lee"),))
BOTH: dict[Purpose, tuple[Choice | Work, ...]] = {
    WORK: (Work.RESOLVE, Work.TAKE),  # no team has the ticket, so nobody hands it on
    RESOLUTION: (Choice.ACCEPT, Choice.REJECT, Choice.KEEP),
    APPROVAL: (Choice.APPROVE, Choice.REJECT),
}


@pytest.mark.parametrize(
    ("lines", "who", "purpose", "round_", "shows"),
    [
        # ---- open: both choices, to the one who is asked
        ([RESOLVED], "rita", RESOLUTION, 1, "choices"),
        ([AND_ASKED], "max", APPROVAL, 1, "choices"),
        # nobody else, and not by a link for something else
        ([RESOLVED], "will", RESOLUTION, 1, "outdated"),
        ([AND_ASKED], "rita", APPROVAL, 1, "outdated"),
        ([RESOLVED], "rita", APPROVAL, 1, "outdated"),
        ([AND_ASKED], "max", RESOLUTION, 1, "outdated"),
        # a page to look at has nothing to decide and is never outdated
        ([RESOLVED], "rita", VIEW, 1, "nothing"),
        ([RESOLVED, ACCEPTED], "rita", VIEW, 0, "nothing"),
        # ---- decided: what, and by whom
        ([RESOLVED, ACCEPTED], "rita", RESOLUTION, 1, "accept by Rita Rossi"),
        ([RESOLVED, REJECTED], "rita", RESOLUTION, 1, "reject by Rita Rossi"),
        ([RESOLVED, ("rita", (Reopened(),))], "rita", RESOLUTION, 1, "reopened by Rita Rossi"),
        (
            [RESOLVED, ("clock", (Closed("No answer"),))],
            *("rita", RESOLUTION, 1, "closed by "),  # by itself: nobody
        ),
        (
            [RESOLVED, ("desk", (Closed("Solved"),))],
            *("rita", RESOLUTION, 1, "closed by page.by-service-desk"),
        ),
        ([RESOLVED, ("ann", (Closed("Solved"),))], "rita", RESOLUTION, 1, "closed by Ann Archer"),
        ([AND_ASKED, YES], "max", APPROVAL, 1, "approve by Max Moreno"),
        ([AND_ASKED, NO], "max", APPROVAL, 1, "reject by Max Moreno"),
        # the first decision of the round, whatever came later
        ([RESOLVED, REJECTED, AGAIN], "rita", RESOLUTION, 1, "reject by Rita Rossi"),
        ([AND_ASKED, YES, ASKED_AGAIN], "max", APPROVAL, 1, "approve by Max Moreno"),
        # and of that round alone
        ([RESOLVED, REJECTED, AGAIN], "rita", RESOLUTION, 2, "choices"),
        ([AND_ASKED, YES, ASKED_AGAIN], "max", APPROVAL, 2, "choices"),
        (
            [RESOLVED, REJECTED, AGAIN, ("clock", (Closed("No answer"),))],
            *("rita", RESOLUTION, 2, "closed by "),
        ),
        # ---- of a round in which nothing was decided
        ([AND_ASKED, ASKED_AGAIN], "max", APPROVAL, 1, "outdated"),
        ([AND_ASKED, AGAIN], "max", APPROVAL, 1, "outdated"),
        ([RESOLVED], "rita", RESOLUTION, 7, "outdated"),
        ([], "rita", RESOLUTION, 0, "outdated"),
        # ---- agents: until it is resolved or closed, and who did
        ([], "ann", WORK, 0, "choices"),
        ([RESOLVED, REJECTED], "ann", WORK, 1, "choices"),
        ([RESOLVED], "lee", WORK, 0, "resolve by Ann Archer"),
        ([RESOLVED], "lee", WORK, 1, "resolve by Ann Archer"),
        ([RESOLVED, ACCEPTED], "lee", WORK, 0, "resolve by Ann Archer"),
        ([RESOLVED, REJECTED], "lee", WORK, 0, "resolve by Ann Archer"),
        ([RESOLVED, REJECTED, AGAIN], "lee", WORK, 1, "resolve by Ann Archer"),
        ([("ann", (Closed("Spam"),))], "lee", WORK, 0, "closed by Ann Archer"),
        # of a round before a question to the manager
        ([AND_ASKED], "ann", WORK, 0, "outdated"),
        # an approval's end is not a resolution's
        ([AND_ASKED, NO], "rita", RESOLUTION, 1, "outdated"),
    ],
)
def test_what_a_link_shows(
    told: Told, lines: list[Line], who: str, purpose: Purpose, round_: int, shows: str
) -> None:
    _history(told, lines)
    page = told.page(who, purpose, round_)
    assert page.choices == (BOTH[purpose] if shows == "choices" else ())
    assert page.outdated == (shows == "outdated")
    by = page.decided.by if page.decided else ""
    name = by if isinstance(by, str) else by.id
    said = f"{page.decided.choice} by {name}" if page.decided else ""
    assert said == (shows if " by " in shows else "")


def test_a_ticket_that_an_agent_has_can_be_resolved_and_not_taken_again(told: Told) -> None:
    assert told.page("ann", WORK).taken is None
    _history(told, [TAKEN])
    taken_at = told.world.clock.now
    for who in ("ann", "lee"):
        page = told.page(who, WORK)
        assert page.choices == (Work.RESOLVE,)
        assert page.taken == Decided("take it", "Lee Linden", taken_at, by_viewer=who == "lee")
    assert told.page("lee", VIEW).taken is None


def test_why_a_ticket_cannot_be_resolved_now_is_said(told: Told) -> None:
    _history(told, [AND_ASKED])
    page = told.page("ann", WORK, 1)
    assert page.choices == (Work.TAKE,)
    assert english(page.hindrance) == "The ticket is waiting for an approval."
    _history(told, [TAKEN])
    page = told.page("ann", WORK, 1)
    assert (page.choices, page.outdated, page.decided) == ((), False, None)
    assert page.hindrance


@pytest.mark.parametrize("who", ["rita", "max", "will", "mallory"])
def test_a_link_of_an_agent_opens_to_nobody_else(told: Told, who: str) -> None:
    token = told.link(who, WORK)  # as of one who was an agent when the mail was sent
    before = told.world.ticket(told.number)
    assert told.world.door.view(token) is Problem.NOT_YOURS
    for choice in Work:
        assert told.world.acts(token, choice, "Mine.") is Problem.NOT_YOURS
    assert told.world.ticket(told.number) == before


def test_a_decision_is_shown_with_its_moment(told: Told) -> None:
    _history(told, [RESOLVED, ACCEPTED])
    accepted_at = told.world.clock.now
    told.world.clock.forward(days=1)
    decided = told.page("rita", RESOLUTION, 1).decided
    assert decided == Decided("accept", "Rita Rossi", accepted_at, by_viewer=True)


def test_of_two_people_of_one_name_only_the_one_who_decided_is_told_so(told: Told) -> None:
    with told.world.store.write() as connection:
        twin = people.find_or_add(connection, Address("Rita Rossi", "rita@elsewhere.example"))
    told.people["twin"] = twin
    _history(told, [RESOLVED, ACCEPTED])
    for who, is_who_decided in (("rita", True), ("twin", False)):
        decided = told.page(who, RESOLUTION, 1).decided
        assert decided is not None
        assert (decided.by, decided.by_viewer) == ("Rita Rossi", is_who_decided)


# ---- deciding


def test_acting_shows_the_ticket_as_it_is_afterwards(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    outgoing_mails = world.writes("ann", "#resolve Toner.", answering=for_ann)
    token = one(outgoing_mails, "rita", "resolution").token
    shown = world.door.view(token)
    assert isinstance(shown, Page)
    assert shown.resolution == "Toner."
    world.clock.forward(minutes=1)
    acted = world.acts(token, Choice.REJECT, " It smears. ")
    assert isinstance(acted, tuple)
    answer, page = acted
    assert (answer, page.status, page.choices) == (Answer.DONE, "Analysis", ())
    assert page.decided is not None
    assert page.decided.choice == "reject"
    assert page.conversation[-1].text == "It smears."
    assert world.replayed(1001) == world.ticket(1001)


def test_an_agent_resolves_by_the_link_and_takes_it_back_by_mail(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    world.clock.forward(minutes=1)
    acted = world.acts(for_ann.token, Work.TAKE, "")
    assert isinstance(acted, tuple)
    assert (acted[0], acted[1].choices) == (Answer.DONE, (Work.RESOLVE, Work.HAND_ON))
    taken = world.ticket(1001)
    world.clock.forward(minutes=1)
    acted = world.acts(for_ann.token, Work.RESOLVE, " Toner. ")
    assert isinstance(acted, tuple)
    answer, page = acted
    assert (answer, page.status, page.choices) == (Answer.DONE, "Waiting for Closure", ())
    assert (page.resolution, page.conversation[-1].text) == ("Toner.", "Toner.")
    outgoing_mails = world.new_letters()
    assert "Toner." in one(outgoing_mails, "rita", "resolution").text
    transcripts = [one for one in outgoing_mails if one.template == "transcript"]
    world.writes("ann", "#undo", answering=transcripts[-1])
    undone = world.ticket(1001)
    assert (undone.status, undone.assignee) == (taken.status, taken.assignee)  # and no more
    assert world.replayed(1001) == undone


def test_an_agent_hands_a_ticket_on_by_the_link_once(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    world.new_letters()
    missing = world.acts(for_ann.token, Work.HAND_ON, " ")
    assert isinstance(missing, tuple)
    assert missing[0] is Answer.REASON_MISSING
    acted = world.acts(for_ann.token, Work.HAND_ON, "The switch is down.")
    assert isinstance(acted, tuple)
    answer, page = acted
    assert (answer, page.status, page.next_team) == (Answer.DONE, "Escalated", "")
    assert page.handed_on is not None
    assert (page.handed_on.by, page.team) == ("Ann Archer", "Network")
    outgoing_mails = world.new_letters()
    assert "The switch is down." in one(outgoing_mails, "lee", "agent-notification").text
    assert "The switch is down." not in one(outgoing_mails, "rita", "update").text
    again = world.acts(for_ann.token, Work.HAND_ON, "The switch is down.")
    assert isinstance(again, tuple)
    assert again[0] is Answer.ALREADY_DECIDED
    assert world.ticket(1001).team == "Network"


def test_a_click_on_a_ticket_that_waits_for_an_approval_changes_nothing(world: World) -> None:
    world.writes("rita", "Mine is slow.", subject="New laptop")
    ann, expires = world.people()["ann@example.org"], world.clock.now + timedelta(days=1)
    token = sign_link(LinkToken(WORK, 1001, ann, 1, expires), world.runtime.keys)
    before, said = world.ticket(1001), world.messages(1001)
    acted = world.acts(token, Work.RESOLVE, "Here you are.")
    assert isinstance(acted, tuple)
    assert acted[0] is Answer.ILLEGAL
    assert "waiting for an approval" in english(acted[1].hindrance)
    assert (world.ticket(1001), world.messages(1001)) == (before, said)
    assert world.new_letters() == []


@pytest.mark.parametrize(
    ("purpose", "choice"),
    [
        (VIEW, Choice.ACCEPT),
        (VIEW, Choice.REJECT),
        (VIEW, Choice.APPROVE),
        (RESOLUTION, Choice.APPROVE),
        (APPROVAL, Choice.ACCEPT),
        *((purpose, work) for purpose in (VIEW, RESOLUTION, APPROVAL) for work in Work),
        *((WORK, choice) for choice in Choice),
    ],
)
def test_a_choice_that_the_page_does_not_offer_is_unknown(
    told: Told, purpose: Purpose, choice: Choice | Work
) -> None:
    _history(told, [RESOLVED])
    assert told.world.acts(told.link("rita", purpose, 1), choice, "why") is Problem.UNKNOWN
    assert told.world.ticket(told.number).waits_for_requester


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda told: told.link("rita", beyond=1), Problem.UNKNOWN),  # no such ticket
        (lambda told: "", Problem.UNKNOWN),  # noqa: ARG005
        (lambda told: told.link("rita")[:-1] + "!", Problem.UNKNOWN),
    ],
)
def test_a_link_to_nothing_is_unknown(
    told: Told, spoil: Callable[[Told], str], problem: Problem
) -> None:
    assert told.world.door.view(spoil(told)) is problem
    assert told.world.acts(spoil(told), Choice.ACCEPT, "") is problem


@pytest.mark.parametrize(("days", "expired"), [(29.9, False), (30, True), (31, True)])
def test_a_link_is_good_until_it_expires(told: Told, days: float, expired: bool) -> None:
    token = told.link("rita")
    told.world.clock.forward(days=days)
    assert (told.world.door.view(token) is Problem.EXPIRED) is expired


def test_looking_changes_nothing(told: Told) -> None:
    _history(told, [RESOLVED])
    before = told.world.ticket(told.number)
    for purpose in Purpose:
        for who in told.people:
            told.world.door.view(told.link(who, purpose, 1))
    assert told.world.ticket(told.number) == before
    assert told.world.outgoing_mails() == []
