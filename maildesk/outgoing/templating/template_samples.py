"""Sample mails, one with all that its template can show and one with as little as possible. Pure.

They serve `maildesk template preview`, and `maildesk check` renders every override with them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from maildesk.config.schema.settings import Desk
from maildesk.messages.catalogue import DEFAULT
from maildesk.model.decision import CommandResult, CommandResults, OutgoingMail, Template
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.report import Count, Day, Issue, Report, SlaCounts, SlaFigures, Summary
from maildesk.model.sla.timer import SlaWarning
from maildesk.model.ticket import Ticket
from maildesk.outgoing.background import Background, EarlierMessage
from maildesk.outgoing.carried_files import CarriedFile, CarriedFiles
from maildesk.outgoing.mail_model import MailModel, SenderIdentity, ThreadContext, mailing

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_RITA = Person(
    id=1, name="Rita Rossi", address="rita@example.org", organisation="Sales", vip=True, listed=True
)
_ANN = Person(id=2, name="Ann Archer", address="ann@example.org", teams=("First line",))
_NAMELESS = Person(id=1, name="", address="rita@example.org")
_TO_AGENTS = frozenset(
    {
        Template.AGENT_NOTIFICATION,
        Template.TRANSCRIPT,
        Template.DELIVERY_FAILED,
        Template.SLA_WARNING,
        Template.SLA_DIGEST,
        Template.REPORT,
    }
)
_OF_NO_TICKET = frozenset({Template.SLA_DIGEST, Template.REPORT})
_TICKET = Ticket(
    number=1042,
    requester=_RITA.id,
    source="mail",
    status="Waiting for Closure",
    state="Resolved",
    request_type="incident",
    opened_at=NOW,
    updated_at=NOW,
    category="Hardware",
    sub_category="Printer",
    service="Workplace",
    priority="P2",
    team="First line",
    round=1,
    resolution="sample",
    close_due=NOW + timedelta(days=5),
    closed_at=NOW,
    closure_category="Solved",
)
_NEW = Ticket(
    number=1042,
    requester=_RITA.id,
    source="mail",
    status="New",
    state="Open",
    request_type="incident",
    opened_at=NOW,
    updated_at=NOW,
)

_BACKGROUND = Background(
    earlier=(
        EarlierMessage(
            _ANN, NOW - timedelta(hours=2), "Tray 2 is worn out; a new one is ordered.", True
        ),
        EarlierMessage(
            _RITA, NOW - timedelta(hours=3), "It jams on every second page.", False, False
        ),
    ),
    readers=(Person(id=3, name="Bob", address="bob@supplier.example"),),
    assignee=_ANN,
    came_as="Printer still jams",
    answers_to="rita@home.example",
)
_FILES = CarriedFiles(
    attached=(CarriedFile(1, 0, "paper tray.png", "image/png", 240_000),),
    too_large=(CarriedFile(1, 1, "film of the noise.mp4", "video/mp4", 38_000_000),),
    unwanted=(CarriedFile(1, 2, "driver.exe", "application/x-msdownload", 1_900_000),),
)
_RESULTS = CommandResults(
    done=(CommandResult("#take", Message.of("command.taken")),),
    failed=(CommandResult("#team Plumbing", Message.of("refusal.closed")),),
    undo_minutes=10,
)


def samples(template: Template, language: str = DEFAULT) -> Iterator[tuple[str, MailModel]]:
    """("complete", mail) and ("minimal", mail) for a reader of that language."""
    yield "complete", complete(template, language)
    yield "minimal", minimal(template, language)


def complete(template: Template, language: str = DEFAULT) -> MailModel:
    """The mail with all that this template can show."""
    outgoing_mail = OutgoingMail(
        template=template,
        to=_RITA.id,
        text="The printer on the second floor jams again.\n\nRegards\nRita",
        note=Message.of("sample.note") if _leaves_it_open(template) else None,
        links=tuple(Purpose),
        warnings=(_warned(overdue=True), _warned(overdue=False)),
        report=_report(),
        results=_RESULTS if template is Template.TRANSCRIPT else None,
    )
    ticket = _TICKET if template not in _OF_NO_TICKET else None
    to = _ANN if template in _TO_AGENTS else _RITA
    made = _made(outgoing_mail, ticket, replace(to, language=language), _author(template), _RITA)
    return replace(made, files=_FILES, topic=replace(made.topic, background=_BACKGROUND))


def minimal(template: Template, language: str = DEFAULT) -> MailModel:
    """The mail with nothing that it can lack: no text, no links, no name, no dates."""
    outgoing_mail = OutgoingMail(template=template, to=_RITA.id, report=_empty_report())
    ticket = _NEW if template not in {*_OF_NO_TICKET, Template.REFUSED} else None
    return _made(outgoing_mail, ticket, replace(_NAMELESS, language=language), None, _NAMELESS)


def _leaves_it_open(template: Template) -> bool:
    return template not in {Template.REPORT, Template.SLA_DIGEST}


def _author(template: Template) -> Person:
    return _ANN if template in {Template.REPLY, Template.RESOLUTION} else _RITA


def _made(
    outgoing_mail: OutgoingMail,
    ticket: Ticket | None,
    to: Person,
    author: Person | None,
    requester: Person,
) -> MailModel:
    house = SenderIdentity(
        Desk(address="desk@example.org"), "https://desk.example.org", (b"sample" * 6,), link_days=30
    )
    topic = ThreadContext(ticket, "Printer on the second floor jams", requester)
    return mailing(
        house, outgoing_mail, topic, to, author, now=NOW, nonce=bytes(10), proven=author is not None
    )


def _warned(*, overdue: bool) -> SlaWarning:
    return SlaWarning(
        number=1042,
        subject="Printer on the second floor jams",
        priority="P2" if overdue else "",
        metric="first response",
        level="due" if overdue else "80%",
        due=NOW if overdue else None,
        overdue=overdue,
        requester=_RITA.name,
        assignee=_ANN.name if overdue else "",
        team=_ANN.teams[0] if overdue else "",
    )


def _report() -> Report:
    since = NOW - timedelta(days=7)
    kept = SlaCounts(
        metric="resolution",
        profile="",
        team="",
        achieved=45,
        breached=5,
        cancelled=1,
        running=2,
        p50=1_800,
        p90=7_200,
        p95=9_000,
    )
    summary = Summary(
        since=since,
        until=NOW,
        open=34,
        on_hold=6,
        opened=28,
        closed=22,
        requesters=(Count("rita@example.org", 9), Count("max@example.org", 4)),
        categories=(Count("Hardware", 7), Count("", 3)),
        issues=(Issue("Printer jams", (1001, 1002, 1003, 1004, 1042)), Issue("", (1006, 1007))),
        looked_at=28,
    )
    days = tuple(Day(date(2026, 11, 16 + n), 4 * (n % 3), 3 * (n % 2)) for n in range(7))
    sla = SlaFigures(since=since, until=NOW, metrics=(kept,), lines=())
    return Report(
        name="Weekly report",
        summary=summary,
        sla=sla,
        days=days,
        opened_before=30,
        closed_before=22,
        waiting=1,
    )


def _empty_report() -> Report:
    summary = Summary(
        since=NOW,
        until=NOW,
        open=0,
        on_hold=0,
        opened=0,
        closed=0,
        requesters=(),
        categories=(),
        issues=(),
        looked_at=0,
    )
    nothing = SlaFigures(since=NOW, until=NOW, metrics=(), lines=())
    return Report(
        name="Daily report",
        summary=summary,
        sla=nothing,
        days=(),
        opened_before=0,
        closed_before=0,
        waiting=0,
    )
