"""Somebody else is asked in the place of an approver: passed on, away, bounced, or too late.

Whoever is newly asked has the whole time to decide. Who is away by people.toml is looked at when a
round begins, when an absence begins, and at each reminder.
"""

from maildesk.lifecycle import asking
from maildesk.lifecycle.approvers import next_in_line
from maildesk.lifecycle.asking import name
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.event import AbsenceSeen, ApprovalPassedOn, Passed
from maildesk.model.person import Person

_PASSED: dict[Passed, str] = {
    "delegated": "{old} passed it on to {new}, who is asked now.",
    "absent": "{old} is away; {new} is asked instead.",
    "away": "{old} is away, says an automatic answer; {new} is asked instead.",
    "bounced": "The mail to {old} did not arrive; {new} is asked instead.",
    "expired": "{old} did not decide in time; {new} is asked now.",
}


def pass_on(draft: Draft, old: int, why: Passed, to: int | None = None) -> int | None:
    """Somebody else is asked in that approver's place: `to`, else who is next in line.

    Where nobody is left and the approver is away, agents are told.
    """
    new = _handed(draft, old, why, to)
    if new is not None:
        asking.send_request(draft, "", _note(draft, old, new, why), (new,))
    elif why in ("absent", "away"):
        _left_alone(draft, old)
    return new


def for_absent(draft: Draft) -> tuple[int, ...]:
    """In the place of each approver who is away by people.toml another is asked; who is, now."""
    found = [pass_on(draft, person, "absent") for person in _absent(draft)]
    return tuple(person for person in found if person is not None)


def before_asking(draft: Draft) -> None:
    """The same for a round that begins: nobody was written to yet, and all are asked together."""
    for person in _absent(draft):
        if _handed(draft, person, "absent", None) is None:
            _left_alone(draft, person)


def still_absent(draft: Draft) -> tuple[int, ...]:
    """The same for a question that is open for long: of those left alone agents know already."""
    absent = _absent(draft)
    found = [_handed(draft, person, "absent", None) for person in absent]
    fresh = [(old, new) for old, new in zip(absent, found, strict=True) if new is not None]
    for old, new in fresh:
        asking.send_request(draft, "", _note(draft, old, new, "absent"), (new,))
    return tuple(new for _, new in fresh)


def taker(draft: Draft, person: Person) -> int | Illegal:
    """Who is asked where an approver names that person: who decides for them while they are away.

    Or why the question cannot be passed on to them.
    """
    directory, question = draft.policy.directory, draft.ticket.approval
    if person.id not in directory.staff:
        return Illegal(f"{person.name} <{person.address}> is not in people.toml")
    taking = directory.at_work(person.id, draft.now)
    if taking is None:
        until = directory.away_until(person.id, draft.now)
        return Illegal(f"{person.name} is away until {until:%d %B %Y}, and nobody stands in")
    if taking == draft.ticket.requester:
        return Illegal("nobody approves the own request")
    if question is not None and taking in (*question.approvers, *question.agreed):
        return Illegal(f"{name(draft, taking)} was asked already")
    return taking


def _absent(draft: Draft) -> tuple[int, ...]:
    approval, directory = draft.ticket.approval, draft.policy.directory
    waiting = approval.waiting if approval else ()
    return tuple(one for one in waiting if directory.away_until(one, draft.now) is not None)


def _handed(draft: Draft, old: int, why: Passed, to: int | None) -> int | None:
    """The vote goes over to `to`, else to who is next in line; None where nobody is left."""
    ticket, directory = draft.ticket, draft.policy.directory
    new = to if to is not None else next_in_line(directory, ticket, old, why, draft.now)
    question = ticket.approval
    if new is None or question is None:
        return None
    waiting = {*question.waiting, new} - {old}
    due = asking.deadlines(draft, draft.policy.approvals.kind(question.kind), waiting)
    draft.add(
        ApprovalPassedOn(
            round=ticket.round,
            approver=old,
            to=new,
            why=why,
            remind_due=due.remind,
            expire_due=due.expire,
            away_due=due.away,
        )
    )
    note = _note(draft, old, new, why)
    draft.notes.append(note)
    draft.explain("approval", note)
    return new


def _note(draft: Draft, old: int, new: int, why: Passed) -> str:
    return _PASSED[why].format(old=name(draft, old), new=name(draft, new))


def _left_alone(draft: Draft, approver: int) -> None:
    question = draft.ticket.approval
    assert question is not None, "only an approver is stood in for"
    away_due = asking.next_absence(draft, question.waiting)
    draft.add(AbsenceSeen(round=question.round, away_due=away_due, alone=approver))
    note = f"{name(draft, approver)} is away, and nobody is left to be asked instead."
    draft.explain("approval", note)
    draft.tell_agents(f"The approval of this request waits: {note}")
