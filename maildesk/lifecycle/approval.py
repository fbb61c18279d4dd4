"""One approver decides: the reporting manager of the requester."""

from maildesk.lifecycle import workflow
from maildesk.lifecycle.draft import Draft
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import ApprovalAsked, ApprovalDecided, MessageAdded
from maildesk.model.person import Person
from maildesk.model.token import Purpose


def ask(draft: Draft, requester: Person, rule: str, text: str) -> None:
    """Put the ticket on hold and ask the manager, or the fallback where there is none.

    `text` is the request in the requester's words.
    """
    if draft.ticket.waits_for_approval:
        return
    if draft.silent:
        draft.explain("approval", "not asked", "the mail is recorded in silence")
        return
    approver = _approver(draft, requester)
    if approver is None:
        draft.explain("approval", "nobody to ask", f"{requester.name} has no reporting manager")
        draft.tell_agents(
            f"An approval is needed, but {requester.name} has no reporting manager in people.toml "
            "and approvals.toml names no fallback."
        )
        return
    on_hold = draft.policy.workflow.roles.on_hold
    illegal = workflow.move(draft, on_hold, ActorKind.RULE, rule=rule)
    if illegal is not None:
        draft.explain("approval", "not asked", illegal.why)
        return
    draft.add(ApprovalAsked(approver=approver, round=draft.ticket.round + 1, rule=rule))
    draft.explain("approval", "asked the reporting manager", f'rule "{rule}"')
    send_request(draft, text)


def _approver(draft: Draft, requester: Person) -> int | None:
    """The manager; never the requester, who cannot approve the own request."""
    for candidate in (requester.manager, draft.policy.directory.fallback_approver):
        if candidate is not None and candidate != requester.id:
            return candidate
    return None


def send_request(draft: Draft, text: str, note: str = "") -> None:
    """Write to the approver of the open approval."""
    approval = draft.ticket.approval
    if approval is None or not approval.is_open:
        return
    draft.write(
        Template.APPROVAL,
        approval.approver,
        text=text,
        author=draft.ticket.requester,
        note=note,
        links=(Purpose.APPROVAL,),
    )


def settle(draft: Draft, approver: Person, approved: bool, reason: str) -> None:
    """The approver decided; a request that was not approved closes."""
    draft.add(ApprovalDecided(round=draft.ticket.round, approved=approved))
    was = "approved" if approved else "did not approve"
    draft.write(
        Template.DECISION_RECEIPT,
        approver.id,
        text=reason,
        note=f"You {was} this request.",
    )
    roles = draft.policy.workflow.roles
    if approved:
        if draft.ticket.status == roles.on_hold:
            workflow.move(draft, roles.assigned, ActorKind.MANAGER)
        draft.tell_agents(f"{approver.name} approved the request.")
        draft.explain("approval", f"approved by {approver.name}")
        return
    _turned_down(draft, approver, reason)


def _turned_down(draft: Draft, approver: Person, reason: str) -> None:
    closing = draft.policy.workflow.closing
    draft.explain("approval", f"not approved by {approver.name}")
    note = f"{approver.name} did not approve the request."
    said = next((e.message for e in draft.events if isinstance(e, MessageAdded)), None)
    illegal = workflow.close(
        draft,
        ActorKind.MANAGER,
        closing.not_approved_category,
        closing.not_approved_note,
        said if reason else None,
    )
    if illegal is None:
        draft.write(
            Template.CLOSURE, draft.ticket.requester, text=reason, author=approver.id, note=note
        )
    draft.tell_agents(note, text=reason, author=approver.id)
