"""Reports that go out by mail at their time, each once.

A report tells of the time since it was sent last, so nothing falls between two of them, also when
the desk stood still in between. One that is new in reports.toml is sent for the first time when it
is due next.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from maildesk.desk import reports
from maildesk.desk.office import Office
from maildesk.desk.record import Matter, Recorder
from maildesk.messages.translator import Translator
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, Letter, Template
from maildesk.model.mail import Step
from maildesk.model.person import Person
from maildesk.model.report import Period, Report
from maildesk.model.schedule import ScheduledReport
from maildesk.report.schedule import last_due, next_due
from maildesk.store import people
from maildesk.store import reports as rows

log = structlog.get_logger()

LONGEST = timedelta(days=35)  # a month; a desk that stood still for a year does not tell of it


def send_due(office: Office) -> int:
    """Write every report whose time has come; how many mails that were."""
    if not office.reports:
        return 0
    now = office.clock()
    with office.store.read() as connection:
        told = rows.told_until(connection)
    return sum(_send_if_due(office, one, told.get(one.name), now) for one in office.reports)


def next_time(office: Office, report: ScheduledReport) -> datetime | None:
    """When it goes out next, local to its calendar; None where no day in two months is one."""
    days = office.policy.levels.calendar_named(report.calendar)
    at = next_due(report, days, office.clock())
    return at.astimezone(days.zone) if at else None


def send_now(office: Office, report: ScheduledReport, to: Person | None) -> tuple[Step, ...]:
    """Write the report of the time since it was due last; what was not sent and why.

    To that person, or to all whom the file names. It goes out at its time all the same.
    """
    days = office.policy.levels.calendar_named(report.calendar)
    now = office.clock()
    due = last_due(report, days, now - timedelta(hours=1)) or now - timedelta(days=7)
    with office.store.read() as connection:
        found = _made(office, connection, report, Period(due, now))
    with office.store.write() as connection:
        recipients = (to.id,) if to is not None else _recipients(office, report)
        return _write(office, connection, found, recipients)


def _send_if_due(
    office: Office, report: ScheduledReport, told: datetime | None, now: datetime
) -> int:
    due = last_due(report, office.policy.levels.calendar_named(report.calendar), now)
    if told is None:
        with office.store.write() as connection:
            rows.begin(connection, report.name, due or now)
        return 0
    if due is None or due <= told:
        return 0
    period = Period(max(told, due - LONGEST), due)
    with office.store.read() as connection:  # counting takes a while: nobody waits for it
        found = _made(office, connection, report, period)
    with office.store.write() as connection:
        if not rows.claim(connection, report.name, told, due):
            return 0  # another daemon was here first
        recipients = _recipients(office, report)
        unsent = _write(office, connection, found, recipients)
    for step in unsent:
        log.warning("report not sent", report=report.name, why=step.rejected)
    return len(recipients) - len(unsent)


def _recipients(office: Office, report: ScheduledReport) -> tuple[int, ...]:
    return office.policy.directory.meant_by(report.to)


def _made(
    office: Office, connection: Connection, report: ScheduledReport, period: Period
) -> Report:
    levels = office.policy.levels
    zone = levels.calendar_named(report.calendar).zone
    return reports.whole(report.name, levels, connection, period, zone)


def _write(
    office: Office, connection: Connection, found: Report, recipients: tuple[int, ...]
) -> tuple[Step, ...]:
    if not recipients:
        return ()
    letters = tuple(Letter(template=Template.REPORT, to=id_, report=found) for id_ in recipients)
    decision = Decision(answer=Answer.DONE, actor=Actor(ActorKind.CLOCK), letters=letters)
    first = people.by_id(connection, recipients[0])
    matter = Matter(ticket=None, subject=_subject(found), requester=first, cause="clock")
    return Recorder.on(office, connection, office.clock()).enact(decision, matter, None)[1]


def _subject(found: Report) -> str:
    since, until = found.summary.since, found.summary.until
    return Translator().text("report.subject", name=found.name, since=since, until=until)
