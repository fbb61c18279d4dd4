"""SLA notifications by mail: all that are pending for one person become one mail.

An escalation step stores pending notifications in its transaction. Here they become mails, one
person at a time, and are deleted in the same commit. Achieved targets are left out.
"""

from dataclasses import dataclass

from maildesk.messages.catalogue import best_language
from maildesk.messages.translator import translator
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, OutgoingMail, Template
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.sla.timer import PendingNotification, SlaTimer, SlaWarning
from maildesk.model.ticket import Ticket
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import Snapshot
from maildesk.processing.unit_of_work import unit_of_work
from maildesk.store import lease, pending_notifications, people, tickets

LEASE = "sla-notifications"
LEASE_SECONDS = 60.0
_TICKETS_IN_A_MAIL = 200


def send_pending(runtime: Runtime) -> int:
    """Write to everybody who has to hear something now; how many mails that were.

    One daemon at a time, so that two do not make two mails of one person's warnings.
    """
    now = runtime.clock()
    with runtime.store.read() as connection:
        if not pending_notifications.any_due(connection, now):
            return 0
    with runtime.store.write() as connection:
        mine = lease.take(connection, LEASE, runtime.holder, now=now, seconds=LEASE_SECONDS)
    sent = 0
    while mine and (written := _send_next(runtime)) is not None:
        sent += written
    if mine:
        with runtime.store.write() as connection:
            lease.release(connection, LEASE, runtime.holder)
    return sent


def _send_next(runtime: Runtime) -> int | None:
    """The mail to the next person; None where nobody has to hear anything."""
    with unit_of_work(runtime) as work:
        connection = work.connection
        taken = pending_notifications.take(connection, work.now)
        if not taken:
            return None
        numbers = {notice.ticket for notice in taken}
        known = tickets.load(connection, numbers, lock=False)
        asked = {ticket.requester for ticket, _ in known.values()}
        assigned = {ticket.assignee for ticket, _ in known.values() if ticket.assignee is not None}
        names = people.by_ids(connection, {taken[0].to, *asked, *assigned})
        found = _still_true(runtime, taken, known, names)
        if not found:
            return 0
        about = _about(found, names[taken[0].to])
        work.transaction("clock").write(_decision(found, taken[0].to), about)
        return 1


@dataclass(frozen=True, slots=True)
class _Found:
    """One warning and the ticket it is about."""

    ticket: Ticket
    subject: str
    requester: Person
    warned: SlaWarning


def _still_true(
    runtime: Runtime,
    taken: tuple[PendingNotification, ...],
    known: dict[int, tuple[Ticket, str]],
    names: dict[int, Person],
) -> list[_Found]:
    """The newest notice of each timer that has not stopped, the most urgent first."""
    newest = {(n.ticket, n.metric, n.serial): n for n in taken}
    found = []
    for notice in newest.values():
        ticket, subject = known[notice.ticket]
        key = (notice.metric, notice.serial)
        timer = next((c for c in ticket.sla_timers if c.key == key and c.is_open), None)
        if timer is not None:
            requester = names[ticket.requester]
            warned = _warned(runtime, notice, timer, ticket, subject, names)
            found.append(_Found(ticket, subject, requester, warned))
    return sorted(found, key=lambda one: (one.warned.due is None, one.warned.due))


def _warned(
    runtime: Runtime,
    notice: PendingNotification,
    timer: SlaTimer,
    ticket: Ticket,
    subject: str,
    names: dict[int, Person],
) -> SlaWarning:
    due = timer.due or notice.due
    return SlaWarning(
        number=ticket.number,
        subject=subject,
        priority=ticket.priority,
        metric=timer.metric.replace("_", " "),
        level=notice.level,
        due=due,
        overdue=due is not None and due <= runtime.clock(),
        requester=names[ticket.requester].name,
        assignee=names[ticket.assignee].name if ticket.assignee is not None else "",
        team=ticket.team,
    )


def _decision(found: list[_Found], to: int) -> Decision:
    template = Template.SLA_WARNING if len(found) == 1 else Template.SLA_DIGEST
    said = tuple(one.warned for one in found[:_TICKETS_IN_A_MAIL])
    more = len(found) - len(said)
    note = Message.of("sla.more-tickets", count=more) if more else None
    outgoing_mail = OutgoingMail(template=template, to=to, note=note, warnings=said)
    return Decision(
        answer=Answer.DONE, actor=Actor(ActorKind.CLOCK), outgoing_mails=(outgoing_mail,)
    )


def _about(found: list[_Found], recipient: Person) -> Snapshot:
    """The one ticket; or none, where the mail is about several."""
    if len(found) == 1:
        one = found[0]
        return Snapshot(one.ticket, one.subject, one.requester)
    overdue = sum(one.warned.overdue for one in found)
    subject = translator(best_language(recipient.language), None).text(
        "sla.digest-subject" if overdue else "sla.digest-subject-due",
        count=len(found),
        overdue=overdue,
    )
    return Snapshot(subject=subject, requester=recipient)
