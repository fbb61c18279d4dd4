"""The people, the policy and the tickets that the tables of decisions speak of.

Rita asks, Max is her manager, Ann (L1) and Lee (L2) are agents, Will watches, Mallory must not
get in, Boss decides where there is no manager.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.config.schema.rules import Rules
from maildesk.lifecycle.classification.rule_time import office_hours
from maildesk.lifecycle.policy import Directory, Policy
from maildesk.messages.trace import english
from maildesk.model.approval import Approval, Vote
from maildesk.model.cause import Command, Facts, MailArrived
from maildesk.model.decision import CommandResults, Decision
from maildesk.model.event import Event, FieldChanged, StatusMoved
from maildesk.model.mail import Kind
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.ticket import Ticket, evolve
from maildesk.rules.compile import compile_rules
from tests.world import shipped_policy

# What comes before it counts: the text of a mail, a move and what it brings, the end.
_IN_ORDER = frozenset({"MessageAdded", "Reopened", "Closed", "ApprovalAsked", "ApprovalDecided"})
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def _person(id: int, name: str, manager: int | None = None, *teams: str) -> Person:
    address = f"{name.lower()}@example.org"
    return Person(id=id, name=name, address=address, manager=manager, teams=teams)


RITA = _person(1, "Rita", 2)
MAX = _person(2, "Max")
ANN = _person(3, "Ann", None, "First line")
LEE = _person(4, "Lee", None, "Network")
MALLORY = _person(5, "Mallory")
WILL = _person(6, "Will")
BOSS = _person(7, "Boss")
CAST = {person.id: person for person in (RITA, MAX, ANN, LEE, MALLORY, WILL, BOSS)}
TEAMS = {"First line": (ANN,), "Network": (LEE,)}


def policy(files: PolicyFiles | None = None, *, fallback: Person | None = None) -> Policy:
    """The shipped policy, or another, with these people in the teams."""
    files = files or shipped_policy()
    levels = {"First line": "L1", "Network": "L2"}
    directory = Directory(
        TEAMS,
        fallback.id if fallback else None,
        known={person.address: person.id for person in CAST.values()},
        levels=levels,
        staff=CAST,
    )
    rules = compile_rules(files.rules)
    return Policy(
        files.workflow,
        files.catalog,
        files.approvals,
        rules,
        directory,
        office_hours(files),
        answers=files.answers,
    )


def with_rules(*rules: dict[str, Any], **options: Any) -> Policy:
    """The shipped policy with other rules."""
    files = shipped_policy()
    return policy(
        files.model_copy(update={"rules": Rules.model_validate({"rule": rules})}), **options
    )


SHIPPED = policy()

NEW = Ticket(
    number=1001,
    requester=RITA.id,
    source="mail",
    status="New",
    state="Open",
    request_type="incident",
    opened_at=NOW - timedelta(days=1),
    updated_at=NOW - timedelta(days=1),
    team="First line",
    participants=(WILL.id,),
)
CLASSIFIED = {
    "service": "Workplace",
    "category": "Hardware",
    "impact": "low",
    "urgency": "medium",
    "priority": "P4",
}
ASSIGN = replace(NEW, status="Assign", **CLASSIFIED)
ANALYSIS = replace(ASSIGN, status="Analysis", state="In Progress", assignee=ANN.id)
ESCALATED = replace(ANALYSIS, status="Escalated")
HELD_UP = replace(ANALYSIS, status="Pending", state="On-Hold")
ASKED = replace(
    NEW,
    status="Pending",
    state="On-Hold",
    round=1,
    approval=Approval(votes=(Vote(MAX.id),), round=1, asked_at=NEW.opened_at),
)
APPROVED = replace(
    ASKED,
    status="Assign",
    state="Open",
    approval=Approval(
        votes=(Vote(MAX.id),), round=1, asked_at=NEW.opened_at, outcome="approved", decided_at=NOW
    ),
)
WAITING = replace(
    ANALYSIS,
    status="Waiting for Closure",
    state="Resolved",
    round=1,
    resolution="m-resolved",
    close_due=NOW + timedelta(days=5),
    remind_due=NOW + timedelta(days=3),
)
CLOSED = replace(
    WAITING,
    status="Completed",
    state="Closed",
    close_due=None,
    remind_due=None,
    closed_at=NOW,
    closure_category="Solved",
)
TICKETS = {
    "New": NEW,
    "Assign": ASSIGN,
    "Analysis": ANALYSIS,
    "Escalated": ESCALATED,
    "Pending": HELD_UP,
    "asked": ASKED,
    "approved": APPROVED,
    "Waiting for Closure": WAITING,
    "Completed": CLOSED,
}


def mail(
    sender: Person,
    text: str = "Hello.",
    *,
    proof: Proof = Proof.TOKEN,
    kind: Kind = Kind.PERSON,
    subject: str = "Printer broken",
    requester: Person = RITA,
    message: str = "m-new",
    commands: Iterable[tuple[str, str]] = (),
    **fields: Any,
) -> MailArrived:
    """A mail as intake hands it over."""
    return MailArrived(
        sender=sender,
        identity=Identity(sender.address, proof),
        requester=requester,
        kind=kind,
        message=message,
        text=text,
        facts=Facts(subject=subject, text=text, sender=sender.address),
        commands=tuple(Command(name, argument, at_top=False) for name, argument in commands),
        **fields,
    )


def events(decision: Decision) -> list[Event]:
    """What changes."""
    assert len(decision.changes) <= 1
    return [event for change in decision.changes for event in change.events]


def after(ticket: Ticket | None, decision: Decision, now: datetime = NOW) -> Ticket:
    """The ticket after the decision."""
    for event in events(decision):
        number = ticket.number if ticket else 1002
        ticket = evolve(ticket, event, number=number, at=now)
    assert ticket is not None
    return ticket


def told(decision: Decision) -> list[str]:
    """`template:name` of every letter, as in "reply:rita"."""
    return [f"{x.template}:{CAST[x.to].name.lower()}" for x in decision.outgoing_mails]


def unordered(words: Iterable[str]) -> tuple[Counter[str], list[str]]:
    """What is compared where the order of independent events, or mails, means nothing: each word as
    often as it comes, and in their order those that follow from each other."""
    every = list(words)
    chain = [word for word in every if word.startswith("-> ") or word in _IN_ORDER]
    return Counter(every), chain


def happened(decision: Decision) -> list[str]:
    """The events in words: "MessageAdded", "assignee", "-> Analysis"."""
    return [_word(event) for event in events(decision)]


def _word(event: Event) -> str:
    match event:
        case FieldChanged(field=field):
            return field
        case StatusMoved(new=new):
            return f"-> {new}"
        case _:
            return type(event).__name__


def transcript_text(decision: Decision) -> str:
    """The transcript in English: its sentence, then a line for each result."""
    mail = next(one for one in decision.outgoing_mails if one.template == "transcript")
    return f"{english(mail.note)}\n{results_text(mail.results)}"


def results_text(results: CommandResults | None) -> str:
    """The results in English, a line each, and for how long they can be undone."""
    assert results is not None
    lines = [f"{one.line}: {english(one.message)}" for one in (*results.failed, *results.done)]
    undo = f"#undo within {results.undo_minutes} minutes" if results.undo_minutes else ""
    return "\n".join([*lines, undo])
