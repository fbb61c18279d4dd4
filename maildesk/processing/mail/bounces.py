"""What a proven bounce does: to the outgoing row, and to the ticket it was about."""

from maildesk.model.cause import DeliveryFailed
from maildesk.model.mail import Disposition, Kind, Step
from maildesk.outgoing.bounce_claims import Claim, Outcome, claims
from maildesk.processing.mail.mail_context import MailContext, MailOutcome
from maildesk.processing.transaction import Snapshot
from maildesk.processing.unit_of_work import UnitOfWork
from maildesk.store import outgoing_rows


def bounce(context: MailContext) -> MailOutcome | None:
    """Somebody says that a mail of ours did not arrive: believed as far as it is proven."""
    if context.reading.screening.kind is not Kind.BOUNCE:
        return None
    reports, came_to = context.reading.screening.bounces, _came_to(context)
    found, unproven = claims(reports, came_to, context.runtime.settings.desk, context.runtime.keys)
    done = [_believed(context.work, claim) for claim in found]
    ticket = next((number for _, number in done if number is not None), None)
    spoken = tuple(words for words, _ in done)
    step = Step("bounce", f"{len(found)} of our mails", spoken, unproven)
    return MailOutcome(Disposition.BOUNCE, ticket, (step,))


def _came_to(context: MailContext) -> tuple[str, ...]:
    return (*context.kept.mail.envelope_to, *(to.address for to in context.mail.to))


def _believed(work: UnitOfWork, claim: Claim) -> tuple[str, int | None]:
    """(what became of the row that a bounce is proven to speak of, its ticket)."""
    id_ = claim.row
    if id_ is None:
        id_ = outgoing_rows.by_message_id(work.connection, claim.message_id, claim.recipient)
    if id_ is None:
        return f"no mail {claim.message_id[:120]} went to {claim.recipient[:100]}", None
    if claim.outcome is Outcome.DELAYED:
        outgoing_rows.delayed(work.direct(), id_, claim.reason)
    if claim.outcome is not Outcome.FAILED:
        return f"outgoing mail {id_} {claim.outcome}: {claim.reason}", None
    row = outgoing_rows.bounced(work.direct(), id_, claim.reason)
    if row is None:
        return f"outgoing mail {id_} waits for no answer any more", None
    if row.ticket is not None:
        report_failure(work, row.ticket, row.person_id, row.template, claim.reason)
    return f"outgoing mail {id_} failed: {claim.reason}", row.ticket


def report_failure(work: UnitOfWork, number: int, person: int, template: str, reason: str) -> None:
    """A mail of ours did not arrive: let the ticket know."""

    def failed(snapshot: Snapshot) -> DeliveryFailed:
        _, requester = snapshot.of_ticket
        recipient = work.person(person)
        return DeliveryFailed(
            requester=requester, recipient=recipient, template=template, reason=reason
        )

    work.transaction("delivery").apply(number, failed, None)
