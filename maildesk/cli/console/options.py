"""The global options that every command receives, and the configuration they select."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from maildesk.config.load import Config, load
from maildesk.config.schema.rules import Rules
from maildesk.rules.compile import RuleErrors, compile_rules

DEFAULT_CONFIG = Path("maildesk.toml")

config_option = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="MAILDESK_CONFIG",
        metavar="PATH",
        show_default="maildesk.toml",
        help="The configuration file of this installation.",
    ),
]


@dataclass(frozen=True, slots=True)
class Call:
    """The global options of one `maildesk` call. Commands find them in `ctx.obj`."""

    config_path: Path | None = None
    debug: bool = False

    @property
    def path(self) -> Path:
        """The file that describes the installation."""
        return self.config_path or DEFAULT_CONFIG

    def config(self) -> Config:
        """The configuration with its rules checked. Raises ConfigErrors."""
        return load(self.path, os.environ, rule_faults)


def call_of(ctx: typer.Context) -> Call:
    """The global options of this call."""
    return ctx.ensure_object(Call)


def rule_faults(rules: Rules) -> Iterator[tuple[str, str, int, str]]:
    """The compile errors of each rule's `when` expression (see config.CheckRules)."""
    try:
        compile_rules(rules)
    except RuleErrors as error:
        for finding in error.findings:
            place = f"column {finding.column}: " if finding.column else ""
            yield finding.rule, place + finding.message, finding.line, finding.marked()
