"""Reports of monitoring systems: from the mail to the open ticket of the problem."""

from maildesk.ingest.identity.authenticate import identify
from maildesk.ingest.intent.monitoring_signal import Signal, Watch
from maildesk.lifecycle.decide import decide
from maildesk.model.cause import Facts, ProblemReported
from maildesk.model.mail import Source, Step
from maildesk.model.monitoring import Report
from maildesk.model.person import Identity, Proof
from maildesk.processing.command_context import load_descendants
from maildesk.processing.mail.mail_context import Case, Worked
from maildesk.processing.writer import Matter, Said
from maildesk.store import people, tickets

EVENT_FIELD = "maildesk-event"


def reported(case: Case) -> Worked | None:
    """What a monitoring system says; None for all other mail, and for what is of no known form."""
    sender = case.mail.sender
    watch = case.runtime.watches.get(sender.key) if sender is not None else None
    signal = _signal(case, watch) if watch is not None else None
    if watch is None or signal is None or sender is None:
        return None
    reporter = people.find_or_add(case.connection, sender)
    identity = _identity(case, watch)
    found = tickets.of_problem(case.connection, signal.key)
    ticket, subject = found or (None, case.mail.subject)
    cause = ProblemReported(
        reporter=reporter,
        report=signal.report,
        key=signal.key,
        message=case.runtime.new_id(case.now),
        text=case.mail.text,
        facts=Facts(subject=case.mail.subject, text=case.mail.text, sender=sender.address),
        proof=identity.proof,
        rejected=identity.rejected,
        silent=case.kept.silent,
        descendants={} if case.kept.silent else load_descendants(case.connection, ticket),
    )
    policy = case.runtime.policy_at(case.connection, ticket, reporter.id, subject)
    decision = decide(ticket, cause, policy, case.now)
    matter = Matter(
        ticket=ticket, subject=subject, requester=reporter, cause=f"mail {case.kept.id}"
    )
    said = Said(
        id=cause.message,
        author=reporter.id,
        text=cause.text,
        proven=identity.proof > Proof.NONE,
        mail=case.kept.id,
        message_id=case.mail.message_id,
    )
    after, unsent = case.recorder.enact(decision, matter, said)
    steps = (
        Step("monitoring", f"{signal.report} of {watch.system.name}", (signal.key,)),
        Step("authenticate", identity.proof.name.lower(), identity.evidence, identity.rejected),
        *decision.why,
        *unsent,
    )
    assert decision.disposition is not None
    return Worked(decision.disposition, after.number if after else None, steps)


def _signal(case: Case, watch: Watch) -> Signal | None:
    """A signed request says plainly what a mail must be read for."""
    if case.kept.mail.source is not Source.EVENT:
        return watch.read(case.mail.subject, case.mail.text)
    report, _, key = (case.mail.header(EVENT_FIELD) or "").partition(" ")
    return Signal(Report(report), watch.key(key))


def _identity(case: Case, watch: Watch) -> Identity:
    believed = Proof.AUTHENTICATED
    if case.kept.mail.source is Source.EVENT:
        return Identity(watch.system.address, believed, ("signed request",))
    if not watch.system.proof:
        return Identity(watch.system.address, believed, ("monitoring.toml: proof = false",))
    return identify(case.mail, token_proves=False, trust=case.runtime.settings.trust)
