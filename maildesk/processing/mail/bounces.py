"""What a proven bounce does: to the outgoing row, and to the ticket it was about."""

from maildesk.lifecycle.decide import decide
from maildesk.model.cause import DeliveryFailed
from maildesk.model.mail import Disposition, Kind, Step
from maildesk.outgoing.bounce_claims import Claim, Outcome, claims
from maildesk.processing.mail.mail_context import Case, Worked
from maildesk.processing.writer import Matter, Recorder
from maildesk.store import outgoing_rows, people, tickets


def bounce(case: Case) -> Worked | None:
    """Somebody says that a mail of ours did not arrive: believed as far as it is proven."""
    if case.reading.screening.kind is not Kind.BOUNCE:
        return None
    reports, came_to = case.reading.screening.bounces, _came_to(case)
    found, unproven = claims(reports, came_to, case.runtime.settings.desk, case.runtime.keys)
    done = [_believed(case.recorder, claim) for claim in found]
    ticket = next((number for _, number in done if number is not None), None)
    spoken = tuple(words for words, _ in done)
    step = Step("bounce", f"{len(found)} mails of ours", spoken, unproven)
    return Worked(Disposition.BOUNCE, ticket, (step,))


def _came_to(case: Case) -> tuple[str, ...]:
    return (*case.kept.mail.envelope_to, *(to.address for to in case.mail.to))


def _believed(recorder: Recorder, claim: Claim) -> tuple[str, int | None]:
    """(what became of the row that a bounce is proven to speak of, its ticket)."""
    connection, id_ = recorder.connection, claim.row
    if id_ is None:
        id_ = outgoing_rows.by_message_id(connection, claim.message_id, claim.recipient)
    if id_ is None:
        return f"no mail {claim.message_id[:120]} went to {claim.recipient[:100]}", None
    if claim.outcome is Outcome.DELAYED:
        outgoing_rows.delayed(connection, id_, claim.reason)
    if claim.outcome is not Outcome.FAILED:
        return f"outgoing mail {id_} {claim.outcome}: {claim.reason}", None
    row = outgoing_rows.bounced(connection, id_, claim.reason)
    if row is None:
        return f"outgoing mail {id_} waits for no answer any more", None
    if row.ticket is not None:
        report_failure(recorder, row.ticket, row.person_id, row.template, claim.reason)
    return f"outgoing mail {id_} failed: {claim.reason}", row.ticket


def report_failure(
    recorder: Recorder, number: int, person: int, template: str, reason: str
) -> None:
    """A mail of ours did not arrive: let the ticket know."""
    connection, runtime = recorder.connection, recorder.runtime
    ticket, subject = tickets.load_one(connection, number)
    known = people.by_ids(connection, (person, ticket.requester))
    cause = DeliveryFailed(recipient=known[person], template=template, reason=reason)
    decision = decide(ticket, cause, runtime.policy, recorder.now)
    matter = Matter(
        ticket=ticket, subject=subject, requester=known[ticket.requester], cause="delivery"
    )
    recorder.enact(decision, matter, None)
