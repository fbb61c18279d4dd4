"""Asking for an approval, and what follows from the answer.

A kind of approval has levels, asked one after the other: each is a round of its own. All approvers
of a level are asked at once, and the quorum decides.
"""

from datetime import datetime

from maildesk.lifecycle import workflow
from maildesk.lifecycle.approvers import next_in_line, of_level
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.approval import Approval
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalPassedOn,
    ApprovalReminded,
    ApprovalVoted,
    ApprovalWithdrawn,
    MessageAdded,
    Passed,
)
from maildesk.model.person import Person
from maildesk.model.policy import ApprovalKind
from maildesk.model.token import Purpose

_ASKED = Illegal("the ticket waits for an approval already")
_TAKEN_BACK = "The request was withdrawn; there is nothing to decide any more."
_CHANGED = (
    "The request has changed since you were asked. Please decide anew; links of earlier mails do "
    "not work any more."
)
_LATE = "The approval of this request was not decided in time."
_PASSED: dict[Passed, str] = {
    "delegated": "{old} passed it on to {new}, who is asked now.",
    "absent": "{old} is away; {new} is asked instead.",
    "away": "{old} is away, says an automatic answer; {new} is asked instead.",
    "bounced": "The mail to {old} did not arrive; {new} is asked instead.",
    "expired": "{old} did not decide in time; {new} is asked now.",
}


def ask(
    draft: Draft,
    requester: Person,
    name: str,
    text: str,
    *,
    rule: str = "",
    by: ActorKind = ActorKind.RULE,
) -> Illegal | None:
    """Put the ticket on hold and ask for the approval of that name; or say why not.

    `text` is the request in the requester's words.
    """
    kind = draft.policy.approvals.kind(name)
    obstacle = _obstacle(draft, name)
    if obstacle is None and kind is not None:
        obstacle = _asked(draft, requester, kind, rule, by)
    if obstacle is None:
        whom = "the reporting manager" if name == "manager" else f'for the approval "{name}"'
        draft.explain("approval", f"asked {whom}", *([f'rule "{rule}"'] if rule else []))
        send_request(draft, text)
    elif obstacle is not _ASKED:
        draft.explain("approval", "not asked", obstacle.why)
    return obstacle


def _obstacle(draft: Draft, name: str) -> Illegal | None:
    if draft.ticket.waits_for_approval:
        return _ASKED
    if draft.silent:
        return Illegal("the mail is recorded in silence")
    if draft.policy.approvals.kind(name) is None:
        known = ", ".join(kind.name for kind in draft.policy.approvals.kinds)
        return Illegal(f'there is no approval "{name}"; there are: {known}')
    type_ = draft.policy.catalog.type_named(draft.ticket.request_type)
    if not type_.managers_approval:
        return Illegal(f'tickets of the type "{type_.name}" need no approval (catalog.toml)')
    return None


def _asked(
    draft: Draft, requester: Person, kind: ApprovalKind, rule: str, by: ActorKind
) -> Illegal | None:
    approvers = of_level(draft.policy.directory, kind.level[0], requester)
    if not approvers:
        why = (
            f"An approval is needed, but {requester.name} has no reporting manager in people.toml "
            "and approvals.toml names no fallback."
        )
        draft.tell_agents(why)
        return Illegal(f"nobody to ask: {requester.name} has no reporting manager")
    illegal = workflow.move(draft, draft.policy.workflow.roles.on_hold, by, rule=rule)
    if illegal is None:
        begin(draft, kind, 0, approvers, rule)
    return illegal


def begin(
    draft: Draft, kind: ApprovalKind, level: int, approvers: tuple[int, ...], rule: str
) -> None:
    """A new round of asking; for who is away by people.toml the delegate is asked."""
    asked = ApprovalAsked(
        approvers=approvers,
        round=draft.ticket.round + 1,
        rule=rule,
        kind=kind.name,
        level=level,
        quorum=kind.level[level].quorum,
        remind_due=business_days(draft, kind.remind_after_days),
        expire_due=business_days(draft, kind.expire_after_days),
    )
    draft.add(asked)
    _stand_in(draft)


