"""What 500 rules cost a mail: `.venv/bin/python bench/rules.py` prints one JSON line.

The time is from a mail that is read to the outcome of every rule: the facts are built, all
patterns asked, all rules looked at, and what fired is applied so that later rules see it. Six in
ten rules look for a pattern in the subject, two for one in the text of 1.3 kB, the others compare
fields; about one in fifty fires. `fired` counts them, so that nobody measures rules that sleep.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.mails import SEED, mails  # noqa: E402
from maildesk.config.schema.rules import Relate, Rules  # noqa: E402
from maildesk.config.schema.sla_notation import read_week  # noqa: E402
from maildesk.ingest.reading.analyse import read  # noqa: E402
from maildesk.lifecycle.classification import rule_time  # noqa: E402
from maildesk.lifecycle.sla.business_hours import Calendar  # noqa: E402
from maildesk.model.cause import Facts  # noqa: E402
from maildesk.model.mail import Mail  # noqa: E402
from maildesk.model.person import Person  # noqa: E402
from maildesk.model.ticket import Ticket  # noqa: E402
from maildesk.rules.compile import CompiledRules, compile_rules  # noqa: E402
from maildesk.rules.effects import AddTag, Effect  # noqa: E402
from maildesk.rules.engine import run  # noqa: E402
from maildesk.rules.facts import RuleInput  # noqa: E402

RULES, MAILS = 500, 200
OFFICE = Calendar("office", ZoneInfo("UTC"), read_week(("mon-fri 09:00-17:00",)))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WORDS = (
    *("printer", "vpn", "folder", "form", "page", "report", "invoice", "order", "laptop"),
    *("phone", "licence", "password", "login", "desk", "screen", "monitor", "cable", "network"),
    *("server", "backup", "update", "budget", "project", "meeting", "customer"),
)


def rules(count: int, seed: int = SEED) -> Rules:
    """So many rules of the mix that the module's docstring tells of; the same for the same seed."""
    source = random.Random(seed)
    return Rules.model_validate({"rule": [_rule(number, source) for number in range(count)]})


def _rule(number: int, source: random.Random) -> dict[str, Any]:
    rare = f"{source.choice(WORDS)}{number}"
    common = source.choice(WORDS) if number % 50 == 0 else rare
    first, second = source.choice(WORDS), common
    kind = number % 10
    if kind < 6:
        when = f'mail.subject.matches("(?i)\\\\b({common}|{rare}s?)\\\\b")'
    elif kind < 8:
        when = f'mail.text.matches("(?i)\\\\b{first}\\\\b.*\\\\b{second}\\\\b")'
    elif kind == 8:
        when = f'requester.domain == "customer{number}.example" && ticket.team == ""'
    else:
        when = f'mail.subject.contains("{rare}") || "{rare}" in ticket.tags'
    return {"name": f"rule {number}", "when": when, "then": {"tag": f"tag-{number}"}}


def rule_input(mail: Mail, text: str) -> RuleInput:
    """The facts of one mail, as the desk builds them."""
    author = mail.senders[0]
    ticket = Ticket(
        number=1,
        requester=1,
        source="mail",
        status="New",
        state="Open",
        request_type="incident",
        opened_at=NOW,
        updated_at=NOW,
    )
    facts = Facts(subject=mail.subject, text=text, sender=author.address)
    requester = Person(id=1, name=author.name, address=author.address)
    moment = rule_time.moment(OFFICE, NOW)
    return RuleInput(mail=facts, ticket=ticket, requester=requester, moment=moment)


@dataclass(slots=True)
class TaggedTicket:
    """The ticket of one mail, to which rules add tags."""

    ticket: Ticket

    def choose(self, _how: str, _team: str, /) -> str | None:
        """No rule of the bench assigns."""

    def find(self, _rule_input: RuleInput, _relate: Relate, /) -> int | None:
        """No rule of the bench relates."""

    def apply(self, _rule: str, effects: Sequence[Effect], /) -> Ticket:
        """Add the tags of the rule."""
        tags = (effect.tag for effect in effects if isinstance(effect, AddTag))
        self.ticket = replace(self.ticket, tags=(*self.ticket.tags, *tags))
        return self.ticket


def measure(
    compiled: CompiledRules, read_mails: list[Mail]
) -> tuple[list[float], list[float], int]:
    """Milliseconds of each mail, those on the processor, and how many rules fired in all."""
    took, cpu, fired = [], [], 0
    for mail in read_mails:
        began, on_cpu = time.perf_counter(), time.thread_time()
        seen = rule_input(mail, mail.text)
        outcome = run(compiled, "created", seen, TaggedTicket(seen.ticket))
        took.append((time.perf_counter() - began) * 1000)
        cpu.append((time.thread_time() - on_cpu) * 1000)
        fired += len(outcome.fired)
    return took, cpu, fired


def main() -> None:
    """Read, compile, warm up, measure, print."""
    read_mails = [read(raw).mail for raw in mails(MAILS)]
    began = time.perf_counter()
    compiled = compile_rules(rules(RULES))
    loaded = time.perf_counter() - began
    measure(compiled, read_mails[:20])
    took, cpu, fired = measure(compiled, read_mails)
    line = {
        "rules": RULES,
        "mails": MAILS,
        "ms_per_mail_median": round(statistics.median(took), 2),
        "cpu_ms_per_mail_median": round(statistics.median(cpu), 2),
        "ms_per_mail_p95": round(statistics.quantiles(took, n=20)[-1], 2),
        "ms_per_mail_max": round(max(took), 2),
        "fired_per_mail": round(fired / MAILS, 2),
        "load_seconds": round(loaded, 2),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
