"""A desk that has been at work for a long time: tickets with all that belongs to them.

Two tickets are made by mail, one that is closed and one that is open, and then copied in the
database with their texts, history, outgoing mails and the mails of the journal. Each copy is a
minute older than the one before it, and of another requester.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Table, select, text, update

from maildesk.config.schema.settings import Settings
from maildesk.model.approval import Approval, Vote
from maildesk.model.cause import Choice
from maildesk.store import people, statistics, tables
from maildesk.store.tables import UtcDateTime
from tests import world as worlds
from tests.rows import write_approval
from tests.world import MONDAY, OutgoingMail, Part, World, one, settings, shipped_policy

AWAITING = 50  # mails in quarantine, and outgoing mails that failed
_STRIDE = 100  # between the journal ids of one copy and those of the next
_BYTES = 500  # of each mail, so that a large desk is made in seconds
_CLOSED, _OPEN = 1001, 1002
_FIRST_COPY = 2000

_COPY = """
INSERT INTO {table} ({names})
WITH RECURSIVE n(i) AS (SELECT CAST(:first AS INTEGER) UNION ALL
                        SELECT i + 1 FROM n WHERE i < :last)
SELECT {values} FROM {table}, n WHERE {where}
"""

# Many more than a desk has: PostgreSQL reads the whole of a table that is small.
_TAGS = "INSERT INTO worked_tag (tag, ticket) SELECT 'tag-' || number % 100, number FROM ticket"


@dataclass(frozen=True)
class Size:
    """How much a desk has. `open_` of its tickets are not closed; `kept` mails wait to be worked;
    `automatic` mails were written to one agent in the last hour."""

    tickets: int
    open_: int = 200
    kept: int = 0
    automatic: int = 0


def grown(url: str, size: Size, installation: Settings | None = None) -> World:
    """A desk of that size, on an empty database."""
    world = worlds.build(url, installation=installation or settings(), policy=shipped_policy())
    world.clock.now = MONDAY
    _closed_ticket(world)
    _open_ticket(world)
    with world.store.write() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -400000")
        sent = {"state": "sent", "next_try": None, "sent_at": MONDAY}
        connection.execute(update(tables.outgoing).values(**sent))
        _approve(connection)
        _copy_people(connection, size.tickets)
        closed = size.tickets - size.open_
        _copy_ticket(connection, _CLOSED, 1, closed)
        _copy_ticket(connection, _OPEN, closed + 1, size.tickets)
        _put_aside(connection)
        connection.execute(text(_TAGS))
        _copy_kept(connection, size.kept)
        _copy_automatic(connection, size.automatic, world)
        connection.execute(update(tables.counter).values(value=_FIRST_COPY + size.tickets + 9))
        _go_on_counting(connection)
    analyse(world)
    return world


def analyse(world: World) -> None:
    """Let the planner look at the tables: on PostgreSQL what autovacuum does."""
    statistics.refresh(world.store)
    if world.store.engine.dialect.name == "postgresql":
        with world.store.engine.connect() as plain:
            alone = plain.execution_options(isolation_level="AUTOCOMMIT")
            alone.execute(text("VACUUM ANALYZE"))


def _closed_ticket(world: World) -> None:
    """1001: asked, answered, resolved, accepted."""
    told = one(_reported(world, "It does not print."), "ann", "agent-notification")
    answered = world.writes("ann", "Which room is it in?", answering=told, trusted=True)
    world.writes("rita", "Room 7.", answering=one(answered, "rita", "reply"))
    solved = world.writes("ann", "#resolve A new cable.", answering=told, trusted=True)
    asked = one(solved, "rita", "resolution")
    world.door.act(asked.token, Choice.ACCEPT, "")
    while world.ticket(_CLOSED).closed_at is None:
        world.clock.forward(days=1)
        world.desk.tick()
    world.new_letters()


def _reported(world: World, words: str) -> list[OutgoingMail]:
    """Rita writes with a file, and with a colleague in copy."""
    copy, photo = {"Cc": "Will <will@example.org>"}, Part("photo.pdf", b"%PDF-1.7")
    return world.writes("rita", words, headers=copy, parts=[photo], trusted=True)


def _open_ticket(world: World) -> None:
    """1002: asked and answered, and the requester wrote again; its deadline is years away."""
    told = one(_reported(world, "The lift is stuck."), "ann", "agent-notification")
    answered = world.writes("ann", "Since when?", answering=told, trusted=True)
    world.writes("rita", "Since Monday.", answering=one(answered, "rita", "reply"))
    ticket = tables.ticket.c
    with world.store.write() as connection:
        far = world.clock.now + timedelta(days=3650)
        query = update(tables.ticket).where(ticket.number == _OPEN)
        connection.execute(query.values(next_due=far))


def _approve(connection: Connection) -> None:
    """Both have an approval that was given."""
    max_ = people.by_address(connection, "max@example.org").id
    votes = (Vote(max_, "approved", MONDAY),)
    approval = Approval(votes=votes, round=1, asked_at=MONDAY, outcome="approved")
    for number in (_CLOSED, _OPEN):
        write_approval(connection, number, approval)


def _copied(
    connection: Connection,
    table: Table,
    where: str,
    first: int,
    last: int,
    *,
    without: str = "",
    **changed: str,
) -> None:
    """Copies of the rows for each i of first..last; `changed` are columns as SQL."""
    if last < first:
        return
    shifted = {c.name: _earlier(connection, c.name) for c in table.c if _is_time(table, c.name)}
    columns = [c.name for c in table.c if c.name != without]
    values = [changed.get(name, shifted.get(name, f"{table.name}.{name}")) for name in columns]
    statement = _COPY.format(
        table=table.name, names=", ".join(columns), values=", ".join(values), where=where
    )
    connection.execute(text(statement), {"first": first, "last": last})


def _is_time(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, UtcDateTime)


def _earlier(connection: Connection, column: str, unit: str = "minutes") -> str:
    """The time `i` units before the one in the column."""
    if connection.dialect.name == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%S', {column}, '-' || i || ' {unit}') || '.000000'"
    return f"{column} - i * INTERVAL '1 {unit}'"


def _copy_people(connection: Connection, count: int) -> None:
    where = "person.address = 'rita@example.org'"
    address = "'rita' || i || '@example.org'"
    _copied(connection, tables.person, where, 1, count, id=f"{_STRIDE} + i", address=address)
    where = "person_address.address = 'rita@example.org'"
    person = f"{_STRIDE} + i"
    _copied(
        connection,
        tables.person_address,
        where,
        1,
        count,
        address=address,
        person_id=person,
    )


def _copy_ticket(connection: Connection, number: int, first: int, last: int) -> None:
    mine, copy = f"ticket = {number}", f"{_FIRST_COPY} + i"
    rita = "(SELECT id FROM person WHERE address = 'rita@example.org')"
    requester = f"{_STRIDE} + i"
    mail = f"{_STRIDE} * i"
    _copied(
        connection,
        tables.raw_mail,
        f"raw_mail.ticket = {number}",
        first,
        last,
        id=f"raw_mail.id + {mail}",
        ticket=copy,
        message_id="replace(message_id, '<', '<' || i || '.')",
        content_key="content_key || '-' || i",
    )
    _copied(
        connection,
        tables.raw_bytes,
        f"raw_mail_id IN (SELECT id FROM raw_mail WHERE ticket = {number})",
        first,
        last,
        raw_mail_id=f"raw_mail_id + {mail}",
        data=f"substr(data, 1, {_BYTES})",
    )
    _copied(
        connection,
        tables.ticket,
        f"number = {number}",
        first,
        last,
        number=copy,
        requester=requester,
    )
    for table in (tables.ticket_person, tables.approval):
        _copied(connection, table, mine, first, last, ticket=copy)
    _copied(
        connection,
        tables.attachment,
        f"raw_mail_id IN (SELECT id FROM raw_mail WHERE ticket = {number})",
        first,
        last,
        raw_mail_id=f"raw_mail_id + {mail}",
    )
    _copied(
        connection,
        tables.ticket_event,
        mine,
        first,
        last,
        without="id",
        ticket=copy,
        person_id=f"CASE WHEN person_id = {rita} THEN {requester} ELSE person_id END",
    )
    _copied(
        connection,
        tables.message,
        mine,
        first,
        last,
        without="serial",
        id="id || '-' || i",
        ticket=copy,
        raw_mail_id=f"raw_mail_id + {mail}",
        author=f"CASE WHEN author = {rita} THEN {requester} ELSE author END",
        message_id="replace(message_id, '<', '<' || i || '.')",
    )
    _copied(
        connection,
        tables.outgoing,
        mine,
        first,
        last,
        without="id",
        ticket=copy,
        person_id=f"CASE WHEN person_id = {rita} THEN {requester} ELSE person_id END",
        recipient=(
            "CASE WHEN recipient = 'rita@example.org' "
            "THEN 'rita' || i || '@example.org' ELSE recipient END"
        ),
        message_id="replace(message_id, '<', '<' || i || '.')",
        raw=f"substr(raw, 1, {_BYTES})",
    )


def _put_aside(connection: Connection) -> None:
    """Some mails wait for a person, and some could not be sent."""
    raw, out = tables.raw_mail.c, tables.outgoing.c
    some = select(raw.id).order_by(raw.id.desc()).limit(AWAITING).scalar_subquery()
    aside = {"state": "quarantined", "disposition": "quarantined", "reason": "too deep"}
    connection.execute(update(tables.raw_mail).where(raw.id.in_(some)).values(**aside))
    some = select(out.id).order_by(out.id.desc()).limit(AWAITING).scalar_subquery()
    failed = {"state": "failed", "reported": True, "reason": "550 no such user"}
    connection.execute(update(tables.outgoing).where(out.id.in_(some)).values(**failed))


def _copy_kept(connection: Connection, count: int) -> None:
    """Mails that wait to be worked."""
    first, last = 100_000_001, 100_000_000 + count
    _copied(
        connection,
        tables.raw_mail,
        "raw_mail.id = 1",
        first,
        last,
        id="i",
        ticket="NULL",
        message_id="NULL",
        content_key="NULL",
        disposition="NULL",
        worked_at="NULL",
        state="'kept'",
        worker="''",
        attempts="0",
        received_at="received_at",
        kept_at="kept_at",
        settled_at="settled_at",
    )
    where = "raw_mail_id = 1"
    _copied(connection, tables.raw_bytes, where, first, last, raw_mail_id="i")


def _copy_automatic(connection: Connection, count: int, world: World) -> None:
    """Automatic mails of the last hour to one agent, each about a ticket of its own."""
    if not count:
        return
    now = world.clock.now
    first = select(tables.outgoing.c.id).where(
        tables.outgoing.c.recipient == "ann@example.org", tables.outgoing.c.automatic
    )
    id_ = connection.execute(first.order_by(tables.outgoing.c.id).limit(1)).scalar_one()
    connection.execute(
        update(tables.outgoing).where(tables.outgoing.c.id == id_).values(created_at=now)
    )
    step = f"(i * 3500 / {count})"
    created = (
        f"strftime('%Y-%m-%d %H:%M:%S', created_at, '-' || {step} || ' seconds') || '.000000'"
        if connection.dialect.name == "sqlite"
        else f"created_at - {step} * INTERVAL '1 second'"
    )
    _copied(
        connection,
        tables.outgoing,
        f"outgoing.id = {id_}",
        1,
        count,
        without="id",
        ticket=f"CASE WHEN i % 2 = 0 THEN {_CLOSED} ELSE {_FIRST_COPY} + 1 + i % 900 END",
        created_at=created,
        sent_at="sent_at",
        message_id="replace(message_id, '<', '<' || i || '.')",
        raw=f"substr(raw, 1, {_BYTES})",
    )


def _go_on_counting(connection: Connection) -> None:
    """PostgreSQL counts ids apart from the rows."""
    if connection.dialect.name == "postgresql":
        for table in ("raw_mail", "person"):
            connection.execute(
                text(f"SELECT setval('{table}_id_seq', (SELECT max(id) + 1 FROM {table}))")
            )
