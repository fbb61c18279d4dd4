"""A mail has come: who wrote it in which part, and what that means for the ticket.

The order of the questions is the table `_PARTS`; the first that fits decides.
"""

from collections.abc import Callable
from datetime import datetime

from maildesk.lifecycle import approval, closure, command, hold, taking_part
from maildesk.lifecycle.classify import apply_rules, settle_approval, turned_away
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import FLOOD, Choice, MailArrived, TicketReported
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, Template
from maildesk.model.event import MessageAdded, PersonJoined, TicketOpened
from maildesk.model.mail import Disposition, Kind
from maildesk.model.person import Person, Proof
from maildesk.model.ticket import Ticket
from maildesk.model.token import Purpose

# What each act needs, by its risk; a comment needs nothing. An approval also needs the round:
# the answer must be to the mail that asked what is open now.
DECIDING_A_RESOLUTION = Proof.AUTHENTICATED
ACTING_AS_AN_AGENT = Proof.AUTHENTICATED
APPROVING = Proof.AUTHENTICATED

_IN_YOUR_NAME = (
    "A mail in your name came to this ticket, and we could not be sure that it was you. Its text "
    "stands in the ticket, marked as unproven; nothing else has changed."
)
_THANKED = (
    "Thank you for your mail. Does it mean that you accept the resolution? The ticket stays as it "
    "is until you say so, and closes by itself if nobody objects."
)
_BOTH_WAYS = "We could not tell from your mail whether you accept the resolution."

_Part = Callable[[Ticket, MailArrived, Draft], Decision | None]


def arrived(ticket: Ticket | None, mail: MailArrived, policy: Policy, now: datetime) -> Decision:
    """What a mail does to the ticket it was threaded to, or to none."""
    if ticket is None or (ticket.is_closed and _opens_a_child(mail)):
        return _opened(ticket, mail, policy, now)
    draft = Draft(ticket, _actor(mail, ActorKind.REQUESTER), policy, now, silent=mail.silent)
    for part in _PARTS:
        decision = part(ticket, mail, draft)
        if decision is not None:
            return decision
    raise AssertionError("the last part takes every mail")


def _opens_a_child(mail: MailArrived) -> bool:
    """Whether a mail to a closed ticket asks for something: machines and thanks do not."""
    asks = mail.kind is Kind.PERSON and not mail.thanks
    return asks and not mail.held and not (mail.sender.is_agent and _commands(mail))


def _actor(mail: MailArrived, kind: ActorKind) -> Actor:
    return Actor(kind, mail.sender.id, mail.identity.proof.name.lower())


def _opened(closed: Ticket | None, mail: MailArrived, policy: Policy, now: datetime) -> Decision:
    roles = policy.workflow.roles
    requester = mail.behalf or _on_behalf_of(mail)
    opened = TicketOpened(
        requester=requester.id,
        source="mail",
        status=roles.new,
        state=policy.workflow.state_of(roles.new),
        request_type=policy.catalog.request_type[0].name,
        parent=closed.number if closed else None,
    )
    silent = mail.silent or mail.kind is Kind.LIST
    actor = _actor(mail, ActorKind.AGENT if mail.behalf else ActorKind.REQUESTER)
    draft = Draft.opening(opened, actor, policy, now, silent=silent)
    draft.add(MessageAdded(mail.message, "request"))
    draft.add(*(PersonJoined(one) for one in mail.joining if one != requester.id))
    if closed is not None:
        draft.explain("lifecycle", f"ticket {closed.number} is closed: a new one, its child")
    outcome = apply_rules(draft, "created", mail.facts, requester)
    away = turned_away(outcome, draft)
    if away is not None:
        return away
    _announce(draft, mail)
    return draft.decision(Answer.DONE, Disposition.NEW_TICKET, "request")


def _on_behalf_of(mail: MailArrived) -> Person:
    """Whose request it is: an agent who is proven may write it down for another."""
    if not mail.sender.is_agent or mail.identity.proof < ACTING_AS_AN_AGENT:
        return mail.sender
    for one in mail.commands:
        if one.name == "onbehalf":
            person = taking_part.person_meant(mail.around, one.argument)
            return person if isinstance(person, Person) else mail.sender
    return mail.sender


