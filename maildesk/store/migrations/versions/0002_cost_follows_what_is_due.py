"""Cost follows what is due: indexes for what is looked for, the rate of automatic mails, and the
tags of tickets that are being worked on"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_CHANGED = {
    "ix_ticket_assignee": ("ticket", ["assignee", "number"]),
    "ix_ticket_event_key": ("ticket", ["event_key", "number"]),
    "ix_message_ticket": ("message", ["ticket", "at", "serial"]),
    "ix_ticket_event_ticket": ("ticket_event", ["ticket", "id"]),
    "ix_outgoing_ticket": ("outgoing", ["ticket", "recipient", "created_at", "automatic"]),
}
_NEW = {
    "ix_team_member_person_id": ("team_member", ["person_id"]),
    "ix_raw_mail_received_at": ("raw_mail", ["received_at"]),
    "ix_raw_mail_message_id": ("raw_mail", ["message_id"]),
    "ix_ticket_opened_at": ("ticket", ["opened_at"]),
}
_NEW_PARTIAL = {
    "ix_raw_mail_tried": ("raw_mail", ["id"], "state = 'kept' AND attempts > 0"),
    "ix_raw_mail_awaiting_person": (
        "raw_mail",
        ["id"],
        "(state = 'quarantined' OR (disposition = 'held' AND ticket IS NULL))",
    ),
    "ix_raw_mail_turned_away": (
        "raw_mail",
        ["received_at"],
        "(ticket IS NULL AND disposition IN ('refused', 'quarantined'))",
    ),
    "ix_ticket_open": ("ticket", ["number"], "closed_at IS NULL"),
    "ix_ticket_open_requester": ("ticket", ["requester", "number"], "closed_at IS NULL"),
    "ix_ticket_unclassified": (
        "ticket",
        ["number"],
        "(service = '' OR category = '' OR impact = '' OR urgency = '')",
    ),
    "ix_ticket_closed_at": ("ticket", ["closed_at"], "closed_at IS NOT NULL"),
    "ix_outgoing_due": ("outgoing", ["next_try", "id"], "next_try IS NOT NULL"),
    "ix_outgoing_unsent": ("outgoing", ["id"], "state <> 'sent'"),
}

# The unit of PostgreSQL's trigger is the statement: many rows that one INSERT brings are one
# upsert. SQLite has triggers for each row alone.
_COUNT_ON_SQLITE = """
CREATE TRIGGER count_automatic_mail AFTER INSERT ON outgoing WHEN NEW.automatic BEGIN
  INSERT INTO automatic_mail_rate (minute, writer, mails)
  VALUES (CAST(strftime('%s', NEW.created_at) AS INTEGER) / 60, 0, 1)
  ON CONFLICT (minute, writer) DO UPDATE SET mails = mails + 1;
END
"""
_COUNT_ON_POSTGRESQL = """
CREATE FUNCTION count_automatic_mail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO automatic_mail_rate AS known (minute, writer, mails)
  SELECT floor(extract(epoch FROM created_at) / 60)::integer, pg_backend_pid(), count(*)
  FROM fresh WHERE automatic GROUP BY 1
  ON CONFLICT (minute, writer) DO UPDATE SET mails = known.mails + excluded.mails;
  RETURN NULL;
END $$;
CREATE TRIGGER count_automatic_mail AFTER INSERT ON outgoing
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_automatic_mail()
"""
_MINUTE = {
    "sqlite": "CAST(strftime('%s', created_at) AS INTEGER) / 60",
    "postgresql": "CAST(floor(extract(epoch FROM created_at) / 60) AS INTEGER)",
}


def upgrade() -> None:
    _indexes()
    _rate()
    _worked_tags()


def _indexes() -> None:
    op.drop_index("ix_outgoing_created_at", "outgoing")
    op.drop_index("ix_outgoing_due", "outgoing")
    for name, (table, _) in _CHANGED.items():
        op.drop_index(name, table)
    for name, (table, columns) in (_CHANGED | _NEW).items():
        op.create_index(name, table, columns)
    for name, (table, columns, where) in _NEW_PARTIAL.items():
        condition = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _rate() -> None:
    op.create_table(
        "automatic_mail_rate",
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("writer", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "writer", name="pk_automatic_mail_rate"),
    )
    dialect = op.get_bind().dialect.name
    op.execute(
        "INSERT INTO automatic_mail_rate (minute, writer, mails) "
        f"SELECT {_MINUTE[dialect]}, 0, count(*) FROM outgoing WHERE automatic GROUP BY 1"
    )
    counting = _COUNT_ON_SQLITE if dialect == "sqlite" else _COUNT_ON_POSTGRESQL
    op.get_bind().exec_driver_sql(counting)


def _worked_tags() -> None:
    worked_tag = op.create_table(
        "worked_tag",
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_worked_tag_ticket"),
        sa.PrimaryKeyConstraint("tag", "ticket", name="pk_worked_tag"),
    )
    op.create_index("ix_worked_tag_ticket", "worked_tag", ["ticket"])
    ticket = sa.table(
        "ticket",
        sa.column("number"),
        sa.column("tags", sa.JSON()),
        sa.column("state"),
        sa.column("closed_at"),
    )
    worked = sa.select(ticket.c.number, ticket.c.tags).where(
        ticket.c.closed_at.is_(None), ticket.c.state != "Resolved"
    )
    rows = [
        {"tag": tag, "ticket": number}
        for number, tags in op.get_bind().execute(worked)
        for tag in dict.fromkeys(tags)
    ]
    if rows:
        op.bulk_insert(worked_tag, rows)
