"""The tables. A ticket's row is authoritative; `ticket_event` is its append-only history."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Table,
    Text,
    TextClause,
    text,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

# A query uses a partial index only if it has the index's condition in the same words, so both take
# it from here. A bound parameter would hide it from the planner.
KEPT = text("state = 'kept'")
TRIED = text("state = 'kept' AND attempts > 0")
UNSETTLED = text("settled_at IS NULL")
AWAITING_PERSON = text("(state = 'quarantined' OR (disposition = 'held' AND ticket IS NULL))")
TURNED_AWAY = text("(ticket IS NULL AND disposition IN ('refused', 'quarantined'))")
OPEN = text("closed_at IS NULL")
CLOSED = text("closed_at IS NOT NULL")
UNCLASSIFIED = text("(service = '' OR category = '' OR impact = '' OR urgency = '')")
UNSENT = text("state <> 'sent'")
UNREPORTED = text("state = 'failed' AND NOT reported")


def _partial(name: str, *columns: str, where: TextClause) -> Index:
    """An index of the rows for which `where` is true."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite stores no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The value for the database: UTC, without a zone for a database that stores none."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The value from the database: aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _time(**options: Any) -> Any:
    nullable = options.pop("nullable", False)
    return Field(sa_type=UtcDateTime, nullable=nullable, **options)


def _json() -> Any:
    return Field(sa_type=JSON, nullable=False)


def _text() -> Any:
    return Field(sa_type=Text, nullable=False)


class PersonRow(SQLModel, table=True):
    """Somebody with a mail address."""

    __tablename__ = "person"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    address: str
    manager_id: int | None = Field(default=None, foreign_key="person.id")
    organisation: str = ""
    vip: bool = False
    language: str = ""
    zone: str = ""
    origin: str = "mail"
    held_at: datetime | None = _time(default=None, nullable=True)
    let_in_at: datetime | None = _time(default=None, nullable=True)


class PersonAddressRow(SQLModel, table=True):
    """Every address of a person, in lower case."""

    __tablename__ = "person_address"

    address: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)


class TeamRow(SQLModel, table=True):
    """A team of agents."""

    __tablename__ = "team"

    name: str = Field(primary_key=True)
    level: str


class TeamMemberRow(SQLModel, table=True):
    """The membership of one person in one team."""

    __tablename__ = "team_member"

    team: str = Field(primary_key=True, foreign_key="team.name")
    person_id: int = Field(primary_key=True, foreign_key="person.id", index=True)