def reported(report: TicketReported, policy: Policy, now: datetime) -> Decision:
    """An agent wrote down what somebody said on the phone, or at the desk."""
    roles = policy.workflow.roles
    opened = TicketOpened(
        requester=report.requester.id,
        source=report.source,
        status=roles.new,
        state=policy.workflow.state_of(roles.new),
        request_type=policy.catalog.request_type[0].name,
    )
    actor = Actor(ActorKind.AGENT, report.agent.id, command.CONSOLE)
    draft = Draft.opening(opened, actor, policy, now, silent=False)
    draft.add(MessageAdded(report.message, "request"))
    apply_rules(draft, "created", report.facts, report.requester)
    draft.write(Template.ACKNOWLEDGEMENT, report.requester.id, links=(Purpose.VIEW,))
    if not draft.ticket.waits_for_approval:
        note = f"A new ticket, written down by {report.agent.name} ({report.source})."
        draft.tell_agents(note, text=report.text, author=report.requester.id)
    return draft.decision(Answer.DONE, message_kind="request")


def _announce(draft: Draft, mail: MailArrived) -> None:
    if mail.behalf is not None:
        _announce_on_behalf(draft, mail, mail.behalf)
        return
    draft.write(Template.ACKNOWLEDGEMENT, draft.ticket.requester, links=(Purpose.VIEW,))
    if not draft.ticket.waits_for_approval:
        draft.tell_agents(_told("A new ticket.", mail), text=mail.text, author=mail.sender.id)


def _announce_on_behalf(draft: Draft, mail: MailArrived, author: Person) -> None:
    """An agent passed a mail on: its author is the requester and is told; so is the agent."""
    who = f"{author.name} <{author.address}>"
    draft.explain("lifecycle", f"opened on behalf of {who}")
    draft.notes.append(f"{mail.sender.name} passed on this mail of {who}.\n\n{mail.words}".strip())
    draft.write(Template.ACKNOWLEDGEMENT, author.id, links=(Purpose.VIEW,))
    note = f"A ticket was opened on behalf of {who}, who is told of it."
    draft.write(Template.TRANSCRIPT, mail.sender.id, note=note)
    if not draft.ticket.waits_for_approval:
        note = f"A new ticket: {mail.sender.name} passed on a mail of {who}."
        draft.tell_agents(note, text=mail.text, author=author.id)


def _told(note: str, mail: MailArrived) -> str:
    """What agents are told of a mail: whose name it bears is no proof, and they must see that."""
    if mail.identity.proof > Proof.NONE:
        return note
    return f"{note} UNPROVEN: nothing shows that {mail.sender.address} really wrote it."


