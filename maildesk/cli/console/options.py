"""What every command is handed: the global options, and the configuration they lead to."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from maildesk.config.load import Config, load
from maildesk.model.policy import Rules
from maildesk.rules.compile import RuleErrors, compile_rules

DEFAULT_CONFIG = Path("maildesk.toml")

config_option = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="MAILDESK_CONFIG",
        metavar="PATH",
        show_default="maildesk.toml",
        help="The file that describes this installation.",
    ),
]


@dataclass(frozen=True, slots=True)
class Call:
    """The global options of one call of `maildesk`. It is `ctx.obj` in every command."""

    config_path: Path | None = None
    debug: bool = False

    @property
    def path(self) -> Path:
        """The file that describes the installation."""
        return self.config_path or DEFAULT_CONFIG

    def config(self) -> Config:
        """The configuration, rules checked. Raises ConfigErrors, which the edge prints."""
        return load(self.path, os.environ, rule_faults)


def call_of(ctx: typer.Context) -> Call:
    """The global options as a command sees them."""
    return ctx.ensure_object(Call)


def rule_faults(rules: Rules) -> Iterator[tuple[str, str, int, str]]:
    """What the rules room finds wrong with the `when` of each rule (config.CheckRules)."""
    try:
        compile_rules(rules)
    except RuleErrors as error:
        for finding in error.findings:
            place = f"column {finding.column}: " if finding.column else ""
            yield finding.rule, place + finding.message, finding.line, finding.marked()