class RawMailRow(SQLModel, table=True):
    """The journal: one row for every mail received."""

    __tablename__ = "raw_mail"
    __table_args__ = (
        Index("uq_raw_mail_uid", "mailbox", "folder", "uid_validity", "uid", unique=True),
        _partial("ix_raw_mail_todo", "id", where=KEPT),
        _partial("ix_raw_mail_tried", "id", where=TRIED),
        _partial(
            "ix_raw_mail_unsettled", "mailbox", "folder", "uid_validity", "uid", where=UNSETTLED
        ),
        _partial("ix_raw_mail_awaiting_person", "id", where=AWAITING_PERSON),
        _partial("ix_raw_mail_turned_away", "received_at", where=TURNED_AWAY),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    mailbox: str
    folder: str
    uid_validity: int | None = Field(default=None, sa_type=BigInteger)
    uid: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str
    size: int = Field(sa_type=BigInteger)
    oversized: bool
    silent: bool
    let_in: bool = False
    attributed_to: str | None = None
    envelope_from: str | None = None
    envelope_to: list[str] = _json()
    peer: str
    helo: str
    received_at: datetime = _time(index=True)
    kept_at: datetime = _time()
    settled_at: datetime | None = _time(default=None, nullable=True)
    state: str
    attempts: int
    worker: str
    message_id: str | None = Field(default=None, index=True)
    content_key: str | None = Field(default=None, index=True)
    disposition: str | None = None
    ticket: int | None = Field(default=None, index=True)
    worked_at: datetime | None = _time(default=None, nullable=True)
    reason: str = _text()
    trace: list[Any] = _json()


class RawBytesRow(SQLModel, table=True):
    """The bytes of a mail in pieces, in a separate table so that listings never read them."""

    __tablename__ = "raw_bytes"

    raw_mail_id: int = Field(primary_key=True, foreign_key="raw_mail.id")
    piece: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    data: bytes = Field(sa_type=LargeBinary)


class MailboxPositionRow(SQLModel, table=True):
    """The position up to which a folder has been read, and the time of the first look."""

    __tablename__ = "mailbox_position"

    mailbox: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    uid_validity: int = Field(sa_type=BigInteger)
    uid: int = Field(sa_type=BigInteger)
    first_seen_at: datetime = _time()


class LeaseRow(SQLModel, table=True):
    """The holder of a piece of work, and the expiry of the lease."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = _time()


class CounterRow(SQLModel, table=True):
    """A counter, such as the last ticket number."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    value: int


class TicketRow(SQLModel, table=True):
    """The current state of a ticket (model.ticket.Ticket) and its subject."""

    __tablename__ = "ticket"
    __table_args__ = (
        _partial("ix_ticket_next_due", "next_due", where=text("next_due IS NOT NULL")),
        _partial("ix_ticket_open", "number", where=OPEN),
        _partial("ix_ticket_open_assignee", "assignee", where=OPEN),
        _partial("ix_ticket_open_requester", "requester", "number", where=OPEN),
        _partial("ix_ticket_unclassified", "number", where=UNCLASSIFIED),
        _partial("ix_ticket_closed_at", "closed_at", where=CLOSED),
        Index("ix_ticket_assignee", "assignee", "number"),
        Index("ix_ticket_event_key", "event_key", "number"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    subject: str = _text()
    requester: int = Field(foreign_key="person.id", index=True)
    source: str
    status: str = Field(index=True)
    state: str
    request_type: str
    opened_at: datetime = _time(index=True)
    updated_at: datetime = _time()
    parent: int | None = Field(default=None, foreign_key="ticket.number", index=True)
    service: str
    category: str
    sub_category: str
    impact: str
    urgency: str
    priority: str
    team: str
    assignee: int | None = Field(default=None, foreign_key="person.id")
    tags: list[str] = _json()
    relations: list[Any] = _json()
    merged_into: int | None = Field(default=None, foreign_key="ticket.number", index=True)
    back_to: str
    hold: str | None = None
    wake_due: datetime | None = _time(default=None, nullable=True)
    round: int
    resolution: str | None = None
    reopened: int
    close_due: datetime | None = _time(default=None, nullable=True)
    remind_due: datetime | None = _time(default=None, nullable=True)
    status_since: datetime | None = _time(default=None, nullable=True)
    rules_due: datetime | None = _time(default=None, nullable=True)
    closed_at: datetime | None = _time(default=None, nullable=True)
    closure_category: str
    closure_note: str = _text()
    closure_message: str | None = None
    event_key: str | None = None
    problems: list[str] = _json()
    flaps: int
    settle_due: datetime | None = _time(default=None, nullable=True)
    sla_timers: list[Any] = _json()
    next_due: datetime | None = _time(default=None, nullable=True)
    trouble: str = _text()


class WorkedTagRow(SQLModel, table=True):
    """The tags of tickets that are neither resolved nor closed.

    Rules relate tickets by tag; the ticket's own row has its tags as well.
    """

    __tablename__ = "worked_tag"

    tag: str = Field(primary_key=True)
    ticket: int = Field(primary_key=True, foreign_key="ticket.number", index=True)


class TicketPersonRow(SQLModel, table=True):
    """A participant of a ticket other than its requester."""

    __tablename__ = "ticket_person"

    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    person_id: int = Field(primary_key=True, foreign_key="person.id")


class ApprovalRow(SQLModel, table=True):
    """One approver of one round: the person's decision, and the outcome of the round."""

    __tablename__ = "approval"

    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    round: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    approver: int = Field(primary_key=True, foreign_key="person.id", index=True)
    kind: str
    level: int
    quorum: str
    said: str
    said_at: datetime | None = _time(default=None, nullable=True)
    instead_of: int | None = Field(default=None, foreign_key="person.id")
    asked_at: datetime = _time()
    outcome: str
    decided_at: datetime | None = _time(default=None, nullable=True)
    agreed: list[int] = _json()
    remind_due: datetime | None = _time(default=None, nullable=True)
    expire_due: datetime | None = _time(default=None, nullable=True)
    away_due: datetime | None = _time(default=None, nullable=True)


class MessageRow(SQLModel, table=True):
    """A message of a ticket. The whole mail, if it was one, is in the journal.

    `serial` orders messages of the same moment.
    """

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_ticket", "ticket", "at", "serial"),)

    serial: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    ticket: int = Field(foreign_key="ticket.number")
    raw_mail_id: int | None = Field(default=None, foreign_key="raw_mail.id", index=True)
    author: int | None = Field(default=None, foreign_key="person.id")
    kind: str
    proven: bool
    text: str = _text()
    message_id: str | None = Field(default=None, index=True)
    at: datetime = _time()


class AttachmentRow(SQLModel, table=True):
    """An attachment of a mail of a ticket; its bytes are read from the journal.

    `author` is stored here too, so that one index shows what a person sends repeatedly.
    """

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_author_sha256", "author", "sha256"),)

    raw_mail_id: int = Field(primary_key=True, foreign_key="raw_mail.id")
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    author: int = Field(foreign_key="person.id")
    name: str = _text()
    type: str
    seen: str
    size: int = Field(sa_type=BigInteger)
    inline: bool
    sha256: str
    content_id: str = _text()


class TicketEventRow(SQLModel, table=True):
    """An event of a ticket, its author, and how the author's identity was proven."""

    __tablename__ = "ticket_event"
    __table_args__ = (Index("ix_ticket_event_ticket", "ticket", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    ticket: int = Field(foreign_key="ticket.number")
    at: datetime = _time()
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id")
    proof: str
    cause: str
    name: str
    data: dict[str, Any] = _json()


class NoticeRow(SQLModel, table=True):
    """A notification about an SLA target to be sent; those to one person become one mail."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_due", "not_before"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    ticket: int = Field(foreign_key="ticket.number", index=True)
    metric: str
    serial: int
    level: str
    due: datetime | None = _time(default=None, nullable=True)
    not_before: datetime = _time()


class ReportRow(SQLModel, table=True):
    """The time until which a scheduled report has been sent."""

    __tablename__ = "report"

    name: str = Field(primary_key=True)
    told_until: datetime = _time()


class OutgoingRow(SQLModel, table=True):
    """A mail to one person. It is in exactly one state (outgoing.queue_port.State)."""

    __tablename__ = "outgoing"
    __table_args__ = (
        Index("ix_outgoing_recipient", "recipient", "created_at", "automatic"),
        Index("ix_outgoing_ticket", "ticket", "recipient", "created_at", "automatic"),
        _partial("ix_outgoing_due", "next_try", "id", where=text("next_try IS NOT NULL")),
        _partial("ix_outgoing_unsent", "id", where=UNSENT),
        _partial("ix_outgoing_unreported", "id", where=UNREPORTED),
        _partial("ix_outgoing_leased", "leased_until", where=text("leased_until IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    ticket: int | None = Field(default=None, foreign_key="ticket.number")
    person_id: int = Field(foreign_key="person.id")
    recipient: str
    template: str
    cause: str
    automatic: bool
    subject: str = _text()
    message_id: str = Field(index=True)
    state: str
    attempts: int
    uncertain: int
    created_at: datetime = _time()
    next_try: datetime | None = _time(default=None, nullable=True)
    leased_by: str
    leased_until: datetime | None = _time(default=None, nullable=True)
    dot_at: datetime | None = _time(default=None, nullable=True)
    sent_at: datetime | None = _time(default=None, nullable=True)
    reason: str = _text()
    reported: bool
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    files: list[list[Any]] | None = Field(default=None, sa_type=JSON, nullable=True)


class AutomaticMailRateRow(SQLModel, table=True):
    """The number of automatic mails written in a minute (minutes since 1970 in UTC).

    A trigger on `outgoing` counts them, so that nothing can bypass it. Each connection has its own
    `writer` row, so that transactions do not wait for each other (always 0 on SQLite).
    """

    __tablename__ = "automatic_mail_rate"

    minute: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    writer: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    mails: int


def _table(row: type[SQLModel]) -> Table:
    table = SQLModel.metadata.tables[str(row.__tablename__)]
    assert isinstance(table, Table)
    return table


person = _table(PersonRow)
person_address = _table(PersonAddressRow)
team = _table(TeamRow)
team_member = _table(TeamMemberRow)
raw_mail = _table(RawMailRow)
raw_bytes = _table(RawBytesRow)
mailbox_position = _table(MailboxPositionRow)
lease = _table(LeaseRow)
counter = _table(CounterRow)
ticket = _table(TicketRow)
worked_tag = _table(WorkedTagRow)
ticket_person = _table(TicketPersonRow)
approval = _table(ApprovalRow)
message = _table(MessageRow)
attachment = _table(AttachmentRow)
ticket_event = _table(TicketEventRow)
notice = _table(NoticeRow)
report = _table(ReportRow)
outgoing = _table(OutgoingRow)
automatic_mail_rate = _table(AutomaticMailRateRow)