def _machine(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """An auto-reply never reopens, accepts, approves or resets a clock. Of an approver it says
    that somebody else has to be asked."""
    if mail.kind is not Kind.AUTO_REPLY:
        return None
    draft.add(MessageAdded(mail.message, "auto-reply"))
    question = ticket.approval if ticket.waits_for_approval else None
    if question and mail.sender.id in question.waiting and _proof(mail) >= APPROVING:
        approval.pass_on(draft, mail.sender.id, "away")
    draft.explain("lifecycle", "recorded; an automatic answer decides nothing")
    return draft.decision(Answer.RECORDED, Disposition.AUTO_REPLY, "auto-reply")


def _flood(_ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """Mails faster than a person writes: two programs answer each other, or somebody floods us.

    Each is kept and changes nothing; those who work on the ticket are told at the first one.
    """
    if mail.flood is None:
        return None
    draft.add(MessageAdded(mail.message, FLOOD))
    if mail.flood.begins:
        draft.tell_agents(
            f"{mail.flood.words}. They seem to be written by a program. Further ones are kept "
            "with the ticket and change nothing, until there are fewer.",
        )
    draft.explain("loop-breaker", "recorded; it changes nothing", mail.flood.words)
    return draft.decision(Answer.RECORDED, Disposition.LOOP, FLOOD)


def _stranger(_ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """A valid reference in the hands of somebody who takes no part: neither in nor away."""
    if not mail.held:
        return None
    draft.add(MessageAdded(mail.message, "held"))
    note = (
        f"{mail.sender.name} <{mail.sender.address}> takes no part in this ticket and wrote to "
        "it. The mail is held: only agents can see it."
    )
    draft.tell_agents(_told(note, mail), text=mail.text, author=mail.sender.id)
    draft.explain("lifecycle", "held", "the sender takes no part in this ticket")
    return draft.decision(Answer.HELD, Disposition.HELD, "held")


def _after_the_end(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """Machine mail and thanks to a closed ticket are recorded; all else opened a child before."""
    if not ticket.is_closed or (mail.sender.is_agent and _commands(mail)):
        return None
    draft.add(MessageAdded(mail.message, "comment"))
    what = "thanks" if mail.thanks else "machine mail"
    draft.explain("lifecycle", f"recorded; {what} to a closed ticket opens none")
    return draft.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _approver(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    question = ticket.approval if ticket.waits_for_approval else None
    is_asked = question is not None and mail.sender.id in question.waiting
    if not is_asked or (_commands(mail) and mail.choice is None):
        return None  # an approver who is an agent may command, too
    draft.actor = _actor(mail, ActorKind.MANAGER)
    decides = mail.choice in (Choice.APPROVE, Choice.REJECT)
    if mail.unclear or not decides:
        return _asked_again(mail, draft)
    if _proof(mail) < APPROVING or mail.round != ticket.round:
        return _unproven(mail, draft, Purpose.APPROVAL)
    if mail.choice is Choice.REJECT and not mail.reason:
        return _reason_missing(mail, draft, Purpose.APPROVAL)
    draft.add(MessageAdded(mail.message, "decision"))
    approved = mail.choice is Choice.APPROVE
    settle_approval(draft, mail.sender, approved, mail.reason, mail.facts, mail.requester)
    return draft.decision(Answer.DONE, Disposition.DECISION, "decision")


def _withdrawn(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """The requester takes back what nobody approved yet."""
    mine = ticket.waits_for_approval and ticket.requester == mail.sender.id
    if not mine or mail.choice is not Choice.WITHDRAW:
        return None
    if _proof(mail) < DECIDING_A_RESOLUTION:
        return _unproven(mail, draft)
    draft.add(MessageAdded(mail.message, "decision"))
    approval.withdraw(draft)
    return draft.decision(Answer.DONE, Disposition.DECISION, "decision")


def _asked_again(mail: MailArrived, draft: Draft) -> Decision:
    draft.add(MessageAdded(mail.message, "comment"))
    draft.explain("approval", "the answer is neither yes nor no; asked again")
    approval.send_request(
        draft,
        "",
        "We could not tell from your answer whether you approve. Please begin your reply with "
        "the word approve, or with reject and the reason.",
        (mail.sender.id,),
    )
    note = _told(f"{mail.sender.name} wrote.", mail)
    draft.tell_agents(note, text=mail.text, author=mail.sender.id)
    return draft.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _reason_missing(mail: MailArrived, draft: Draft, purpose: Purpose) -> Decision:
    draft.add(MessageAdded(mail.message, "comment"))
    draft.explain("lifecycle", "a rejection without a reason; asked for it")
    draft.write(
        Template.CONFIRMATION,
        mail.sender.id,
        note="A rejection needs a reason. Please reply with reject and the reason.",
        links=(purpose,),
    )
    return draft.decision(Answer.REASON_MISSING, Disposition.FOLLOW_UP, "comment")


def _unproven(mail: MailArrived, draft: Draft, *purposes: Purpose) -> Decision:
    """Proof falls short: nothing changes, and the true person is told at the known address."""
    draft.add(MessageAdded(mail.message, "unproven"))
    asked_in, now_in = mail.round, draft.ticket.round
    why = mail.identity.rejected if mail.identity.proof is Proof.NONE else ()
    if mail.choice is not None and asked_in != now_in:
        why = (*why, f"answers a mail of round {asked_in}, the ticket is in round {now_in}")
    draft.explain("lifecycle", "nothing changed: proof falls short", *why)
    draft.write(Template.CONFIRMATION, mail.sender.id, links=purposes)
    return draft.decision(Answer.UNPROVEN, Disposition.FOLLOW_UP, "unproven")


def _proof(mail: MailArrived) -> Proof:
    """How sure the sender is. By way of a mailing list everybody on it holds the same token."""
    return Proof.NONE if mail.kind is Kind.LIST else mail.identity.proof


def _commands(mail: MailArrived) -> bool:
    return bool(mail.commands or mail.wrong_commands)


def _agent(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    if not mail.sender.is_agent or (ticket.requester == mail.sender.id and not _commands(mail)):
        return None
    draft.actor = _actor(mail, ActorKind.AGENT)
    if _proof(mail) < ACTING_AS_AN_AGENT:
        return _unproven(mail, draft)
    return command.perform(draft, _written(mail))


def _written(mail: MailArrived) -> command.Written:
    return command.Written(
        agent=mail.sender,
        requester=mail.requester,
        message=mail.message,
        text=mail.text,
        commands=mail.commands,
        wrong=mail.wrong_commands,
        around=mail.around,
    )


def _requester_of_resolved(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    if not ticket.waits_for_requester or ticket.requester != mail.sender.id:
        return None
    outdated = mail.round is not None and mail.round != ticket.round and mail.choice is not None
    if _proof(mail) < DECIDING_A_RESOLUTION or outdated:
        return _unproven(mail, draft, Purpose.RESOLUTION)
    if mail.unclear or (mail.thanks and mail.choice is None):
        return _asked_what_is_meant(mail, draft)
    if mail.choice in (Choice.ACCEPT, Choice.APPROVE):
        illegal = closure.cannot_accept(draft)
        if illegal is not None:
            return _forbidden(mail, draft, illegal)
        draft.add(MessageAdded(mail.message, "decision"))
        closure.accept(draft)
        return draft.decision(Answer.DONE, Disposition.DECISION, "decision")
    if mail.choice is Choice.KEEP:
        draft.add(MessageAdded(mail.message, "decision"))
        closure.keep_open(draft)
        return draft.decision(Answer.DONE, Disposition.DECISION, "decision")
    if mail.choice is Choice.REJECT and not mail.reason:
        return _reason_missing(mail, draft, Purpose.RESOLUTION)
    return _disagreed(mail, draft)


def _asked_what_is_meant(mail: MailArrived, draft: Draft) -> Decision:
    """Thanks are no decision, nor is a yes with a but: recorded, and the requester is asked."""
    draft.add(MessageAdded(mail.message, "comment"))
    note = _THANKED if mail.thanks else _BOTH_WAYS
    draft.explain("lifecycle", "recorded; asked whether the resolution is accepted")
    draft.write(Template.CONFIRMATION, mail.sender.id, note=note, links=(Purpose.RESOLUTION,))
    if not mail.thanks:
        draft.tell_agents(f"{mail.sender.name} wrote.", text=mail.text, author=mail.sender.id)
    return draft.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _forbidden(mail: MailArrived, draft: Draft, illegal: Illegal) -> Decision:
    """The workflow does not let it happen: nothing changes, and both sides hear why."""
    draft.add(MessageAdded(mail.message, "comment"))
    draft.explain("lifecycle", "nothing changed", illegal.why)
    note = f"We have kept what you wrote, but could not do it: {illegal.why}. An agent will answer."
    draft.write(Template.CONFIRMATION, mail.sender.id, note=note)
    draft.tell_agents(
        f"{mail.sender.name} wrote, and the workflow forbids what was asked: {illegal.why}.",
        text=mail.text,
        author=mail.sender.id,
    )
    return draft.decision(Answer.ILLEGAL, Disposition.FOLLOW_UP, "comment")


def _disagreed(mail: MailArrived, draft: Draft) -> Decision:
    rejects = mail.choice is Choice.REJECT
    illegal = closure.cannot_reject(draft) if rejects else closure.cannot_reopen(draft)
    if illegal is not None:
        return _forbidden(mail, draft, illegal)
    if rejects:
        draft.add(MessageAdded(mail.message, "decision"))
        closure.reject(draft, mail.sender, mail.reason)
        apply_rules(draft, "reopened", mail.facts, mail.requester)
        return draft.decision(Answer.DONE, Disposition.DECISION, "decision")
    draft.add(MessageAdded(mail.message, "reply"))
    closure.reopen(draft, mail.sender, mail.text, "answered while the ticket waited for closure")
    apply_rules(draft, "reopened", mail.facts, mail.requester)
    return draft.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")


def _list(_ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """Whoever writes to a list may not mean the desk: it wakes nothing, and no rule looks."""
    if mail.kind is not Kind.LIST:
        return None
    draft.add(MessageAdded(mail.message, "comment"))
    note = f"{mail.sender.name} wrote by way of a mailing list."
    draft.tell_agents(note, text=mail.text, author=mail.sender.id)
    draft.explain("lifecycle", "recorded; mail of a mailing list changes nothing")
    return draft.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _follow_up(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision:
    """Anything else that somebody who takes part writes."""
    draft.add(MessageAdded(mail.message, "reply"))
    note = _told(f"{mail.sender.name} answered.", mail)
    draft.tell_agents(note, text=mail.text, author=mail.sender.id)
    if mail.identity.proof is Proof.NONE:
        return _comment_in_a_name(mail, draft)
    fresh = [person for person in mail.joining if not ticket.takes_part(person)]
    draft.add(*(PersonJoined(person) for person in fresh))
    draft.explain("lifecycle", "added to the ticket")
    changes = ticket.requester == mail.sender.id and not mail.thanks
    if ticket.waits_for_approval and changes:
        approval.ask_again(draft, mail.requester, mail.text)
    hold.answered(draft)
    apply_rules(draft, "replied", mail.facts, mail.requester)
    return draft.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")


def _comment_in_a_name(mail: MailArrived, draft: Draft) -> Decision:
    """A comment needs no proof; but nothing else follows from it, and who is named is told."""
    draft.explain("lifecycle", "added to the ticket as unproven", *mail.identity.rejected)
    links = (Purpose.VIEW,)
    draft.write(Template.CONFIRMATION, mail.sender.id, note=_IN_YOUR_NAME, links=links)
    return draft.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")


_PARTS: tuple[_Part, ...] = (
    _machine,
    _flood,
    _stranger,
    _after_the_end,
    _approver,
    _withdrawn,
    _agent,
    _requester_of_resolved,
    _list,
    _follow_up,
)
