"""`maildesk check`: is the configuration right, and do the servers behind it answer?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from maildesk.cli.console.errors import FAILED, WRONG_USE, complain, show_mark
from maildesk.cli.console.options import call_of
from maildesk.cli.console.output import print_json
from maildesk.config.load import Config, ConfigErrors
from maildesk.ingest.servers.imap import probe
from maildesk.lifecycle.approvals.approvers import MANAGER, MANAGERS_MANAGER
from maildesk.model.finding import Finding
from maildesk.model.ticket import spoken
from maildesk.outgoing.delivery.smtp_login import probe as smtp_probe
from maildesk.store import migrate, people
from maildesk.store.engine import Store, choose_sqlite, open_store
from maildesk.store.queries import counts

_NAMED = 5  # people, or tickets, that a finding names

Probe = Callable[[Config], Iterable[Finding]]


def _mailboxes(config: Config) -> Iterator[Finding]:
    for mailbox in config.settings.mailbox:
        key = f"mailbox {mailbox.name}"
        for seen in probe.probe(mailbox):
            yield Finding(key=key, what=seen.what, remedy=seen.mend, good=seen.good)


def _smtp(config: Config) -> Iterator[Finding]:
    findings = smtp_probe(config.settings.smtp)
    yield from findings
    if all(finding.good for finding in findings):
        where = f"{config.settings.smtp.host}:{config.settings.smtp.port}"
        yield Finding(key="smtp", what=f"{where} takes our login", good=True)


def _database(config: Config) -> Iterator[Finding]:
    store = open_store(config.settings.database)
    try:
        at, needed = migrate.level(store), migrate.newest()
    finally:
        store.close()
    if at is not None and at != needed:
        yield Finding(
            key="database",
            what=f"at level {at}, this maildesk needs {needed}",
            remedy="run `maildesk db upgrade`",
        )
        return
    engine = store.engine.dialect.name
    if engine == "sqlite":
        choice = choose_sqlite()
        mode = "write-ahead log" if choice.wal else "rollback journal (its log is not safe)"
        engine = f"SQLite {choice.version}, {mode}"
    level = f"level {at}" if at else "empty; `maildesk run` fills it"
    yield Finding(key="database", what=f"{engine}, {level}", good=True)


def _directory(config: Config) -> Iterator[Finding]:
    """What the database knows of people: who came by an import, and who has left."""
    store = open_store(config.settings.database)
    try:
        if migrate.level(store) != migrate.newest():
            return
        with store.read() as connection:
            imported = people.imported(connection).values()
        yield from _unmanaged(config, [one.name for one in imported if one.manager is None])
        yield from _left_behind(store, config)
    finally:
        store.close()


def _left_behind(store: Store, config: Config) -> Iterator[Finding]:
    """Open tickets of somebody who is in no team any more."""
    members = {member.casefold() for team in config.policy.people.team for member in team.members}
    with store.read() as connection:
        assigned = counts.assigned(connection)
    for address, numbers in assigned.items():
        if address.casefold() not in members:
            which = ", ".join(map(spoken, numbers[:_NAMED])) + (" ..." if numbers[_NAMED:] else "")
            yield Finding(
                key="tickets",
                what=f"{address} is in no team and has {len(numbers)} open tickets: {which}",
                remedy="`maildesk ticket set NUMBER assign=AGENT --as ADDRESS` hands one over",
            )


PROBES: dict[str, Probe] = {
    "imap": _mailboxes,
    "smtp": _smtp,
    "database": _database,
    "directory": _directory,
}
"""What `--online` asks, in this order. A probe says what it found, good or bad, and how to
mend the bad; it hides no error of a server behind an exception."""


def check(
    ctx: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Log in to the servers and look at the database.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One finding a line.")] = False,
) -> None:
    """Say everything that is wrong with the configuration, and how to mend it."""
    try:
        config = call_of(ctx).config()
    except ConfigErrors as error:
        _report(error.findings, as_json)
        raise typer.Exit(WRONG_USE) from None
    probed = tuple(found for name in PROBES for found in _probed(name, config)) if online else ()
    alone = [one.name for one in config.policy.people.person if one.manager is None]
    findings = (*_unmanaged(config, alone), *probed)
    _report(findings, as_json)
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAILED)
    if not as_json:
        typer.echo(_all_well(config, online))


def _unmanaged(config: Config, alone: Sequence[str]) -> Iterator[Finding]:
    """People whose requests no manager of theirs can approve: the fallback does, or nobody."""
    approvals = config.policy.approvals
    asked = {word for kind in approvals.kinds for level in kind.level for word in level.approvers}
    if not alone or not asked & {MANAGER, MANAGERS_MANAGER}:
        return
    names = ", ".join(alone[:_NAMED]) + (", ..." if len(alone) > _NAMED else "")
    what = f"approves for {len(alone)} without a reporting manager: {names}"
    if approvals.fallback is not None:
        yield Finding(key="people", what=f"{approvals.fallback} {what}", good=True)
        return
    remedy = "name a `fallback` in approvals.toml, or their `manager` in people.toml"
    yield Finding(key="people", what=f"nobody {what}", remedy=remedy)


def _probed(name: str, config: Config) -> tuple[Finding, ...]:
    """A probe that fails itself is a finding: the others still run."""
    try:
        return tuple(PROBES[name](config))
    except Exception as error:
        return (Finding(key=name, what=f"{type(error).__name__}: {error}"),)


def _report(findings: Iterable[Finding], as_json: bool) -> None:
    for finding in findings:
        if as_json:
            print_json(asdict(finding))
        elif finding.good:
            typer.echo(str(finding))
        else:
            complain(str(finding))
            show_mark(finding.marked)


def _all_well(config: Config, online: bool) -> str:
    counts = {
        "mailbox": len(config.settings.mailbox),
        "listener": len(config.settings.listener),
        "person": len(config.policy.people.person),
        "rule": len(config.policy.rules.rule),
    }
    read = ", ".join(f"{count} [[{table}]]" for table, count in counts.items())
    asked = f"; asked: {', '.join(PROBES)}" if online else "; --online asks the servers as well"
    return f"no fault found: {read}{asked}"
