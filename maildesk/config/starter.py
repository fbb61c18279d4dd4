"""The first maildesk.toml, as `maildesk init` writes it: every setting, most of them commented."""

from collections.abc import Iterator

from maildesk.config.settings_reference import Setting, Table, literal, tables_of
from maildesk.model.settings import Settings

# What a newcomer has to change, and so is not commented.
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

# What stands behind the comment sign where there is no default to show.
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
# maildesk.toml: this installation. The policy of the desk is in the folder config/.
# `#key = value` shows a default, or an example where there is none: take the # away to change it.
# `maildesk check` says what is wrong with this file, `maildesk check --online` logs in as well.

"""


def starter() -> str:
    """The text of a first maildesk.toml."""
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
    yield f"# {setting.about}{need}"
    if path in FILLED_IN:
        yield f"{setting.key} = {FILLED_IN[path]}"
    else:
        yield f"#{setting.key} = {SHOWN.get(path) or literal(setting.default)}"
