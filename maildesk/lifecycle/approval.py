"""Asking for an approval, asking anew, and taking the question back.

A kind of approval has levels, asked one after the other: each is a round of its own. All approvers
of a level are asked at once, and the quorum decides (lifecycle.verdict).
"""

from dataclasses import replace

from maildesk.lifecycle import asking, standing_in, workflow
from maildesk.lifecycle.approvers import of_level
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import ApprovalAsked, ApprovalWithdrawn
from maildesk.model.person import Person
from maildesk.model.policy import ApprovalKind

_ASKED = Illegal("the ticket waits for an approval already")
_TAKEN_BACK = "The request was withdrawn; there is nothing to decide any more."
_CHANGED = (
    "The request has changed since you were asked. Please decide anew; links of earlier mails do "
    "not work any more."
)
_ASKED_ANEW = (
    "The request has changed, and others are asked first; your decision is not needed now."
)


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

    `text` is the request in the requester's words, who hears of it; of a new ticket that is told
    with its number.
    """
    kind = draft.policy.approvals.kind(name)
    obstacle = _obstacle(draft, name)
    if obstacle is None and kind is not None:
        obstacle = _asked(draft, requester, kind, rule, by)
    if obstacle is None:
        whom = "the reporting manager" if name == "manager" else f'for the approval "{name}"'
        draft.explain("approval", f"asked {whom}", *([f'rule "{rule}"'] if rule else []))
        asking.send_request(draft, text)
        if draft.before is not None:
            _tell_requester(draft, f"Your request needs an approval. {asking.waits_for(draft)}")
    elif obstacle is not _ASKED:
        draft.explain("approval", "not asked", obstacle.why)
    return obstacle


def _tell_requester(draft: Draft, note: str) -> None:
    """In the letter that the same cause brings already, as where one approval leads to another."""
    for place, letter in enumerate(draft.letters):
        if letter.template is Template.UPDATE and letter.to == draft.ticket.requester:
            draft.letters[place] = replace(letter, note=f"{letter.note} {note}".strip())
            return
    draft.write(Template.UPDATE, draft.ticket.requester, note=note)


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
    draft: Draft,
    kind: ApprovalKind,
    level: int,
    approvers: tuple[int, ...],
    rule: str,
    agreed: tuple[int, ...] = (),
) -> None:
    """A new round of asking; for who is away by people.toml somebody else is asked."""
    due = asking.deadlines(draft, kind, set(approvers).difference(agreed))
    asked = ApprovalAsked(
        approvers=approvers,
        round=draft.ticket.round + 1,
        rule=rule,
        kind=kind.name,
        level=level,
        quorum=kind.level[level].quorum,
        agreed=agreed,
        remind_due=due.remind,
        expire_due=due.expire,
        away_due=due.away,
    )
    draft.add(asked)
    standing_in.before_asking(draft)


def withdraw(draft: Draft) -> None:
    """The requester takes the request back: it closes, and whoever was asked hears of it."""
    approval, closing = draft.ticket.approval, draft.policy.workflow.closing
    assert approval is not None, "only an open question is withdrawn"
    waiting = approval.waiting
    draft.add(ApprovalWithdrawn(round=approval.round))
    workflow.end(draft, closing.withdrawn_category, closing.withdrawn_note)
    draft.write(Template.CLOSURE, draft.ticket.requester, note="You withdrew this request.")
    draft.write(Template.UPDATE, *waiting, note=_TAKEN_BACK)
    draft.tell_agents("The requester withdrew this request.")
    draft.explain("approval", "withdrawn by the requester")


def ask_again(draft: Draft, requester: Person, text: str) -> None:
    """The request changed before it was decided: a new round from the first level on."""
    approval = draft.ticket.approval
    kind = draft.policy.approvals.kind(approval.kind) if approval else None
    if approval is None or kind is None or kind.ask_again == "never":
        return
    if _anew(draft, requester, kind, text):
        draft.explain("approval", "the request changed: asked again, in a new round")


def _anew(draft: Draft, requester: Person, kind: ApprovalKind, text: str) -> bool:
    """Whether there was somebody to ask; those whom the new round does not ask hear of it."""
    before = draft.ticket.approval.waiting if draft.ticket.approval else ()
    approvers = of_level(draft.policy.directory, kind.level[0], requester)
    if not approvers:
        return False
    begin(draft, kind, 0, approvers, "")
    now = draft.ticket.approval.waiting if draft.ticket.approval else ()
    asking.send_request(draft, text, _CHANGED)
    draft.write(Template.UPDATE, *(p for p in before if p not in now), note=_ASKED_ANEW)
    return True


def what_it_needs(draft: Draft, requester: Person, text: str, *, anew: bool = False) -> str:
    """An agent made another type of request of it, or another person's (`anew`): the approval that
    such a one needs by itself is asked for, unless it was given. What came of it, in words.
    """
    type_ = draft.policy.catalog.type_named(draft.ticket.request_type)
    kind = draft.policy.approvals.kind(type_.approval)
    if not type_.automatic_approval or kind is None or _has(draft, kind, anew):
        return ""
    if draft.ticket.waits_for_approval:
        asked = _anew(draft, requester, kind, text)
        return f'; the approval "{kind.name}" is asked for instead' if asked else ""
    illegal = ask(draft, requester, kind.name, text, by=ActorKind.AGENT)
    if illegal is not None:
        return f'; the approval "{kind.name}" is needed, but not asked for: {illegal.why}'
    return f'; the approval "{kind.name}" is asked for'


def _has(draft: Draft, kind: ApprovalKind, anew: bool) -> bool:
    """Whether this kind of approval was given, or is asked for now."""
    question = draft.ticket.approval
    if question is None or question.kind != kind.name or anew:
        return False
    return draft.ticket.waits_for_approval or question.outcome == "approved"
