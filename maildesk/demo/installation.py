"""Writes the configuration of the demo as an admin would, and loads it."""

import os
import secrets
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from string import Template

from maildesk.config.load import Config, load
from maildesk.config.shipped import policy_files
from maildesk.demo.servers import HOST, PostOffice, free_port
from maildesk.demo.story.cast import DESK_ADDRESS, MAX, MONITORING_ADDRESS, PASSWORD

_INSTALLATION = Template("""\
# maildesk.toml of the demo. Its mail servers run on loopback and end with the demo.
[desk]
name = "Harbour Books Service Desk"
address = "$address"

[[mailbox]]
name = "desk"
host = "$host"
port = $imap_port
security = "none"
user = "desk"
password = { file = "mailbox.password" }
poll_seconds = 2
since = "$today"

[smtp]
host = "$host"
port = $smtp_port
security = "none"

[web]
port = $web_port
base_url = "http://$host:$web_port"
events_key = { file = "events.key" }

[secrets]
key = { file = "secret.key" }
""")

_MONITORING = f"""
[[source]]
name = "monitoring"
address = "{MONITORING_ADDRESS}"
format = "icinga"
"""

_REPORTS = f"""
[[report]]
name = "Weekly report"
to = "{MAX.address}"
every = "monday"
"""


def write_installation(folder: Path, runtime: PostOffice) -> Config:
    """Write maildesk.toml, its secrets and the policy into the folder, and load them."""
    policy = folder / "config"
    policy.mkdir(parents=True)
    for shipped in policy_files():
        (policy / shipped.name).write_bytes(shipped.read_bytes())
    people = files("maildesk.demo").joinpath("people.toml").read_text("utf-8")
    (policy / "people.toml").write_text(people, "utf-8")
    approvals = policy / "approvals.toml"  # the fallback must be a person of the demo
    text = approvals.read_text("utf-8").replace("max@example.org", MAX.address)
    approvals.write_text(text, "utf-8")
    with (policy / "monitoring.toml").open("a", encoding="utf-8") as monitoring:
        monitoring.write(_MONITORING)
    with (policy / "reports.toml").open("a", encoding="utf-8") as reports:
        reports.write(_REPORTS)
    _write_secret(folder / "mailbox.password", PASSWORD)
    _write_secret(folder / "secret.key", secrets.token_urlsafe(48))
    _write_secret(folder / "events.key", secrets.token_urlsafe(48))
    installation = folder / "maildesk.toml"
    installation.write_text(_installation(runtime), "utf-8")
    return load(installation, os.environ)


def _write_secret(path: Path, secret: str) -> None:
    path.touch(0o600)
    path.write_text(secret + "\n", "utf-8")


def _installation(runtime: PostOffice) -> str:
    return _INSTALLATION.substitute(
        address=DESK_ADDRESS,
        host=HOST,
        imap_port=runtime.imap_port,
        smtp_port=runtime.smtp_port,
        web_port=free_port(),
        today=datetime.now(UTC).date().isoformat(),
    )
