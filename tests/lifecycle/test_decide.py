"""Links, the console, the clock and failed deliveries: every cause that is no mail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.messages.trace import english, in_english
from maildesk.model.approval import Approval, Vote
from maildesk.model.cause import (
    AgentActed,
    Choice,
    Command,
    DeadlineReached,
    DeliveryFailed,
    LinkUsed,
    ParentStateChanged,
    WrongCommand,
)
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, Template
from maildesk.model.event import Closed, ResolutionDecided, ResolutionGiven
from maildesk.model.links.token import Purpose
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    APPROVED,
    ASKED,
    CLOSED,
    LEE,
    MALLORY,
    MAX,
    NEW,
    NOW,
    RITA,
    SHIPPED,
    TICKETS,
    WAITING,
    WILL,
    after,
    events,
    happened,
    policy,
    told,
    unordered,
)
from tests.world import shipped_policy

APPROVE, REJECT, ACCEPT, KEEP = Choice.APPROVE, Choice.REJECT, Choice.ACCEPT, Choice.KEEP
DONE, OLD, NOT_YOURS = Answer.DONE, Answer.OLD_ROUND, Answer.NOT_YOURS
DECIDED, REASON, ILLEGAL = Answer.ALREADY_DECIDED, Answer.REASON_MISSING, Answer.ILLEGAL
UNCLEAR = Answer.UNCLEAR

TURNED_DOWN = replace(
    CLOSED,
    resolution=None,
    approval=Approval(
        votes=(Vote(MAX.id),), round=1, asked_at=NOW, outcome="rejected", decided_at=NOW
    ),
)
REOPENED = replace(ANALYSIS, round=1, reopened=1)
ASKED_AGAIN = replace(
    ASKED, round=2, approval=Approval(votes=(Vote(ANN.id),), round=2, asked_at=NOW)
)
RESOLVED_UNASKED = replace(WAITING, round=2, approval=ASKED.approval)


def link(person: Person, choice: Choice, round_: int, comment: str = "") -> LinkUsed:
    return LinkUsed(
        person=person,
        requester=RITA,
        choice=choice,
        round=round_,
        comment=comment,
        message="m-link",
    )


def unclear(person: Person, choice: Choice, comment: str) -> LinkUsed:
    return replace(link(person, choice, 1, comment), unclear=True)


OVER = replace(ASKED, status="Completed", state="Closed", closed_at=NOW)
YES = ["ApprovalDecided", "-> Assign"]
NO = ["MessageAdded", "ApprovalDecided", "-> Completed", "Closed"]
ACCEPTED = ["ResolutionDecided", "-> Accepted", "-> Completed", "Closed"]
# whatever ends a ticket ends its open question
BOTH_ENDED = [*ACCEPTED[:-1], "ApprovalWithdrawn", "Closed"]
REJECTED = ["MessageAdded", "ResolutionDecided", "-> Rejected", "-> Analysis", "Reopened"]


@pytest.mark.parametrize(
    ("ticket", "used", "answer", "expected"),
    [
        # ---- an approval is open
        (ASKED, link(MAX, APPROVE, 1), DONE, YES),
        (ASKED, link(MAX, APPROVE, 1, "fine"), DONE, ["MessageAdded", *YES]),
        (ASKED, link(MAX, APPROVE, 1, " \n"), DONE, YES),  # an empty comment is none
        (ASKED, link(MAX, REJECT, 1, "too dear"), DONE, NO),
        (ASKED, link(MAX, REJECT, 1), REASON, []),
        (ASKED, link(MAX, REJECT, 1, " \n\t"), REASON, []),
        # the link of an earlier or a later round
        (ASKED, link(MAX, APPROVE, 0), OLD, []),
        (ASKED, link(MAX, APPROVE, 2), OLD, []),
        (ASKED_AGAIN, link(MAX, APPROVE, 1), OLD, []),
        # somebody else's
        (ASKED, link(RITA, APPROVE, 1), NOT_YOURS, []),
        (ASKED, link(ANN, APPROVE, 1), NOT_YOURS, []),
        (ASKED, link(MALLORY, REJECT, 1, "no"), NOT_YOURS, []),
        # the approver changed
        (ASKED_AGAIN, link(MAX, APPROVE, 2), NOT_YOURS, []),
        (ASKED_AGAIN, link(ANN, APPROVE, 2), DONE, YES),
        # accepting is not approving, and surely not rejecting
        (ASKED, link(MAX, ACCEPT, 1), ILLEGAL, []),
        (ASKED, link(MAX, ACCEPT, 1, "yes"), ILLEGAL, []),
        # ---- it is decided
        *((APPROVED, link(MAX, choice, 1, "c"), DECIDED, []) for choice in Choice),
        *((TURNED_DOWN, link(MAX, choice, 1, "c"), DECIDED, []) for choice in Choice),
        (APPROVED, link(RITA, ACCEPT, 1), NOT_YOURS, []),
        # resolved while it was open: the question is of an earlier round
        (RESOLVED_UNASKED, link(MAX, APPROVE, 1), OLD, []),
        (RESOLVED_UNASKED, link(MAX, APPROVE, 2), NOT_YOURS, []),
        (RESOLVED_UNASKED, link(RITA, ACCEPT, 2), DONE, BOTH_ENDED),
        # ---- a resolution waits
        (WAITING, link(RITA, ACCEPT, 1), DONE, ACCEPTED),
        (WAITING, link(RITA, ACCEPT, 1, "thanks"), DONE, ["MessageAdded", *ACCEPTED]),
        (WAITING, link(RITA, REJECT, 1, "it smears"), DONE, REJECTED),
        # more time to see
        (WAITING, link(RITA, KEEP, 1), DONE, ["ClosurePostponed"]),
        (WAITING, link(RITA, KEEP, 1, "away"), DONE, ["MessageAdded", "ClosurePostponed"]),
        (WAITING, link(WILL, KEEP, 1), NOT_YOURS, []),
        (ASKED, link(MAX, KEEP, 1), ILLEGAL, []),
        # a yes that its comment takes back is kept, and asked about; a no is not
        (WAITING, unclear(RITA, ACCEPT, "still broken"), UNCLEAR, ["MessageAdded"]),
        (ASKED, unclear(MAX, APPROVE, "if cheaper"), UNCLEAR, ["MessageAdded"]),
        (ASKED, unclear(WILL, APPROVE, "if cheaper"), NOT_YOURS, []),
        (WAITING, unclear(MAX, ACCEPT, "still broken"), NOT_YOURS, []),
        # also after the reminder
        (replace(WAITING, remind_due=None), link(RITA, ACCEPT, 1), DONE, ACCEPTED),
        (WAITING, link(RITA, REJECT, 1), REASON, []),
        (WAITING, link(RITA, REJECT, 1, "  "), REASON, []),
        (WAITING, link(RITA, ACCEPT, 0), OLD, []),
        (WAITING, link(RITA, ACCEPT, 2), OLD, []),
        (WAITING, link(MAX, ACCEPT, 1), NOT_YOURS, []),
        (WAITING, link(WILL, ACCEPT, 1), NOT_YOURS, []),
        (WAITING, link(ANN, REJECT, 1, "no"), NOT_YOURS, []),
        # approving is not accepting, and surely not rejecting
        (WAITING, link(RITA, APPROVE, 1), ILLEGAL, []),
        (WAITING, link(RITA, APPROVE, 1, "yes"), ILLEGAL, []),
        # ---- it is over, also where nobody decided
        *((OVER, link(MAX, choice, 1, "c"), DECIDED, []) for choice in Choice),
        *((CLOSED, link(RITA, choice, 1, "c"), DECIDED, []) for choice in Choice),
        (CLOSED, link(RITA, ACCEPT, 0), OLD, []),
        (CLOSED, link(MALLORY, ACCEPT, 1), NOT_YOURS, []),
        # reopened: nothing to decide until there is a new resolution
        *((REOPENED, link(RITA, choice, 1, "c"), DECIDED, []) for choice in Choice),
        # ---- nothing was ever asked
        (NEW, link(RITA, ACCEPT, 0), DECIDED, []),
        (NEW, link(MAX, APPROVE, 0), NOT_YOURS, []),
        (NEW, link(MAX, APPROVE, 1), OLD, []),
    ],
)
def test_what_a_link_does(
    ticket: Ticket, used: LinkUsed, answer: Answer, expected: list[str]
) -> None:
    decision = decide(ticket, used, SHIPPED, NOW)
    assert (decision.answer, happened(decision)) == (answer, expected)
    if answer is UNCLEAR:
        assert told(decision) == ["agent-notification:ann"]
        assert decision.message_kind == "comment"
    elif answer is not DONE:
        assert decision.outgoing_mails == ()
        assert decision.message_kind == ""
    else:
        assert decision.message_kind == ("decision" if used.comment.strip() else "")


@pytest.mark.parametrize(
    ("ticket", "used", "kind", "outgoing_mails"),
    [
        (
            ASKED,
            link(MAX, APPROVE, 1),
            "manager",
            ["decision-receipt:max", "agent-notification:ann", "update:rita"],
        ),
        (
            *(ASKED, link(MAX, REJECT, 1, "no"), "manager"),
            ["decision-receipt:max", "closure:rita", "agent-notification:ann"],
        ),
        (WAITING, link(RITA, ACCEPT, 1), "requester", ["closure:rita"]),
        (WAITING, link(RITA, REJECT, 1, "no"), "requester", ["agent-notification:ann"]),
    ],
)
def test_who_hears_of_a_decision_by_link(
    ticket: Ticket, used: LinkUsed, kind: str, outgoing_mails: list[str]
) -> None:
    decision = decide(ticket, used, SHIPPED, NOW)
    assert decision.actor == Actor(ActorKind(kind), used.person.id, "link")
    assert unordered(told(decision)) == unordered(outgoing_mails)


@pytest.mark.parametrize(
    ("choice", "note"),
    [(APPROVE, "You approved this request."), (REJECT, "You did not approve this request.")],
)
def test_the_receipt_says_what_was_decided(choice: Choice, note: str) -> None:
    receipt = decide(ASKED, link(MAX, choice, 1, "because"), SHIPPED, NOW).outgoing_mails[0]
    assert (english(receipt.note), receipt.text) == (note, "because")


def test_the_requester_reads_why_it_was_not_approved_and_by_whom() -> None:
    closure = decide(ASKED, link(MAX, REJECT, 1, " no budget "), SHIPPED, NOW).outgoing_mails[1]
    assert (closure.template, closure.text, closure.author) == ("closure", "no budget", MAX.id)
    assert english(closure.note) == "Max did not approve the request."


@pytest.mark.parametrize("choice", [ACCEPT, REJECT])
def test_where_the_workflow_forbids_it_a_link_changes_nothing(choice: Choice) -> None:
    """A desk whose own workflow.toml knows no way from Accepted or Rejected onward."""
    files = shipped_policy()
    moves = tuple(m for m in files.workflow.move if not {"Accepted", "Rejected"} & {*m.from_})
    flow = files.workflow.model_copy(update={"move": moves})
    barred = policy(files.model_copy(update={"workflow": flow}))
    decision = decide(WAITING, link(RITA, choice, 1, "because"), barred, NOW)
    assert (decision.answer, decision.changes, decision.outgoing_mails) == (ILLEGAL, (), ())


# ---- the console


def acted(text: str = "", *commands: tuple[str, str], wrong: bool = False) -> AgentActed:
    return AgentActed(
        agent=LEE,
        message="m-console",
        requester=RITA,
        text=text,
        commands=tuple(Command(name, argument) for name, argument in commands),
        wrong_commands=(WrongCommand("#x", "not known"),) if wrong else (),
    )


@pytest.mark.parametrize(
    ("name", "cause", "answer", "expected", "outgoing_mails"),
    [
        # as by mail
        (
            *("New", acted("Hello."), DONE),
            ["MessageAdded", "assignee", "-> Analysis"],
            ["reply:rita", "reply:will"],
        ),
        (
            *("Analysis", acted("", ("take", "")), DONE, ["MessageAdded", "assignee"]),
            ["agent-notification:ann"],
        ),
        (
            *("Analysis", acted("", ("resolve", "Cable.")), DONE),
            ["MessageAdded", "ResolutionGiven", "-> Waiting for Closure"],
            ["resolution:rita", "agent-notification:ann", "update:will"],
        ),
        ("Analysis", acted(wrong=True), ILLEGAL, ["MessageAdded"], []),
        # a closed ticket never changes again: nothing is said, done or sent, but noted
        ("Completed", acted("Hello."), ILLEGAL, ["MessageAdded"], []),
        ("Completed", acted("", ("take", "")), ILLEGAL, ["MessageAdded"], []),
        ("Completed", acted("", ("close", "")), ILLEGAL, ["MessageAdded"], []),
        ("Completed", acted("", ("resolve", "x")), ILLEGAL, ["MessageAdded"], []),
        (
            *("Completed", acted("", ("note", "x"), ("take", "")), ILLEGAL),
            *(["MessageAdded"], []),
        ),
        # also one that the same mail has just closed
        *(
            (
                "Waiting for Closure",
                acted("", ("close", ""), more),
                ILLEGAL,
                ["MessageAdded"],
                [],
            )
            for more in (("close", ""), ("resolve", "x"))
        ),
        # what is right, and writes to nobody outside, is done all the same
        (
            *("Waiting for Closure", acted("", ("close", ""), ("take", "")), ILLEGAL),
            *(["MessageAdded", "assignee"], ["agent-notification:ann"]),
        ),
        ("Completed", acted("", ("note", "Ha.")), DONE, ["MessageAdded"], []),
        ("Completed", acted("Text.", ("note", "Ha.")), DONE, ["MessageAdded"], []),
    ],
)
def test_what_an_agent_does_at_the_console(
    name: str, cause: AgentActed, answer: Answer, expected: list[str], outgoing_mails: list[str]
) -> None:
    decision = decide(TICKETS[name], cause, SHIPPED, NOW)
    assert decision.answer is answer
    assert unordered(happened(decision)) == unordered(expected)
    assert unordered(told(decision)) == unordered(outgoing_mails)
    assert decision.actor == Actor(ActorKind.AGENT, LEE.id, "console")


def test_why_a_closed_ticket_takes_nothing_more_is_said() -> None:
    step = decide(CLOSED, acted("", ("take", "")), SHIPPED, NOW).why[-1]
    assert step.verdict == "not done"
    assert in_english(step).rejected == (
        "#take: The ticket is closed, and that is final. Only a #note can be added.",
    )
    (words,) = in_english(decide(CLOSED, acted("Hello."), SHIPPED, NOW).why[-1]).rejected
    assert isinstance(words, str)
    assert words.startswith("The ticket is closed for good. Your text was kept as a note")
    assert "#onbehalf" in words


def test_a_ticket_is_resolved_for_its_request_types_days() -> None:
    decision = decide(ANALYSIS, acted("", ("resolve", "Cable.")), SHIPPED, NOW)
    assert events(decision)[1] == ResolutionGiven(
        message="m-console",
        round=1,
        close_due=NOW + timedelta(days=5),
        remind_due=NOW + timedelta(days=3),
    )


@pytest.mark.parametrize(
    ("request_type", "close_after", "remind_before", "close_days", "remind_days"),
    [
        ("incident", 5, 2, 5, 3),
        ("incident", 5, 0, 5, None),  # no reminder
        ("incident", 5, 4, 5, 1),
        ("incident", 5, 5, 5, None),  # it would come with the resolution
        ("incident", 5, 9, 5, None),  # or before it
        ("other", 7, 2, 7, 5),  # each type has its own days
        ("forgotten", 3, 2, 3, 1),  # a type that is no more: the first one's
    ],
)
def test_the_days_until_a_ticket_closes(
    request_type: str,
    close_after: int,
    remind_before: int,
    close_days: int,
    remind_days: int | None,
) -> None:
    days = {"close_after_days": close_after, "remind_before_days": remind_before}
    mine = {"name": request_type, **days}
    first = {"name": "incident", "close_after_days": 3, "remind_before_days": 2}
    types = [mine] if request_type == "incident" else [first, mine]
    if request_type == "forgotten":
        types = [first]
    catalog = shipped_policy().catalog.model_dump() | {"request_type": types}
    desk = policy(shipped_policy(catalog=catalog))
    ticket = replace(ANALYSIS, request_type=request_type)
    resolved = after(ticket, decide(ticket, acted("", ("resolve", "Cable.")), desk, NOW))
    assert resolved.close_due == NOW + timedelta(days=close_days)
    reminds = NOW + timedelta(days=remind_days) if remind_days is not None else None
    assert resolved.remind_due == reminds


def test_where_business_days_count_the_weekend_does_not() -> None:
    kind = {"name": "incident", "close_after_days": 5, "remind_before_days": 2, "days": "business"}
    catalog = shipped_policy().catalog.model_dump() | {"request_type": [kind]}
    desk = policy(shipped_policy(catalog=catalog))
    resolved = after(ANALYSIS, decide(ANALYSIS, acted("", ("resolve", "Cable.")), desk, NOW))
    # from Monday the 23rd: the reminder on Thursday, the end on Monday
    assert resolved.remind_due == NOW + timedelta(days=3)
    assert resolved.close_due == NOW + timedelta(days=7)
    # and a child that is resolved with its parent closes with it
    together = decide(ANALYSIS, ParentStateChanged(origin=1000, resolved=True), desk, NOW)
    assert after(ANALYSIS, together).close_due == resolved.close_due


def test_keeping_a_ticket_open_counts_the_days_anew() -> None:
    late = WAITING.close_due - timedelta(hours=1)
    kept = after(WAITING, decide(WAITING, link(RITA, KEEP, 1), SHIPPED, late), late)
    assert (kept.close_due, kept.remind_due) == (late + timedelta(days=5), late + timedelta(days=3))
    assert kept.waits_for_requester


def test_each_resolution_begins_a_round() -> None:
    again = replace(REOPENED, round=7)
    resolved = after(again, decide(again, acted("", ("resolve", "Cable.")), SHIPPED, NOW))
    assert (resolved.round, resolved.resolution) == (8, "m-console")


# ---- the clock

SOON = timedelta(seconds=1)
CLOSE, REMIND = WAITING.close_due, WAITING.remind_due
REMINDED = replace(WAITING, remind_due=None)
assert CLOSE is not None
assert REMIND is not None
LATE = CLOSE + timedelta(days=30)
CLOSING = ["-> Completed", "Closed"]


@pytest.mark.parametrize(
    ("ticket", "now", "expected", "outgoing_mails"),
    [
        # before anything is due
        (WAITING, REMIND - SOON, [], []),
        # the reminder: at its time and after it
        (WAITING, REMIND, ["Reminded"], ["reminder:rita"]),
        (WAITING, REMIND + SOON, ["Reminded"], ["reminder:rita"]),
        # it is sent once
        (replace(WAITING, remind_due=None), REMIND + SOON, [], []),
        # the end: not before its time
        (replace(WAITING, remind_due=None), CLOSE - SOON, [], []),
        (replace(WAITING, remind_due=None), CLOSE, CLOSING, ["closure:rita"]),
        (replace(WAITING, remind_due=None), CLOSE + SOON, CLOSING, ["closure:rita"]),
        # the daemon was away for weeks: who was not reminded is, and has time to answer
        (WAITING, LATE, ["Reminded", "ClosurePostponed"], ["reminder:rita"]),
        (replace(WAITING, close_due=LATE + SOON, remind_due=None), LATE, [], []),
        # nothing waits for the clock: a doubled tick does no harm
        (ANALYSIS, CLOSE, [], []),
        (CLOSED, CLOSE, [], []),
        (ASKED, CLOSE, [], []),
    ],
)
def test_what_the_clock_does(
    ticket: Ticket, now: object, expected: list[str], outgoing_mails: list[str]
) -> None:
    decision = decide(ticket, DeadlineReached(requester=RITA), SHIPPED, now)  # type: ignore[arg-type]
    assert unordered(happened(decision)) == unordered(expected)
    assert unordered(told(decision)) == unordered(outgoing_mails)
    assert decision.actor == Actor(ActorKind.CLOCK)


def test_an_unanswered_ticket_closes_with_a_category_of_its_own() -> None:
    assert events(decide(REMINDED, DeadlineReached(requester=RITA), SHIPPED, CLOSE))[-1] == Closed(
        "No answer", "The requester did not answer in time."
    )


def test_an_accepted_ticket_closes_with_another() -> None:
    happening = events(decide(WAITING, link(RITA, ACCEPT, 1), SHIPPED, NOW))
    assert happening[0] == ResolutionDecided(round=1, accepted=True)
    assert happening[-1] == Closed("Solved", "The requester accepted the resolution.")


def test_a_request_that_was_not_approved_with_a_third() -> None:
    assert events(decide(ASKED, link(MAX, REJECT, 1, "no"), SHIPPED, NOW))[-1] == Closed(
        "Not approved", "The request was not approved.", "m-link"
    )


def test_the_reminder_has_the_links_that_decide() -> None:
    outgoing_mail = decide(
        WAITING, DeadlineReached(requester=RITA), SHIPPED, REMIND
    ).outgoing_mails[0]
    assert outgoing_mail.links == (Purpose.RESOLUTION,)
    assert outgoing_mail.automatic


# ---- failed deliveries


def failed(to: Person, template: Template, ticket: Ticket = ANALYSIS) -> Decision:
    cause = DeliveryFailed(
        requester=RITA, recipient=to, template=template, reason="550 no such user"
    )
    return decide(ticket, cause, SHIPPED, NOW)


@pytest.mark.parametrize(
    ("ticket", "to", "template", "outgoing_mails"),
    [
        # who works on the ticket is told, at once
        (ANALYSIS, RITA, Template.REPLY, ["delivery-failed:ann"]),
        (ASKED, MAX, Template.APPROVAL, ["delivery-failed:ann"]),
        (
            replace(NEW, team=""),
            RITA,
            Template.REPLY,
            ["delivery-failed:ann", "delivery-failed:lee"],
        ),
        (CLOSED, RITA, Template.CLOSURE, ["delivery-failed:ann"]),
        # not by the address that just failed: the rest of the team, else everybody else
        (ANALYSIS, ANN, Template.AGENT_NOTIFICATION, ["delivery-failed:lee"]),
        (
            replace(ANALYSIS, assignee=LEE.id),
            LEE,
            Template.AGENT_NOTIFICATION,
            ["delivery-failed:ann"],
        ),
        (replace(NEW, team="Network"), LEE, Template.REPLY, ["delivery-failed:ann"]),
        (replace(NEW, team=""), ANN, Template.AGENT_NOTIFICATION, ["delivery-failed:lee"]),
        # and not of a failed report: two agents whose mailboxes are full would never come to rest
        (replace(NEW, team=""), ANN, Template.DELIVERY_FAILED, []),
    ],
)
def test_who_is_told_of_a_mail_that_did_not_arrive(
    ticket: Ticket, to: Person, template: Template, outgoing_mails: list[str]
) -> None:
    decision = failed(to, template, ticket)
    assert unordered(told(decision)) == unordered(outgoing_mails)
    assert decision.changes == ()
    assert decision.actor == Actor(ActorKind.DESK)
    assert all(outgoing_mail.automatic for outgoing_mail in decision.outgoing_mails)


def test_an_approval_that_did_not_arrive_is_called_by_its_name() -> None:
    outgoing_mail = failed(MAX, Template.APPROVAL, ASKED).outgoing_mails[0]
    assert (
        english(outgoing_mail.note)
        == "The approval request to Max <max@example.org> could not be delivered."
    )
    assert outgoing_mail.text == "550 no such user"
    assert "The reply mail to Rita" in english(failed(RITA, Template.REPLY).outgoing_mails[0].note)


# ---- causes without a ticket


@pytest.mark.parametrize(
    "cause",
    [
        link(RITA, ACCEPT, 1),
        acted("Hello."),
        DeadlineReached(requester=RITA),
        DeliveryFailed(requester=RITA, recipient=RITA, template=Template.REPLY, reason=""),
    ],
)
def test_only_a_mail_comes_without_a_ticket(
    cause: LinkUsed | AgentActed | DeadlineReached | DeliveryFailed,
) -> None:
    with pytest.raises(ValueError, match=f"{type(cause).__name__} needs a ticket"):
        decide(None, cause, SHIPPED, NOW)
