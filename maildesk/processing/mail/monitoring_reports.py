"""Reports of monitoring systems: from the mail to the open ticket of the problem."""

from maildesk.ingest.intent.monitoring_signal import Signal, Watch
from maildesk.model.cause import Facts, ProblemReported
from maildesk.model.mail import Source, Step
from maildesk.model.monitoring import Report
from maildesk.model.person import Identity, Proof
from maildesk.processing.mail.mail_context import MailContext, MailOutcome
from maildesk.processing.mail.sender_identity import sender_identity
from maildesk.processing.transaction import IncomingText, Snapshot

EVENT_FIELD = "maildesk-event"


def reported(context: MailContext) -> MailOutcome | None:
    """What a monitoring system says; None for all other mail, and for what is of no known form."""
    sender = context.mail.sender
    watch = context.runtime.watches.get(sender.key) if sender is not None else None
    signal = _signal(context, watch) if watch is not None else None
    if watch is None or signal is None or sender is None:
        return None
    reporter = context.work.people.of(sender)
    identity = _identity(context, watch)
    found = context.work.of_problem(signal.key)
    text = IncomingText(
        id=context.runtime.new_id(context.now),
        author=reporter.id,
        text=context.mail.text,
        proven=identity.proof > Proof.NONE,
        mail=context.kept.id,
        message_id=context.mail.message_id,
    )

    def report(snapshot: Snapshot) -> ProblemReported:
        return ProblemReported(
            requester=reporter,
            report=signal.report,
            key=signal.key,
            message=text.id,
            text=text.text,
            facts=Facts(subject=context.mail.subject, text=text.text, sender=sender.address),
            proof=identity.proof,
            rejected=identity.rejected,
            silent=context.kept.silent,
            descendants={} if context.kept.silent else snapshot.descendants,
        )

    applied = context.work.transaction(context.cause).apply(found, report, text)
    steps = (
        Step("monitoring", f"{signal.report} of {watch.system.name}", (signal.key,)),
        Step("authenticate", identity.proof.name.lower(), identity.evidence, identity.rejected),
        *applied.steps,
    )
    assert applied.decision.disposition is not None
    after = applied.ticket
    return MailOutcome(applied.decision.disposition, after.number if after else None, steps)


def _signal(context: MailContext, watch: Watch) -> Signal | None:
    """A signed request says plainly what a mail must be read for."""
    if context.kept.mail.source is not Source.EVENT:
        return watch.read(context.mail.subject, context.mail.text)
    report, _, key = (context.mail.header(EVENT_FIELD) or "").partition(" ")
    return Signal(Report(report), watch.key(key))


def _identity(context: MailContext, watch: Watch) -> Identity:
    believed = Proof.AUTHENTICATED
    if context.kept.mail.source is Source.EVENT:
        return Identity(watch.system.address, believed, ("signed request",))
    if not watch.system.proof:
        return Identity(watch.system.address, believed, ("monitoring.toml: proof = false",))
    return sender_identity(context)
