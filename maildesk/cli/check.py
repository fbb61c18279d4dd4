"""`maildesk check`: checks the configuration and, with --online, the servers it names."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from maildesk.cli.console.errors import FAILED, WRONG_USE, complain, show_mark
from maildesk.cli.console.options import call_of
from maildesk.cli.console.output import counted, print_json
from maildesk.config.checks.first_day import first_day_advice
from maildesk.config.load import Config, ConfigErrors
from maildesk.ingest.servers.imap import probe
from maildesk.lifecycle.approvals.approvers import MANAGER, MANAGERS_MANAGER
from maildesk.model.finding import Finding
from maildesk.model.ticket import spoken
from maildesk.outgoing.delivery.smtp_login import probe as smtp_probe
from maildesk.store import migrate, people
from maildesk.store.engine import Store, choose_sqlite, open_store
from maildesk.store.queries import counts

_NAMED = 5  # a finding names at most this many people or tickets

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
        yield Finding(key="smtp", what=f"{where} accepts the login", good=True)


def _database(config: Config) -> Iterator[Finding]:
    store = open_store(config.settings.database)
    try:
        at, needed = migrate.level(store), migrate.newest()
    finally:
        store.close()
    if at is not None and at != needed:
        yield Finding(
            key="database",
            what=f"the schema version is {at}, but this maildesk needs {needed}",
            remedy="run `maildesk db upgrade`",
        )
        return
    engine = store.engine.dialect.name
    if engine == "sqlite":
        choice = choose_sqlite()
        mode = "write-ahead log" if choice.wal else "rollback journal (write-ahead log unsafe)"
        engine = f"SQLite {choice.version}, {mode}"
    level = f"schema version {at}" if at else "empty; `maildesk run` creates the tables"
    yield Finding(key="database", what=f"{engine}, {level}", good=True)


def _directory(config: Config) -> Iterator[Finding]:
    """Imported people without a manager, and open tickets of former agents."""
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
    """Open tickets whose assignee is no longer a member of any team."""
    members = {member.casefold() for team in config.policy.people.team for member in team.members}
    with store.read() as connection:
        assigned = counts.assigned(connection)
    for address, numbers in assigned.items():
        if address.casefold() not in members:
            which = ", ".join(map(spoken, numbers[:_NAMED])) + (" ..." if numbers[_NAMED:] else "")
            yield Finding(
                key="tickets",
                what=f"{address} is not in any team but has "
                f"{counted(len(numbers), 'open ticket')}: {which}",
                remedy="reassign each with `maildesk ticket set NUMBER assign=AGENT --as ADDRESS`",
            )


PROBES: dict[str, Probe] = {
    "imap": _mailboxes,
    "smtp": _smtp,
    "database": _database,
    "directory": _directory,
}
"""The checks of `--online`, in this order. A probe yields findings, good or bad, with a remedy for
each bad one; an error that a server reports is a finding, not an exception."""


def check(
    ctx: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Also log in to the servers and check the database.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per finding.")
    ] = False,
) -> None:
    """Report every error in the configuration, and how to fix it."""
    try:
        config = call_of(ctx).config()
    except ConfigErrors as error:
        _report(error.findings, as_json)
        raise typer.Exit(WRONG_USE) from None
    probed = tuple(found for name in PROBES for found in _probed(name, config)) if online else ()
    alone = [one.name for one in config.policy.people.person if one.manager is None]
    findings = (*first_day_advice(config.settings), *_unmanaged(config, alone), *probed)
    _report(findings, as_json)
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAILED)
    if not as_json:
        typer.echo(_all_well(config, online))


def _unmanaged(config: Config, alone: Sequence[str]) -> Iterator[Finding]:
    """People without a reporting manager: the fallback approves their requests, or nobody does."""
    approvals = config.policy.approvals
    asked = {word for kind in approvals.kinds for level in kind.level for word in level.approvers}
    if not alone or not asked & {MANAGER, MANAGERS_MANAGER}:
        return
    names = ", ".join(alone[:_NAMED]) + (", ..." if len(alone) > _NAMED else "")
    who = counted(len(alone), "person", "people")
    what = f"approves for {who} without a reporting manager: {names}"
    if approvals.fallback is not None:
        yield Finding(key="people", what=f"{approvals.fallback} {what}", good=True)
        return
    remedy = "set `fallback` in approvals.toml, or their `manager` in people.toml"
    yield Finding(key="people", what=f"nobody {what}", remedy=remedy)


def _probed(name: str, config: Config) -> tuple[Finding, ...]:
    """A probe that raises becomes a finding, and the other probes still run."""
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
    online_note = (
        f"; checked online: {', '.join(PROBES)}" if online else "; --online also checks the servers"
    )
    return f"no errors found: {read}{online_note}"
