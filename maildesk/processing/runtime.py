"""What the desk works with: the database, the policy, and who we are. Wired once at the start."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_bytes

from sqlalchemy import Connection

from maildesk.config.schema.people import Absence
from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.config.schema.reports import ScheduledReport
from maildesk.config.schema.settings import Settings
from maildesk.ingest.intent.monitoring_signal import Watch, watches
from maildesk.lifecycle.classification.rule_time import office_hours
from maildesk.lifecycle.policy import Directory, Policy
from maildesk.model.ids import new_id
from maildesk.model.mail import address_key
from maildesk.outgoing.compose import Composer, SenderIdentity
from maildesk.rules.compile import CompiledRules, compile_rules
from maildesk.store import people
from maildesk.store.engine import Store
from maildesk.store.lease import this_process


def utc_now() -> datetime:
    """The time of day, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that work on a mail, a click or a deadline needs."""

    store: Store
    settings: Settings
    policy: Policy
    composer: Composer
    keys: tuple[bytes, ...]
    holder: str
    watches: Mapping[str, Watch]
    reports: tuple[ScheduledReport, ...]
    clock: Callable[[], datetime] = utc_now
    random: Callable[[int], bytes] = token_bytes

    def new_id(self, now: datetime) -> str:
        """A fresh id for a message."""
        return new_id(now, self.random(10))


def open_runtime(
    settings: Settings,
    files: PolicyFiles,
    store: Store,
    *,
    clock: Callable[[], datetime] = utc_now,
    random: Callable[[int], bytes] = token_bytes,
    part: str = "",
) -> Runtime:
    """Bring people and teams into the database and compile the rules.

    Raises rules.compile.RuleErrors where a rule cannot be compiled. `part` tells apart
    two desks of one process.
    """
    with store.write() as connection:
        people.sync(connection, files.people)
        policy = read_policy(connection, files, compile_rules(files.rules))
    keys = settings.secrets.keys()
    base_url = settings.web.base_url if settings.web.enabled else None
    zone = policy.sla.calendar_named(None).zone
    house = SenderIdentity(settings.desk, base_url, keys, files.approvals.link_days, zone)
    holder = str(this_process(part))
    return Runtime(
        store,
        settings,
        policy,
        Composer(house, files.mail_templates),
        keys,
        holder,
        watches(files.monitoring),
        files.reports.report,
        clock,
        random,
    )


def read_policy(connection: Connection, files: PolicyFiles, rules: CompiledRules) -> Policy:
    """The policy with the people that the database knows. Writes nothing."""
    return Policy.of(files, rules, _directory(connection, files))


def _directory(connection: Connection, files: PolicyFiles) -> Directory:
    named = {lead for team in files.people.team for lead in team.leads}
    named |= {address for rule in files.rules.rule for address in rule.then.watch}
    levels = (level for kind in files.approvals.approval for level in kind.level)
    named |= {word for level in levels for word in level.approvers}
    named |= {entry.delegate for entry in files.people.person if entry.delegate}
    named |= {entry.address for entry in files.people.person}
    known = people.addresses(connection, named)
    leads = (
        (team.name, known[lead.casefold()])
        for team in files.people.team
        for lead in team.leads
        if lead.casefold() in known
    )
    return Directory(
        teams=people.teams(connection),
        fallback_approver=_fallback(connection, files),
        leads=frozenset(leads),
        known=known,
        organisations=files.people.organisation,
        levels={team.name: team.level for team in files.people.team},
        absences=_absences(connection, files),
        staff=people.by_ids(connection, known.values()) | people.imported(connection),
        delegates=dict(_delegates(files, known)),
        no_acknowledgement=frozenset(
            address_key(one) for one in files.people.senders.no_acknowledgement
        ),
        domains=tuple(domain.casefold() for domain in files.people.senders.domains),
        groups=dict(_groups(files, known)),
        zone=office_hours(files).zone,
    )


def _groups(files: PolicyFiles, known: dict[str, int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for group in files.people.group:
        members = (known.get(address_key(address)) for address in group.members)
        yield group.name, tuple(member for member in members if member is not None)


def _delegates(files: PolicyFiles, known: dict[str, int]) -> Iterator[tuple[int, int]]:
    for entry in files.people.person:
        person, delegate = (
            known.get(address_key(a or "")) for a in (entry.address, entry.delegate)
        )
        if person is not None and delegate is not None:
            yield person, delegate


def _absences(connection: Connection, files: PolicyFiles) -> dict[int, tuple[Absence, ...]]:
    away = [entry for entry in files.people.person if entry.absence]
    found = {one.address: people.find(connection, one.address) for one in away}
    return {p.id: one.absence for one in away if (p := found[one.address]) is not None}


def _fallback(connection: Connection, files: PolicyFiles) -> int | None:
    if files.approvals.fallback is None:
        return None
    person = people.find(connection, files.approvals.fallback)
    return person.id if person else None
