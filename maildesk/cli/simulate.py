"""`maildesk simulate`: predicts what this configuration will do in the coming days."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from sqlalchemy import Connection

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_store
from maildesk.cli.console.output import counted, print_json
from maildesk.cli.console.plot import bars
from maildesk.config.load import Config
from maildesk.processing.forecast import simulated_mail
from maildesk.processing.forecast.simulated_mail import Arrival
from maildesk.processing.forecast.simulation import Day, Simulation, simulation_of
from maildesk.processing.runtime import read_policy, utc_now
from maildesk.rules.compile import compile_rules
from maildesk.store import migrate, people
from maildesk.store.engine import Store


def simulate(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=366, help="Number of days to simulate.")] = 30,
    load: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Incoming mails: a file with one JSON object per line, or `journal` to repeat the "
            "mails of the last weeks. By default they are invented.",
        ),
    ] = "",
    seed: Annotated[
        int, typer.Option(help="Seed of the invented mails; equal seeds give equal mails.")
    ] = 1,
    begin: Annotated[
        datetime | None, typer.Option("--from", help="Start time in UTC instead of now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per day.")] = False,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw the days as SVG.")
    ] = None,
) -> None:
    """Show per day which mails, escalations, closures and SLA breaches to expect if nobody acts.

    It writes nothing to the database and sends nothing.
    """
    start = (begin.replace(tzinfo=UTC) if begin else utc_now()).replace(microsecond=0)
    with desk_store(ctx) as (config, store):
        if migrate.level(store) != migrate.newest():
            raise CommandFailed("the database schema is out of date: run `maildesk db upgrade`")
        run = _prepared(config, store, start, start + timedelta(days), load, seed)
        found = list(_with_progress(run, days))
    if svg is not None:
        _draw(svg, found)
    if as_json:
        for day in found:
            print_json(_told(day))
    else:
        _table(found, len(run.arrivals))


def _prepared(
    config: Config, store: Store, begin: datetime, end: datetime, load: str, seed: int
) -> Simulation:
    with store.trial() as connection:
        people.sync(connection, config.policy.people)  # as `maildesk run` does when it starts
        rules = compile_rules(config.policy.rules)
        policy = read_policy(connection, config.policy, rules)
        if load:
            coming = _loaded(connection, load, begin, end)
        else:
            coming = simulated_mail.invented(connection, policy.calendar, begin, end, seed)
    return simulation_of(store, policy, coming, begin, end, config.policy.reports.report)


def _loaded(
    connection: Connection, load: str, begin: datetime, end: datetime
) -> tuple[Arrival, ...]:
    if load == "journal":
        return simulated_mail.recorded(connection, begin, end)
    try:
        lines = Path(load).read_text("utf-8").splitlines()
        return simulated_mail.written(connection, lines, begin)
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{load}: {getattr(error, 'strerror', None) or error}") from error


def _with_progress(run: Simulation, days: int) -> Iterable[Day]:
    shown = sys.stderr.isatty()
    console = Console(stderr=True)
    return track(run.run(), "days", days, console=console, transient=True, disable=not shown)


def _told(day: Day) -> dict[str, object]:
    return {
        "date": day.date.isoformat(),
        "opened": day.opened,
        "closed": day.closed,
        "breached": day.breached,
        "failed": day.failed,
        "escalated": dict(sorted(day.escalated.items())),
        "sent": dict(sorted(day.sent.items())),
    }


def _table(days: Sequence[Day], coming: int) -> None:
    typer.echo("day         opened  closed  breached  escalated  sent")
    for day in days:
        _line(f"{day.date:%a %d %b}", day)
    total = Day(days[0].date)
    for day in days:
        total.opened += day.opened
        total.closed += day.closed
        total.breached += day.breached
        total.failed += day.failed
        total.sent += day.sent
        total.escalated += day.escalated
    _line("total", total)
    typer.echo(f"escalated: {_words(total.escalated) or 'nothing'}")
    typer.echo(
        f"{counted(coming, 'mail')} received; nobody answered, approved or resolved anything"
    )
    if total.failed:
        typer.echo(
            f"{total.failed} deadlines or mails could not be processed; see stderr for the reasons"
        )


def _line(name: str, day: Day) -> None:
    counts = f"{day.opened:6}  {day.closed:6}  {day.breached:8}  {day.escalated.total():9}"
    typer.echo(f"{name:10}  {counts}  {day.sent.total():4}  {_words(day.sent)}".rstrip())


def _words(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


def _draw(file: Path, days: Sequence[Day]) -> None:
    series = (
        ("sent", [day.sent.total() for day in days]),
        ("escalated", [day.escalated.total() for day in days]),
        ("opened", [day.opened for day in days]),
        ("closed", [day.closed for day in days]),
        ("breached", [day.breached for day in days]),
    )
    title = f"{len(days)} days from {days[0].date}"
    try:
        file.write_text(bars(title, [day.date for day in days], series), "utf-8")
    except OSError as error:
        raise CommandFailed(f"{file}: {error.strerror or error}") from error
