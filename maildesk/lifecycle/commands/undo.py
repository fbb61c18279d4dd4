"""Taking back what the commands of one mail did: `#undo`. As new events; history stays.

What was sent cannot be unsent, and what others did since is not touched: an event is taken back
only where the ticket still stands as it left it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.relations.hierarchy import ancestors
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import EventsUndone
from maildesk.model.decision import Template
from maildesk.model.event import (
    ApprovalAsked,
    Closed,
    ClosureScheduled,
    Escalated,
    EscalationStepReached,
    Event,
    FieldChanged,
    MergedInto,
    MessageAdded,
    MessageMoved,
    ParentChanged,
    Paused,
    PersonJoined,
    PersonLeft,
    Related,
    Reopened,
    RequesterChanged,
    ResolutionGiven,
    ResolutionWithdrawn,
    RuleActed,
    RulesDue,
    StatusMoved,
    Tagged,
    TimerSet,
    Unrelated,
    Untagged,
)
from maildesk.model.message import Message
from maildesk.model.ticket import Relation, Ticket, spoken

WINDOW = timedelta(minutes=10)
_UNANSWERED = Refusal(Message.of("refusal.undo-usage"))
_TOO_LATE = Refusal(Message.of("refusal.undo-too-late"))
_FOLLOWS = (
    MessageAdded,
    TimerSet,
    RulesDue,
    EscalationStepReached,
    RuleActed,
)  # from what else is done
_SILENT = (*_FOLLOWS, Paused)
_SETTLED = frozenset({"Resolved", "Closed"})
_FINAL = (ApprovalAsked, Closed, MergedInto, MessageMoved, Reopened)


def can_be_undone(builder: DecisionBuilder) -> bool:
    """Whether a transcript may offer it: something was changed, and nothing that is final."""
    events = ordered(builder.events)
    changed = any(not isinstance(event, _FOLLOWS) for event in events)
    final = any(isinstance(event, _FINAL) for event in events)
    return bool(changed or builder.related_changes) and not final


def ordered(events: Sequence[Event]) -> tuple[Event, ...]:
    """What the commands of a mail did: it stands behind the mail's text. Of a first mail the ticket
    itself, and what rules made of it, come before."""
    begin = next((n for n, one in enumerate(events) if isinstance(one, MessageAdded)), 0)
    return tuple(events[begin:])


def _undo(task: Task) -> Message | Refusal:
    builder, undo_target = task.builder, task.command_context.undo_target
    if undo_target is None:
        return _UNANSWERED
    if undo_target.merged is not None:
        return Refusal(Message.of("refusal.undo-merged", ticket=undo_target.merged))
    if builder.now - undo_target.at > WINDOW:
        return _TOO_LATE
    mine = builder.ticket.number
    if any(isinstance(event, _FINAL) for event in ordered(undo_target.events)):
        return Refusal(Message.of("refusal.undo-final"))
    every, circles = _without_circles(
        {mine: ordered(undo_target.events), **undo_target.elsewhere}, task.tickets
    )
    kept = take_back(builder, every.pop(mine), undo_target.before.get(mine))
    for number, events in sorted(every.items()):
        task.order(number, EventsUndone(events, undo_target.before.get(number)))
    others = tuple(map(spoken, sorted(every)))
    left = tuple(dict.fromkeys((*kept, *circles)))
    said = (
        Message.of("command.undone-in", tickets=others) if others else Message.of("command.undone")
    )
    if left:
        said += Message.of("command.not-undone", parts=left)
    return said + Message.of("command.mails-stay-sent")


def _without_circles(
    done: Mapping[int, tuple[Event, ...]], tickets: Mapping[int, Ticket]
) -> tuple[dict[int, tuple[Event, ...]], list[Message]]:
    """What can be taken back: nothing that would make a ticket its own ancestor, or a child of a
    closed one. And in words what cannot."""
    after = dict(tickets)
    changes = [(n, e) for n, events in done.items() for e in events if isinstance(e, ParentChanged)]
    for number, event in changes:
        if event.old is None and number in after and after[number].parent == event.new:
            after[number] = replace(after[number], parent=None)
    wrong: list[tuple[int, Event]] = []
    for number, event in reversed(changes):
        if event.old is None or number not in after:
            continue
        above = after.get(event.old)
        if above is None or above.is_closed or number in ancestors(event.old, after):
            wrong.append((number, event))
        else:
            after[number] = replace(after[number], parent=event.old)
    left = {n: tuple(e for e in events if (n, e) not in wrong) for n, events in done.items()}
    return left, [Message.of("undo.parent-of", ticket=number) for number, _ in wrong]


def take_back(
    builder: DecisionBuilder, events: tuple[Event, ...], before: Ticket | None
) -> list[Message]:
    """Undo the events, last first; in words what was changed meanwhile and stays. `before`: how the
    ticket stood before them."""
    kept: list[Message] = []
    moved = False
    for event in reversed(events):
        opposite = _opposite(builder.ticket, event, builder)
        if opposite is not None:
            builder.add(opposite)
            moved = moved or isinstance(event, StatusMoved)
            _tell(builder, event)
        elif not isinstance(event, _SILENT):
            kept.append(_word(event))
    if before is not None and not _waits_as(builder, events, before, moved=moved):
        kept.append(Message.of("undo.hold"))
    return list(dict.fromkeys(kept))


def _waits_as(
    builder: DecisionBuilder, events: tuple[Event, ...], before: Ticket, *, moved: bool
) -> bool:
    """Let it wait for what it waited for, until the same day; False where somebody changed that
    since. A move ends what a ticket waits for, and no event says what that was."""
    paused = [event for event in events if isinstance(event, Paused)]
    now, then = _hold(builder.ticket), _hold(before)
    if builder.ticket.status != before.status or now == then or not (paused or moved):
        return True
    set_here = bool(paused) and now == (paused[-1].message, paused[-1].wake_due)
    if not moved and not set_here:
        return False
    builder.add(Paused(message=before.hold, wake_due=before.wake_due))
    return True


def _hold(ticket: Ticket) -> tuple[str | None, datetime | None]:
    return ticket.hold, ticket.wake_due


def _tell(builder: DecisionBuilder, event: Event) -> None:
    """Who was told of a resolution learns that it is none."""
    if isinstance(event, ResolutionGiven | ClosureScheduled):
        note = Message.of("note.resolution-withdrawn")
        builder.write(Template.UPDATE, builder.ticket.requester, note=note)


def _opposite(ticket: Ticket, event: Event, builder: DecisionBuilder) -> Event | None:
    """The event that takes this one back, or None where the ticket is not as it left it."""
    match event:
        case FieldChanged(field=field, old=old, new=new) if getattr(ticket, field) == new:
            return FieldChanged(field=field, old=new, new=old)
        case StatusMoved(old=old, new=new) if ticket.status == new and not _is_held(ticket):
            return _moved_back(old, new, builder)
        case ResolutionGiven(round=round_) if ticket.round == round_ and ticket.resolution:
            return ResolutionWithdrawn(round_)
        case ClosureScheduled() if ticket.close_due:
            return ResolutionWithdrawn(ticket.round)
        case Escalated(message=message, old=old, back_to=back) if ticket.back_to == back:
            return Escalated(message=message, old=back, back_to=old)
        case _:
            return _opposite_of_a_bond(ticket, event)


def _moved_back(old: str, new: str, builder: DecisionBuilder) -> StatusMoved | None:
    """Not to where a resolution stood: it was withdrawn, and the requester told so."""
    state = builder.policy.workflow.state_of(old)
    return None if state in _SETTLED else StatusMoved(old=new, new=old, state=state)


def _is_held(ticket: Ticket) -> bool:
    """An open question holds its ticket, and a closed one never moves."""
    return ticket.waits_for_approval or ticket.is_closed


def _opposite_of_a_bond(ticket: Ticket, event: Event) -> Event | None:
    match event:
        case Tagged(tag=tag) if tag in ticket.tags:
            return Untagged(tag)
        case Untagged(tag=tag) if tag not in ticket.tags:
            return Tagged(tag)
        case PersonJoined(person=person) if person in ticket.participants:
            return PersonLeft(person)
        case PersonLeft(person=person) if person not in ticket.participants:
            return PersonJoined(person)
        case RequesterChanged(old=old, new=new) if ticket.requester == new:
            return RequesterChanged(old=new, new=old)
        case Related(kind=kind, other=other) if Relation(kind, other) in ticket.relations:
            return Unrelated(kind, other)
        case Unrelated(kind=kind, other=other):
            return Related(kind, other)
        case ParentChanged(old=old, new=new) if ticket.parent == new:
            return ParentChanged(old=new, new=old)
        case _:
            return None


def _word(event: Event) -> Message:
    match event:
        case FieldChanged(field=field):
            return Message.of("undo.field", field=field.replace("_", "-"))
        case Tagged(tag=tag) | Untagged(tag=tag):
            return Message.of("undo.tag", tag=tag)
        case Related(other=other) | Unrelated(other=other):
            return Message.of("undo.link", ticket=other)
        case _:
            return _WORDS.get(type(event), Message.of("undo.other"))


_WORDS: dict[type[Event], Message] = {
    StatusMoved: Message.of("undo.status"),
    PersonJoined: Message.of("undo.participants"),
    PersonLeft: Message.of("undo.participants"),
    RequesterChanged: Message.of("undo.requester"),
    ParentChanged: Message.of("undo.parent"),
    Escalated: Message.of("undo.escalation"),
    ResolutionGiven: Message.of("undo.resolution"),
    ResolutionWithdrawn: Message.of("undo.resolution"),
    ClosureScheduled: Message.of("undo.resolution"),
}
COMMANDS: dict[str, CommandHandler] = {"undo": _undo}
