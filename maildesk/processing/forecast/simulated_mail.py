"""The mails of a simulation: invented from a seed, those of the last weeks again, or a file's."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.model.mail import address_key
from maildesk.model.person import Person
from maildesk.store import people
from maildesk.store.queries import simulation_start

LOOK_BACK = timedelta(weeks=4)
_FIELDS = ("at", "sender", "subject", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail that comes in and belongs to no ticket yet."""

    at: datetime
    sender: Person
    subject: str
    text: str


def invented(
    connection: Connection, calendar: Calendar, begin: datetime, end: datetime, seed: int
) -> tuple[Arrival, ...]:
    """As many in a business hour as in the weeks before `begin`, at random times, each with the
    sender and the words of one of those. None where none came."""
    known = simulation_start.requests(connection, begin - LOOK_BACK, begin)
    worked = calendar.worked(begin - LOOK_BACK, begin)
    if not known or not worked:
        return ()
    senders = people.by_ids(connection, {one.requester for one in known})
    source = random.Random(seed)
    found = []
    for at in _times(calendar, begin, end, worked / len(known), source):
        one = source.choice(known)
        sender = senders[one.requester]
        found.append(Arrival(at=at, sender=sender, subject=one.subject, text=one.text))
    return tuple(found)


def _times(
    calendar: Calendar, begin: datetime, end: datetime, between: timedelta, source: random.Random
) -> Iterator[datetime]:
    at = begin
    while (at := calendar.add(at, between * source.expovariate(1.0))) < end:
        yield at


def recorded(connection: Connection, begin: datetime, end: datetime) -> tuple[Arrival, ...]:
    """Those that opened tickets before `begin`, whole weeks later: a Monday's come on a Monday."""
    weeks = timedelta(weeks=-(-(end - begin).days // 7))
    known = simulation_start.requests(connection, begin - weeks, end - weeks)
    senders = people.by_ids(connection, {one.requester for one in known})
    return tuple(
        Arrival(
            at=one.at + weeks, sender=senders[one.requester], subject=one.subject, text=one.text
        )
        for one in known
    )


def written(connection: Connection, lines: Iterable[str], begin: datetime) -> tuple[Arrival, ...]:
    """Those of a file, one JSON object a line. Raises ValueError with the line that is wrong."""
    strangers: dict[str, Person] = {}
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        at, address, subject, text = _read(number, line)
        if at < begin:
            raise ValueError(f"line {number}: {at.isoformat()} is in the past")
        sender = people.find(connection, address)
        if sender is None:
            unknown = Person(id=-1 - len(strangers), name=address, address=address)
            sender = strangers.setdefault(address_key(address), unknown)
        found.append(Arrival(at=at, sender=sender, subject=subject, text=text))
    return tuple(sorted(found, key=lambda one: one.at))


def _read(number: int, line: str) -> tuple[datetime, str, str, str]:
    try:
        values = json.loads(line)
        at, sender, subject, text = (str(values[name]) for name in _FIELDS)
        when = datetime.fromisoformat(at)
    except (ValueError, KeyError, TypeError) as error:
        needed = ", ".join(_FIELDS)
        raise ValueError(f"line {number}: not an object with {needed}: {error}") from error
    return when if when.tzinfo else when.replace(tzinfo=UTC), sender, subject, text
