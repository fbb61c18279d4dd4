"""An automatic answer that came to the return path of a mail of ours (RFC 3834 §4, RFC 5230 §5).

The return path is signed and names the mail, so it names ticket and person, whatever the answer
says of either; only who was written to, and their mail program, can know it.
"""

from maildesk.lifecycle.decide import decide
from maildesk.model.cause import Facts, MailArrived
from maildesk.model.mail import Kind, Step
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.ticket import Ticket
from maildesk.outgoing.verp import read_verp
from maildesk.processing.mail.mail_context import Case, Worked
from maildesk.processing.writer import Matter, Said
from maildesk.store import outgoing_rows, people, tickets


def returned(case: Case) -> Worked | None:
    """What it does to the ticket of that mail; None where it came elsewhere."""
    if case.reading.screening.kind is not Kind.AUTO_REPLY:
        return None
    found = _answered(case)
    if found is None:
        return None
    ticket, subject, person, id_ = found
    requester = people.by_id(case.connection, ticket.requester)
    cause = _cause(case, person, requester, id_)
    policy = case.runtime.policy_at(case.connection, ticket, requester.id, subject)
    decision = decide(ticket, cause, policy, case.now)
    matter = Matter(
        ticket=ticket, subject=subject, requester=requester, cause=f"mail {case.kept.id}"
    )
    _, unsent = case.recorder.enact(decision, matter, _said(case, cause))
    assert decision.disposition is not None
    step = Step("thread", f"ticket {ticket.number} by return path", cause.identity.evidence)
    return Worked(decision.disposition, ticket.number, (step, *decision.why, *unsent))


def _answered(case: Case) -> tuple[Ticket, str, Person, int] | None:
    """(ticket, its subject, who was written to, the outgoing mail)."""
    row = next((r for id_ in _ids(case) if (r := outgoing_rows.row(case.connection, id_))), None)
    if row is None or row.ticket is None:
        return None
    loaded = tickets.load_with_survivors(case.connection, [row.ticket])
    number = row.ticket
    while (survivor := loaded[number][0].merged_into) is not None:
        number = survivor
    ticket, subject = loaded[number]
    return ticket, subject, people.by_id(case.connection, row.person_id), row.id


def _ids(case: Case) -> list[int]:
    desk, keys = case.runtime.settings.desk, case.runtime.keys
    came_to = (*case.kept.mail.envelope_to, *(to.address for to in case.mail.to))
    tags = [tag for address in came_to if (tag := desk.tag_in(address))]
    return [id_ for tag in tags if (id_ := read_verp(tag, keys)) is not None]


def _cause(case: Case, person: Person, requester: Person, id_: int) -> MailArrived:
    text = case.reading.reply_text
    evidence = (f"came to the return path of outgoing mail {id_}",)
    return MailArrived(
        sender=person,
        identity=Identity(person.address, Proof.TOKEN, evidence),
        requester=requester,
        kind=Kind.AUTO_REPLY,
        message=case.runtime.new_id(case.now),
        text=text,
        facts=Facts(subject=case.mail.subject, text=text, sender=person.address),
        away=case.reading.screening.away,
        silent=case.kept.silent,
    )


def _said(case: Case, cause: MailArrived) -> Said:
    return Said(
        id=cause.message,
        author=cause.sender.id,
        text=cause.text,
        proven=True,
        mail=case.kept.id,
        message_id=case.mail.message_id,
        attachments=case.mail.attachments,
    )
