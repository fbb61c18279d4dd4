"""`maildesk report`: ticket counts and SLA figures, on the command line and by mail."""

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import timedelta
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.open_desk import desk_runtime
from maildesk.cli.console.output import print_json, shown
from maildesk.cli.console.since import so_long
from maildesk.messages.dates import hours
from maildesk.model.person import Person
from maildesk.model.report import Count, Issue, Period, SlaCounts, SlaFigures, Summary
from maildesk.model.ticket import spoken
from maildesk.processing import report_data
from maildesk.processing.clock import scheduled_reports
from maildesk.processing.runtime import Runtime
from maildesk.store import people

report = typer.Typer(
    no_args_is_help=True, help="Reports: ticket counts, SLA figures, reports by mail."
)
Since = Annotated[str, typer.Option(metavar="30d", help="Reporting period: 12h, 30d, 4w.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")]
_LINES = 20  # requesters, categories and issues shown to people; JSON and CSV contain all
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | None


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table for people; numbers are right-aligned."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@report.command()
def summary(
    ctx: typer.Context, since: Since = "30d", as_json: Json = False, as_csv: Csv = False
) -> None:
    """Count tickets by state, requester and category, and list frequent issues."""
    length = _length(since, as_json, as_csv)
    with desk_runtime(ctx) as runtime, runtime.store.read() as connection:
        found = report_data.summary(connection, _until_now(runtime, length))
    if as_csv:
        _print_csv(("table", "name", "tickets"), _long(found))
    elif as_json:
        print_json(shown(found))
    else:
        _print_sheets(_of_summary(found))


@report.command()
def sla(
    ctx: typer.Context, since: Since = "30d", as_json: Json = False, as_csv: Csv = False
) -> None:
    """Count SLA targets by outcome, with percentiles of the time used."""
    length = _length(since, as_json, as_csv)
    with desk_runtime(ctx) as runtime, runtime.store.read() as connection:
        found = report_data.sla_figures(runtime.policy.sla, connection, _until_now(runtime, length))
    if as_csv:
        _print_csv(tuple(f.name for f in fields(SlaCounts)), map(astuple, found.lines))
    elif as_json:
        print_json(shown(found))
    else:
        _print_sheets(_of_sla(found))