def _stand_in(draft: Draft) -> None:
    """For who is away by people.toml the delegate is asked, if there is one."""
    directory, approval = draft.policy.directory, draft.ticket.approval
    for person in approval.waiting if approval else ():
        if directory.away_until(person, draft.now) is not None:
            pass_on(draft, person, "absent")


def pass_on(draft: Draft, old: int, why: Passed, to: int | None = None) -> int | None:
    """Somebody else is asked in that approver's place: `to`, else who is next in line, if anybody.

    Who was away when the round began is told with the others.
    """
    ticket, directory = draft.ticket, draft.policy.directory
    new = to if to is not None else next_in_line(directory, ticket, old, why, draft.now)
    if new is None:
        return None
    draft.add(ApprovalPassedOn(round=ticket.round, approver=old, to=new, why=why))
    note = _PASSED[why].format(old=_name(draft, old), new=_name(draft, new))
    draft.notes.append(note)
    draft.explain("approval", note)
    if why != "absent":
        send_request(draft, "", note, (new,))
    return new


def cannot_take_over(draft: Draft, person: Person) -> Illegal | None:
    """Why an approver cannot pass the question on to that person."""
    approval = draft.ticket.approval
    if person.id == draft.ticket.requester:
        return Illegal("nobody approves the own request")
    if approval is not None and person.id in approval.approvers:
        return Illegal(f"{person.name} was asked already")
    if person.id not in draft.policy.directory.staff:
        return Illegal(f"{person.name} <{person.address}> is not in people.toml")
    return None


def _name(draft: Draft, person: int) -> str:
    known = draft.policy.directory.staff.get(person)
    return known.name if known else "the approver"


def withdraw(draft: Draft) -> None:
    """The requester takes the request back: it closes, and whoever was asked hears of it."""
    closing = draft.policy.workflow.closing
    take_back(draft)
    workflow.end(draft, closing.withdrawn_category, closing.withdrawn_note)
    draft.write(Template.CLOSURE, draft.ticket.requester, note="You withdrew this request.")
    draft.tell_agents("The requester withdrew this request.")
    draft.explain("approval", "withdrawn by the requester")


def take_back(draft: Draft) -> None:
    """The question is asked no more, since its ticket ends: who was asked hears of it."""
    approval = draft.ticket.approval
    assert approval is not None, "only an open question is withdrawn"
    waiting = approval.waiting
    draft.add(ApprovalWithdrawn(round=approval.round))
    draft.write(Template.UPDATE, *waiting, note=_TAKEN_BACK)


def ask_again(draft: Draft, requester: Person, text: str) -> None:
    """The request changed before it was decided: a new round from the first level on."""
    approval = draft.ticket.approval
    kind = draft.policy.approvals.kind(approval.kind) if approval else None
    if approval is None or kind is None or kind.ask_again == "never":
        return
    approvers = of_level(draft.policy.directory, kind.level[0], requester)
    if approvers:
        begin(draft, kind, 0, approvers, "")
        draft.explain("approval", "the request changed: asked again, in a new round")
        send_request(draft, text, _CHANGED)


def remind(draft: Draft) -> None:
    """Those who have yet to decide hear of it again."""
    approval = draft.ticket.approval
    assert approval is not None, "only an open question has deadlines"
    kind = draft.policy.approvals.kind(approval.kind)
    again = business_days(draft, kind.remind_after_days) if kind else None
    draft.add(ApprovalReminded(round=approval.round, remind_due=again))
    if kind is not None and kind.remind_after_days:
        draft.explain("clock", "the approver is reminded")
        send_request(draft, "", "This is a reminder: the request waits for your decision.")


def escalate(draft: Draft) -> None:
    """Nobody decided in time: the managers of those who were asked are, else the fallback."""
    approval = draft.ticket.approval
    assert approval is not None, "only an open question has deadlines"
    kind = draft.policy.approvals.kind(approval.kind)
    passed = [pass_on(draft, person, "expired") for person in approval.waiting]
    again = business_days(draft, kind.expire_after_days) if kind and any(passed) else None
    draft.add(ApprovalExpired(round=approval.round, expire_due=again))
    draft.tell_agents(_LATE if any(passed) else f"{_LATE} Nobody is left to be asked.")


def business_days(draft: Draft, days: int) -> datetime | None:
    """So many business days from now; None for none."""
    return draft.policy.calendar.add_days(draft.now, days) if days else None


