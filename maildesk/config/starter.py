"""Writes the first maildesk.toml with every setting, most of them commented out.

`python -m maildesk.config.starter > maildesk.toml` regenerates the example in the repository.
"""

from collections.abc import Iterator
from textwrap import fill

from maildesk.config.schema.settings import Settings
from maildesk.config.settings_reference import Setting, Table, literal, tables_of

# Values that every installation has to change, so they are not commented out.
FILLED_IN = {
    "desk.address": '"desk@example.org"',
    "mailbox.name": '"support"',
    "mailbox.host": '"imap.example.org"',
    "mailbox.user": '"desk@example.org"',
    "mailbox.password": '{ env = "MAILDESK_IMAP_PASSWORD" }',
    "smtp.host": '"smtp.example.org"',
    "smtp.user": '"desk@example.org"',
    "smtp.password": '{ env = "MAILDESK_SMTP_PASSWORD" }',
    "secrets.key": '{ file = "secret.key" }',
}

# Examples for settings that have no default.
SHOWN = {
    "mailbox.ca_file": '"ca.pem"',
    "mailbox.since": '"2026-01-31"',
    "listener.name": '"lmtp"',
    "listener.port": "2424",
    "listener.check_senders": "true",
    "smtp.ca_file": '"ca.pem"',
    "database.password": '{ env = "MAILDESK_DATABASE_PASSWORD" }',
    "web.base_url": '"https://desk.example.org"',
    "web.events_key": '{ env = "MAILDESK_EVENTS_KEY" }',
}

_TOP = """\
# maildesk.toml: the settings of this installation. The policy files are in the folder config/.
# `#key = value` shows the default, or an example if there is no default. Remove the # to set it.
# `maildesk check` reports errors in this file; `maildesk check --online` also tests the servers.

"""


def starter() -> str:
    """The text of the first maildesk.toml."""
    return _TOP + "\n".join(line for table in tables_of(Settings) for line in _table(table))


def _table(table: Table) -> Iterator[str]:
    used = not table.name or any(key.startswith(f"{table.name}.") for key in FILLED_IN)
    if table.header:
        yield f"\n# {table.about}"
        yield table.header if used or not table.many else f"#{table.header}"
    for setting in table.settings:
        yield from _lines(table, setting)


def _lines(table: Table, setting: Setting) -> Iterator[str]:
    path = f"{table.name}.{setting.key}".removeprefix(".")
    need = " (required)" if setting.required else ""
    yield fill(f"{setting.about}{need}", 100, initial_indent="# ", subsequent_indent="# ")
    if path in FILLED_IN:
        yield f"{setting.key} = {FILLED_IN[path]}"
    else:
        yield f"#{setting.key} = {SHOWN.get(path) or literal(setting.default)}"


if __name__ == "__main__":
    print(starter(), end="")
