"""Describes every setting from the models, for the starter file and docs/settings.md.

`python -m maildesk.config.settings_reference > docs/settings.md` regenerates the page.
"""

import enum
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from maildesk.config.error_messages import fields_of, part_of
from maildesk.config.schema.answers import Answers
from maildesk.config.schema.approvals import Approvals
from maildesk.config.schema.catalog import Catalog
from maildesk.config.schema.monitoring import Monitoring
from maildesk.config.schema.part import Part
from maildesk.config.schema.people import People
from maildesk.config.schema.reports import Reports
from maildesk.config.schema.rules import Rules
from maildesk.config.schema.settings import Secret, Settings
from maildesk.config.schema.sla import ServiceLevels
from maildesk.config.schema.workflow import Workflow

FILES: tuple[tuple[str, type[Part]], ...] = (
    ("maildesk.toml", Settings),
    ("config/people.toml", People),
    ("config/catalog.toml", Catalog),
    ("config/workflow.toml", Workflow),
    ("config/rules.toml", Rules),
    ("config/approvals.toml", Approvals),
    ("config/sla.toml", ServiceLevels),
    ("config/monitoring.toml", Monitoring),
    ("config/answers.toml", Answers),
    ("config/reports.toml", Reports),
)

_INTRODUCTION = """\
# Settings

Every key of `maildesk.toml` and of the policy files in `config/`. This page is generated from the
field descriptions in the code by `python -m maildesk.config.settings_reference > docs/settings.md`.
A test checks that it is up to date.

Write a secret as `{ env = "NAME" }` (an environment variable) or `{ file = "PATH" }` (a file that
only the user of maildesk may read; files in `/run/secrets` are exempt), never as plain text. Paths
are relative to the folder of `maildesk.toml`. `maildesk check` reports all errors.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a table with its documentation."""

    key: str
    type: str
    required: bool
    default: Any
    about: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file; "" is the top level. `many` marks an array of tables."""

    name: str
    many: bool
    about: str
    settings: tuple[Setting, ...]

    @property
    def header(self) -> str:
        """`[desk]`, `[[mailbox]]`, or "" for the top level."""
        return f"[[{self.name}]]" if self.many else f"[{self.name}]" if self.name else ""


def tables_of(model: type[Part], name: str = "", many: bool = False) -> Iterator[Table]:
    """The tables of a file in order, its top-level keys first."""
    inner = [(key, f) for key, f in fields_of(model).items() if _is_table(f.annotation)]
    own = tuple(_setting(key, f) for key, f in fields_of(model).items() if (key, f) not in inner)
    if own:
        yield Table(name, many, (model.__doc__ or "").partition("\n")[0], own)
    for key, field in inner:
        part = part_of(field.annotation)
        if part is not None:
            path = f"{name}.{key}" if name else key
            yield from tables_of(part, path, get_origin(field.annotation) is tuple)


def literal(value: Any) -> str:
    """The value in TOML; "" for None."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def settings_page() -> str:
    """The text of docs/settings.md."""
    return "\n".join([_INTRODUCTION, *(line for file in FILES for line in _file_lines(*file))])


def _file_lines(file: str, model: type[Part]) -> Iterator[str]:
    yield f"## {file}\n"
    for table in tables_of(model):
        if table.header:
            yield f"### `{table.header}`\n"
            yield f"{table.about}\n"
        yield "| key | type | default | meaning |"
        yield "|---|---|---|---|"
        yield from (_row(setting) for setting in table.settings)
        yield ""


def _row(setting: Setting) -> str:
    shown = f"`{literal(setting.default)}`" if setting.default is not None else ""
    default = "**required**" if setting.required else shown
    return f"| `{setting.key}` | {setting.type} | {default} | {setting.about} |"


def _is_table(kind: Any) -> bool:
    part = part_of(kind)
    return part is not None and part is not Secret


def _setting(key: str, field: FieldInfo) -> Setting:
    required = field.is_required()
    default = None if required else field.default
    return Setting(key, _type_name(field.annotation), required, default, field.description or "")


_NAMES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    date: "date",
}


def _type_name(kind: Any) -> str:
    if kind in _NAMES:
        return _NAMES[kind]
    if part_of(kind) is Secret:
        return "list of secrets" if get_origin(kind) is tuple else "secret"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " / ".join(f"`{member.value}`" for member in kind)
    arguments = [argument for argument in get_args(kind) if argument not in (type(None), ...)]
    if get_origin(kind) is tuple:
        return f"list of {_type_name(arguments[0])}"
    if get_origin(kind) is dict:
        return "table"
    if get_origin(kind) is Literal:
        return " / ".join(f"`{argument}`" for argument in arguments)
    return _type_name(arguments[0])


if __name__ == "__main__":
    print(settings_page(), end="")