def send_request(
    draft: Draft, text: str, note: str = "", to: tuple[int, ...] | None = None
) -> None:
    """Write to those who have yet to decide, or to these of them."""
    approval = draft.ticket.approval
    if approval is None:
        return
    draft.write(
        Template.APPROVAL,
        *(approval.waiting if to is None else to),
        text=text,
        author=draft.ticket.requester,
        note=note,
        links=(Purpose.APPROVAL,),
    )


def count(draft: Draft, approval: Approval, approver: Person, approved: bool, reason: str) -> None:
    """One of several decided, and others still have to."""
    draft.add(ApprovalVoted(round=approval.round, person=approver.id, approved=approved))
    draft.explain("approval", f"{approver.name} {_did(approved)}; others are waited for")
    _receipt(draft, approver, approved, reason, " Others still have to decide.")


def _did(approved: bool) -> str:
    return "approved" if approved else "did not approve"


def _receipt(
    draft: Draft, approver: Person | None, approved: bool, reason: str, more: str = ""
) -> None:
    if approver is None:
        return
    note = f"You {_did(approved)} this request.{more}"
    draft.write(Template.DECISION_RECEIPT, approver.id, text=reason, note=note)


def settle(
    draft: Draft,
    approval: Approval,
    approver: Person | None,
    approved: bool,
    reason: str,
    requester: Person,
) -> bool:
    """The question is decided, by that approver or by the clock; whether no level is left.

    A request that was not approved closes.
    """
    kind = draft.policy.approvals.kind(approval.kind)
    next_ = approval.level + 1
    more = approved and kind is not None and next_ < len(kind.level)
    person = approver.id if approver else None
    draft.add(ApprovalDecided(round=approval.round, approved=approved, person=person, more=more))
    _receipt(draft, approver, approved, reason)
    if not approved:
        _turned_down(draft, approver, reason)
    elif more and kind is not None:
        _next_level(draft, kind, next_, approver, requester)
    else:
        _approved(draft, approver, reason)
    return not more


def _approved(draft: Draft, approver: Person | None, said: str) -> None:
    roles = draft.policy.workflow.roles
    if draft.ticket.status == roles.on_hold:
        workflow.move(draft, roles.assigned, ActorKind.MANAGER)
    by = f"{approver.name} approved" if approver else "Nobody decided in time, which approves"
    author = approver.id if approver and said else None
    draft.tell_agents(f"{by} the request.", text=said, author=author)
    draft.write(Template.UPDATE, draft.ticket.requester, note=f"{by} your request.")
    draft.explain("approval", f"approved by {approver.name if approver else 'the clock'}")


def _next_level(
    draft: Draft, kind: ApprovalKind, level: int, approver: Person | None, requester: Person
) -> None:
    who = f"{approver.name} approved" if approver else "Nobody decided in time, which approves"
    approvers = of_level(draft.policy.directory, kind.level[level], requester)
    place = f"level {level + 1} of {len(kind.level)}"
    if not approvers:
        draft.explain("approval", f"nobody to ask for {place}")
        draft.tell_agents(f'{who} the request, but nobody is known for {place} of "{kind.name}".')
        return
    begin(draft, kind, level, approvers, "")
    draft.explain("approval", f"{who}; {place} is asked")
    send_request(draft, "", f"{who} this request; yours is {place}.")


def _turned_down(draft: Draft, approver: Person | None, reason: str) -> None:
    closing = draft.policy.workflow.closing
    name = approver.name if approver else "the clock"
    draft.explain("approval", f"not approved by {name}")
    note = f"{approver.name} did not approve the request." if approver else _TOO_LATE
    said = next((e.message for e in draft.events if isinstance(e, MessageAdded)), None)
    illegal = workflow.close(
        draft,
        ActorKind.MANAGER,
        closing.not_approved_category,
        closing.not_approved_note,
        said if reason else None,
    )
    author = approver.id if approver else None
    if illegal is None:
        draft.write(Template.CLOSURE, draft.ticket.requester, text=reason, author=author, note=note)
    draft.tell_agents(note, text=reason, author=author)


_TOO_LATE = "Nobody decided about the request in time, so it is not approved."