@report.command()
def scheduled(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List the reports that are sent by mail, with recipients and next time."""
    with desk_runtime(ctx) as runtime:
        for one in runtime.reports:
            at = scheduled_reports.next_time(runtime, one)
            if as_json:
                print_json({"name": one.name, "to": one.to, "every": one.every, "next": shown(at)})
            else:
                next_ = f"{at:%a %d %b %H:%M %Z}" if at else "not within two months"
                typer.echo(f"{next_}  {one.name} (every {one.every}) to {', '.join(one.to)}")


@report.command()
def send(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a report in reports.toml.")],
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Send it to this person only.")
    ] = "",
) -> None:
    """Send a report by mail now. It covers the time since it was last due.

    The regular report is still sent on schedule.
    """
    with desk_runtime(ctx) as runtime:
        wanted = next((one for one in runtime.reports if one.name == name), None)
        if wanted is None:
            known = ", ".join(one.name for one in runtime.reports)
            remedy = (
                f"configured reports: {known}"
                if known
                else "add a [[report]] to config/reports.toml"
            )
            raise CommandFailed(f"unknown report {name}: {remedy}")
        unsent = scheduled_reports.send_now(runtime, wanted, _recipient(runtime, to))
    if unsent:
        raise CommandFailed("; ".join(why for step in unsent for why in map(str, step.rejected)))
    typer.echo("report queued; `maildesk run` sends it")


def _recipient(runtime: Runtime, address: str) -> Person | None:
    if not address:
        return None
    with runtime.store.read() as connection:
        person = people.find(connection, address)
    if person is None:
        raise CommandFailed(
            f"no known person has the address {address}: add a [[person]] to people.toml"
        )
    return person


def _until_now(runtime: Runtime, length: timedelta) -> Period:
    now = runtime.clock()
    return Period(now - length, now)


def _length(since: str, as_json: bool, as_csv: bool) -> timedelta:
    if as_json and as_csv:
        raise typer.BadParameter("use --json or --csv, not both")
    return so_long(since)


def _of_summary(found: Summary) -> Iterator[_Sheet]:
    counts = (("open", found.open), ("on hold", found.on_hold))
    yield _Sheet("Now", ("tickets", ""), counts)
    counts = (("opened", found.opened), ("closed", found.closed))
    yield _Sheet(f"Since {found.since:%Y-%m-%d %H:%M %Z}", ("tickets", ""), counts)
    yield _counted("requester", found.requesters)
    yield _counted("category", found.categories)
    issues = tuple((one.subject, one.tickets, _newest(one)) for one in found.issues[:_LINES])
    title = _cut("Frequent issues", len(found.issues))
    yield _Sheet(title, ("subject", "tickets", "newest"), issues)


def _counted(what: str, counts: Sequence[Count]) -> _Sheet:
    rows = tuple((one.name or "-", one.tickets) for one in counts[:_LINES])
    return _Sheet(_cut(f"By {what}", len(counts)), (what, "tickets"), rows)


def _cut(title: str, rows: int) -> str:
    return f"{title} (the first {_LINES} of {rows})" if rows > _LINES else title


def _newest(issue: Issue) -> str:
    return ", ".join(spoken(number) for number in issue.numbers[:-4:-1])


def _of_sla(found: SlaFigures) -> Iterator[_Sheet]:
    counted = ("achieved", "breached", "cancelled", "running", "50 %", "90 %", "95 %")
    since = f"since {found.since:%Y-%m-%d %H:%M %Z}"
    rows = tuple((one.metric, *_counts(one)) for one in found.metrics)
    yield _Sheet(f"SLA {since}", ("metric", *counted), rows)
    rows = tuple(
        (one.metric, one.profile or "-", one.team or "-", *_counts(one)) for one in found.lines
    )
    yield _Sheet("By profile and team", ("metric", "profile", "team", *counted), rows)


def _counts(one: SlaCounts) -> tuple[Cell, ...]:
    took = (hours(p) if p is not None else "-" for p in (one.p50, one.p90, one.p95))
    return one.achieved, one.breached, one.cancelled, one.running, *took


def _long(found: Summary) -> Iterator[tuple[Cell, ...]]:
    """All tables of the summary as rows of a single table."""
    for name in ("open", "on_hold", "opened", "closed"):
        yield "tickets", name, getattr(found, name)
    for table, counts in (("requester", found.requesters), ("category", found.categories)):
        yield from ((table, one.name, one.tickets) for one in counts)
    yield from (("issue", one.subject, one.tickets) for one in found.issues)


def _print_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(head)
    for row in rows:
        out.writerow([_harmless(cell) for cell in row])


def _harmless(cell: Cell) -> Cell:
    """The cell quoted if a spreadsheet could take it for a formula; strangers write subjects."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _print_sheets(sheets: Iterable[_Sheet]) -> None:
    console = Console()
    for place, sheet in enumerate(sheets):
        if console.is_terminal:
            console.print(Text(sheet.title, style="bold"), _pretty(sheet), sep="\n")
        else:
            typer.echo("\n" * bool(place) + "\n".join(_plain(sheet)))


def _pretty(sheet: _Sheet) -> Table:
    table = Table(box=SIMPLE)
    for place, name in enumerate(sheet.head):
        number = any(isinstance(row[place], int) for row in sheet.rows)
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in sheet.rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    return table


def _plain(sheet: _Sheet) -> Iterator[str]:
    lines = [sheet.head, *(tuple(str(cell) for cell in row) for row in sheet.rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(sheet.head))]
    yield sheet.title
    if not sheet.rows:
        yield "  none"
        return
    for line in lines:
        yield "  " + "  ".join(map(str.ljust, line, widths)).rstrip()
