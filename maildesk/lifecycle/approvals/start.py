"""Starts, restarts and withdraws an approval.

A kind of approval has levels, asked one after the other; each is a separate round. All approvers of
a level are asked at once, and the quorum decides (lifecycle.approvals.outcome).
"""

from dataclasses import replace

from maildesk.config.schema.approvals import ApprovalKind
from maildesk.lifecycle.approvals import requests, substitutes
from maildesk.lifecycle.approvals.approvers import of_level
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import ApprovalAsked, ApprovalWithdrawn
from maildesk.model.message import Message, joined
from maildesk.model.person import Person

_ASKED = Refusal(Message.of("refusal.already-waits-for-approval"))
_TAKEN_BACK = Message.of("approval.withdrawn-not-needed")
_CHANGED = Message.of("approval.changed")
_ASKED_ANEW = Message.of("approval.changed-not-needed")


def ask(
    builder: DecisionBuilder,
    requester: Person,
    name: str,
    text: str,
    *,
    rule: str = "",
    by: ActorKind = ActorKind.RULE,
) -> Refusal | None:
    """Put the ticket on hold and request the approval of that name; or say why not.

    `text` is the request in the words of the requester, who is notified; for a new ticket the
    acknowledgement says it.
    """
    kind = builder.policy.approvals.kind(name)
    obstacle = _obstacle(builder, name)
    if obstacle is None and kind is not None:
        obstacle = _asked(builder, requester, kind, rule, by)
    if obstacle is None:
        whom = "the reporting manager" if name == "manager" else f'for the approval "{name}"'
        builder.explain("approval", f"asked {whom}", *([f'rule "{rule}"'] if rule else []))
        requests.send_request(builder, text)
        if builder.before is not None:
            needed = Message.of("approval.needed").then(requests.waits_for(builder))
            _tell_requester(builder, needed)
    elif obstacle is not _ASKED:
        builder.explain("approval", "not asked", obstacle.why)
    return obstacle


def _tell_requester(builder: DecisionBuilder, note: Message) -> None:
    """Add the note to the mail that the same cause sends already, if there is one."""
    for place, outgoing_mail in enumerate(builder.outgoing_mails):
        if (
            outgoing_mail.template is Template.UPDATE
            and outgoing_mail.to == builder.ticket.requester
        ):
            builder.outgoing_mails[place] = replace(
                outgoing_mail, note=joined(outgoing_mail.note, note)
            )
            return
    builder.write(Template.UPDATE, builder.ticket.requester, note=note)


def _obstacle(builder: DecisionBuilder, name: str) -> Refusal | None:
    if builder.ticket.waits_for_approval:
        return _ASKED
    if builder.silent:
        return Refusal(Message.of("refusal.silent"))
    if builder.policy.approvals.kind(name) is None:
        known = tuple(kind.name for kind in builder.policy.approvals.kinds)
        return Refusal(Message.of("refusal.no-such-approval", name=name, known=known))
    type_ = builder.policy.catalog.type_named(builder.ticket.request_type)
    if not type_.managers_approval:
        return Refusal(Message.of("refusal.type-needs-no-approval", type=type_.name))
    return None


def _asked(
    builder: DecisionBuilder, requester: Person, kind: ApprovalKind, rule: str, by: ActorKind
) -> Refusal | None:
    approvers = of_level(builder.policy.directory, kind.level[0], requester)
    if not approvers:
        builder.tell_agents(Message.of("note.no-approver", requester=requester))
        return Refusal(Message.of("refusal.no-approver", requester=requester))
    illegal = transitions.move(builder, builder.policy.workflow.roles.on_hold, by, rule=rule)
    if illegal is None:
        begin(builder, kind, 0, approvers, rule)
    return illegal


def begin(
    builder: DecisionBuilder,
    kind: ApprovalKind,
    level: int,
    approvers: tuple[int, ...],
    rule: str,
    agreed: tuple[int, ...] = (),
) -> None:
    """Open a round; substitutes are asked for approvers who are away by people.toml."""
    due = requests.deadlines(builder, kind, set(approvers).difference(agreed))
    asked = ApprovalAsked(
        approvers=approvers,
        round=builder.ticket.round + 1,
        rule=rule,
        kind=kind.name,
        level=level,
        quorum=kind.level[level].quorum,
        agreed=agreed,
        remind_due=due.remind,
        expire_due=due.expire,
        away_due=due.away,
    )
    builder.add(asked)
    substitutes.before_asking(builder)


def withdraw(builder: DecisionBuilder) -> None:
    """The requester withdraws the request: the ticket closes, and the approvers are notified."""
    approval, closing = builder.ticket.approval, builder.policy.workflow.closing
    assert approval is not None, "only an open question is withdrawn"
    waiting = approval.waiting
    builder.add(ApprovalWithdrawn(round=approval.round))
    transitions.end(builder, closing.withdrawn_category, closing.withdrawn_note)
    builder.write(
        Template.CLOSURE, builder.ticket.requester, note=Message.of("approval.you-withdrew")
    )
    builder.write(Template.UPDATE, *waiting, note=_TAKEN_BACK)
    builder.tell_agents(Message.of("approval.requester-withdrew"))
    builder.explain("approval", "withdrawn by the requester")


def ask_again(builder: DecisionBuilder, requester: Person, text: str) -> None:
    """The request changed before the decision: start again with the first level."""
    approval = builder.ticket.approval
    kind = builder.policy.approvals.kind(approval.kind) if approval else None
    if approval is None or kind is None or kind.ask_again == "never":
        return
    if _anew(builder, requester, kind, text):
        builder.explain("approval", "the request changed: asked again, in a new round")


def _anew(builder: DecisionBuilder, requester: Person, kind: ApprovalKind, text: str) -> bool:
    """Start again; False if there is nobody to ask. Previous approvers are notified."""
    before = builder.ticket.approval.waiting if builder.ticket.approval else ()
    approvers = of_level(builder.policy.directory, kind.level[0], requester)
    if not approvers:
        return False
    begin(builder, kind, 0, approvers, "")
    now = builder.ticket.approval.waiting if builder.ticket.approval else ()
    requests.send_request(builder, text, _CHANGED)
    builder.write(Template.UPDATE, *(p for p in before if p not in now), note=_ASKED_ANEW)
    return True


def what_it_needs(
    builder: DecisionBuilder, requester: Person, text: str, *, anew: bool = False
) -> Message | None:
    """Request the approval that the ticket needs after its type or requester changed.

    `anew`: the requester changed, so an earlier approval does not count. Returns what was done;
    None if no approval is needed.
    """
    type_ = builder.policy.catalog.type_named(builder.ticket.request_type)
    kind = builder.policy.approvals.kind(type_.approval)
    if not type_.automatic_approval or kind is None or _has(builder, kind, anew):
        return None
    if builder.ticket.waits_for_approval:
        asked = _anew(builder, requester, kind, text)
        return Message.of("command.approval-replaced", name=kind.name) if asked else None
    illegal = ask(builder, requester, kind.name, text, by=ActorKind.AGENT)
    if illegal is not None:
        return Message.of("command.approval-failed", name=kind.name, reason=illegal.why)
    return Message.of("command.approval", name=kind.name)


def _has(builder: DecisionBuilder, kind: ApprovalKind, anew: bool) -> bool:
    """Whether this kind of approval was given or is open."""
    question = builder.ticket.approval
    if question is None or question.kind != kind.name or anew:
        return False
    return builder.ticket.waits_for_approval or question.outcome == "approved"
