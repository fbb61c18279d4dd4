"""`maildesk rules`: checks the rules, tries them on a mail, and back-tests other rules."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from maildesk.cli.console.errors import FAILED, CommandFailed, complain
from maildesk.cli.console.open_desk import desk_store
from maildesk.cli.console.options import call_of, rule_faults
from maildesk.cli.console.output import counted, print_json
from maildesk.cli.console.since import so_long
from maildesk.config.load import Config, load_rules
from maildesk.config.schema.rules import Trigger
from maildesk.ingest.reading.analyse import read
from maildesk.ingest.reading.pool import ReadingPool
from maildesk.lifecycle.classification import rule_time
from maildesk.lifecycle.classification.rule_evaluation import evaluate_rules
from maildesk.lifecycle.classification.rule_trial import differences
from maildesk.lifecycle.first_event import first_event
from maildesk.model.mail import Mail
from maildesk.model.person import Person
from maildesk.model.ticket import evolve, spoken
from maildesk.processing.forecast.backtest import Backtest, Changed
from maildesk.processing.mail.message_facts import facts_of
from maildesk.processing.runtime import read_policy, utc_now
from maildesk.rules.compile import CompiledRules, compile_rules
from maildesk.rules.effects import AddTag, AskApproval, Effect, RelateTicket, RuleAction, SetField
from maildesk.rules.engine import Outcome
from maildesk.rules.facts import RuleInput
from maildesk.rules.trial import Difference
from maildesk.store import people, tickets
from maildesk.store.engine import Store
from maildesk.store.queries import worked_mails as rows

rules = typer.Typer(
    no_args_is_help=True, help="Rules: check, try on a mail, back-test on the journal."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@rules.command()
def check(ctx: typer.Context, as_json: Json = False) -> None:
    """Load the rules, check names and types, and run their tests."""
    config = call_of(ctx).config()
    written = config.policy.rules
    wrong = differences(config.policy, compile_rules(written))
    if as_json:
        counts = {"rules": len(written.rule), "tests": len(written.test)}
        print_json(counts | {"differences": [_shown(one) for one in wrong]})
    else:
        for one in wrong:
            complain(f"maildesk: test {one}")
        if not wrong:
            tests = counted(len(written.test), "test")
            typer.echo(f"{counted(len(written.rule), 'rule')} valid; {tests} passed")
    if wrong:
        raise typer.Exit(FAILED)


def _shown(one: Difference) -> dict[str, Any]:
    return {"test": one.test, "key": one.key, "expected": one.expected, "came": one.came}


@rules.command("try")
def try_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.eml")],
    number: Annotated[
        int | None,
        typer.Option(
            "--ticket", help="Try the mail as a reply to this ticket; default: a new ticket."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show for each rule whether it fires, why, and what it would set. Changes nothing."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{file}: {error.strerror or error}") from error
    with desk_store(ctx) as (config, store):
        reading = read(raw, own_domains=(config.settings.desk.domain,))
        text = reading.mail.text if number is None else reading.reply_text
        outcome = _tried(config, store, reading.mail, text, number)
    for step in outcome.steps:
        sets = [_words(effect) for effect in outcome.effects if effect.rule == step.rule]
        if as_json:
            print_json(
                {"rule": step.rule, "fired": step.fired, "reason": step.reason, "sets": sets}
            )
            continue
        typer.echo(f"{'+' if step.fired else '-'} {step.rule}\n    {step.reason}")
        for line in sets:
            typer.echo(f"    -> {line}")


def _tried(config: Config, store: Store, mail: Mail, text: str, number: int | None) -> Outcome:
    now = utc_now()
    with store.read() as connection:
        policy = read_policy(connection, config.policy, compile_rules(config.policy.rules))
        if number is None:
            requester, ticket = _sender(mail), None
            requester = people.find(connection, requester.address) or requester
        else:
            try:
                ticket, _ = tickets.load_one(connection, number, lock=False)
            except LookupError as error:
                raise CommandFailed(f"{error}") from error
            requester = people.by_id(connection, ticket.requester)
    if ticket is None:
        opened = first_event(policy, requester=requester.id, source="mail")
        ticket = evolve(None, opened, number=0, at=now)
    rule_input = RuleInput(
        mail=facts_of(mail, text),
        ticket=ticket,
        requester=requester,
        moment=rule_time.moment(policy.calendar, now),
        organisation=policy.directory.organisation_of(requester),
    )
    on: Trigger = "created" if number is None else "replied"
    return evaluate_rules(policy, on, rule_input, now)


def _sender(mail: Mail) -> Person:
    for sender in mail.senders:
        return Person(id=0, name=sender.name, address=sender.address)
    return Person(id=0, name="", address="")


def _words(effect: Effect) -> str:
    match effect:
        case SetField(field=field, value=value):
            return f"{field} = {value}"
        case AddTag(tag=tag):
            return f"tag = {tag}"
        case AskApproval(whom=whom):
            return f"ask_approval = {whom}"
        case RelateTicket(relate=relate, other=other):
            return f"relate = {relate.as_} of {spoken(other)}"
        case RuleAction(action=action, value=value):
            return f"{action} = {value}"


@rules.command()
def backtest(
    ctx: typer.Context,
    since: Annotated[str, typer.Option(metavar="30d", help="Period to test: 12h, 30d, 4w.")],
    other: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="OTHER.toml",
            help="The rules to compare; default: the current rules.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the tickets that other rules would have set differently, field by field.

    The mails of the journal are read again and both sets of rules are evaluated for each. Without
    --rules, the current rules are compared with what really happened. Changes nothing.
    """
    with desk_store(ctx) as (config, store):
        begin = utc_now() - so_long(since)
        theirs = compile_rules(load_rules(other, config.policy, rule_faults)) if other else None
        differing, mails = set(), 0
        left_out: Counter[str] = Counter()
        for changes in _run(config, store, theirs, begin, left_out):
            mails += 1
            differing |= {change.ticket or f"mail {change.mail}" for change in changes}
            for change in changes:
                _print(change, as_json)
    if not as_json:
        what = "with both rule sets" if other else "with the current rules"
        typer.echo(
            f"{counted(mails, 'mail')} evaluated {what}; "
            f"{counted(len(differing), 'ticket')} would differ"
        )
    if left_out:
        causes = ", ".join(f"{count} {cause}" for cause, count in sorted(left_out.items()))
        typer.echo(f"not evaluated, because no mail caused them: {causes}", err=True)


