"""What the holder of a link may still do, and what became of the round it is of. Pure."""

from maildesk.lifecycle.commands import agent_link
from maildesk.model.cause import Choice, Work
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.event import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalVoted,
    ApprovalWithdrawn,
    Closed,
    Escalated,
    Event,
    FieldChanged,
    Reopened,
    ResolutionDecided,
    ResolutionGiven,
)
from maildesk.model.links.page import Decided
from maildesk.model.links.token import LinkToken, Purpose
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.store.tickets import Recorded

CHOICES: dict[Purpose, tuple[Choice | Work, ...]] = {
    Purpose.VIEW: (),
    Purpose.RESOLUTION: (Choice.ACCEPT, Choice.REJECT, Choice.KEEP),
    Purpose.APPROVAL: (Choice.APPROVE, Choice.REJECT),
    Purpose.WORK: tuple(Work),
}
Names = dict[int, Person]
_AN_AGENT = Message.of("page.by-agent")
_THE_DESK = Message.of("page.by-service-desk")


def open_choices(
    ticket: Ticket, link: LinkToken, hindrance: Message | None, next_team: str = ""
) -> tuple[Choice | Work, ...]:
    """What the holder of this link may decide now. `hindrance`: why it cannot be resolved;
    `next_team`: whom it can be handed on to."""
    if link.round != ticket.round:
        return ()
    approval = ticket.approval
    asked = ticket.waits_for_approval and approval is not None and link.person in approval.waiting
    if link.purpose is Purpose.APPROVAL and asked:
        return CHOICES[link.purpose]
    resolved = ticket.waits_for_requester and ticket.requester == link.person
    if link.purpose is Purpose.RESOLUTION and resolved:
        return CHOICES[link.purpose]
    if link.purpose is Purpose.WORK and not agent_link.is_over(ticket):
        nobodys = ticket.assignee is None
        can = {Work.RESOLVE: not hindrance, Work.TAKE: nobodys, Work.HAND_ON: bool(next_team)}
        return tuple(work for work in Work if can[work])
    return ()


def what_became(
    history: tuple[Recorded, ...], link: LinkToken, ticket: Ticket, names: Names
) -> Decided | None:
    """What became of the round that the link is of."""
    given = asked = 0
    for line in history:
        event = line.event
        if isinstance(event, ResolutionGiven):
            given = event.round
        if isinstance(event, ApprovalAsked):
            asked = event.round
        choice = _choice_of(event, link, given, asked) or _work_of(event, link, ticket)
        if choice:
            by_viewer = line.actor.person == link.person
            return Decided(choice, _name_of(line.actor, names), line.at, by_viewer)
    return None


def taken(
    history: tuple[Recorded, ...], ticket: Ticket, viewer: Person, names: Names
) -> Decided | None:
    """Whose the ticket is, and since when."""
    if ticket.assignee is None:
        return None
    since = [
        line.at
        for line in history
        if isinstance(line.event, FieldChanged)
        and (line.event.field, line.event.new) == ("assignee", ticket.assignee)
    ]
    by = names[ticket.assignee].name if ticket.assignee in names else _AN_AGENT
    return Decided(
        Work.TAKE, by, max(since, default=ticket.opened_at), ticket.assignee == viewer.id
    )


def handed_on(history: tuple[Recorded, ...], ticket: Ticket, names: Names) -> Decided | None:
    """Who handed the ticket on to the team that has it, and when."""
    for line in reversed(history):
        if isinstance(line.event, Escalated):
            by = _name_of(line.actor, names)
            return Decided(Work.HAND_ON, by, line.at) if ticket.back_to else None
    return None


def _name_of(actor: Actor, names: Names) -> str | Message:
    """A name to be read; "" for the clock."""
    if actor.kind is ActorKind.CLOCK:
        return ""
    person = names.get(actor.person or 0)
    return person.name if person else _THE_DESK


def _work_of(event: Event, link: LinkToken, ticket: Ticket) -> str:
    """A link of work is used up by a later resolution, by one that waits, and by the end."""
    if link.purpose is not Purpose.WORK:
        return ""
    match event:
        case ResolutionGiven(round=given) if given > link.round:
            return Work.RESOLVE
        case ResolutionGiven(round=link.round) if ticket.waits_for_requester:
            return Work.RESOLVE
        case Closed():
            return "closed"
        case _:
            return ""


def _choice_of(event: Event, link: LinkToken, given: int, asked: int) -> str:
    """`given`, `asked`: the rounds of the latest resolution and of the latest question."""
    match event:
        case ApprovalDecided(round=link.round, approved=approved) if (
            link.purpose is Purpose.APPROVAL
        ):
            return Choice.APPROVE if approved else Choice.REJECT
        case ApprovalVoted(round=link.round, person=link.person, approved=approved) if (
            link.purpose is Purpose.APPROVAL
        ):
            return Choice.APPROVE if approved else Choice.REJECT
        case ApprovalWithdrawn(round=link.round, with_ticket=False) if (
            link.purpose is Purpose.APPROVAL
        ):
            return "withdrawn"
        case ResolutionDecided(round=link.round, accepted=accepted) if (
            link.purpose is Purpose.RESOLUTION
        ):
            return Choice.ACCEPT if accepted else Choice.REJECT
        case Reopened() if link.purpose is Purpose.RESOLUTION and given == link.round:
            return "reopened"
        case Closed() if link.purpose is Purpose.RESOLUTION and given == link.round:
            return "closed"
        case Closed() if link.purpose is Purpose.APPROVAL and asked == link.round:
            return "closed"
        case _:
            return ""
