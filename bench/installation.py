"""An installation as an admin would write it, for one run of the bench."""

import os
from pathlib import Path

from sqlalchemy.engine import make_url

from maildesk.config.shipped import policy_files
from tests.servers import PASSWORD

_SETTINGS = """\
[desk]
address = "desk@example.org"
max_mail_bytes = 40000000

[[mailbox]]
name = "desk"
host = "127.0.0.1"
port = {imap_port}
security = "none"
user = "{user}"
password = {{ file = "password" }}
since = "2000-01-01"

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"

[database]
url = "{database}"
password = {{ file = "database.password" }}

[web]
port = {web_port}
base_url = "https://desk.example.org"

[secrets]
key = {{ file = "key" }}

[limits]
automatic_mails_per_hour = 1000000
total_mails_per_hour = 1000000
"""
_AGENT = 'members = ["ann@example.org"]'


def install(
    folder: Path,
    *,
    imap_port: int,
    user: str,
    database: str,
    agent: bool = False,
    smtp_port: int = 9,
    web_port: int = 0,
) -> Path:
    """The folder with maildesk.toml, secrets and the shipped policy; its path.

    The teams have no members, so that a new ticket makes one mail, the acknowledgement.
    With `agent` each team has one, who is notified of each ticket.
    """
    (folder / "config").mkdir(parents=True)
    for shipped in policy_files():
        (folder / "config" / shipped.name).write_bytes(shipped.read_bytes())
    people = (folder / "config" / "people.toml").read_text()
    members = _AGENT if agent else "members = []"
    lines = [members if line.startswith("members") else line for line in people.splitlines()]
    (folder / "config" / "people.toml").write_text("\n".join(lines) + "\n")
    _secret(folder / "password", PASSWORD)
    _secret(folder / "key", "k" * 40)
    url = make_url(database)
    _secret(folder / "database.password", url.password or "none")
    (folder / "maildesk.toml").write_text(
        _SETTINGS.format(
            imap_port=imap_port,
            user=user,
            database=url._replace(password=None).render_as_string(),
            smtp_port=smtp_port,
            web_port=web_port,
        )
    )
    return folder


def _secret(path: Path, secret: str) -> None:
    path.touch(0o600)
    path.write_text(secret + "\n")


def environment() -> dict[str, str]:
    """For a process of the bench: it finds maildesk, the bench and the tests' servers."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
