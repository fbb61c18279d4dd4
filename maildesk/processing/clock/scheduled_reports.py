"""Reports that go out by mail at their time, each once.

A report tells of the time since it was sent last, so nothing falls between two of them, also when
the desk stood still in between. One that is new in reports.toml is sent for the first time when it
is due next.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from maildesk.config.schema.reports import ScheduledReport
from maildesk.messages.translator import Translator
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, OutgoingMail, Template
from maildesk.model.mail import Step
from maildesk.model.person import Person
from maildesk.model.report import Period, Report
from maildesk.processing import report_data
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import Snapshot
from maildesk.processing.unit_of_work import UnitOfWork, unit_of_work
from maildesk.reporting.report_schedule import last_due, next_due
from maildesk.store import report_progress as rows

log = structlog.get_logger()

LONGEST = timedelta(days=35)  # a month; a desk that stood still for a year does not tell of it


def send_due(runtime: Runtime) -> int:
    """Write every report whose time has come; how many mails that were."""
    if not runtime.reports:
        return 0
    now = runtime.clock()
    with runtime.store.read() as connection:
        told = rows.told_until(connection)
    return sum(_send_if_due(runtime, one, told.get(one.name), now) for one in runtime.reports)


def next_time(runtime: Runtime, report: ScheduledReport) -> datetime | None:
    """When it goes out next, local to its calendar; None where no day in two months is one."""
    days = runtime.policy.sla.calendar_named(report.calendar)
    at = next_due(report, days, runtime.clock())
    return at.astimezone(days.zone) if at else None


def send_now(runtime: Runtime, report: ScheduledReport, to: Person | None) -> tuple[Step, ...]:
    """Write the report of the time since it was due last; what was not sent and why.

    To that person, or to all whom the file names. It goes out at its time all the same.
    """
    days = runtime.policy.sla.calendar_named(report.calendar)
    now = runtime.clock()
    due = last_due(report, days, now - timedelta(hours=1)) or now - timedelta(days=7)
    with runtime.store.read() as connection:
        found = _made(runtime, connection, report, Period(due, now))
    with unit_of_work(runtime, now) as work:
        recipients = (to.id,) if to is not None else _recipients(runtime, report)
        return _write(work, found, recipients)


def _send_if_due(
    runtime: Runtime, report: ScheduledReport, told: datetime | None, now: datetime
) -> int:
    due = last_due(report, runtime.policy.sla.calendar_named(report.calendar), now)
    if told is None:
        with runtime.store.write() as connection:
            rows.begin(connection, report.name, due or now)
        return 0
    if due is None or due <= told:
        return 0
    period = Period(max(told, due - LONGEST), due)
    with runtime.store.read() as connection:  # counting takes a while: nobody waits for it
        found = _made(runtime, connection, report, period)
    with unit_of_work(runtime, now) as work:
        if not rows.claim(work.connection, report.name, told, due):
            return 0  # another daemon was here first
        recipients = _recipients(runtime, report)
        unsent = _write(work, found, recipients)
    for step in unsent:
        log.warning("report not sent", report=report.name, why=step.rejected)
    return len(recipients) - len(unsent)


def _recipients(runtime: Runtime, report: ScheduledReport) -> tuple[int, ...]:
    return runtime.policy.directory.meant_by(report.to)


def _made(
    runtime: Runtime, connection: Connection, report: ScheduledReport, period: Period
) -> Report:
    sla = runtime.policy.sla
    zone = sla.calendar_named(report.calendar).zone
    return report_data.whole(report.name, sla, connection, period, zone)


def _write(work: UnitOfWork, found: Report, recipients: tuple[int, ...]) -> tuple[Step, ...]:
    if not recipients:
        return ()
    outgoing_mails = tuple(
        OutgoingMail(template=Template.REPORT, to=id_, report=found) for id_ in recipients
    )
    decision = Decision(
        answer=Answer.DONE, actor=Actor(ActorKind.CLOCK), outgoing_mails=outgoing_mails
    )
    about = Snapshot(subject=_subject(found), requester=work.person(recipients[0]))
    return work.transaction("clock").write(decision, about).unsent


def _subject(found: Report) -> str:
    since, until = found.summary.since, found.summary.until
    return Translator().text("report.subject", name=found.name, since=since, until=until)