def _run(
    config: Config,
    store: Store,
    theirs: CompiledRules | None,
    begin: datetime,
    left_out: Counter[str],
) -> Iterator[tuple[Changed, ...]]:
    with store.read() as connection:
        policy = read_policy(connection, config.policy, compile_rules(config.policy.rules))
        ids = rows.ids_since(connection, begin)
    limits = config.settings.limits
    with ReadingPool(
        max(1, os.cpu_count() or 1),
        wall_seconds=limits.read_seconds,
        memory_bytes=limits.read_megabytes << 20,
        own_domains=(config.settings.desk.domain,),
    ) as readers:
        whole = Backtest(store, policy, theirs, readers, left_out)
        for _, changes in _with_progress(whole.run(ids), len(ids)):
            yield changes


def _with_progress(
    steps: Iterable[tuple[int, tuple[Changed, ...]]], total: int
) -> Iterable[tuple[int, tuple[Changed, ...]]]:
    shown = sys.stderr.isatty()
    console = Console(stderr=True)
    return track(steps, "evaluating", total, console=console, transient=True, disable=not shown)


def _print(change: Changed, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ticket": change.ticket,
                "mail": change.mail,
                "field": change.field,
                "now": _plain(change.now),
                "then": _plain(change.then),
            }
        )
        return
    which = "no ticket" if change.ticket is None else spoken(change.ticket)
    typer.echo(
        f"{which}  {change.field}: {_value(change.now)} -> {_value(change.then)}"
        f"  (mail {change.mail})"
    )


def _plain(value: Any) -> Any:
    """The value with a type that JSON supports; a relation becomes text."""
    return value if isinstance(value, str | int | tuple | None) else str(value)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return str(value) if value not in (None, "") else "-"
