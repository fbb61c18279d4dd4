"""A small right configuration on disk, and the same with one thing changed."""

import os
from pathlib import Path

from maildesk.config.load import CheckRules, Config, ConfigErrors, load

ENVIRON = {"IMAP_PASSWORD": "correct horse", "KEY": "k" * 32}

FILES = {
    "maildesk.toml": """\
[desk]
address = "desk@example.org"
aliases = ["help@example.org"]

[[mailbox]]
name = "support"
host = "imap.example.org"
user = "desk"
password = { env = "IMAP_PASSWORD" }

[[listener]]
name = "lmtp"
port = 2424

[database]
url = "sqlite:///maildesk.db"

[web]
base_url = "https://desk.example.org/"

[secrets]
key = { env = "KEY" }
""",
    "config/people.toml": """\
[[team]]
name = "First line"
members = ["ann@example.org"]

[[person]]
name = "Ann"
address = "ann@example.org"

[[person]]
name = "Max"
address = "max@example.org"

[[person]]
name = "Rita"
address = "rita@example.org"
addresses = ["rita@home.example.net"]
manager = "max@example.org"
""",
    "config/catalog.toml": """\
[[request_type]]
name = "incident"
close_after_days = 5

[[service]]
name = "Workplace"

[[category]]
name = "Hardware"
sub = ["Printer"]

[[category]]
name = "Access"
sub = ["VPN"]

[matrix]
high = { high = "P1", medium = "P2", low = "P3" }
medium = { high = "P2", medium = "P3", low = "P4" }
low = { high = "P3", medium = "P4", low = "P4" }
""",
    "config/workflow.toml": """\
status = [
  { name = "New", state = "Open" },
  { name = "Assign", state = "Open" },
  { name = "Analysis", state = "In Progress" },
  { name = "Escalated", state = "In Progress" },
  { name = "Pending", state = "On-Hold" },
  { name = "Waiting for Closure", state = "Resolved" }, { name = "Accepted", state = "Resolved" },
  { name = "Resolved by Origin ticket", state = "Resolved" },
  { name = "Rejected", state = "Resolved" }, { name = "Resolved by Event", state = "Resolved" },
  { name = "Completed", state = "Closed" },
]

[roles]
on_hold = "Pending"

[[move]]
from = "New"
to = "Assign"
by = ["agent", "rule"]

[[move]]
from = ["New", "Assign"]
to = "Waiting for Closure"
by = ["agent"]
needs = ["resolution"]

[[move]]
from = ["New", "Assign", "Escalated", "Pending"]
to = "Analysis"
by = ["agent"]

[[move]]
from = ["New", "Assign", "Analysis"]
to = "Escalated"
by = ["agent"]

[[move]]
from = ["New", "Assign", "Analysis"]
to = "Pending"
by = ["rule"]

[[move]]
from = "Pending"
to = "Assign"
by = ["manager", "requester", "clock"]

[[move]]
from = "Analysis"
to = "Waiting for Closure"
by = ["agent"]

[[move]]
from = "Waiting for Closure"
to = "Accepted"
by = ["requester"]

[[move]]
from = "Waiting for Closure"
to = "Rejected"
by = ["requester"]

[[move]]
from = ["Waiting for Closure", "Escalated", "Rejected"]
to = "Analysis"
by = ["requester"]

[[move]]
from = ["Resolved by Event", "Resolved by Origin ticket"]
to = "Analysis"
by = ["agent", "event"]

[[move]]
from = "Analysis"
to = "Resolved by Event"
by = ["event"]

[[move]]
from = "Analysis"
to = "Resolved by Origin ticket"
by = ["rule"]

[[move]]
from = [
  "Waiting for Closure", "Accepted", "Pending", "Resolved by Event", "Resolved by Origin ticket",
]
to = "Completed"
by = ["requester", "manager", "clock"]
""",
    "config/rules.toml": """\
[[rule]]
name = "Printers"
when = 'mail.subject.contains("print")'
then = { category = "Hardware", sub_category = "Printer", service = "Workplace" }

[[rule]]
name = "The rest"
then.team = "First line"
then.assignee = "ann@example.org"
""",
    "config/monitoring.toml": """\
[[source]]
name = "icinga"
address = "icinga@example.org"
format = "icinga"  # its own form
[[source]]
name = "own"
address = "backup@example.org"
problem = 'failed: (?P<key>.*)'
""",
    "config/approvals.toml": 'fallback = "max@example.org"\n',
    "config/reports.toml": """\
[[report]]
name = "week"
to = ["max@example.org", "First line"]
every = "monday"
at = "08:00"
calendar = "office"
# end
""",
    "config/sla.toml": """\
[[calendar]]
name = "office"
zone = "Europe/Berlin"
hours = "mon-fri 09:00-17:00"
country = "DE"
region = "BE"
days_off = ["12-24"]
teams = ["First line"]

[[escalation_policy]]
name = "up"
notify_within = "office"
step = [
  { at = "80%", notify = ["assignee"] },
  { at = "+2h", reassign = "First line" },
]

[[profile]]
name = "Standard"
when = "true"
calendar = "office"

[profile.resolution]
targets = { P1 = "1 hour" }
otherwise = "8 hours"
escalation_policy = "up"
""",
}


def write(folder: Path, changed: dict[str, str] | None = None) -> Path:
    """Write the files, some of them changed; the path of maildesk.toml."""
    for name, text in (FILES | (changed or {})).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "maildesk.toml"


def edited(file: str, old: str, new: str) -> dict[str, str]:
    """One of the files with one thing changed."""
    assert old in FILES[file], f"{old!r} is not in {file}"
    return {file: FILES[file].replace(old, new, 1)}


def loaded(folder: Path, check_rules: CheckRules | None = None, **environ: str) -> Config:
    return load(folder / "maildesk.toml", ENVIRON | environ, check_rules)


def findings(folder: Path, environ: dict[str, str] | None = None) -> list[str]:
    """What `load` has to say, with paths relative to the folder."""
    try:
        load(folder / "maildesk.toml", ENVIRON if environ is None else environ)
    except ConfigErrors as errors:
        return [str(f).replace(f"{folder}{os.sep}", "") for f in errors.findings]
    return []
